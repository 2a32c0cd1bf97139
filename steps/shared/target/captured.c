// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/captured.h"
#include "steps/shared/target/language.h"

#include "base/hash.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define CORPUS_MAX_BYTES (64u << 20)
#define TRAIN_REPEAT_MAX 8
#define HOLDOUT_ONE_IN 3

int
captured_add(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
             const char *name, struct err *err)
{
    if (signature->calls != NULL)
        return signature->calls->add(corpus, signature, arguments, name, err);
    AUTO_ARENA arena = {0};
    struct value values[SIGNATURE_PARAMETERS_MAX];
    const struct value_place place = {name, ""};
    if (!json_is_array(arguments) || json_array_size(arguments) != signature->count)
        return err_set(err, ERR_PARSE, "%s: \"args\" needs one entry a parameter, %zu in all", name,
                       signature->count);
    if (value_list_from_json(&arena, &place, signature->parameters, signature->count, arguments, values,
                             err) != 0)
        return -1;
    return corpus_add_values(corpus, signature, values, err) != 0 ? err_wrap(err, "%s", name) : 0;
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
