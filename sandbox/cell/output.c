// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/output.h"

#include <string.h>
#include <sys/auxv.h>

// What a walk through memory does with a value: nothing but compare it with the input, put it out, put it out
// though there was no input (outputs, results).
enum mode { MODE_CONST, MODE_CHANGED, MODE_FRESH };

// Marks that are no lengths.
#define MARK_CONST (UINT64_MAX - 1)
#define MARK_GUARD (UINT64_MAX - 2) // and downwards, one a byte
#define MARK_NULL (UINT64_MAX - 32)
#define MARK_FOREIGN (UINT64_MAX - 33)

enum { RANDOM_BYTES = 16 }; // of AT_RANDOM

static void output_list(struct output *output, const struct cell_parameter *list, const uint8_t *base,
                        enum mode mode);

// One step is a bijection of `word` for a given state, so that any single change shows.
static void
mix(struct sink *sink, uint64_t word)
{
    uint64_t a = (sink->a ^ word) * 0x9E3779B97F4A7C15u;
    sink->a = a ^ (a >> 32);
    uint64_t b = (sink->b + word) * 0xC2B2AE3D27D4EB4Fu;
    sink->b = ((b << 29) | (b >> 35)) ^ sink->a;
}

static void
emit(struct sink *sink, const void *bytes, size_t length)
{
    if (sink->out) {
        if (sink->length < sink->capacity) {
            size_t room = sink->capacity - sink->length;
            memcpy(sink->out + sink->length, bytes, length < room ? length : room);
        }
        sink->length += length;
        return;
    }
    const uint8_t *at = bytes;
    uint64_t word;
    for (; length >= sizeof(word); length -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        mix(sink, word);
    }
    if (length > 0) {
        word = 0;
        memcpy(&word, at, length);
        mix(sink, word);
    }
}

static void
emit_u64(struct sink *sink, uint64_t value)
{
    emit(sink, &value, sizeof(value));
}

static void
emit_bytes(struct output *output, const struct cell_parameter *parameter, const uint8_t *at, size_t bytes)
{
    if (parameter->until_nul)
        bytes = strnlen((const char *)at, bytes);
    emit_u64(output->sink, bytes);
    emit(output->sink, at, bytes);
}

static void
note_change(struct output *output, const uint8_t *at, size_t bytes)
{
    struct sink found = {.a = output->changed, .b = 1};
    emit(&found, at, bytes);
    output->changed = found.a | 1;
}

// The input was checked when it was placed, but the memory is shared with the code under test: what it holds
// no more is taken for zero.
static uint64_t
take_u64(struct output *output)
{
    uint64_t value = 0;
    if ((size_t)(output->end - output->at) < sizeof(value))
        return 0;
    memcpy(&value, output->at, sizeof(value));
    output->at += sizeof(value);
    return value;
}

static const uint8_t *
take_bytes(struct output *output, size_t bytes)
{
    const uint8_t *at = output->at;
    size_t whole = place_padded(bytes), left = (size_t)(output->end - at);
    output->at += whole < left ? whole : left;
    return bytes <= left ? at : NULL;
}

// The next buffer of the call; none at all where the input lies.
static struct block
next_block(struct output *output)
{
    return output->next < output->block_count ? output->blocks[output->next++] : (struct block){0};
}

// A number in memory as its encoding has it.
static uint64_t
load(const struct cell_parameter *parameter, const uint8_t *at)
{
    uint64_t bits = 0;
    size_t size = parameter->size < sizeof(bits) ? parameter->size : sizeof(bits);
    memcpy(&bits, at, size);
    if (parameter->is_real && size == sizeof(float)) {
        float narrow;
        memcpy(&narrow, at, sizeof(narrow));
        double wide = narrow;
        memcpy(&bits, &wide, sizeof(bits));
    } else if (parameter->is_signed && !parameter->is_real && size < sizeof(bits) && size > 0) {
        unsigned shift = 64 - 8 * (unsigned)size;
        bits = (uint64_t)((int64_t)(bits << shift) >> shift);
    }
    return bits;
}

