// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/distribution.h"
#include "steps/shared/target/language.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define QUANTILES 11
#define COMMON_MAX 8
#define LENGTH_WITHOUT_CALLS 256
#define SCALAR_MAX_WITHOUT_CALLS 20
#define INTEGER_MAX 9e18 // what a double may be to become an int64_t

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

static double
real_of(uint64_t bits)
{
    double real;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

static uint64_t
bits_of(double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    return bits;
}

// ---- learning
// -----------------------------------------------------------------------------------------------

static int
compare_unsigned(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int
compare_signed(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int
compare_real(const void *a, const void *b)
{
    double x = real_of(*(const uint64_t *)a), y = real_of(*(const uint64_t *)b);
    return x < y ? -1 : x > y;
}

#define LEARNED_CALLS_MAX 20000 // of parameters with members

// What one parameter, or one member, is in all calls.
struct seen {
    uint64_t *values; // element counts, or scalars' bits; those that are no finite number are left out
    size_t count, capacity;
    size_t bytes[CLASS_COUNT];
};

static void
look_at(const struct parameter *parameter, uint64_t value, struct str content, struct seen *seen)
{
    if (seen->count == seen->capacity) {
        seen->capacity = 2 * seen->capacity + 64;
        seen->values = realloc(seen->values, seen->capacity * sizeof(*seen->values));
        if (seen->values == NULL)
            abort();
    }
    if (parameter->kind != CELL_SCALAR || !parameter->is_real || isfinite(real_of(value)))
        seen->values[seen->count++] = value;
    for (size_t k = 0; k < content.len; k++)
        seen->bytes[class_of((unsigned char)content.ptr[k])]++;
}

static json_t *
describe_buffer(const struct parameter *parameter, struct seen *seen)
{
    json_t *lengths = json_array(), *shares = json_object();
    size_t total = 0;
    if (seen->count > 0)
        qsort(seen->values, seen->count, sizeof(*seen->values), compare_unsigned);
    for (size_t q = 0; q < QUANTILES; q++) {
        uint64_t length = seen->count > 0 ? seen->values[(seen->count - 1) * q / (QUANTILES - 1)]
                                          : LENGTH_WITHOUT_CALLS * q / (QUANTILES - 1);
        json_array_append_new(lengths, json_integer((json_int_t)length));
    }
    for (size_t c = 0; c < CLASS_COUNT; c++)
        total += parameter->is_real ? 0 : seen->bytes[c];
    for (size_t c = 0; c < CLASS_COUNT && total > 0; c++)
        if (seen->bytes[c] > 0)
            json_object_set_new(shares, classes[c],
                                json_real(round((double)seen->bytes[c] * 10000 / (double)total) / 10000));
    return json_pack("{s:o, s:o}", "lengths", lengths, "bytes", shares);
}

static json_t *
number(const struct parameter *parameter, uint64_t bits)
{
    return parameter->is_real ? json_real(real_of(bits)) : json_integer((json_int_t)bits);
}

static json_t *
describe_scalar(const struct parameter *parameter, struct seen *seen)
{
    json_t *json = json_object(), *common = json_array();
    if (seen->count > 0)
        qsort(seen->values, seen->count, sizeof(*seen->values),
              parameter->is_real ? compare_real : compare_signed);
    if ((parameter->min != 0 || parameter->max != 0 || seen->count == 0) && parameter->is_real) {
        double low, high;
        distribution_range_real(NULL, parameter, &low, &high);
        json_object_set_new(json, "min", json_real(low));
        json_object_set_new(json, "max", json_real(high));
    } else if (parameter->min != 0 || parameter->max != 0 || seen->count == 0) {
        int64_t low, high;
        distribution_range(NULL, parameter, &low, &high);
        json_object_set_new(json, "min", json_integer(low));
        json_object_set_new(json, "max", json_integer(high));
    } else {
        json_object_set_new(json, "min", number(parameter, seen->values[0]));
        json_object_set_new(json, "max", number(parameter, seen->values[seen->count - 1]));
    }
    for (size_t i = 0; seen->count > 0 && i < COMMON_MAX; i++)
        json_array_append_new(common, number(parameter, seen->values[seen->count * i / COMMON_MAX]));
    json_object_set_new(json, "common", common);
    return json;
}

static json_t *
describe_plain(const struct parameter *parameter, struct seen *seen)
{
    bool scalar = parameter->kind == CELL_SCALAR;
    json_t *json = scalar ? describe_scalar(parameter, seen) : describe_buffer(parameter, seen);
    free(seen->values);
    return json;
}

// Many lists of values for the same list of parameters or members.
struct instances {
    const struct value **lists; // the arena's
    size_t count;
};

static json_t *describe_list(struct arena *arena, const struct parameter *list, size_t count,
                             const struct instances *instances);

// Lengths and members of what consists of members.
static json_t *
describe_composite(struct arena *arena, const struct parameter *parameter, size_t index,
                   const struct instances *instances)
{
    size_t members = parameter->member_count, total = 0;
    struct seen lengths = {0};
    for (size_t i = 0; i < instances->count; i++) {
        const struct value *value = &instances->lists[i][index];
        look_at(parameter, value->number, (struct str){0}, &lengths);
        total += value_elements(parameter, value);
    }
    struct instances inner = {ARENA_ARRAY(arena, const struct value *, total + 1), 0};
    for (size_t i = 0; i < instances->count; i++) {
        const struct value *value = &instances->lists[i][index];
        for (size_t k = 0; k < value_elements(parameter, value); k++)
            inner.lists[inner.count++] = value->parts + k * members;
    }
    json_t *json = json_object();
    if (parameter_is_buffer(parameter) && parameter->fixed_count == 0 && lengths.count > 0)
        json_object_update_missing_new(json, describe_buffer(parameter, &lengths));
    free(lengths.values);
    json_object_del(json, "bytes");
    if (parameter->kind != CELL_OUT)
        json_object_set_new(json, "members", describe_list(arena, parameter->members, members, &inner));
    return json;
}

static json_t *
describe_list(struct arena *arena, const struct parameter *list, size_t count,
              const struct instances *instances)
{
    json_t *json = json_object();
    for (size_t i = 0; i < count; i++) {
        const struct parameter *parameter = &list[i];
        struct seen seen = {0};
        if (parameter->kind == CELL_COUNT)
            continue;
        for (size_t k = 0; k < instances->count && !value_is_composite(parameter); k++)
            look_at(parameter, instances->lists[k][i].number, instances->lists[k][i].content, &seen);
        json_object_set_new(json, parameter->name,
                            value_is_composite(parameter) ? describe_composite(arena, parameter, i, instances)
                                                          : describe_plain(parameter, &seen));
    }
    return json;
}

// Parameters without members are looked at call by call: there may be millions.
static json_t *
describe_parameter(const struct corpus *corpus, const struct signature *signature, size_t index)
{
    const struct parameter *parameter = &signature->parameters[index];
    struct seen seen = {0};
    AUTO_ARENA arena = {0};
    if (!value_is_composite(parameter)) {
        for (size_t i = 0; i < corpus->count; i++) {
            struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
            corpus_call_parts(corpus, i, signature, parts);
            look_at(parameter, parts[index].value, parts[index].content, &seen);
        }
        return describe_plain(parameter, &seen);
    }
    size_t count = corpus->count < LEARNED_CALLS_MAX ? corpus->count : LEARNED_CALLS_MAX;
    struct instances calls = {ARENA_ARRAY(&arena, const struct value *, count + 1), count};
    for (size_t i = 0; i < count; i++) {
        struct value *values = ARENA_ARRAY(&arena, struct value, signature->count);
        (void)corpus_call_values(&arena, corpus, i, signature, values);
        calls.lists[i] = values;
    }
    return describe_composite(&arena, parameter, index, &calls);
}

json_t *
distribution_of(const struct corpus *corpus, const struct signature *signature)
{
    if (signature->calls != NULL)
        return signature->calls->distribution(corpus, signature);
    json_t *distribution = json_object();
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        bool is_plain_context = parameter->kind == CELL_CONTEXT && !value_is_composite(parameter);
        if (parameter->kind != CELL_COUNT && !is_plain_context)
            json_object_set_new(distribution, parameter->name, describe_parameter(corpus, signature, i));
    }
    return distribution;
}

// ---- drawing
// ------------------------------------------------------------------------------------------------

static uint64_t
length_at(const json_t *lengths, size_t index)
{
    json_int_t length = json_integer_value(json_array_get(lengths, index));
    return length < 0 ? 0 : length > DISTRIBUTION_LENGTH_MAX ? DISTRIBUTION_LENGTH_MAX : (uint64_t)length;
}

uint64_t
distribution_longest(const json_t *learned)
{
    const json_t *lengths = json_object_get(learned, "lengths");
    uint64_t longest = json_array_size(lengths) > 0 ? 0 : LENGTH_WITHOUT_CALLS;
    for (size_t i = 0; i < json_array_size(lengths); i++)
        longest = length_at(lengths, i) > longest ? length_at(lengths, i) : longest;
    return longest;
}

uint64_t
distribution_length(const json_t *learned, struct rng *rng)
{
    const json_t *lengths = json_object_get(learned, "lengths");
    size_t steps = json_array_size(lengths);
    if (steps < 2)
        return rng_below(rng, distribution_longest(learned) + 1);
    size_t q = (size_t)rng_below(rng, steps - 1);
    uint64_t low = length_at(lengths, q), high = length_at(lengths, q + 1);
    return high < low ? low : low + rng_below(rng, high - low + 1);
}

static unsigned char
byte_in_class(size_t wanted, struct rng *rng)
{
    unsigned char members[256];
    size_t count = 0;
    for (int tries = 0; tries < 40; tries++) { // most often faster than listing the members
        unsigned char byte = (unsigned char)rng_below(rng, 256);
        if (class_of(byte) == wanted)
            return byte;
    }
    for (unsigned byte = 0; byte < 256; byte++)
        if (class_of((unsigned char)byte) == wanted)
            members[count++] = (unsigned char)byte;
    return members[rng_below(rng, count)];
}

static unsigned char
draw_byte(const json_t *shares, struct rng *rng)
{
    double at = rng_real(rng);
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        at -= json_get_real(shares, classes[c], 0);
        if (at < 0)
            return byte_in_class(c, rng);
    }
    return (unsigned char)rng_below(rng, 256);
}

// A number of up to `bits` bits, every length as likely.
static uint64_t
any_magnitude(unsigned bits, struct rng *rng)
{
    unsigned kept = (unsigned)rng_below(rng, bits + 1);
    return kept == 0 ? 0 : rng_u64(rng) >> (64 - kept);
}

static void
add_real(const struct parameter *parameter, struct rng *rng, struct buf *out)
{
    double real = (double)any_magnitude(24, rng);
    if (rng_below(rng, 2) == 0)
        real *= rng_real(rng);
    if (rng_below(rng, 2) == 0)
        real = -real;
    float narrow = (float)real;
    buf_add(out, parameter->size == 4 ? (const void *)&narrow : (const void *)&real, parameter->size);
}

void
distribution_element(const json_t *learned, const struct parameter *parameter, struct rng *rng,
                     struct buf *out)
{
    const json_t *shares = json_object_get(learned, "bytes");
    size_t size = value_element_bytes(parameter);
    if (parameter->is_real) {
        add_real(parameter, rng, out);
    } else if (size > 1 && json_object_size(shares) == 0) {
        uint64_t bits = any_magnitude((unsigned)(8 * size), rng);
        if (parameter->is_signed && rng_below(rng, 2) == 0)
            bits = ~bits;
        buf_add(out, &bits, size);
    } else {
        for (size_t i = 0; i < size; i++)
            buf_putc(out, (char)draw_byte(shares, rng));
    }
}

void
distribution_range(const json_t *learned, const struct parameter *parameter, int64_t *low, int64_t *high)
{
    bool own = parameter->min != 0 || parameter->max != 0;
    *low = own ? (int64_t)fmax(-INTEGER_MAX, fmin(parameter->min, INTEGER_MAX)) : 0;
    *high = own ? (int64_t)fmax(-INTEGER_MAX, fmin(parameter->max, INTEGER_MAX)) : SCALAR_MAX_WITHOUT_CALLS;
    *low = json_get_int(learned, "min", *low);
    *high = json_get_int(learned, "max", *high);
    if (*high < *low)
        *high = *low;
}

void
distribution_range_real(const json_t *learned, const struct parameter *parameter, double *low, double *high)
{
    bool own = parameter->min != 0 || parameter->max != 0;
    *low = json_get_real(learned, "min", own ? parameter->min : 0);
    *high = json_get_real(learned, "max", own ? parameter->max : SCALAR_MAX_WITHOUT_CALLS);
    if (!(*high >= *low))
        *high = *low;
}

uint64_t
distribution_scalar(const json_t *learned, const struct parameter *parameter, struct rng *rng)
{
    const json_t *common = json_object_get(learned, "common");
    if (json_array_size(common) > 0 && rng_below(rng, 4) == 0) {
        const json_t *value = json_array_get(common, (size_t)rng_below(rng, json_array_size(common)));
        return parameter->is_real ? bits_of(json_number_value(value)) : (uint64_t)json_integer_value(value);
    }
    if (parameter->is_real) {
        double low, high, at = rng_real(rng);
        distribution_range_real(learned, parameter, &low, &high);
        double real = low * (1 - at) + high * at;
        return bits_of(rng_below(rng, 4) == 0 && ceil(real) <= high ? ceil(real) : real);
    }
    int64_t low, high;
    distribution_range(learned, parameter, &low, &high);
    uint64_t span = (uint64_t)high - (uint64_t)low;
    return (uint64_t)low + (span == UINT64_MAX ? rng_u64(rng) : rng_below(rng, span + 1));
}
