// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/captured.h"

#include "base/hash.h"
#include "base/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS_MAX_BYTES (64u << 20)
#define BUFFER_MAX_BYTES (16u << 20)
#define TRAIN_REPEAT_MAX 8
#define HOLDOUT_ONE_IN 3

// The call that is being read.
struct call {
    const struct signature *signature;
    const json_t *arguments;
    const char *name; // file:line
};

static bool
is_number(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

static bool
is_bool(const struct parameter *parameter)
{
    return strcmp(parameter->element, "bool") == 0 || strcmp(parameter->element, "_Bool") == 0;
}

// The value of a JSON number as an integer; false when it is not whole.
static bool
whole(const json_t *value, int64_t *out)
{
    double real = json_number_value(value);
    if (json_is_integer(value))
        *out = json_integer_value(value);
    else if (json_is_boolean(value))
        *out = json_is_true(value);
    else if (fabs(real) < 9e15 && floor(real) == real)
        *out = (int64_t)real;
    else
        return false;
    return true;
}

// Whether a parameter's element can have a value. 8 bytes without sign are written with sign beyond 2^63, and
// single bytes may have any sign.
static bool
fits(const struct parameter *parameter, int64_t value)
{
    if (parameter->size >= 8)
        return true;
    if (is_bool(parameter))
        return value == 0 || value == 1;
    int64_t span = INT64_C(1) << (8 * parameter->size);
    bool any_sign = parameter->size == 1 && parameter_is_buffer(parameter);
    int64_t low = parameter->is_signed || any_sign ? -span / 2 : 0;
    int64_t high = parameter->is_signed && !any_sign ? span / 2 - 1 : span - 1;
    return value >= low && value <= high;
}

// The bits of a number as a slot holds it.
static int
number_bits(const struct call *call, const struct parameter *parameter, const json_t *value, uint64_t *bits,
            struct err *err)
{
    int64_t integer;
    if (parameter->is_real) {
        double real = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
        memcpy(bits, &real, sizeof(*bits));
        return 0;
    }
    if (!whole(value, &integer))
        return err_set(err, ERR_PARSE, "%s: argument \"%s\" of type '%s': %g is not a whole number",
                       call->name, parameter->name, parameter->element, json_number_value(value));
    if (!fits(parameter, integer))
        return err_set(err, ERR_PARSE, "%s: argument \"%s\": %lld does not fit type '%s'", call->name,
                       parameter->name, (long long)integer, parameter->element);
    *bits = (uint64_t)integer;
    return 0;
}

// Appends one element of an array of numbers in its own width, little endian.
static int
add_element(const struct call *call, const struct parameter *parameter, const json_t *value, struct buf *out,
            struct err *err)
{
    uint64_t bits;
    if (number_bits(call, parameter, value, &bits, err) != 0)
        return -1;
    if (parameter->is_real && parameter->size == 4) {
        double wide;
        memcpy(&wide, &bits, sizeof(wide));
        float narrow = (float)wide;
        buf_add(out, &narrow, sizeof(narrow));
        return 0;
    }
    for (unsigned i = 0; i < parameter->size; i++)
        buf_putc(out, (char)(bits >> (8 * i)));
    return 0;
}

static int
read_numbers(const struct call *call, const struct parameter *parameter, const json_t *list,
             struct buf *content, struct err *err)
{
    size_t index;
    json_t *element;
    json_array_foreach(list, index, element)
    {
        if (!is_number(element))
            return err_set(err, ERR_PARSE, "%s: argument \"%s\": element %zu is not a number", call->name,
                           parameter->name, index);
        if (add_element(call, parameter, element, content, err) != 0)
            return -1;
    }
    return 0;
}

// The elements of the buffer at `index`, as many as it takes.
static int
read_content(const struct call *call, size_t index, struct buf *content, struct err *err)
{
    const struct parameter *parameter = &call->signature->parameters[index];
    const json_t *value = json_array_get(call->arguments, index);
    int result = 0;
    if (json_is_array(value))
        result = read_numbers(call, parameter, value, content, err);
    else if (json_is_number(value) && parameter->fixed_count == 1)
        result = add_element(call, parameter, value, content, err);
    else if (!json_bytes_into(value, content))
        result =
            err_set(err, ERR_PARSE,
                    "%s: argument \"%s\" is a buffer: a string, {\"b64\": \"..\"} or an array of numbers",
                    call->name, parameter->name);
    if (result != 0 || buf_check(content, "a captured buffer", err) != 0)
        return -1;
    size_t size = corpus_element_bytes(parameter);
    if (content->len % size != 0)
        return err_set(err, ERR_PARSE,
                       "%s: argument \"%s\" has %zu bytes, not a multiple of its element size %zu",
                       call->name, parameter->name, content->len, size);
    if (parameter->fixed_count > 0 && content->len / size != parameter->fixed_count)
        return err_set(err, ERR_PARSE, "%s: argument \"%s\" has %zu elements, the function takes %u",
                       call->name, parameter->name, content->len / size, parameter->fixed_count);
    return 0;
}

static const struct parameter *
counter_of(const struct call *call, size_t buffer, size_t *index)
{
    for (size_t i = 0; i < call->signature->count; i++) {
        const struct parameter *parameter = &call->signature->parameters[i];
        if (parameter->kind == CELL_COUNT && parameter->of == (int)buffer) {
            *index = i;
            return parameter;
        }
    }
    return NULL;
}

// The capacity of the output at `index`: fixed, what its count says, or what another buffer has.
static int
read_capacity(const struct call *call, size_t index, size_t *capacity, struct err *err)
{
    const struct parameter *parameter = &call->signature->parameters[index];
    size_t owner_index = parameter->of >= 0 ? (size_t)parameter->of : index, count_index;
    const struct parameter *owner = &call->signature->parameters[owner_index];
    if (owner->kind != CELL_OUT) {
        AUTO_BUF content = BUF(BUFFER_MAX_BYTES);
        if (read_content(call, owner_index, &content, err) != 0)
            return -1;
        *capacity = content.len / corpus_element_bytes(owner);
        return 0;
    }
    *capacity = owner->fixed_count;
    const struct parameter *counter = counter_of(call, owner_index, &count_index);
    if (counter == NULL)
        return 0;
    const json_t *value = json_array_get(call->arguments, count_index);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > (16 << 20))
        return err_set(err, ERR_PARSE,
                       "%s: argument \"%s\" is the capacity of \"%s\": a whole number up to 16 Mi",
                       call->name, counter->name, parameter->name);
    *capacity = (size_t)json_integer_value(value);
    return 0;
}