static void
output_number(struct output *output, const struct cell_parameter *parameter, const uint8_t *at,
              uint64_t wanted, enum mode mode)
{
    if (mode != MODE_CONST) {
        emit_u64(output->sink, load(parameter, at));
        return;
    }
    uint8_t stored[sizeof(wanted)];
    place_number(parameter, stored, wanted);
    if (memcmp(stored, at, parameter->size < sizeof(stored) ? parameter->size : sizeof(stored)) != 0)
        note_change(output, at, parameter->size);
}

// ---- pointers
// ---------------------------------------------------------------------------------------------------

// The buffer that an address is in, or just behind; block_count when it is in none.
static size_t
block_of(const struct output *output, const uint8_t *at)
{
    for (size_t i = 0; i < output->block_count; i++)
        if (at >= output->blocks[i].at && at <= output->blocks[i].at + output->blocks[i].bytes)
            return i;
    return output->block_count;
}

static void
output_location(struct output *output, const uint8_t *at)
{
    size_t index = block_of(output, at);
    if (!at) {
        emit_u64(output->sink, MARK_NULL);
    } else if (index < output->block_count) {
        emit_u64(output->sink, (uint64_t)index << 32 | (uint64_t)(at - output->blocks[index].at));
    } else {
        emit_u64(output->sink, MARK_FOREIGN);
        emit(output->sink, (const void *)getauxval(AT_RANDOM), RANDOM_BYTES);
    }
}

static void
output_text(struct output *output, const uint8_t *at)
{
    size_t index = block_of(output, at);
    if (!at || index == output->block_count) {
        output_location(output, at);
        return;
    }
    size_t length =
        strnlen((const char *)at, (size_t)(output->blocks[index].at + output->blocks[index].bytes - at));
    emit_u64(output->sink, length);
    emit(output->sink, at, length);
}

// ---- buffers
// ----------------------------------------------------------------------------------------------------

static void
output_elements(struct output *output, const struct cell_parameter *parameter, const uint8_t *at,
                size_t count, enum mode mode)
{
    for (size_t i = 0; i < count; i++)
        output_list(output, parameter->members, at + i * parameter->size, mode);
}

// What the buffer of a pointer holds. `limit` is how many elements of an output count.
static uint64_t
output_buffer(struct output *output, const struct cell_parameter *parameter, uint64_t limit, enum mode mode)
{
    bool is_out = parameter->kind == CELL_OUT, is_plain = !parameter->members;
    bool is_const = parameter->kind == CELL_IN || parameter->kind == CELL_TEXT;
    size_t size = parameter->kind == CELL_TEXT && is_plain ? 1 : parameter->size;
    uint64_t count = take_u64(output);
    struct block block = next_block(output);
    size_t room = size > 0 ? block.bytes / size : 0;
    size_t given = count < room ? (size_t)count : room, kept = limit < given ? (size_t)limit : given;
    if (is_plain && !is_out)
        (void)take_bytes(output, (size_t)count * size + (parameter->kind == CELL_TEXT));
    if (is_plain) {
        if (!is_const) // what is const is checked at the end
            emit_bytes(output, parameter, block.at, kept * size);
        return count;
    }
    mode = is_out ? MODE_FRESH : is_const ? MODE_CONST : mode == MODE_CONST ? MODE_CHANGED : mode;
    if (!is_const)
        emit_u64(output->sink, kept);
    output_elements(output, parameter, block.at, is_out ? kept : given, mode);
    uint64_t end = 0;
    if (parameter->kind == CELL_TEXT && given < room)
        memcpy(&end, block.at + given * size, sizeof(end));
    if (end != 0)
        note_change(output, block.at + given * size, sizeof(end));
    return count;
}

static uint64_t
output_pointer(struct output *output, const struct cell_parameter *parameter, const uint8_t *at,
               enum mode mode)
{
    const uint8_t *pointer;
    memcpy(&pointer, at, sizeof(pointer));
    if (mode == MODE_FRESH) {
        output_location(output, pointer);
        return 0;
    }
    bool moved = output->next >= output->block_count || pointer != output->blocks[output->next].at;
    if (mode == MODE_CHANGED && parameter->kind == CELL_TEXT && !parameter->members)
        output_text(output, pointer);
    else if (mode == MODE_CHANGED)
        output_location(output, pointer);
    else if (moved)
        note_change(output, at, sizeof(pointer));
    return output_buffer(output, parameter, UINT64_MAX, mode);
}

