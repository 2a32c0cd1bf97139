// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/place.h"

#include <stdlib.h>
#include <string.h>

// Where a value goes: a slot, or a member of an element; NULL while measuring.
struct spot {
    uint8_t *at;
    bool is_slot;
};

static bool place_list(struct placing *placing, const struct cell_parameter *list, struct spot base,
                       unsigned depth);

static bool
take(struct placing *placing, size_t bytes)
{
    if (bytes > (size_t)(placing->end - placing->at))
        return false;
    placing->at += bytes;
    return true;
}

static bool
take_u64(struct placing *placing, uint64_t *value)
{
    const uint8_t *at = placing->at;
    if (!take(placing, sizeof(*value)))
        return false;
    memcpy(value, at, sizeof(*value));
    return true;
}

static size_t
round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

size_t
place_padded(size_t bytes)
{
    return round_up(bytes, 8);
}

void
place_number(const struct cell_parameter *parameter, uint8_t *at, uint64_t bits)
{
    if (parameter->size >= sizeof(bits)) {
        memcpy(at, &bits, sizeof(bits));
    } else if (parameter->is_real) {
        double wide;
        memcpy(&wide, &bits, sizeof(wide));
        float narrow = (float)wide;
        memcpy(at, &narrow, sizeof(narrow));
    } else {
        memcpy(at, &bits, parameter->size);
    }
}

static void
store(const struct cell_parameter *parameter, struct spot spot, uint64_t bits)
{
    if (spot.at && spot.is_slot)
        memcpy(spot.at, &bits, sizeof(bits));
    else if (spot.at)
        place_number(parameter, spot.at, bits);
}

static void
store_pointer(struct spot spot, const void *pointer)
{
    if (spot.at)
        memcpy(spot.at, &pointer, sizeof(pointer));
}

// Makes a buffer; all of it is poison. Under sanitizers it ends where its block does.
static uint8_t *
make_block(struct placing *placing, size_t bytes, size_t shift)
{
    size_t whole = round_up(shift + bytes, PLACE_ALIGN) + PLACE_GUARD_BYTES;
    size_t index = placing->block_count++;
    uint8_t *start = placing->cursor;
    placing->bytes += whole;
    if (!placing->blocks)
        return NULL;
    struct block *block = &placing->blocks[index];
    *block = (struct block){.bytes = bytes};
    if (placing->separate) {
        whole = shift + bytes > 0 ? shift + bytes : 1;
        block->allocated = start = malloc(whole);
        if (!start)
            abort();
    } else {
        placing->cursor += whole;
    }
    memset(start, PLACE_POISON, whole);
    block->at = start + shift;
    return block->at;
}

uint8_t *
place_room(struct placing *placing, size_t bytes)
{
    return make_block(placing, bytes, 0);
}

// Plain elements are copied together, others member by member.
static bool
place_elements(struct placing *placing, const struct cell_parameter *parameter, size_t count, size_t bytes,
               uint8_t *to, unsigned depth)
{
    const uint8_t *from = placing->at;
    if (!parameter->members) {
        if (!take(placing, round_up(bytes, 8)))
            return false;
        if (to)
            memcpy(to, from, bytes);
        return true;
    }
    if (count > (size_t)(placing->end - placing->at) / 8) // none takes less
        return false;
    for (size_t i = 0; i < count; i++) {
        struct spot element = {to ? to + i * parameter->size : NULL, false};
        if (!place_list(placing, parameter->members, element, depth + 1))
            return false;
    }
    return true;
}

