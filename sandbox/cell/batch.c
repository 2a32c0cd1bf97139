// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/batch.h"

#include <stdlib.h>
#include <string.h>

enum { POISON = 0xA5, GUARD_BYTES = 16, ALIGN = 16, SHIFTS = 256 };

struct reader {
    const uint8_t *at, *end;
};

static bool
take(struct reader *reader, size_t bytes)
{
    if (bytes > (size_t)(reader->end - reader->at))
        return false;
    reader->at += bytes;
    return true;
}

static bool
take_u64(struct reader *reader, uint64_t *value)
{
    const uint8_t *at = reader->at;
    if (!take(reader, sizeof(*value)))
        return false;
    memcpy(value, at, sizeof(*value));
    return true;
}

static size_t
round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

// One decoded argument: a scalar or count in `value`, or a buffer of `bytes` whose content is at `content`
// (NULL: poison) and that stands `shift` bytes behind an aligned address.
struct argument {
    uint64_t value;
    bool is_buffer;
    const uint8_t *content;
    size_t bytes, shift;
};

static bool
decode_argument(struct reader *reader, const struct cell_parameter *parameter, size_t salt,
                struct argument *argument)
{
    *argument = (struct argument){0};
    if (parameter->kind == CELL_COUNT)
        return true;
    if (!take_u64(reader, &argument->value))
        return false;
    if (parameter->kind == CELL_SCALAR)
        return true;
    argument->is_buffer = true;
    size_t size = parameter->kind == CELL_TEXT ? 1 : parameter->size;
    if (__builtin_mul_overflow(argument->value, size, &argument->bytes) || argument->bytes > SIZE_MAX / 4)
        return false;
    argument->bytes += parameter->kind == CELL_TEXT;
    // Callers have buffers at any address that the element's type permits; some of ours are aligned.
    if (size > 0 && size < ALIGN && ALIGN % size == 0 && salt % 4 != 0)
        argument->shift = salt * size % ALIGN;
    if (parameter->kind == CELL_OUT)
        return true;
    argument->content = reader->at;
    return take(reader, round_up(argument->bytes, 8));
}

// Decodes all arguments of input `index`; counts are taken from the buffers that they count.
static bool
decode(const struct batch *batch, size_t index, struct argument *arguments)
{
    const struct batch_object *object = &batch->object;
    struct reader reader = {batch->inputs + batch->offsets[index], batch->inputs + batch->offsets[index + 1]};
    for (size_t i = 0; i < object->stride; i++)
        if (!decode_argument(&reader, &object->parameters[i], index * 5 + i * 3, &arguments[i]))
            return false;
    for (size_t i = 0; i < object->stride; i++) {
        int32_t of = object->parameters[i].of;
        if (object->parameters[i].kind != CELL_COUNT)
            continue;
        if (of < 0 || (size_t)of >= object->stride || !arguments[of].is_buffer)
            return false;
        arguments[i].value = arguments[of].value;
    }
    return true;
}

enum { PARAMETERS_MAX = 64 };

static size_t
footprint(const struct argument *argument)
{
    return round_up(argument->shift + argument->bytes, ALIGN) + GUARD_BYTES;
}

// Bytes that one call's buffers take in the area.
static size_t
call_bytes(const struct argument *arguments, size_t stride)
{
    size_t sum = 0;
    for (size_t i = 0; i < stride; i++)
        if (arguments[i].is_buffer)
            sum += footprint(&arguments[i]);
    return sum;
}

bool
batch_load(struct batch *batch, size_t *bad)
{
    struct argument arguments[PARAMETERS_MAX];
    *bad = 0;
    free(batch->needs);
    batch->needs = calloc(batch->input_count + 1, sizeof(*batch->needs));
    if (!batch->needs || batch->object.stride > PARAMETERS_MAX)
        return false;
    for (size_t i = 0; i < batch->input_count; i++) {
        *bad = i;
        if (batch->offsets[i] > batch->offsets[i + 1] || !decode(batch, i, arguments))
            return false;
        batch->needs[i] = call_bytes(arguments, batch->object.stride);
    }
    return true;
}

static void
release_separate(struct batch *batch)
{
    for (size_t i = 0; batch->separate && i < batch->count * batch->object.stride; i++)
        free(batch->placed[i].block);
    batch->count = 0;
}

static size_t
input_of(struct window window, size_t call)
{
    return window.first + call % window.count;
}

// How many calls from `from` on fit in the area, at most `count`; their buffers' bytes in *bytes.
static size_t
fitting(const struct batch *batch, struct window window, size_t from, size_t count, size_t *bytes)
{
    size_t stride = batch->object.stride, n = 0;
    size_t fixed = stride * (sizeof(union cell_slot) + sizeof(struct placed)) + sizeof(union cell_slot);
    size_t room = batch->area_bytes - (SHIFTS + 4) * ALIGN;
    *bytes = 0;
    for (; n < count; n++) {
        size_t need = fixed + (batch->separate ? 0 : batch->needs[input_of(window, from + n)]);
        if (need > room)
            break;
        room -= need;
        *bytes += need - fixed;
    }
    return n;
}