static void
output_array(struct output *output, const struct cell_parameter *parameter, const uint8_t *at, enum mode mode)
{
    size_t bytes = (size_t)parameter->count * parameter->size;
    if (parameter->members) {
        output_elements(output, parameter, at, parameter->count, mode);
        return;
    }
    const uint8_t *input = mode == MODE_FRESH ? NULL : take_bytes(output, bytes);
    if (mode != MODE_CONST)
        emit_bytes(output, parameter, at, bytes);
    else if (input && memcmp(input, at, bytes) != 0)
        note_change(output, at, bytes);
}

static void
output_list(struct output *output, const struct cell_parameter *list, const uint8_t *base, enum mode mode)
{
    uint64_t counts[CELL_LIST_MAX] = {0};
    size_t count = 0;
    for (; count < CELL_LIST_MAX && list[count].kind != CELL_END; count++) {
        const struct cell_parameter *member = &list[count];
        const uint8_t *at = base + member->offset;
        if (member->kind == CELL_ARRAY) {
            counts[count] = member->count;
            output_array(output, member, at, mode);
        } else if (member->kind == CELL_SCALAR && member->members) {
            output_list(output, member->members, at, mode);
        } else if (member->kind == CELL_SCALAR) {
            output_number(output, member, at, mode == MODE_FRESH ? 0 : take_u64(output), mode);
        } else if (member->kind != CELL_COUNT) {
            counts[count] = output_pointer(output, member, at, mode);
        }
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == CELL_COUNT)
            output_number(output, &list[i], base + list[i].offset, counts[list[i].of], mode);
}

// ---- a call
// -----------------------------------------------------------------------------------------------------

static void
output_parameter(struct output *output, const struct cell_parameter *parameter, size_t index,
                 const union cell_slot *slot, int64_t result)
{
    switch ((enum cell_kind)parameter->kind) {
    case CELL_SCALAR:
        if (parameter->members) // the callee had a copy of it
            output_list(output, parameter->members, next_block(output).at, MODE_CONST);
        else
            (void)take_u64(output);
        break;
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
        (void)output_buffer(output, parameter, UINT64_MAX, MODE_CHANGED);
        break;
    case CELL_OUT:
        (void)output_buffer(output, parameter,
                            !parameter->length_from_result ? UINT64_MAX
                            : result > 0                   ? (uint64_t)result
                                                           : 0,
                            MODE_CHANGED);
        break;
    case CELL_CONTEXT:
        for (size_t i = 0; parameter->members && parameter->members[i].kind != CELL_END; i++)
            (void)take_u64(output);
        if (parameter->count > 0)
            emit_u64(output->sink, output->digest((uint32_t)index, slot->p));
        break;
    case CELL_COUNT:
    case CELL_ARRAY:
    case CELL_END:
    default:
        break;
    }
}

// What is no output but must not happen shows in it.
static void
output_violations(struct output *output)
{
    for (size_t i = 0; i < output->block_count; i++) {
        const struct block *block = &output->blocks[i];
        if (block->content && memcmp(block->at, block->content, block->bytes) != 0)
            note_change(output, block->at, block->bytes);
    }
    if (output->changed != 0) {
        emit_u64(output->sink, MARK_CONST);
        emit_u64(output->sink, output->changed);
    }
    for (size_t i = 0; i < output->block_count && !output->separate; i++)
        for (size_t k = 0; k < PLACE_GUARD_BYTES; k++)
            if (output->blocks[i].at[output->blocks[i].bytes + k] != PLACE_POISON)
                emit_u64(output->sink, MARK_GUARD - k);
}

void
output_call(struct output *output, const struct cell_parameter *parameters,
            const struct cell_parameter *result, const union cell_slot *slots, const union cell_slot *value)
{
    if (result->members)
        output_list(output, result->members, value->p, MODE_FRESH);
    else
        emit_u64(output->sink, result->kind == CELL_END ? 0 : value->u);
    int64_t length = result->members || result->kind == CELL_END ? 0 : value->i;
    for (size_t i = 0; parameters[i].kind != CELL_END; i++)
        output_parameter(output, &parameters[i], i, &slots[i], length);
    output_violations(output);
}
