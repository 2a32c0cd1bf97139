// SPDX-License-Identifier: Apache-2.0
// What a shared object must export to be hosted by atoll-cell, and how one call's input is encoded.
//
// The object is built from the target's source file (with one variant of the function in it), plus a shim
// that is generated from the function's signature (steps/shared/target/shim.h). It exports
//   const struct cell_parameter atoll_parameters[]   (ends with kind CELL_END)
//   const int32_t atoll_result_kind                  (CELL_SCALAR with `size`, or CELL_END for void)
//   void atoll_batch(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results)
//   void atoll_empty(same)                           the same loop without the call
// Slots hold one value a parameter; `stride` slots a call.
//
// Encoding of one call, in order of the parameters, little endian, each item padded to 8 bytes:
//   CELL_SCALAR  8 bytes: the value, sign-extended; a float or double as the bits of a double
//   CELL_IN      u64 element count, then the elements; a pointer to const data that the call must not change
//   CELL_TEXT    u64 length without the NUL, then the bytes and a NUL
//   CELL_INOUT   u64 element count, then the elements; restored before every call, outside the timed part
//   CELL_OUT     u64 capacity in elements; filled with 0xA5 before every call
//   CELL_COUNT   nothing: the element count of parameter `of`
// Canonical output of one call: the result (8 bytes, 0 for void), then for each INOUT and OUT parameter a u64
// byte count and the bytes. An OUT with `length_from_result` counts min(result, capacity) elements, else all
// of them.
#ifndef ATOLL_SANDBOX_CELL_ABI_H
#define ATOLL_SANDBOX_CELL_ABI_H

#include <stdint.h>

enum cell_kind { CELL_END, CELL_SCALAR, CELL_IN, CELL_TEXT, CELL_INOUT, CELL_OUT, CELL_COUNT };

struct cell_parameter {
    int32_t kind;               // enum cell_kind
    int32_t of;                 // CELL_COUNT: index of the buffer it counts; else -1
    uint32_t size;              // bytes of the scalar or of one element
    uint8_t is_signed, is_real; // of the scalar or element
    uint8_t length_from_result; // CELL_OUT
    uint8_t reserved;
};

union cell_slot {
    uint64_t u;
    int64_t i;
    double d;
    void *p;
};

#endif