// Under sanitizers a buffer ends where its block does.
static void
place(struct batch *batch, uint8_t **cursor, const struct argument *argument, struct placed *placed)
{
    size_t before = argument->shift, bytes = argument->bytes;
    uint8_t *block = *cursor;
    if (batch->separate)
        placed->block = block = malloc(before + bytes > 0 ? before + bytes : 1);
    else
        *cursor += footprint(argument);
    placed->at = block + before;
    placed->bytes = bytes;
    memset(block, POISON, before);
    if (argument->content) {
        memcpy(placed->at, argument->content, bytes);
        placed->input_at = (size_t)(argument->content - batch->inputs);
    } else {
        memset(placed->at, POISON, bytes);
    }
    if (!batch->separate)
        memset(placed->at + bytes, POISON, (size_t)(*cursor - placed->at) - bytes);
}

size_t
batch_prepare(struct batch *batch, struct window window, size_t from, size_t count)
{
    struct argument arguments[PARAMETERS_MAX] = {0};
    size_t stride = batch->object.stride, bytes;
    release_separate(batch);
    size_t n = fitting(batch, window, from, count, &bytes);
    // The buffers first, at an address that differs from the last batch's; then the tables.
    uint8_t *cursor = batch->area + (batch->generation++ * 37 % SHIFTS) * ALIGN;
    uint8_t *tables = cursor + bytes;
    batch->slots = (union cell_slot *)(void *)tables;
    batch->results = batch->slots + n * stride;
    batch->placed = (struct placed *)(void *)(batch->results + n);
    memset(batch->results, 0, n * sizeof(*batch->results));
    for (size_t k = 0; k < n; k++) {
        // It decoded when it was loaded, but the memory is shared with the code under test.
        if (!decode(batch, input_of(window, from + k), arguments))
            return batch->count = k;
        for (size_t i = 0; i < stride; i++) {
            struct placed *placed = &batch->placed[k * stride + i];
            *placed = (struct placed){0};
            batch->slots[k * stride + i].u = arguments[i].value;
            if (!arguments[i].is_buffer)
                continue;
            place(batch, &cursor, &arguments[i], placed);
            batch->slots[k * stride + i].p = placed->at;
        }
    }
    batch->count = n;
    return n;
}

// Where output goes: into a buffer when `out` is set, else into the digest.
struct sink {
    uint64_t a, b;
    uint8_t *out;
    size_t capacity, length;
};

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

// How many bytes of an output count.
static size_t
output_bytes(const struct cell_parameter *parameter, const struct placed *placed, int64_t result)
{
    if (parameter->kind != CELL_OUT || !parameter->length_from_result)
        return placed->bytes;
    if (result <= 0 || parameter->size == 0)
        return 0;
    size_t capacity = placed->bytes / parameter->size;
    return ((uint64_t)result < capacity ? (size_t)result : capacity) * parameter->size;
}

// What is no output but must not happen shows in it: a changed const input, a write behind a buffer.
static void
emit_violations(const struct batch *batch, struct sink *sink, const struct cell_parameter *parameter,
                const struct placed *placed)
{
    bool is_const = parameter->kind == CELL_IN || parameter->kind == CELL_TEXT;
    if (is_const && memcmp(placed->at, batch->inputs + placed->input_at, placed->bytes) != 0) {
        emit_u64(sink, UINT64_MAX - 1);
        emit(sink, placed->at, placed->bytes);
    }
    for (size_t i = 0; !batch->separate && i < GUARD_BYTES; i++)
        if (placed->at[placed->bytes + i] != POISON)
            emit_u64(sink, UINT64_MAX - 2 - i);
}

static void
emit_call(const struct batch *batch, struct sink *sink, size_t call)
{
    const struct batch_object *object = &batch->object;
    int64_t result = object->returns ? batch->results[call].i : 0;
    emit_u64(sink, (uint64_t)result);
    for (size_t i = 0; i < object->stride; i++) {
        const struct cell_parameter *parameter = &object->parameters[i];
        const struct placed *placed = &batch->placed[call * object->stride + i];
        if (!placed->at)
            continue;
        emit_violations(batch, sink, parameter, placed);
        if (parameter->kind != CELL_INOUT && parameter->kind != CELL_OUT)
            continue;
        size_t bytes = output_bytes(parameter, placed, result);
        emit_u64(sink, bytes);
        emit(sink, placed->at, bytes);
    }
}

void
batch_digest(struct batch *batch)
{
    struct sink sink = {.a = batch->digest[0], .b = batch->digest[1]};
    for (size_t k = 0; k < batch->count; k++)
        emit_call(batch, &sink, k);
    batch->digest[0] = sink.a;
    batch->digest[1] = sink.b;
}

size_t
batch_output(const struct batch *batch, uint8_t *out, size_t capacity)
{
    struct sink sink = {.capacity = capacity};
    sink.out = out;
    emit_call(batch, &sink, 0);
    return sink.length;
}
