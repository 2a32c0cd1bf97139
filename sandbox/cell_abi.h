// SPDX-License-Identifier: Apache-2.0
// What a shared object must export to be hosted by atoll-cell, and how one call's input is encoded.
//
// The object is built from the target's source file (with one variant of the function in it), plus a shim
// that is generated from the function's signature (steps/shared/target/shim.h). It exports
//   const struct cell_parameter atoll_parameters[]   (ends with kind CELL_END)
//   const int32_t atoll_result_kind                  (CELL_SCALAR, or CELL_END for void)
//   const struct cell_parameter atoll_result         (only for a result that is a struct)
//   void atoll_batch(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results)
//   void atoll_empty(same)                           the same loop without the call
// and when it has a CELL_CONTEXT
//   void *atoll_setup(uint32_t parameter, const union cell_slot *arguments)
//   void atoll_teardown(uint32_t parameter, void *context)
//   uint64_t atoll_digest(uint32_t parameter, const void *context)
// Slots hold one value a parameter; `stride` slots a call. A struct that is passed by value stands behind its
// slot's pointer; so does the room for one that is the result.
//
// A description is recursive: what has `members` consists of elements whose members are described in the same
// way, at their offsets. An element that is a pointer itself (a string of an array of strings) has one
// member, at offset 0. Encoding of one call, in order of the parameters, little endian, each item padded to 8
// bytes:
//   CELL_SCALAR   8 bytes: the value, sign-extended; a float or double as the bits of a double. With members:
//                 those of a struct by value
//   CELL_ARRAY    (members only) `count` elements in place
//   CELL_IN       u64 element count, then the elements; a pointer to const data that the call must not change
//   CELL_TEXT     as CELL_IN, but without the terminator in the count: a NUL follows the bytes of a string.
//                 With members: a zero element (NULL) follows in memory and is not encoded
//   CELL_INOUT    u64 element count, then the elements; restored before every call, outside the timed part
//   CELL_OUT      u64 capacity in elements; filled with 0xA5 before every call
//   CELL_COUNT    nothing: the element count of its sibling number `of`
//   CELL_CONTEXT  (parameters only) the arguments of its setup, as members; made before a batch. Equal
//                 arguments share one unless the call changes it (`count` is 1): then every call has its own
// Elements without members are their bytes, padded together; with members each is its members in order.
//
// Canonical output of one call: the result (8 bytes, 0 for void; a struct: its members), then what each
// parameter in order leaves behind:
//   CELL_INOUT, CELL_OUT  u64 byte count and the bytes; with members u64 element count and each one's members
//   CELL_CONTEXT          8 bytes, its digest, when the call changes it
// An output with `length_from_result` counts min(result, capacity) elements, one `until_nul` what stands
// before its first zero byte, else all. Members are put out as they are encoded, each count too, but: of
// CELL_ARRAY a u64 byte count and the bytes; of a pointer where it points (the text there for CELL_TEXT; else
// the number of the call's buffer << 32 and the offset in it), and behind it, unless it is CELL_IN or
// CELL_TEXT, what its buffer holds, as above. Padding is never put out. A pointer into memory that is not the
// call's can't be compared: it is put out as something that no other process puts out. Below const data
// nothing is put out but what is not const.
// Last comes what must not happen: const data that changed, a write behind a buffer.
#ifndef ATOLL_SANDBOX_CELL_ABI_H
#define ATOLL_SANDBOX_CELL_ABI_H

#include <stdint.h>

enum cell_kind {
    CELL_END,
    CELL_SCALAR,
    CELL_IN,
    CELL_TEXT,
    CELL_INOUT,
    CELL_OUT,
    CELL_COUNT,
    CELL_ARRAY,
    CELL_CONTEXT
};

enum { CELL_LIST_MAX = 64, CELL_DEPTH_MAX = 8 }; // parameters or members of one list; lists in each other

struct cell_parameter {
    int32_t kind;                         // enum cell_kind
    int32_t of;                           // CELL_COUNT: index of the buffer it counts; else -1
    uint32_t size;                        // bytes of the scalar or of one element
    uint8_t is_signed, is_real;           // of the scalar or element
    uint8_t length_from_result;           // CELL_OUT
    uint8_t until_nul;                    // CELL_INOUT, CELL_OUT, CELL_ARRAY of bytes
    uint32_t offset;                      // of a member: bytes from the start of its element
    uint32_t count;                       // CELL_ARRAY: elements; CELL_CONTEXT: 1 when the call changes it
    const struct cell_parameter *members; // of one element, ends with CELL_END; NULL for numbers
};

union cell_slot {
    uint64_t u;
    int64_t i;
    double d;
    void *p;
};

#endif
