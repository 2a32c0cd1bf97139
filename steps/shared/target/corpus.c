// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/corpus.h"

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

size_t
corpus_element_bytes(const struct parameter *parameter)
{
    return parameter->kind == CELL_TEXT ? 1 : parameter->size;
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
    buf_add(&corpus->bytes, bytes, count * corpus_element_bytes(parameter));
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

// Takes `count` elements and their padding; nothing when the call does not hold as many.
static struct str
take_content(struct str *rest, const struct parameter *parameter, uint64_t count)
{
    size_t bytes, whole;
    if (__builtin_mul_overflow(count, corpus_element_bytes(parameter), &bytes) ||
        __builtin_add_overflow(bytes, 7 + (parameter->kind == CELL_TEXT), &whole) ||
        whole / 8 * 8 > rest->len) {
        *rest = str_from(*rest, rest->len);
        return (struct str){0};
    }
    struct str content = str_n(rest->ptr, bytes);
    *rest = str_from(*rest, whole / 8 * 8);
    return content;
}

size_t
corpus_call_parts(const struct corpus *corpus, size_t index, const struct signature *signature,
                  struct corpus_part *parts)
{
    struct str rest = corpus_call(corpus, index);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        parts[i] = (struct corpus_part){0};
        if (parameter->kind == CELL_COUNT)
            continue;
        parts[i].value = take_u64(&rest);
        if (parameter->kind == CELL_SCALAR || parameter->kind == CELL_OUT)
            continue;
        parts[i].content = take_content(&rest, parameter, parts[i].value);
        if (parts[i].content.ptr == NULL)
            parts[i].value = 0;
    }
    return signature->count;
}

static json_t *
scalar_json(const struct parameter *parameter, uint64_t bits)
{
    if (!parameter->is_real)
        return json_integer((json_int_t)bits);
    double real;
    memcpy(&real, &bits, sizeof(real));
    json_t *json = json_real(real);
    return json != NULL ? json : json_null(); // not a number has no JSON form
}

// The value of the element at `at`: its bits, sign-extended; a float as a double.
static uint64_t
element_at(const struct parameter *parameter, const char *at)
{
    uint64_t bits = 0;
    memcpy(&bits, at, parameter->size);
    if (parameter->is_real && parameter->size == 4) {
        float narrow;
        memcpy(&narrow, at, sizeof(narrow));
        double wide = narrow;
        memcpy(&bits, &wide, sizeof(bits));
    } else if (parameter->is_signed && parameter->size < 8) {
        unsigned shift = 64 - 8 * parameter->size;
        bits = (uint64_t)((int64_t)(bits << shift) >> shift);
    }
    return bits;
}

static json_t *
elements_json(const struct parameter *parameter, struct str content)
{
    if (corpus_element_bytes(parameter) == 1)
        return json_bytes(content);
    json_t *list = json_array();
    for (size_t at = 0; at + parameter->size <= content.len; at += parameter->size) {
        json_t *element = scalar_json(parameter, element_at(parameter, content.ptr + at));
        if (json_is_null(element)) { // no JSON number: then as bytes
            json_decref(list);
            return json_bytes(content);
        }
        json_array_append_new(list, element);
    }
    return list;
}

json_t *
corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature)
{
    json_t *arguments = json_array();
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    corpus_call_parts(corpus, index, signature, parts);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        json_t *value = NULL;
        if (parameter->kind == CELL_SCALAR)
            value = scalar_json(parameter, parts[i].value);
        else if (parameter->kind == CELL_COUNT)
            value = json_integer((json_int_t)parts[parameter->of].value);
        else if (parameter->kind != CELL_OUT)
            value = elements_json(parameter, parts[i].content);
        json_array_append_new(arguments, value != NULL ? value : json_null());
    }
    return arguments;
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
