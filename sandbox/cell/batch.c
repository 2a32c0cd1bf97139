// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/batch.h"

#include "sandbox/cell/output.h"

#include <stdlib.h>
#include <string.h>

enum { SHIFTS = 256 };

static struct placing
placing_of(const struct batch *batch, size_t input)
{
    return (struct placing){
        .at = batch->inputs + batch->offsets[input],
        .end = batch->inputs + batch->offsets[input + 1],
        .salt = input * 5,
        .separate = batch->separate,
    };
}

bool
batch_load(struct batch *batch, size_t *bad)
{
    *bad = 0;
    free(batch->needs);
    batch->needs = calloc(batch->input_count + 1, sizeof(*batch->needs));
    if (!batch->needs || batch->object.stride > CELL_LIST_MAX)
        return false;
    for (size_t i = 0; i < batch->input_count; i++) {
        *bad = i;
        if (batch->offsets[i] > batch->offsets[i + 1])
            return false;
        struct placing placing = placing_of(batch, i);
        if (!place_call(&placing, batch->object.parameters, NULL))
            return false;
        if (batch->object.result.members)
            (void)place_room(&placing, batch->object.result.size);
        batch->needs[i] = (struct need){placing.bytes, placing.block_count};
    }
    return true;
}

static void
release_last(struct batch *batch)
{
    for (size_t i = 0; batch->separate && i < batch->block_count; i++)
        free(batch->blocks[i].allocated);
    for (size_t i = 0; i < batch->context_count; i++)
        batch->object.teardown(batch->contexts[i].parameter, batch->contexts[i].made);
    batch->count = batch->block_count = batch->context_count = 0;
    batch->refused = false;
}

static size_t
input_of(struct window window, size_t call)
{
    return window.first + call % window.count;
}

// How many calls from `from` on fit in the area, at most `count`, and what their buffers take.
static size_t
fitting(const struct batch *batch, struct window window, size_t from, size_t count, struct need *all)
{
    size_t stride = batch->object.stride, n = 0;
    size_t fixed = (stride + 1) * sizeof(union cell_slot) + sizeof(*batch->started);
    size_t room = batch->area_bytes - (SHIFTS + 4) * PLACE_ALIGN;
    *all = (struct need){0};
    if (batch->object.contexts > 0 && count > BATCH_CONTEXTS_MAX / batch->object.contexts)
        count = BATCH_CONTEXTS_MAX / batch->object.contexts;
    for (; n < count; n++) {
        const struct need *need = &batch->needs[input_of(window, from + n)];
        size_t bytes = batch->separate ? 0 : need->bytes;
        if (fixed + bytes + need->blocks * sizeof(struct block) > room)
            break;
        room -= fixed + bytes + need->blocks * sizeof(struct block);
        all->bytes += bytes;
        all->blocks += need->blocks;
    }
    return n;
}

// The context of a parameter: one that has the same arguments, unless calls change it.
static void *
context_of(void *data, uint32_t parameter, const union cell_slot *slots, const uint8_t *encoded, size_t bytes)
{
    struct batch *batch = data;
    bool own = batch->object.parameters[parameter].count > 0;
    for (size_t i = 0; i < batch->context_count && !own; i++) {
        const struct context *known = &batch->contexts[i];
        if (known->parameter == parameter && known->bytes == bytes &&
            memcmp(known->encoded, encoded, bytes) == 0)
            return known->made;
    }
    if (batch->context_count == BATCH_CONTEXTS_MAX)
        return NULL;
    void *made = batch->object.setup(parameter, slots);
    batch->refused |= !made;
    if (made)
        batch->contexts[batch->context_count++] = (struct context){parameter, encoded, bytes, made};
    return made;
}

// Brings one call into memory; false when that can't be done.
static bool
prepare_call(struct batch *batch, size_t call, size_t input, size_t block_max, uint8_t **cursor)
{
    struct placing placing = placing_of(batch, input);
    size_t blocks = batch->needs[input].blocks;
    placing.cursor = *cursor;
    placing.blocks = batch->blocks + batch->block_count;
    placing.context = context_of;
    placing.data = batch;
    batch->started[call] = input;
    if (batch->block_count + blocks > block_max)
        return false;
    if (!place_call(&placing, batch->object.parameters, batch->slots + call * batch->object.stride))
        return false;
    batch->results[call].u = 0;
    if (batch->object.result.members)
        batch->results[call].p = place_room(&placing, batch->object.result.size);
    *cursor = placing.cursor;
    batch->block_count += placing.block_count;
    return true;
}

size_t
batch_prepare(struct batch *batch, struct window window, size_t from, size_t count)
{
    struct need all;
    release_last(batch);
    size_t n = fitting(batch, window, from, count, &all);
    // The buffers first, at an address that differs from the last batch's; then the tables.
    uint8_t *cursor = batch->area + (batch->generation++ * 37 % SHIFTS) * PLACE_ALIGN;
    uint8_t *tables = cursor + all.bytes;
    batch->slots = (union cell_slot *)(void *)tables;
    batch->results = batch->slots + n * batch->object.stride;
    batch->blocks = (struct block *)(void *)(batch->results + n);
    batch->started = (size_t *)(void *)(batch->blocks + all.blocks);
    for (size_t k = 0; k < n; k++) {
        if (!prepare_call(batch, k, input_of(window, from + k), all.blocks, &cursor))
            return batch->count = k;
        batch->count = k + 1;
    }
    return n;
}

static size_t
blocks_of(const struct batch *batch, size_t call)
{
    return batch->needs[batch->started[call]].blocks;
}

static void
output_of(const struct batch *batch, struct sink *sink, size_t call, const struct block *blocks)
{
    size_t input = batch->started[call];
    struct output output = {
        .sink = sink,
        .at = batch->inputs + batch->offsets[input],
        .end = batch->inputs + batch->offsets[input + 1],
        .blocks = blocks,
        .block_count = blocks_of(batch, call),
        .separate = batch->separate,
        .digest = batch->object.digest,
    };
    output_call(&output, batch->object.parameters, &batch->object.result,
                batch->slots + call * batch->object.stride, &batch->results[call]);
}

void
batch_digest(struct batch *batch)
{
    struct sink sink = {.a = batch->digest[0], .b = batch->digest[1]};
    const struct block *blocks = batch->blocks;
    for (size_t k = 0; k < batch->count; k++) {
        output_of(batch, &sink, k, blocks);
        blocks += blocks_of(batch, k);
    }
    batch->digest[0] = sink.a;
    batch->digest[1] = sink.b;
}

size_t
batch_output(const struct batch *batch, uint8_t *out, size_t capacity)
{
    struct sink sink = {.capacity = capacity};
    sink.out = out;
    output_of(batch, &sink, 0, batch->blocks);
    return sink.length;
}
