// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/corpus.h"

#include "base/hash.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define CORPUS_MAX_BYTES (64u << 20)
#define TRAIN_REPEAT_MAX 8
#define HOLDOUT_ONE_IN 3

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
    buf_add(&corpus->bytes, bytes, count * (parameter->kind == CELL_TEXT ? 1 : parameter->size));
    if (parameter->kind == CELL_TEXT)
        buf_putc(&corpus->bytes, '\0');
    pad_to_8(&corpus->bytes);
}

int
corpus_end_call(struct corpus *corpus, struct err *err)
{
    if (buf_check(&corpus->bytes, "the corpus of calls", err) != 0)
        return -1;
    end_call(corpus);
    return 0;
}

static uint64_t
scalar_bits(const struct parameter *parameter, const json_t *value)
{
    if (parameter->is_real) {
        double real = json_number_value(value);
        uint64_t bits;
        memcpy(&bits, &real, sizeof(bits));
        return bits;
    }
    if (json_is_boolean(value))
        return json_is_true(value);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value)
                                  : (uint64_t)(int64_t)json_number_value(value);
}

// Appends one element of an array of numbers in its own width, little endian.
static void
add_element(struct buf *out, const struct parameter *parameter, const json_t *value)
{
    uint64_t bits = scalar_bits(parameter, value);
    if (parameter->is_real && parameter->size == 4) {
        float narrow = (float)json_number_value(value);
        buf_add(out, &narrow, sizeof(narrow));
        return;
    }
    for (unsigned i = 0; i < parameter->size; i++)
        buf_putc(out, (char)(bits >> (8 * i)));
}

static int
buffer_content(const struct parameter *parameter, const json_t *value, struct buf *content, const char *name,
               struct err *err)
{
    if (json_is_array(value)) {
        size_t index;
        json_t *element;
        json_array_foreach(value, index, element)
        {
            if (!json_is_number(element) && !json_is_boolean(element))
                return err_set(err, ERR_PARSE, "%s: argument \"%s\": element %zu is not a number", name,
                               parameter->name, index);
            add_element(content, parameter, element);
        }
    } else if (json_is_number(value) && parameter->fixed_count == 1) {
        add_element(content, parameter, value);
    } else if (!json_bytes_into(value, content)) {
        return err_set(err, ERR_PARSE,
                       "%s: argument \"%s\" is a buffer: a string, {\"b64\": \"..\"} or an array of numbers",
                       name, parameter->name);
    }
    return buf_check(content, "a captured buffer", err);
}

static const struct parameter *
counter_of(const struct signature *signature, size_t buffer, size_t *index)
{
    for (size_t i = 0; i < signature->count; i++) {
        if (signature->parameters[i].kind == CELL_COUNT && signature->parameters[i].of == (int)buffer) {
            *index = i;
            return &signature->parameters[i];
        }
    }
    return NULL;
}

// The capacity of an OUT buffer stands in its count argument; the buffer's own argument is null.
static int
add_out(struct corpus *corpus, const struct signature *signature, size_t index, const json_t *arguments,
        const char *name, struct err *err)
{
    const struct parameter *parameter = &signature->parameters[index];
    size_t count_index;
    if (counter_of(signature, index, &count_index) == NULL) {
        corpus_add_buffer(corpus, parameter, NULL, parameter->fixed_count);
        return 0;
    }
    const json_t *value = json_array_get(arguments, count_index);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > (16 << 20))
        return err_set(err, ERR_PARSE,
                       "%s: argument \"%s\" is the capacity of \"%s\": a whole number up to 16 Mi", name,
                       signature->parameters[count_index].name, parameter->name);
    corpus_add_buffer(corpus, parameter, NULL, (size_t)json_integer_value(value));
    return 0;
}

