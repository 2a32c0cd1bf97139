// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/generate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define QUANTILES 11
#define COMMON_MAX 8
#define LENGTH_WITHOUT_CALLS 256
#define LENGTH_MAX 65536
#define SCALAR_MAX_WITHOUT_CALLS 20

static const char *const classes[] = {"lower", "upper", "digit", "space", "punctuation", "control", "high"};
#define CLASS_COUNT (sizeof(classes) / sizeof(classes[0]))

static size_t
class_of(unsigned char byte)
{
    if (byte >= 128)
        return 6;
    if (islower(byte))
        return 0;
    if (isupper(byte))
        return 1;
    if (isdigit(byte))
        return 2;
    if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
        return 3;
    return ispunct(byte) ? 4 : 5;
}

static bool
is_buffer(const struct parameter *parameter)
{
    return parameter->kind == CELL_IN || parameter->kind == CELL_TEXT || parameter->kind == CELL_INOUT ||
           parameter->kind == CELL_OUT;
}

static int
compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int
compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// The values (counts or bits) of one parameter over all calls; owned, NULL when there are none.
static uint64_t *
values_of(const struct corpus *corpus, const struct signature *signature, size_t parameter,
          size_t bytes[CLASS_COUNT])
{
    if (corpus->count == 0)
        return NULL;
    uint64_t *values = calloc(corpus->count, sizeof(*values));
    if (values == NULL)
        abort();
    for (size_t i = 0; i < corpus->count; i++) {
        struct corpus_part parts[CORPUS_PARAMETERS_MAX];
        corpus_call_parts(corpus, i, signature, parts);
        values[i] = parts[parameter].value;
        for (size_t k = 0; k < parts[parameter].content.len; k++)
            bytes[class_of((unsigned char)parts[parameter].content.ptr[k])]++;
    }
    return values;
}

static json_t *
describe_buffer(uint64_t *values, size_t count, const size_t bytes[CLASS_COUNT])
{
    json_t *lengths = json_array(), *shares = json_object();
    if (values != NULL)
        qsort(values, count, sizeof(*values), compare_u64);
    for (size_t q = 0; q < QUANTILES; q++) {
        uint64_t length = values != NULL ? values[(count - 1) * q / (QUANTILES - 1)]
                                         : LENGTH_WITHOUT_CALLS * q / (QUANTILES - 1);
        json_array_append_new(lengths, json_integer((json_int_t)length));
    }
    size_t total = 0;
    for (size_t c = 0; c < CLASS_COUNT; c++)
        total += bytes[c];
    for (size_t c = 0; c < CLASS_COUNT && total > 0; c++)
        if (bytes[c] > 0)
            json_object_set_new(shares, classes[c], json_real((double)(bytes[c] * 10000 / total) / 10000));
    return json_pack("{s:o, s:o}", "lengths", lengths, "bytes", shares);
}

static json_t *
describe_scalar(const struct parameter *parameter, uint64_t *values, size_t count)
{
    json_t *json = json_object(), *common = json_array();
    int64_t low = 0, high = SCALAR_MAX_WITHOUT_CALLS;
    if (parameter->min != 0 || parameter->max != 0) {
        low = (int64_t)parameter->min;
        high = (int64_t)parameter->max;
    } else if (values != NULL) {
        qsort(values, count, sizeof(*values), compare_i64);
        low = (int64_t)values[0];
        high = (int64_t)values[count - 1];
    }
    for (size_t i = 0; values != NULL && i < COMMON_MAX; i++)
        json_array_append_new(common, json_integer((json_int_t)values[count * i / COMMON_MAX]));
    json_object_set_new(json, "min", json_integer(low));
    json_object_set_new(json, "max", json_integer(high));
    json_object_set_new(json, "common", common);
    return json;
}

json_t *
distribution_of(const struct corpus *corpus, const struct signature *signature)
{
    json_t *distribution = json_object();
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (parameter->kind == CELL_COUNT)
            continue;
        size_t bytes[CLASS_COUNT] = {0};
        uint64_t *values = values_of(corpus, signature, i, bytes);
        json_object_set_new(distribution, parameter->name,
                            is_buffer(parameter) ? describe_buffer(values, corpus->count, bytes)
                                                 : describe_scalar(parameter, values, corpus->count));
        free(values);
    }
    return distribution;
}

static uint64_t
longest_of(const json_t *learned)
{
    const json_t *lengths = json_object_get(learned, "lengths");
    json_int_t longest = 0;
    for (size_t i = 0; i < json_array_size(lengths); i++) {
        json_int_t length = json_integer_value(json_array_get(lengths, i));
        longest = length > longest ? length : longest;
    }
    return longest < 0 ? 0 : (uint64_t)longest > LENGTH_MAX ? LENGTH_MAX : (uint64_t)longest;
}

