// SPDX-License-Identifier: Apache-2.0
// One encoded call (sandbox/cell_abi.h) brought into memory: its slots, its buffers and what those point to.
// The same walk measures a call: how many bytes and buffers it takes, and whether it decodes at all.
#ifndef ATOLL_SANDBOX_CELL_PLACE_H
#define ATOLL_SANDBOX_CELL_PLACE_H

#include "sandbox/cell_abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACE_POISON = 0xA5, PLACE_GUARD_BYTES = 16, PLACE_ALIGN = 16 };

// A buffer of a call, in the order in which its description is walked: each before those it points to.
struct block {
    uint8_t *at, *allocated; // allocated: from malloc, when each has its own
    size_t bytes;
    const uint8_t *content; // of plain elements that must not change: their encoding; else NULL
};

struct placing {
    const uint8_t *at, *end; // what is left of the encoded call
    uint8_t *cursor;         // where the next buffer goes; not used when `separate`
    struct block *blocks;    // room for all of the call's; NULL: measure only
    size_t block_count, bytes;
    size_t salt; // buffers stand at addresses that differ with it
    bool separate;
    // Gives the context of a parameter (NULL fails); not called while measuring.
    void *(*context)(void *data, uint32_t parameter, const union cell_slot *slots, const uint8_t *encoded,
                     size_t bytes);
    void *data;
};

// Walks the call; slots has one place a parameter (NULL: measure only). False when it does not decode or has
// no context.
bool place_call(struct placing *placing, const struct cell_parameter *parameters, union cell_slot *slots);

// Adds a buffer of poisoned bytes beside those of the parameters: the room of a struct that is the result.
uint8_t *place_room(struct placing *placing, size_t bytes);

// Stores a number, given as it is encoded, as a member has it in memory.
void place_number(const struct cell_parameter *parameter, uint8_t *at, uint64_t bits);

// Bytes rounded up to items of 8.
size_t place_padded(size_t bytes);

#endif
