// SPDX-License-Identifier: Apache-2.0
// The canonical output of one call (sandbox/cell_abi.h): a walk through what it left in memory beside a walk
// through its encoded input.
#ifndef ATOLL_SANDBOX_CELL_OUTPUT_H
#define ATOLL_SANDBOX_CELL_OUTPUT_H

#include "sandbox/cell/place.h"

// Where output goes: into a buffer when `out` is set, else into the digest.
struct sink {
    uint64_t a, b;
    uint8_t *out;
    size_t capacity, length;
};

struct output {
    struct sink *sink;
    const uint8_t *at, *end;    // what is left of the encoded call
    const struct block *blocks; // as place_call made them
    size_t block_count, next;
    bool separate;
    uint64_t changed; // of const data that changed: anything but 0
    uint64_t (*digest)(uint32_t parameter, const void *context);
};

// Puts out a whole call. `result` describes it: kind CELL_END for void, members for a struct.
void output_call(struct output *output, const struct cell_parameter *parameters,
                 const struct cell_parameter *result, const union cell_slot *slots,
                 const union cell_slot *value);

#endif
