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

int
beyond_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
             const struct corpus *like, struct rng *rng, struct err *err)
{
    for (size_t i = 0; i < signature->count && like->count > 0; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        const json_t *learned = json_object_get(distribution, parameter->name);
        if (parameter->kind != CELL_SCALAR || parameter->is_real || json_object_get(learned, "max") == NULL)
            continue;
        int64_t low = json_get_int(learned, "min", 0), high = json_get_int(learned, "max", 0);
        // 0, 1 and -1 are where special cases live, however far from what was seen.
        const int64_t values[] = {high + 1, high + 2, high + 3, high + 4, low - 1, low - 2, 0, 1, -1};
        for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++) {
            bool inside = values[k] >= low && values[k] <= high; // it wrapped around
            size_t from = (size_t)rng_below(rng, like->count);
            if (!inside && fits(parameter, values[k]) &&
                add_moved(corpus, signature, like, from, i, values[k], err) != 0)
                return -1;
        }
    }
    return 0;
}
