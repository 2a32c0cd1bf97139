// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/generate.h"
#include "steps/shared/target/language.h"

#include "steps/shared/target/draft.h"

#include <math.h>
#include <string.h>

#define LENGTH_MAX DISTRIBUTION_LENGTH_MAX

// ---- random calls
// -------------------------------------------------------------------------------------------

int
generate_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
               const struct corpus *like, struct rng *rng, size_t count, struct err *err)
{
    if (signature->calls != NULL)
        return signature->calls->generate(corpus, signature, distribution, like, rng, count, err);
    struct draft draft;
    draft_init(&draft, signature, distribution, rng);
    int result = 0;
    for (size_t n = 0; n < count && result == 0; n++) {
        if (like->count > 0 && rng_below(rng, 3) != 0)
            draft_mutate(&draft, like);
        else
            draft_draw(&draft);
        result = draft_write(&draft, corpus, err);
    }
    draft_release(&draft);
    return result;
}

// ---- boundary calls
// -----------------------------------------------------------------------------------------

enum { PATTERNS = 10 };

// A place in calls: a parameter, or a member below it.
struct place {
    struct draft *draft;
    struct corpus *corpus;
    size_t path[DRAFT_PATH_MAX]; // an index a level
    size_t depth;
    const struct parameter *parameter;
    const json_t *learned;
};

// A buffer of `count` elements filled in one of the ways that break things.
static void
fill(struct buf *content, const struct parameter *parameter, uint64_t count, unsigned pattern)
{
    static const unsigned char equal[PATTERNS - 2] = {0x00, 0xff, 'a', ' ', '_', '0', 0x80, 'Z'};
    size_t bytes = (size_t)count * value_element_bytes(parameter);
    buf_clear(content);
    for (size_t k = 0; k < bytes; k++)
        buf_putc(content, (char)(pattern == 0   ? (unsigned char)k
                                 : pattern == 1 ? (unsigned char)(255 - k % 256)
                                                : equal[pattern - 2]));
}

// A call from the distribution but for one buffer, which has a length and a pattern.
static int
write_with(const struct place *place, uint64_t length, unsigned pattern, struct err *err)
{
    struct draft *draft = place->draft;
    struct draft_site site = draft_draw_with(draft, place->path, place->depth);
    struct value *value = &site.values[site.index];
    if (value_is_composite(place->parameter)) {
        draft_resize(draft, &site, length);
    } else if (place->parameter->kind == CELL_OUT) {
        value->number = length;
    } else {
        fill(&draft->scratch, place->parameter, length, pattern);
        draft_set(draft, value, place->parameter);
        if (place->parameter->until_nul && place->parameter->kind == CELL_INOUT)
            value->number = length + 1; // its room
    }
    return draft_write(draft, place->corpus, err);
}

static int
boundary_lengths(const struct place *place, uint64_t longest, struct err *err)
{
    for (uint64_t power = 1; power <= 2 * longest + 2 && power <= 2 * LENGTH_MAX; power *= 2)
        for (uint64_t length = power - 1; length <= power + 1; length++)
            if (write_with(place, length, (unsigned)rng_below(place->draft->rng, PATTERNS), err) != 0)
                return -1;
    return 0;
}

// A call with a capacity that is `more` than what the first input buffer of its list holds.
static int
write_capacity(const struct place *place, int more, struct err *err)
{
    struct draft *draft = place->draft;
    struct draft_site site = draft_draw_with(draft, place->path, place->depth);
    for (size_t i = 0; i < site.count; i++) {
        if (site.list[i].kind == CELL_OUT || !parameter_is_buffer(&site.list[i]))
            continue;
        uint64_t length = draft_element_count(&site, i);
        site.values[site.index].number = length > 0 || more >= 0 ? length + (uint64_t)more : 0;
        break;
    }
    return draft_write(draft, place->corpus, err);
}