static bool
place_buffer(struct placing *placing, const struct cell_parameter *parameter, struct spot spot,
             uint64_t *count, size_t salt, unsigned depth)
{
    bool is_text = parameter->kind == CELL_TEXT;
    size_t size = is_text && !parameter->members ? 1 : parameter->size, bytes, shift = 0;
    if (!take_u64(placing, count) || __builtin_mul_overflow(*count, size, &bytes) || bytes > SIZE_MAX / 4)
        return false;
    size_t whole = bytes + (is_text ? size : 0);
    // Callers have buffers at any address that the element's type permits; some of ours are aligned.
    if (size > 0 && size < PLACE_ALIGN && PLACE_ALIGN % size == 0 && salt % 4 != 0)
        shift = salt * size % PLACE_ALIGN;
    struct block *block = placing->blocks ? &placing->blocks[placing->block_count] : NULL;
    uint8_t *at = make_block(placing, whole, shift);
    store_pointer(spot, at);
    if (parameter->kind == CELL_OUT)
        return true;
    if (block && !parameter->members && parameter->kind != CELL_INOUT)
        block->content = placing->at;
    if (at && is_text && parameter->members)
        memset(at + bytes, 0, size);
    return place_elements(placing, parameter, (size_t)*count, parameter->members ? bytes : whole, at, depth);
}

// A struct by value: behind a slot's pointer, or in place.
static bool
place_struct(struct placing *placing, const struct cell_parameter *parameter, struct spot spot,
             unsigned depth)
{
    struct spot inside = {spot.at, false};
    if (depth == 0) {
        inside.at = make_block(placing, parameter->size, 0);
        store_pointer(spot, inside.at);
    }
    return place_list(placing, parameter->members, inside, depth + 1);
}

static bool
place_context(struct placing *placing, const struct cell_parameter *parameter, struct spot spot,
              uint32_t index)
{
    union cell_slot arguments[CELL_LIST_MAX];
    const uint8_t *encoded = placing->at;
    struct spot base = {placing->blocks ? (uint8_t *)arguments : NULL, true};
    if (parameter->members && !place_list(placing, parameter->members, base, 1))
        return false;
    if (!placing->blocks)
        return true;
    void *context =
        placing->context(placing->data, index, arguments, encoded, (size_t)(placing->at - encoded));
    store_pointer(spot, context);
    return context != NULL;
}

static bool
place_one(struct placing *placing, const struct cell_parameter *parameter, struct spot spot, uint64_t *count,
          size_t index, unsigned depth)
{
    switch ((enum cell_kind)parameter->kind) {
    case CELL_SCALAR:
        if (parameter->members)
            return place_struct(placing, parameter, spot, depth);
        if (!take_u64(placing, count))
            return false;
        store(parameter, spot, *count);
        return true;
    case CELL_ARRAY:
        *count = parameter->count;
        return place_elements(placing, parameter, parameter->count,
                              (size_t)parameter->count * parameter->size, spot.at, depth);
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
    case CELL_OUT:
        return place_buffer(placing, parameter, spot, count, placing->salt + index * 3 + depth, depth);
    case CELL_CONTEXT:
        return depth == 0 && place_context(placing, parameter, spot, (uint32_t)index);
    case CELL_COUNT:
        return true;
    case CELL_END:
    default:
        return false;
    }
}

static struct spot
spot_of(struct spot base, const struct cell_parameter *parameter, size_t index)
{
    size_t offset = base.is_slot ? index * sizeof(union cell_slot) : parameter->offset;
    return (struct spot){base.at ? base.at + offset : NULL, base.is_slot};
}

// All values of a list; counts are taken from the buffers that they count.
static bool
place_list(struct placing *placing, const struct cell_parameter *list, struct spot base, unsigned depth)
{
    uint64_t counts[CELL_LIST_MAX];
    size_t count = 0;
    if (depth > CELL_DEPTH_MAX)
        return false;
    for (; list[count].kind != CELL_END; count++) {
        counts[count < CELL_LIST_MAX ? count : 0] = 0;
        if (count == CELL_LIST_MAX || !place_one(placing, &list[count], spot_of(base, &list[count], count),
                                                 &counts[count], count, depth))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        int32_t of = list[i].of;
        if (list[i].kind != CELL_COUNT)
            continue;
        if (of < 0 || (size_t)of >= count || list[of].kind == CELL_SCALAR || list[of].kind == CELL_COUNT)
            return false;
        store(&list[i], spot_of(base, &list[i], i), counts[of]);
    }
    return true;
}

bool
place_call(struct placing *placing, const struct cell_parameter *parameters, union cell_slot *slots)
{
    return place_list(placing, parameters, (struct spot){(uint8_t *)slots, true}, 0);
}
