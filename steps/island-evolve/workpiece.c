// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/workpiece.h"

static int
parse(struct workpiece *piece, const struct target *target, struct str text, struct syntax **syntax,
      struct function *function, size_t *start, size_t *end, struct err *err)
{
    *syntax = syntax_new_spliced(target->syntax, target->function.start, target->function.end, text, err);
    if (*syntax == NULL)
        return -1;
    *start = target->function.start;
    *end = *start + text.len;
    return function_find(&piece->arena, *syntax, target->name, function, err);
}

int
workpiece_init(struct workpiece *piece, const struct target *target, struct oracle *oracle,
               const struct candidate *parent, const struct candidate *mate, struct rng *rng, struct err *err)
{
    *piece = (struct workpiece){0};
    struct mutation *mutation = &piece->mutation;
    mutation->arena = &piece->arena;
    mutation->target = target;
    mutation->oracle = oracle;
    mutation->rng = rng;
    if (parse(piece, target, parent->text, &piece->syntax, &mutation->function, &mutation->variant_start,
              &mutation->variant_end, err) != 0)
        return -1;
    mutation->syntax = piece->syntax;
    if (mate == NULL)
        return 0;
    if (parse(piece, target, mate->text, &piece->mate_syntax, &mutation->mate_function, &mutation->mate_start,
              &mutation->mate_end, err) != 0)
        return -1;
    mutation->mate = piece->mate_syntax;
    return 0;
}

void
workpiece_release(struct workpiece *piece)
{
    if (piece->syntax != NULL)
        syntax_free(piece->syntax);
    if (piece->mate_syntax != NULL)
        syntax_free(piece->mate_syntax);
    arena_release(&piece->arena);
    *piece = (struct workpiece){0};
}