static uint64_t
draw_length(const json_t *learned, struct rng *rng)
{
    const json_t *lengths = json_object_get(learned, "lengths");
    size_t steps = json_array_size(lengths);
    if (steps < 2)
        return rng_below(rng, longest_of(learned) + 1);
    size_t q = (size_t)rng_below(rng, steps - 1);
    json_int_t low = json_integer_value(json_array_get(lengths, q));
    json_int_t high = json_integer_value(json_array_get(lengths, q + 1));
    if (low < 0 || high < low)
        return longest_of(learned);
    uint64_t length = (uint64_t)low + rng_below(rng, (uint64_t)(high - low) + 1);
    return length > LENGTH_MAX ? LENGTH_MAX : length;
}

static unsigned char
byte_in_class(size_t wanted, struct rng *rng)
{
    for (int tries = 0; tries < 200; tries++) {
        unsigned char byte = (unsigned char)rng_below(rng, 256);
        if (class_of(byte) == wanted)
            return byte;
    }
    return 'a';
}

static unsigned char
draw_byte(const json_t *learned, struct rng *rng)
{
    const json_t *shares = json_object_get(learned, "bytes");
    double at = rng_real(rng);
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        at -= json_get_real(shares, classes[c], 0);
        if (at < 0)
            return byte_in_class(c, rng);
    }
    return (unsigned char)rng_below(rng, 256);
}

static int64_t
draw_scalar(const json_t *learned, struct rng *rng)
{
    int64_t low = json_get_int(learned, "min", 0),
            high = json_get_int(learned, "max", SCALAR_MAX_WITHOUT_CALLS);
    const json_t *common = json_object_get(learned, "common");
    if (json_array_size(common) > 0 && rng_below(rng, 4) == 0)
        return json_integer_value(json_array_get(common, (size_t)rng_below(rng, json_array_size(common))));
    uint64_t span = high > low ? (uint64_t)high - (uint64_t)low : 0;
    uint64_t offset = span == UINT64_MAX ? rng_u64(rng) : rng_below(rng, span + 1);
    return (int64_t)((uint64_t)low + offset);
}

// A call under construction: one growable content a parameter.
struct draft {
    struct buf content[CORPUS_PARAMETERS_MAX]; // of buffers; for OUT unused
    uint64_t value[CORPUS_PARAMETERS_MAX];     // of scalars: bits; of OUT: capacity
};

static void
draft_init(struct draft *draft)
{
    for (size_t i = 0; i < CORPUS_PARAMETERS_MAX; i++) {
        draft->content[i] = BUF(4u << 20);
        draft->value[i] = 0;
    }
}

static void
draft_release(struct draft *draft)
{
    for (size_t i = 0; i < CORPUS_PARAMETERS_MAX; i++)
        buf_release(&draft->content[i]);
}

static unsigned
element_size(const struct parameter *parameter)
{
    return parameter->kind == CELL_TEXT ? 1 : parameter->size;
}

// Makes a buffer exactly `count` elements long, repeating or cutting what is there.
static void
resize(struct buf *content, const struct parameter *parameter, uint64_t count)
{
    size_t bytes = (size_t)count * element_size(parameter);
    if (content->len > bytes)
        content->len = bytes;
    size_t period = content->len;
    while (content->len < bytes && !content->full)
        buf_putc(content, period > 0 ? content->ptr[content->len - period] : '\0');
}

static uint64_t
scalar_value(const struct parameter *parameter, int64_t value)
{
    if (!parameter->is_real)
        return (uint64_t)value;
    double real = (double)value;
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    return bits;
}

static int
draft_write(struct draft *draft, const struct signature *signature, struct corpus *corpus, struct err *err)
{
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        struct buf *content = &draft->content[i];
        if (parameter->kind == CELL_SCALAR) {
            corpus_add_scalar(corpus, draft->value[i]);
        } else if (is_buffer(parameter)) {
            if (parameter->of >= 0 && is_buffer(&signature->parameters[parameter->of])) {
                const struct parameter *first = &signature->parameters[parameter->of];
                uint64_t shared = first->kind == CELL_OUT
                                      ? draft->value[parameter->of]
                                      : draft->content[parameter->of].len / element_size(first);
                draft->value[i] = shared;
                resize(content, parameter, shared);
            }
            if (parameter->fixed_count > 0) {
                draft->value[i] = parameter->fixed_count;
                resize(content, parameter, parameter->fixed_count);
            }
            for (size_t k = 0; parameter->kind == CELL_TEXT && k < content->len; k++)
                if (content->ptr[k] == '\0')
                    content->ptr[k] = 'x';
            uint64_t count =
                parameter->kind == CELL_OUT ? draft->value[i] : content->len / element_size(parameter);
            corpus_add_buffer(corpus, parameter, buf_text(content), (size_t)count);
        }
    }
    return corpus_end_call(corpus, err);
}