static int
add_buffer(const struct call *call, size_t index, struct corpus *corpus, struct err *err)
{
    const struct parameter *parameter = &call->signature->parameters[index];
    AUTO_BUF content = BUF(BUFFER_MAX_BYTES);
    size_t count = 0;
    if (parameter->kind == CELL_OUT) {
        if (read_capacity(call, index, &count, err) != 0)
            return -1;
    } else {
        if (read_content(call, index, &content, err) != 0)
            return -1;
        count = content.len / corpus_element_bytes(parameter);
        if (parameter->kind == CELL_TEXT && memchr(buf_text(&content), 0, content.len) != NULL)
            return err_set(err, ERR_PARSE, "%s: argument \"%s\" is a terminated string and holds a NUL",
                           call->name, parameter->name);
    }
    corpus_add_buffer(corpus, parameter, buf_text(&content), count);
    return 0;
}

static int
add_scalar(const struct call *call, size_t index, struct corpus *corpus, struct err *err)
{
    const struct parameter *parameter = &call->signature->parameters[index];
    const json_t *value = json_array_get(call->arguments, index);
    uint64_t bits;
    if (!is_number(value))
        return err_set(err, ERR_PARSE, "%s: argument \"%s\" is a number", call->name, parameter->name);
    if (number_bits(call, parameter, value, &bits, err) != 0)
        return -1;
    corpus_add_scalar(corpus, bits);
    return 0;
}

// Counts say what their buffers have, and buffers that share a count have as many elements.
static int
check_counts(const struct call *call, const struct corpus_part *parts, struct err *err)
{
    for (size_t i = 0; i < call->signature->count; i++) {
        const struct parameter *parameter = &call->signature->parameters[i];
        const json_t *given = json_array_get(call->arguments, i);
        if (parameter->of < 0)
            continue;
        const char *buffer = call->signature->parameters[parameter->of].name;
        unsigned long long count = parts[parameter->of].value;
        if (parameter->kind == CELL_COUNT && !json_is_null(given) && !json_is_integer(given))
            return err_set(err, ERR_PARSE, "%s: argument \"%s\" counts \"%s\": a whole number or null",
                           call->name, parameter->name, buffer);
        if (parameter->kind == CELL_COUNT && json_is_integer(given) &&
            (unsigned long long)json_integer_value(given) != count)
            return err_set(err, ERR_PARSE, "%s: argument \"%s\" says %lld, but \"%s\" has %llu elements",
                           call->name, parameter->name, (long long)json_integer_value(given), buffer, count);
        if (parameter_is_buffer(parameter) && parts[i].value != count)
            return err_set(
                err, ERR_PARSE,
                "%s: argument \"%s\" has %llu elements, but \"%s\", whose count it shares, has %llu",
                call->name, parameter->name, (unsigned long long)parts[i].value, buffer, count);
    }
    return 0;
}

static int
add_arguments(const struct call *call, struct corpus *corpus, struct err *err)
{
    for (size_t i = 0; i < call->signature->count; i++) {
        const struct parameter *parameter = &call->signature->parameters[i];
        if (parameter->kind == CELL_COUNT)
            continue;
        bool buffer = parameter_is_buffer(parameter);
        if ((buffer ? add_buffer(call, i, corpus, err) : add_scalar(call, i, corpus, err)) != 0)
            return -1;
    }
    return 0;
}