static int
add_buffer(struct corpus *corpus, const struct signature *signature, size_t index, const json_t *arguments,
           const char *name, struct err *err)
{
    const struct parameter *parameter = &signature->parameters[index];
    AUTO_BUF content = BUF(16u << 20);
    if (buffer_content(parameter, json_array_get(arguments, index), &content, name, err) != 0)
        return -1;
    unsigned size = parameter->kind == CELL_TEXT ? 1 : parameter->size;
    if (content.len % size != 0)
        return err_set(err, ERR_PARSE,
                       "%s: argument \"%s\" has %zu bytes, not a multiple of its element size %u", name,
                       parameter->name, content.len, size);
    size_t count = content.len / size, count_index;
    if (parameter->kind == CELL_TEXT && memchr(buf_text(&content), 0, content.len) != NULL)
        return err_set(err, ERR_PARSE, "%s: argument \"%s\" is a terminated string and holds a NUL", name,
                       parameter->name);
    if (parameter->fixed_count > 0 && count != parameter->fixed_count)
        return err_set(err, ERR_PARSE, "%s: argument \"%s\" has %zu elements, the function takes %u", name,
                       parameter->name, count, parameter->fixed_count);
    if (counter_of(signature, index, &count_index) != NULL) {
        const json_t *given = json_array_get(arguments, count_index);
        if (json_is_integer(given) && (size_t)json_integer_value(given) != count)
            return err_set(err, ERR_PARSE, "%s: argument \"%s\" says %lld, but \"%s\" has %zu elements", name,
                           signature->parameters[count_index].name, (long long)json_integer_value(given),
                           parameter->name, count);
    }
    corpus_add_buffer(corpus, parameter, buf_text(&content), count);
    return 0;
}

static int
add_argument(struct corpus *corpus, const struct signature *signature, size_t index, const json_t *arguments,
             const char *name, struct err *err)
{
    const struct parameter *parameter = &signature->parameters[index];
    const json_t *value = json_array_get(arguments, index);
    switch (parameter->kind) {
    case CELL_COUNT:
        return 0;
    case CELL_SCALAR:
        if (!json_is_number(value) && !json_is_boolean(value))
            return err_set(err, ERR_PARSE, "%s: argument \"%s\" is a number", name, parameter->name);
        corpus_add_scalar(corpus, scalar_bits(parameter, value));
        return 0;
    case CELL_OUT:
        return add_out(corpus, signature, index, arguments, name, err);
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
        return add_buffer(corpus, signature, index, arguments, name, err);
    case CELL_END:
        break;
    }
    return err_set(err, ERR_INTERNAL, "%s: parameter \"%s\" has no role", name, parameter->name);
}

int
corpus_add_json(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
                const char *name, struct err *err)
{
    if (!json_is_array(arguments) || json_array_size(arguments) != signature->count)
        return err_set(err, ERR_PARSE, "%s: \"args\" needs one entry a parameter, %zu in all", name,
                       signature->count);
    if (signature->count > CORPUS_PARAMETERS_MAX)
        return err_set(err, ERR_TARGET, "%s: %zu parameters; %d at most", name, signature->count,
                       CORPUS_PARAMETERS_MAX);
    size_t before = corpus->bytes.len;
    for (size_t i = 0; i < signature->count; i++) {
        if (add_argument(corpus, signature, i, arguments, name, err) != 0) {
            corpus->bytes.len = before;
            return -1;
        }
    }
    return corpus_end_call(corpus, err);
}

static uint64_t
read_u64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

size_t
corpus_call_parts(const struct corpus *corpus, size_t index, const struct signature *signature,
                  struct corpus_part *parts)
{
    const char *at = corpus->bytes.ptr + corpus->offsets[index];
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        parts[i] = (struct corpus_part){0};
        if (parameter->kind == CELL_COUNT)
            continue;
        parts[i].value = read_u64(at);
        at += 8;
        if (parameter->kind == CELL_SCALAR || parameter->kind == CELL_OUT)
            continue;
        size_t bytes = parts[i].value * (parameter->kind == CELL_TEXT ? 1 : parameter->size);
        parts[i].content = str_n(at, bytes);
        at += (bytes + (parameter->kind == CELL_TEXT) + 7) / 8 * 8;
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

static json_t *
elements_json(const struct parameter *parameter, struct str content)
{
    if (parameter->size == 1 || parameter->kind == CELL_TEXT)
        return json_bytes(content);
    json_t *list = json_array();
    for (size_t at = 0; at + parameter->size <= content.len; at += parameter->size) {
        uint64_t bits = 0;
        memcpy(&bits, content.ptr + at, parameter->size);
        if (parameter->is_real && parameter->size == 4) {
            float narrow;
            memcpy(&narrow, content.ptr + at, sizeof(narrow));
            double wide = narrow;
            memcpy(&bits, &wide, sizeof(bits));
        } else if (parameter->is_signed && parameter->size < 8) {
            unsigned shift = 64 - 8 * parameter->size;
            bits = (uint64_t)((int64_t)(bits << shift) >> shift);
        }
        json_array_append_new(list, scalar_json(parameter, bits));
    }
    return list;
}

json_t *
corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature)
{
    json_t *arguments = json_array();
    struct corpus_part parts[CORPUS_PARAMETERS_MAX];
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
    buf_add(&corpus->bytes, from->bytes.ptr + from->offsets[index],
            from->offsets[index + 1] - from->offsets[index]);
    if (!corpus->bytes.full)
        end_call(corpus);
}

