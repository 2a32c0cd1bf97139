// SPDX-License-Identifier: Apache-2.0
// The calls that a host makes: inputs decoded into slots and fresh buffers, outputs digested or written out.
// Buffers stand in one area at addresses that change from batch to batch, at any alignment that
// their elements permit; under sanitizers each is a block of its own.
#ifndef ATOLL_SANDBOX_CELL_BATCH_H
#define ATOLL_SANDBOX_CELL_BATCH_H

#include "sandbox/cell_abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BATCH_AREA_BYTES = 16 << 20 };

// What the object exports as atoll_batch and atoll_empty.
typedef void batch_fn(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results);

struct batch_object {
    const struct cell_parameter *parameters;
    size_t stride; // number of parameters
    batch_fn *run, *empty;
    bool returns; // false for void
};

// One buffer argument of one prepared call; bytes == 0 and at == NULL for scalars.
struct placed {
    uint8_t *at, *block;    // block: from malloc, when each has its own
    size_t bytes, input_at; // input_at: offset of the elements in the encoded call
};

struct batch {
    struct batch_object object;
    const uint8_t *inputs; // encoded calls and their offsets
    const uint64_t *offsets;
    size_t input_count;
    size_t *needs; // bytes that each input's buffers take; owned
    uint8_t *area;
    size_t area_bytes;
    bool separate; // each buffer from malloc
    uint64_t generation;
    size_t count; // prepared calls
    union cell_slot *slots, *results;
    struct placed *placed;
    uint64_t digest[2];
};

// Which inputs a batch's calls have: call k has input first + k % count.
struct window {
    size_t first, count;
};

// Takes new inputs in. False when *bad, the first such, does not decode.
bool batch_load(struct batch *batch, size_t *bad);

// Prepares calls [from, from + count) of a batch, or as many as fit. Returns how many, 0 when not even one
// fits.
size_t batch_prepare(struct batch *batch, struct window window, size_t from, size_t count);

// Adds the outputs of the prepared calls to the digest.
void batch_digest(struct batch *batch);

// Writes the canonical output of prepared call 0; its length, which may be larger than `capacity`.
size_t batch_output(const struct batch *batch, uint8_t *out, size_t capacity);

#endif