static void
draft_from_call(struct draft *draft, const struct signature *signature, const struct corpus *from,
                size_t index)
{
    struct corpus_part parts[CORPUS_PARAMETERS_MAX];
    corpus_call_parts(from, index, signature, parts);
    for (size_t i = 0; i < signature->count; i++) {
        draft->value[i] = parts[i].value;
        buf_clear(&draft->content[i]);
        buf_add_str(&draft->content[i], parts[i].content);
    }
}

static void
draft_from_distribution(struct draft *draft, const struct signature *signature, const json_t *distribution,
                        struct rng *rng)
{
    bool uniform = rng_below(rng, 8) == 0;
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        const json_t *learned = json_object_get(distribution, parameter->name);
        buf_clear(&draft->content[i]);
        if (parameter->kind == CELL_SCALAR) {
            draft->value[i] = scalar_value(parameter, draw_scalar(learned, rng));
        } else if (parameter->kind == CELL_OUT) {
            draft->value[i] = draw_length(learned, rng);
        } else if (is_buffer(parameter)) {
            size_t bytes = (size_t)draw_length(learned, rng) * element_size(parameter);
            for (size_t k = 0; k < bytes; k++)
                buf_putc(&draft->content[i],
                         (char)(uniform ? (unsigned char)rng_below(rng, 256) : draw_byte(learned, rng)));
        }
    }
}

static void
splice_bytes(struct buf *content, const struct parameter *parameter, struct str other, struct rng *rng)
{
    unsigned size = element_size(parameter);
    size_t keep = (size_t)rng_below(rng, content->len / size + 1) * size;
    size_t from = (size_t)rng_below(rng, other.len / size + 1) * size;
    content->len = keep;
    buf_add_str(content, str_from(other, from));
}

static void
edit_bytes(struct buf *content, const struct parameter *parameter, const json_t *learned, struct rng *rng)
{
    unsigned size = element_size(parameter);
    size_t count = content->len / size;
    switch (rng_below(rng, 5)) {
    case 0: // change a few
        for (uint64_t n = 1 + rng_below(rng, 4); n > 0 && content->len > 0; n--)
            content->ptr[rng_below(rng, content->len)] = (char)draw_byte(learned, rng);
        break;
    case 1: // any byte at all
        if (content->len > 0)
            content->ptr[rng_below(rng, content->len)] = (char)rng_below(rng, 256);
        break;
    case 2: // cut
        content->len = (size_t)rng_below(rng, count + 1) * size;
        break;
    case 3: // grow by a few elements
        for (uint64_t n = (1 + rng_below(rng, 9)) * size; n > 0; n--)
            buf_putc(content, (char)draw_byte(learned, rng));
        break;
    default: // repeat what is there
        resize(content, parameter, count + (count > 0 ? rng_below(rng, count) : 0));
        break;
    }
}

static void
draft_mutate(struct draft *draft, const struct signature *signature, const json_t *distribution,
             const struct corpus *like, struct rng *rng)
{
    draft_from_call(draft, signature, like, (size_t)rng_below(rng, like->count));
    struct corpus_part parts[CORPUS_PARAMETERS_MAX];
    corpus_call_parts(like, (size_t)rng_below(rng, like->count), signature, parts);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        const json_t *learned = json_object_get(distribution, parameter->name);
        uint64_t choice = rng_below(rng, 4);
        if (parameter->kind == CELL_SCALAR && choice == 0)
            draft->value[i] = scalar_value(parameter, draw_scalar(learned, rng));
        else if (parameter->kind == CELL_OUT && choice == 0)
            draft->value[i] = draw_length(learned, rng);
        else if (parameter->kind != CELL_OUT && is_buffer(parameter) && choice == 1)
            splice_bytes(&draft->content[i], parameter, parts[i].content, rng);
        else if (parameter->kind != CELL_OUT && is_buffer(parameter) && choice >= 2)
            edit_bytes(&draft->content[i], parameter, learned, rng);
    }
}

