// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/workpiece.h"

// Trees of large files take their room.
#define SHELF_MAX_BYTES ((size_t)8 << 20)

void
shelf_release(struct shelf *shelf)
{
    for (size_t i = 0; i < SHELF_SIZE; i++)
        syntax_free(shelf->places[i].syntax);
    *shelf = (struct shelf){0};
}

static size_t
room(const struct target *target)
{
    size_t fit = SHELF_MAX_BYTES / (target->source.len + 1);
    return fit < 2 ? 2 : fit < SHELF_SIZE ? fit : SHELF_SIZE;
}

// The candidate's place, or the one that was not used for longest.
static size_t
find_place(const struct shelf *shelf, size_t count, const struct candidate *candidate)
{
    size_t oldest = 0;
    for (size_t i = 0; i < count; i++) {
        if (shelf->places[i].candidate == candidate)
            return i;
        if (shelf->places[i].used < shelf->places[oldest].used)
            oldest = i;
    }
    return oldest;
}

// The file with a candidate in it; borrowed.
static const struct syntax *
take(struct shelf *shelf, const struct target *target, const struct candidate *candidate, struct err *err)
{
    size_t place = find_place(shelf, room(target), candidate);
    if (shelf->places[place].candidate != candidate) {
        struct syntax *syntax = syntax_new_spliced(target->syntax, target->function.start,
                                                   target->function.end, candidate->text, err);
        if (syntax == NULL)
            return NULL;
        syntax_free(shelf->places[place].syntax);
        shelf->places[place].syntax = syntax;
        shelf->places[place].candidate = candidate;
    }
    shelf->places[place].used = ++shelf->uses;
    return shelf->places[place].syntax;
}

static int
place(struct workpiece *piece, struct shelf *shelf, const struct candidate *candidate,
      const struct syntax **syntax, struct function *function, size_t *start, size_t *end, struct err *err)
{
    const struct target *target = piece->mutation.target;
    *syntax = take(shelf, target, candidate, err);
    if (*syntax == NULL)
        return -1;
    *start = target->function.start;
    *end = *start + candidate->text.len;
    return function_find(&piece->arena, *syntax, target->name, function, err);
}

int
workpiece_init(struct workpiece *piece, struct shelf *shelf, const struct target *target,
               struct oracle *oracle, const struct candidate *parent, const struct candidate *mate,
               struct rng *rng, struct err *err)
{
    *piece = (struct workpiece){0};
    struct mutation *mutation = &piece->mutation;
    mutation->arena = &piece->arena;
    mutation->target = target;
    mutation->oracle = oracle;
    mutation->rng = rng;
    if (place(piece, shelf, parent, &mutation->syntax, &mutation->function, &mutation->variant_start,
              &mutation->variant_end, err) != 0)
        return -1;
    return mate == NULL ? 0
                        : place(piece, shelf, mate, &mutation->mate, &mutation->mate_function,
                                &mutation->mate_start, &mutation->mate_end, err);
}

void
workpiece_release(struct workpiece *piece)
{
    arena_release(&piece->arena);
    *piece = (struct workpiece){0};
}