// Distinct calls by their encoding; the value of the map is the index + 1 in `all`.
static int
read_line(struct str line, const char *name, const struct signature *signature, struct corpus *all,
          uint64_t **counts, struct map *seen, struct err *err)
{
    AUTO_JSON *json = json_read(line, name, err);
    if (json == NULL)
        return -1;
    if (!json_is_object(json) || json_object_get(json, "args") == NULL)
        return err_set(err, ERR_PARSE, "%s: a call is {\"args\": [..], \"count\": 1}", name);
    int64_t times = json_get_int(json, "count", 1);
    if (times < 1)
        return err_set(err, ERR_PARSE, "%s: \"count\" is at least 1", name);
    size_t before = all->bytes.len;
    if (corpus_add_json(all, signature, json_object_get(json, "args"), name, err) != 0)
        return -1;
    struct str encoded = str_n(all->bytes.ptr + before, all->bytes.len - before);
    void **slot = map_slot(seen, encoded);
    if (*slot != NULL) { // seen: forget the copy, add to its count
        (*counts)[(uintptr_t)*slot - 1] += (uint64_t)times;
        all->bytes.len = before;
        all->count--;
        return 0;
    }
    *slot = (void *)(uintptr_t)all->count;
    *counts = realloc(*counts, all->count * sizeof(**counts));
    if (*counts == NULL)
        abort();
    (*counts)[all->count - 1] = (uint64_t)times;
    return 0;
}

static void
split(const struct corpus *all, const uint64_t *counts, struct corpus *train, struct corpus *holdout)
{
    for (size_t i = 0; i < all->count; i++) {
        uint64_t hash = hash_quick(all->bytes.ptr + all->offsets[i], all->offsets[i + 1] - all->offsets[i]);
        if (all->count > 1 && hash % HOLDOUT_ONE_IN == 0) {
            corpus_append(holdout, all, i);
            continue;
        }
        uint64_t times = counts[i] < TRAIN_REPEAT_MAX ? counts[i] : TRAIN_REPEAT_MAX;
        for (uint64_t k = 0; k < times; k++)
            corpus_append(train, all, i);
    }
}

int
corpus_read_calls(struct str text, const char *file, const struct signature *signature, struct corpus *train,
                  struct corpus *holdout, struct err *err)
{
    struct corpus all;
    corpus_init(&all, CORPUS_MAX_BYTES);
    AUTO_MAP seen = {0};
    uint64_t *counts = NULL;
    AUTO_ARENA arena = {0};
    int result = 0;
    unsigned number = 0;
    while (text.ptr != NULL && result == 0) {
        struct str line = str_trim(str_cut(&text, '\n'));
        number++;
        if (line.len > 0)
            result = read_line(line, arena_printf(&arena, "%s:%u", file, number), signature, &all, &counts,
                               &seen, err);
    }
    if (result == 0 && all.count == 0)
        result = err_set(err, ERR_PARSE, "%s: no calls in it", file);
    if (result == 0)
        split(&all, counts, train, holdout);
    free(counts);
    corpus_release(&all);
    return result;
}

void
corpus_pack(const struct corpus *corpus, struct buf *out)
{
    buf_add_u64(out, corpus->count);
    for (size_t i = 1; i <= corpus->count; i++)
        buf_add_u64(out, corpus->offsets[i]);
    buf_add(out, corpus->bytes.ptr, corpus->bytes.len);
}

int
corpus_unpack(struct str packed, struct corpus *corpus, struct err *err)
{
    if (packed.len < 8)
        return err_set(err, ERR_PARSE, "corpus: cut short");
    uint64_t count = read_u64(packed.ptr);
    if (count > (packed.len - 8) / 8)
        return err_set(err, ERR_PARSE, "corpus: says %llu calls in %zu bytes", (unsigned long long)count,
                       packed.len);
    struct str bytes = str_from(packed, 8 + 8 * count);
    corpus_init(corpus, CORPUS_MAX_BYTES);
    uint64_t before = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t end = read_u64(packed.ptr + 8 + 8 * i);
        if (end < before || end > bytes.len) {
            corpus_release(corpus);
            return err_set(err, ERR_PARSE, "corpus: call %llu ends outside of it", (unsigned long long)i);
        }
        buf_add(&corpus->bytes, bytes.ptr + before, end - before);
        end_call(corpus);
        before = end;
    }
    return 0;
}