int
generate_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
               const struct corpus *like, struct rng *rng, size_t count, struct err *err)
{
    struct draft draft;
    draft_init(&draft);
    int result = 0;
    for (size_t n = 0; n < count && result == 0; n++) {
        if (like->count > 0 && rng_below(rng, 3) != 0)
            draft_mutate(&draft, signature, distribution, like, rng);
        else
            draft_from_distribution(&draft, signature, distribution, rng);
        result = draft_write(&draft, signature, corpus, err);
    }
    draft_release(&draft);
    return result;
}

// A buffer of `count` elements filled in one of the ways that break things.
static void
fill(struct buf *content, const struct parameter *parameter, uint64_t count, unsigned pattern)
{
    static const unsigned char equal[] = {0x00, 0xff, 'a', ' ', '_', '0', 0x80, 'Z'};
    size_t bytes = (size_t)count * element_size(parameter);
    buf_clear(content);
    for (size_t k = 0; k < bytes; k++)
        buf_putc(content, (char)(pattern == 0   ? (unsigned char)k
                                 : pattern == 1 ? (unsigned char)(255 - k % 256)
                                                : equal[(pattern - 2) % sizeof(equal)]));
}

static int
boundary_buffer(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                size_t index, struct rng *rng, struct err *err)
{
    const struct parameter *parameter = &signature->parameters[index];
    uint64_t longest = longest_of(json_object_get(distribution, parameter->name));
    struct draft draft;
    draft_init(&draft);
    int result = 0;
    for (uint64_t step = 1; step <= 2 * longest + 2 && step <= 2 * LENGTH_MAX && result == 0; step *= 2) {
        for (unsigned k = 0; k < 3 && result == 0; k++) {
            uint64_t length = step - 1 + k; // 0 1 2, 1 2 3, 3 4 5, 7 8 9 ...
            draft_from_distribution(&draft, signature, distribution, rng);
            if (parameter->kind == CELL_OUT)
                draft.value[index] = length;
            else
                fill(&draft.content[index], parameter, length, (unsigned)rng_below(rng, 10));
            result = draft_write(&draft, signature, corpus, err);
        }
    }
    for (unsigned pattern = 0; pattern < 10 && result == 0; pattern++) {
        draft_from_distribution(&draft, signature, distribution, rng);
        uint64_t length = longest < 256 ? 256 : longest > 1024 ? 1024 : longest;
        if (parameter->kind == CELL_OUT)
            draft.value[index] = rng_below(rng, 8);
        else
            fill(&draft.content[index], parameter, length, pattern);
        result = draft_write(&draft, signature, corpus, err);
    }
    draft_release(&draft);
    return result;
}

// Powers of two and their neighbours, then the ends of the range, then what lies just beyond it.
static int64_t
boundary_value(unsigned k, int64_t low, int64_t high)
{
    const int64_t ends[] = {low, high, low + 1, high - 1, low - 1, high + 1, high + 2, high + 3};
    return k < 192 ? (int64_t)((UINT64_C(1) << (k / 3)) + k % 3 - 1) : ends[k - 192];
}

static int
boundary_scalar(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                size_t index, struct rng *rng, struct err *err)
{
    const struct parameter *parameter = &signature->parameters[index];
    const json_t *learned = json_object_get(distribution, parameter->name);
    int64_t low = json_get_int(learned, "min", 0),
            high = json_get_int(learned, "max", SCALAR_MAX_WITHOUT_CALLS);
    // A range that a person gave is kept; one that was merely seen is overstepped by a little.
    bool given = parameter->min != 0 || parameter->max != 0;
    int64_t beyond = given ? 0 : 3;
    int64_t from = low > INT64_MIN + beyond && (parameter->is_signed || low > 0) && !given ? low - 1 : low;
    int64_t to = high < INT64_MAX - beyond ? high + beyond : high;
    struct draft draft;
    draft_init(&draft);
    int result = 0;
    for (unsigned k = 0; k < 200 && result == 0; k++) {
        int64_t value = boundary_value(k, low, high);
        if (value < from || value > to)
            continue;
        draft_from_distribution(&draft, signature, distribution, rng);
        draft.value[index] = scalar_value(parameter, value);
        result = draft_write(&draft, signature, corpus, err);
    }
    draft_release(&draft);
    return result;
}

int
generate_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                  struct rng *rng, struct err *err)
{
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        int result = 0;
        if (parameter->kind == CELL_SCALAR)
            result = boundary_scalar(corpus, signature, distribution, i, rng, err);
        else if (is_buffer(parameter))
            result = boundary_buffer(corpus, signature, distribution, i, rng, err);
        if (result != 0)
            return -1;
    }
    return 0;
}
