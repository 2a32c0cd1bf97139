// SPDX-License-Identifier: Apache-2.0
// The calls that a host makes: inputs decoded into slots and fresh buffers, outputs digested or written out.
// Buffers stand in one area at addresses that change from batch to batch, at any alignment that
// their elements permit; under sanitizers each is a block of its own. Contexts are the object's own memory.
#ifndef ATOLL_SANDBOX_CELL_BATCH_H
#define ATOLL_SANDBOX_CELL_BATCH_H

#include "sandbox/cell/place.h"

enum { BATCH_AREA_BYTES = 16 << 20, BATCH_CONTEXTS_MAX = 1024 };

// What the object exports as atoll_batch and atoll_empty.
typedef void batch_fn(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results);

// atoll_setup, atoll_teardown and atoll_digest.
typedef void *setup_fn(uint32_t parameter, const union cell_slot *arguments);
typedef void teardown_fn(uint32_t parameter, void *context);
typedef uint64_t digest_fn(uint32_t parameter, const void *context);

struct batch_object {
    const struct cell_parameter *parameters;
    size_t stride; // number of parameters
    batch_fn *run, *empty;
    struct cell_parameter result; // kind CELL_END for void, members for a struct
    setup_fn *setup;              // of contexts, where there are any
    teardown_fn *teardown;
    digest_fn *digest;
    size_t contexts; // how many parameters are one
};

// A context that was made for a batch.
struct context {
    uint32_t parameter;
    const uint8_t *encoded; // its arguments; NULL when it is one call's own
    size_t bytes;
    void *made;
};

// What one input's buffers take.
struct need {
    size_t bytes, blocks;
};

struct batch {
    struct batch_object object;
    const uint8_t *inputs; // encoded calls and their offsets
    const uint64_t *offsets;
    size_t input_count;
    struct need *needs; // one an input; owned
    uint8_t *area;
    size_t area_bytes;
    bool separate; // each buffer from malloc
    uint64_t generation;
    size_t count;    // prepared calls
    size_t *started; // which input each has; it stands in the area, as what follows
    union cell_slot *slots, *results;
    struct block *blocks;
    size_t block_count;
    struct context contexts[BATCH_CONTEXTS_MAX];
    size_t context_count;
    bool refused; // a setup gave NULL
    uint64_t digest[2];
};

// Which inputs a batch's calls have: call k has input first + k % count.
struct window {
    size_t first, count;
};

// Takes new inputs in. False when *bad, the first such, does not decode.
bool batch_load(struct batch *batch, size_t *bad);

// Prepares calls [from, from + count) of a batch, or as many as fit; ends the contexts of the calls before
// and makes new ones. Returns how many, 0 when not even one fits or has its context.
size_t batch_prepare(struct batch *batch, struct window window, size_t from, size_t count);

// Adds the outputs of the prepared calls to the digest.
void batch_digest(struct batch *batch);

// Writes the canonical output of prepared call 0; its length, which may be larger than `capacity`.
size_t batch_output(const struct batch *batch, uint8_t *out, size_t capacity);

#endif
