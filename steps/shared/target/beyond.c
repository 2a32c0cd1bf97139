// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/beyond.h"

// Call `from` of `like` again, with parameter `index` set to `value`.
static int
add_moved(struct corpus *corpus, const struct signature *signature, const struct corpus *like, size_t from,
          size_t index, int64_t value, struct err *err)
{
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    size_t count = corpus_call_parts(like, from, signature, parts);
    for (size_t i = 0; i < count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (parameter->kind == CELL_SCALAR)
            corpus_add_scalar(corpus, i == index ? (uint64_t)value : parts[i].value);
        else if (parameter->kind != CELL_COUNT)
            corpus_add_buffer(corpus, parameter, parts[i].content.ptr, (size_t)parts[i].value);
    }
    return corpus_end_call(corpus, err);
}

static bool
fits(const struct parameter *parameter, int64_t value)
{
    unsigned bits = 8 * (parameter->size < 8 ? parameter->size : 7);
    int64_t room = INT64_C(1) << (parameter->is_signed ? bits - 1 : bits);
    return value < room && value >= (parameter->is_signed ? -room : 0);
}

// The range that was learned of a scalar. False when there is none to leave.
static bool
learned_range(const struct signature *signature, size_t index, const json_t *distribution, int64_t *low,
              int64_t *high)
{
    const struct parameter *parameter = &signature->parameters[index];
    const json_t *learned = json_object_get(distribution, parameter->name);
    *low = json_get_int(learned, "min", 0);
    *high = json_get_int(learned, "max", 0);
    return parameter->kind == CELL_SCALAR && !parameter->is_real && json_object_get(learned, "max") != NULL;
}

enum { NEAR_VALUES = 9, WIDE_VALUES = 3 * 63 };

// Next to the range; and 0, 1 and -1, where special cases live, however far from what was seen.
static int64_t
near_value(size_t k, int64_t low, int64_t high)
{
    const int64_t values[NEAR_VALUES] = {high + 1, high + 2, high + 3, high + 4, low - 1, low - 2, 0, 1, -1};
    return values[k];
}

// Powers of two, one less, and negative, up to the type's ends: a table or a limit may end anywhere.
static int64_t
wide_value(size_t k)
{
    int64_t power = INT64_C(1) << k / 3;
    return k % 3 == 0 ? power - 1 : k % 3 == 1 ? power : -power;
}

struct moves {
    struct corpus *corpus;
    const struct signature *signature;
    const struct corpus *like;
    struct rng *rng;
};

static int
add_beyond(const struct moves *moves, size_t index, int64_t value, int64_t low, int64_t high, struct err *err)
{
    bool inside = value >= low && value <= high; // it may have wrapped around
    size_t from = (size_t)rng_below(moves->rng, moves->like->count);
    if (inside || !fits(&moves->signature->parameters[index], value))
        return 0;
    return add_moved(moves->corpus, moves->signature, moves->like, from, index, value, err);
}

int
beyond_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
             const struct corpus *like, struct rng *rng, struct err *err)
{
    const struct moves moves = {corpus, signature, like, rng};
    int64_t low, high;
    for (size_t i = 0; i < signature->count && like->count > 0; i++)
        for (size_t k = 0; k < NEAR_VALUES && learned_range(signature, i, distribution, &low, &high); k++)
            if (add_beyond(&moves, i, near_value(k, low, high), low, high, err) != 0)
                return -1;
    for (size_t i = 0; i < signature->count && like->count > 0; i++)
        for (size_t k = 0; k < WIDE_VALUES && learned_range(signature, i, distribution, &low, &high); k++)
            if (add_beyond(&moves, i, wide_value(k), low, high, err) != 0)
                return -1;
    return 0;
}
