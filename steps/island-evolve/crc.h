// SPDX-License-Identifier: Apache-2.0
// Recognises, by what it computes and not by how it is written, a step that moves an unsigned number on by
// one byte as a CRC does: f(v, b) = T[(v ^ b) & 0xff] ^ (v >> 8), lowest byte first, or the mirrored form,
// highest byte first.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_CRC_H
#define ATOLL_STEPS_ISLAND_EVOLVE_CRC_H

#include "steps/island-evolve/shape.h"

struct crc {
    bool high_first; // f(v, b) = T[(v >> (width - 8)) ^ b] ^ (v << 8), cut to `width` bits
    unsigned width;  // bits of the number that the step uses; all of the variable's when low first
    uint64_t table[256];
};

// Asks the oracle what `code`, C text, does to the variable `name` of `bits` bits, given a byte as
// `atoll_byte` of type `byte_type`; NULL when the byte has been worked in before, then f(v) is looked at as
// f(v, 0). Some thousand values are compared. 1 found, 0 it is none, -1 the machine failed.
int crc_recognise(const struct shape *shape, struct str prelude, const char *code, struct str name,
                  unsigned bits, const char *byte_type, struct crc *crc, struct err *err) MUST_USE;

// Fills `rows` tables for slicing: row k is what the byte comes to after k further bytes. False when the step
// is not linear, which slicing needs.
bool crc_slices(const struct crc *crc, size_t rows, uint64_t *values);

#endif
