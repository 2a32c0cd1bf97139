// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/beyond.h"
#include "steps/shared/target/language.h"

#include "steps/shared/target/draft.h"

enum { NEAR_VALUES = 9, WIDE_VALUES = 3 * 63 };

// Where integers are moved: a parameter, or a member below it.
struct moves {
    struct draft *draft;
    struct corpus *corpus;
    const struct corpus *like;
    size_t path[DRAFT_PATH_MAX]; // an index a level
    size_t depth;
    const struct parameter *parameter;
    const json_t *learned;
};

static bool
fits(const struct parameter *parameter, int64_t value)
{
    unsigned bits = 8 * (parameter->size < 8 ? parameter->size : 7);
    int64_t room = INT64_C(1) << (parameter->is_signed ? bits - 1 : bits);
    return value < room && value >= (parameter->is_signed ? -room : 0);
}

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

// A call of `like` again, with one number set to `value`.
static int
add_moved(const struct moves *moves, int64_t value, struct err *err)
{
    struct draft *draft = moves->draft;
    draft_take(draft, moves->like, (size_t)rng_below(draft->rng, moves->like->count));
    struct draft_site site = draft_site_at(draft, moves->path, moves->depth);
    if (site.values == NULL)
        return 0;
    site.values[site.index].number = (uint64_t)value;
    return draft_write(draft, moves->corpus, err);
}

// Moves one scalar whose range was learned.
static int
move_scalar(const struct moves *moves, bool wide, struct err *err)
{
    int64_t low = json_get_int(moves->learned, "min", 0), high = json_get_int(moves->learned, "max", 0);
    if (moves->parameter->is_real || json_object_get(moves->learned, "max") == NULL)
        return 0;
    for (size_t k = 0; k < (wide ? WIDE_VALUES : NEAR_VALUES); k++) {
        int64_t value = wide ? wide_value(k) : near_value(k, low, high);
        bool inside = value >= low && value <= high; // it may have wrapped around
        if (!inside && fits(moves->parameter, value) && add_moved(moves, value, err) != 0)
            return -1;
    }
    return 0;
}

static int
move_list(const struct moves *above, const struct parameter *list, size_t count, const json_t *learned,
          bool wide, struct err *err)
{
    struct moves moves = *above;
    if (above->depth == DRAFT_PATH_MAX)
        return 0;
    moves.depth = above->depth + 1;
    for (size_t i = 0; i < count; i++) {
        const struct parameter *parameter = moves.parameter = &list[i];
        moves.path[above->depth] = i;
        moves.learned = json_object_get(learned, parameter->name);
        int result = 0;
        if (value_is_composite(parameter) && parameter->kind != CELL_OUT)
            result = move_list(&moves, parameter->members, parameter->member_count,
                               json_object_get(moves.learned, "members"), wide, err);
        else if (parameter->kind == CELL_SCALAR)
            result = move_scalar(&moves, wide, err);
        if (result != 0)
            return -1;
    }
    return 0;
}

int
beyond_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
             const struct corpus *like, struct rng *rng, struct err *err)
{
    if (signature->calls != NULL)
        return signature->calls->beyond(corpus, signature, distribution, like, rng, err);
    struct draft draft;
    if (like->count == 0)
        return 0;
    draft_init(&draft, signature, distribution, rng);
    const struct moves root = {.draft = &draft, .corpus = corpus, .like = like};
    int result = move_list(&root, signature->parameters, signature->count, distribution, false, err);
    if (result == 0)
        result = move_list(&root, signature->parameters, signature->count, distribution, true, err);
    draft_release(&draft);
    return result;
}