static int
boundary_buffer(const struct place *place, struct err *err)
{
    const struct parameter *parameter = place->parameter;
    uint64_t longest = draft_longest(parameter, place->learned);
    if (parameter->fixed_count == 0 && boundary_lengths(place, longest, err) != 0)
        return -1;
    uint64_t length = longest < 256 ? 256 : longest > 1024 ? 1024 : longest;
    for (unsigned pattern = 0; pattern < PATTERNS && !value_is_composite(parameter); pattern++) {
        bool out = parameter->kind == CELL_OUT;
        if (out ? write_capacity(place, (int)pattern % 3 - 1, err) != 0
                : write_with(place, length, pattern, err) != 0)
            return -1;
    }
    return 0;
}

// Writes a call from the distribution but for one scalar.
static int
write_scalar(const struct place *place, uint64_t bits, struct err *err)
{
    struct draft_site site = draft_draw_with(place->draft, place->path, place->depth);
    site.values[site.index].number = bits;
    return draft_write(place->draft, place->corpus, err);
}

static int
boundary_integer(const struct place *place, struct err *err)
{
    int64_t low, high;
    distribution_range(place->learned, place->parameter, &low, &high);
    const int64_t ends[] = {low, high, low < high ? low + 1 : low, low < high ? high - 1 : high};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (write_scalar(place, (uint64_t)ends[i], err) != 0)
            return -1;
    for (unsigned k = 0; k < 2 * 3 * 63; k++) {
        int64_t value = (INT64_C(1) << k / 6) - 1 + k / 2 % 3;
        value = k % 2 == 0 ? value : -value;
        if (value >= low && value <= high && write_scalar(place, (uint64_t)value, err) != 0)
            return -1;
    }
    return 0;
}

static int
boundary_real(const struct place *place, struct err *err)
{
    static const double steps[] = {0,  0.5, 1,   1.5, 2,   3,   4,     7,   8,
                                   10, 16,  100, 255, 256, 1e3, 65536, 1e6, 1e9};
    double low, high;
    distribution_range_real(place->learned, place->parameter, &low, &high);
    for (size_t i = 0; i < 2 + 2 * sizeof(steps) / sizeof(steps[0]); i++) {
        double value = i == 0 ? low : i == 1 ? high : i % 2 == 0 ? steps[i / 2 - 1] : -steps[i / 2 - 1];
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        if (value >= low && value <= high && write_scalar(place, bits, err) != 0)
            return -1;
    }
    return 0;
}

static int boundary_list(const struct place *above, const struct parameter *list, size_t count,
                         const json_t *learned, struct err *err);

static int
boundary_at(const struct place *place, struct err *err)
{
    const struct parameter *parameter = place->parameter;
    bool composite = value_is_composite(parameter);
    int result = 0;
    if (parameter_is_buffer(parameter) || (parameter->kind == CELL_ARRAY && !composite))
        result = boundary_buffer(place, err);
    else if (parameter->kind == CELL_SCALAR && !composite)
        result = parameter->is_real ? boundary_real(place, err) : boundary_integer(place, err);
    if (result == 0 && composite && parameter->kind != CELL_OUT)
        result = boundary_list(place, parameter->members, parameter->member_count,
                               json_object_get(place->learned, "members"), err);
    return result;
}

static int
boundary_list(const struct place *above, const struct parameter *list, size_t count, const json_t *learned,
              struct err *err)
{
    struct place place = *above;
    if (above->depth == DRAFT_PATH_MAX)
        return 0;
    place.depth = above->depth + 1;
    for (size_t i = 0; i < count; i++) {
        place.path[above->depth] = i;
        place.parameter = &list[i];
        place.learned = json_object_get(learned, list[i].name);
        if (boundary_at(&place, err) != 0)
            return -1;
    }
    return 0;
}

int
generate_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                  struct rng *rng, struct err *err)
{
    if (signature->calls != NULL)
        return signature->calls->boundary(corpus, signature, distribution, rng, err);
    struct draft draft;
    draft_init(&draft, signature, distribution, rng);
    const struct place root = {.draft = &draft, .corpus = corpus};
    int result = boundary_list(&root, signature->parameters, signature->count, distribution, err);
    draft_release(&draft);
    return result;
}