int
captured_add(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
             const char *name, struct err *err)
{
    struct call call = {signature, arguments, name};
    if (!json_is_array(arguments) || json_array_size(arguments) != signature->count)
        return err_set(err, ERR_PARSE, "%s: \"args\" needs one entry a parameter, %zu in all", name,
                       signature->count);
    size_t before = corpus->bytes.len;
    if (add_arguments(&call, corpus, err) != 0) {
        corpus->bytes.len = before;
        return -1;
    }
    if (corpus_end_call(corpus, err) != 0)
        return err_wrap(err, "%s", name);
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    corpus_call_parts(corpus, corpus->count - 1, signature, parts);
    if (check_counts(&call, parts, err) != 0) {
        corpus_drop_last(corpus);
        return -1;
    }
    return 0;
}

// Distinct calls in the order in which they were first seen.
struct distinct {
    struct corpus calls;
    uint8_t *times; // as many; at most TRAIN_REPEAT_MAX
    size_t capacity;
    struct map seen; // encoding -> index + 1
};

static void
distinct_release(struct distinct *distinct)
{
    corpus_release(&distinct->calls);
    free(distinct->times);
    map_release(&distinct->seen);
}

// Settles the call that was just added: as a new one, or as one more of a known one.
static void
note_times(struct distinct *distinct, int64_t times)
{
    struct corpus *calls = &distinct->calls;
    void **slot = map_slot(&distinct->seen, corpus_call(calls, calls->count - 1));
    if (*slot != NULL) {
        corpus_drop_last(calls);
        times += distinct->times[(uintptr_t)*slot - 1];
    } else {
        *slot = (void *)(uintptr_t)calls->count;
        if (calls->count > distinct->capacity) {
            distinct->capacity = 2 * calls->count + 64;
            distinct->times = realloc(distinct->times, distinct->capacity);
            if (distinct->times == NULL)
                abort();
        }
    }
    distinct->times[(uintptr_t)*slot - 1] = (uint8_t)(times < TRAIN_REPEAT_MAX ? times : TRAIN_REPEAT_MAX);
}

static int
read_line(struct str line, const char *name, const struct signature *signature, struct distinct *distinct,
          struct err *err)
{
    AUTO_JSON *json = json_read(line, name, err);
    if (json == NULL)
        return -1;
    const json_t *arguments = json_object_get(json, "args"), *count = json_object_get(json, "count");
    if (arguments == NULL)
        return err_set(err, ERR_PARSE, "%s: a call is {\"args\": [..], \"count\": 1}", name);
    int64_t times = count == NULL ? 1 : json_integer_value(count);
    if (times < 1)
        return err_set(err, ERR_PARSE, "%s: \"count\" is a whole number, at least 1", name);
    if (captured_add(&distinct->calls, signature, arguments, name, err) != 0)
        return -1;
    note_times(distinct, times < TRAIN_REPEAT_MAX ? times : TRAIN_REPEAT_MAX);
    return 0;
}

static bool
is_holdout(const struct corpus *calls, size_t index)
{
    struct str call = corpus_call(calls, index);
    return hash_quick(call.ptr, call.len) % HOLDOUT_ONE_IN == 0;
}

// Whether all repetitions fit into train.
static bool
has_room(const struct distinct *distinct, const struct corpus *train)
{
    size_t bytes = train->bytes.len;
    for (size_t i = 0; i < distinct->calls.count; i++)
        if (!is_holdout(&distinct->calls, i))
            bytes += distinct->times[i] * corpus_call(&distinct->calls, i).len;
    return bytes <= train->bytes.max;
}

static int
split(const struct distinct *distinct, const char *file, struct corpus *train, struct corpus *holdout,
      struct err *err)
{
    bool repeat = has_room(distinct, train);
    for (size_t i = 0; i < distinct->calls.count; i++) {
        bool held = is_holdout(&distinct->calls, i);
        for (unsigned k = 0; k < (repeat && !held ? distinct->times[i] : 1u); k++)
            corpus_append(held ? holdout : train, &distinct->calls, i);
    }
    if (buf_check(&train->bytes, "the corpus of train calls", err) != 0 ||
        buf_check(&holdout->bytes, "the corpus of holdout calls", err) != 0)
        return err_wrap(err, "%s", file);
    return 0;
}

int
captured_read(struct str text, const char *file, const struct signature *signature, struct corpus *train,
              struct corpus *holdout, struct err *err)
{
    struct distinct distinct = {0};
    corpus_init(&distinct.calls, CORPUS_MAX_BYTES);
    AUTO_BUF name = BUF(8192);
    int result = 0;
    unsigned number = 0;
    while (text.ptr != NULL && result == 0) {
        struct str line = str_trim(str_cut(&text, '\n'));
        number++;
        buf_clear(&name);
        buf_printf(&name, "%s:%u", file, number);
        if (line.len > 0)
            result = read_line(line, buf_text(&name), signature, &distinct, err);
    }
    if (result == 0 && distinct.calls.count == 0)
        result = err_set(err, ERR_PARSE, "%s: no calls in it", file);
    if (result == 0)
        result = split(&distinct, file, train, holdout, err);
    distinct_release(&distinct);
    return result;
}
