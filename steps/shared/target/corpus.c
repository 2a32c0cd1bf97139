// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/corpus.h"
#include "steps/shared/target/language.h"

#include <stdlib.h>
#include <string.h>

#define CORPUS_MAX_BYTES (64u << 20)

void
corpus_init(struct corpus *corpus, size_t max_bytes)
{
    *corpus = (struct corpus){.bytes = BUF(max_bytes)};
}

void
corpus_release(struct corpus *corpus)
{
    buf_release(&corpus->bytes);
    free(corpus->offsets);
    *corpus = (struct corpus){0};
}

struct cell_inputs
corpus_inputs(const struct corpus *corpus)
{
    static const size_t none[1] = {0};
    return (struct cell_inputs){
        .bytes = (const uint8_t *)corpus->bytes.ptr,
        .offsets = corpus->count > 0 ? corpus->offsets : none,
        .count = corpus->count,
    };
}

// Closes the call whose bytes were just appended.
static void
end_call(struct corpus *corpus)
{
    if (corpus->count + 2 > corpus->capacity) {
        corpus->capacity = corpus->capacity * 2 + 64;
        corpus->offsets = realloc(corpus->offsets, corpus->capacity * sizeof(*corpus->offsets));
        if (corpus->offsets == NULL)
            abort();
    }
    if (corpus->count == 0)
        corpus->offsets[0] = 0;
    corpus->offsets[++corpus->count] = corpus->bytes.len;
}

static void
pad_to_8(struct buf *bytes)
{
    while (bytes->len % 8 != 0 && !bytes->full)
        buf_putc(bytes, '\0');
}

struct str
corpus_call(const struct corpus *corpus, size_t index)
{
    size_t from = corpus->offsets[index], to = corpus->offsets[index + 1];
    return from == to ? (struct str){0} : str_n(corpus->bytes.ptr + from, to - from);
}

void
corpus_drop_last(struct corpus *corpus)
{
    corpus->bytes.len = corpus->offsets[--corpus->count];
}

void
corpus_add_scalar(struct corpus *corpus, uint64_t bits)
{
    buf_add_u64(&corpus->bytes, bits);
}

void
corpus_add_buffer(struct corpus *corpus, const struct parameter *parameter, const void *bytes, size_t count)
{
    buf_add_u64(&corpus->bytes, count);
    if (parameter->kind == CELL_OUT)
        return;
    buf_add(&corpus->bytes, bytes, count * value_element_bytes(parameter));
    if (parameter->kind == CELL_TEXT)
        buf_putc(&corpus->bytes, '\0');
    pad_to_8(&corpus->bytes);
}

int
corpus_end_call(struct corpus *corpus, struct err *err)
{
    if (buf_check(&corpus->bytes, "the corpus of calls", err) != 0) {
        corpus->bytes.len = corpus->count > 0 ? corpus->offsets[corpus->count] : 0;
        return -1;
    }
    end_call(corpus);
    return 0;
}

static uint64_t
take_u64(struct str *rest)
{
    uint64_t value = 0;
    if (rest->len >= sizeof(value))
        memcpy(&value, rest->ptr, sizeof(value));
    *rest = str_from(*rest, sizeof(value));
    return value;
}

size_t
corpus_call_parts(const struct corpus *corpus, size_t index, const struct signature *signature,
                  struct corpus_part *parts)
{
    struct str rest = corpus_call(corpus, index);
    for (size_t i = 0; i < signature->count; i++) {
        AUTO_ARENA arena = {0};
        const struct parameter *parameter = &signature->parameters[i];
        struct value value;
        struct str before = rest;
        (void)value_read_list(&arena, parameter, 1, &rest, &value);
        parts[i] = (struct corpus_part){value.number, value.content};
        if (value_is_composite(parameter))
            parts[i].content = str_head(before, before.len - rest.len);
    }
    return signature->count;
}

bool
corpus_call_values(struct arena *arena, const struct corpus *corpus, size_t index,
                   const struct signature *signature, struct value *values)
{
    struct str rest = corpus_call(corpus, index);
    return value_read_list(arena, signature->parameters, signature->count, &rest, values);
}

int
corpus_add_values(struct corpus *corpus, const struct signature *signature, const struct value *values,
                  struct err *err)
{
    value_write_list(signature->parameters, signature->count, values, &corpus->bytes);
    return corpus_end_call(corpus, err);
}

json_t *
corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature)
{
    if (signature->calls != NULL)
        return signature->calls->json(corpus, index, signature);
    AUTO_ARENA arena = {0};
    struct value values[SIGNATURE_PARAMETERS_MAX];
    (void)corpus_call_values(&arena, corpus, index, signature, values);
    return value_list_json(signature->parameters, signature->count, values, false);
}

void
corpus_describe_call(const struct corpus *corpus, size_t index, const struct signature *signature,
                     size_t max_bytes, struct buf *text)
{
    json_t *call = corpus_call_json(corpus, index, signature);
    char *compact = json_compact(call);
    struct str shown = str_head(str_of(compact), max_bytes);
    buf_printf(text, "for the arguments %" STR_FMT "%s", STR_ARG(shown), compact[shown.len] ? "..." : "");
    free(compact);
    json_decref(call);
}

void
corpus_append(struct corpus *corpus, const struct corpus *from, size_t index)
{
    buf_add_str(&corpus->bytes, corpus_call(from, index));
    if (!corpus->bytes.full)
        end_call(corpus);
}

void
corpus_pack(const struct corpus *corpus, struct buf *out)
{
    buf_add_u64(out, corpus->count);
    for (size_t i = 1; i <= corpus->count; i++)
        buf_add_u64(out, corpus->offsets[i]);
    buf_add(out, corpus->bytes.ptr, corpus->bytes.len);
}

// Whether the ends of `count` calls rise and stand at items of 8 bytes within `bytes`, the last at its end.
static int
check_ends(struct str ends, uint64_t count, size_t bytes, struct err *err)
{
    uint64_t before = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t end = take_u64(&ends);
        if (end < before || end > bytes || end % 8 != 0)
            return err_set(err, ERR_PARSE, "corpus: call %llu ends outside of it", (unsigned long long)i);
        before = end;
    }
    if (before != bytes)
        return err_set(err, ERR_PARSE, "corpus: %zu bytes, but its calls end at %llu", bytes,
                       (unsigned long long)before);
    return 0;
}

int
corpus_unpack(struct str packed, struct corpus *corpus, struct err *err)
{
    corpus_init(corpus, CORPUS_MAX_BYTES);
    if (packed.len < 8)
        return err_set(err, ERR_PARSE, "corpus: cut short");
    uint64_t count = take_u64(&packed);
    if (count > packed.len / 8)
        return err_set(err, ERR_PARSE, "corpus: says %llu calls in %zu bytes", (unsigned long long)count,
                       packed.len);
    struct str ends = str_head(packed, 8 * count), bytes = str_from(packed, 8 * count);
    if (check_ends(ends, count, bytes.len, err) != 0)
        return -1;
    buf_add_str(&corpus->bytes, bytes);
    if (buf_check(&corpus->bytes, "the corpus of calls", err) != 0)
        return -1;
    corpus->bytes.len = 0; // end_call takes the length for the end of a call
    for (uint64_t i = 0; i < count; i++) {
        corpus->bytes.len = take_u64(&ends);
        end_call(corpus);
    }
    return 0;
}
