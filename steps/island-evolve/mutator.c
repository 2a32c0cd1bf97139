// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/mutator.h"

#include "steps/island-evolve/mutate.h"

#include <stdlib.h>
#include <string.h>

// What reaches furthest in one step stands first.
const struct mutator_ops *const mutators[] = {
    &mutate_improve,
    &mutate_substitute_improve,
    &mutate_slice_table,
    &mutate_tabulate_loop,
    &mutate_tabulate_power,
    &mutate_tabulate_byte,
    &mutate_tabulate_expression,
    &mutate_recursion_to_loop,
    &mutate_libc,
    &mutate_split_loop,
    &mutate_mask_if,
    &mutate_unroll,
    &mutate_hoist,
    &mutate_substitute_call,
    &mutate_inline_callee,
    &mutate_crossover,
    &mutate_edit_statement,
    &mutate_edit_constant,
    &mutate_edit_operator,
    &mutate_edit_condition,
    &mutate_hint,
    NULL,
};

static int
by_start(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

// Includes of a variant stay its first lines.
static size_t
includes_end(struct str text, size_t start, size_t end)
{
    size_t at = start;

    while (at < end && text.ptr[at] == '\n')
        at++;
    while (str_starts(str_from(text, at), STR("#include"))) {
        while (at < end && text.ptr[at] != '\n')
            at++;
        while (at < end && text.ptr[at] == '\n')
            at++;
    }
    return at;
}

// Writes definitions of C, behind the includes that the variant begins with. From where the variant goes on.
static size_t
put_in_front(const struct mutation *mutation, const char *definitions, size_t first_edit, struct buf *variant)
{
    struct str text = syntax_text(mutation->syntax);
    size_t start = mutation->variant_start, at = start;

    if (!str_starts(str_of(definitions), STR("#include"))) {
        size_t includes = includes_end(text, start, mutation->variant_end);
        if (first_edit >= includes) {
            buf_add(variant, text.ptr + start, includes - start);
            at = includes;
        }
    }
    // A directive needs a line of its own, also where the function stands in the middle of one.
    if (*definitions == '#' && start > 0 && text.ptr[start - 1] != '\n')
        buf_putc(variant, '\n');
    buf_puts(variant, definitions);
    return at;
}

bool
mutation_write(const struct mutation *mutation, const struct edit *edits, size_t count,
               const char *definitions, struct buf *variant)
{
    struct edit *sorted = ARENA_ARRAY(mutation->arena, struct edit, count + 1);
    struct str text = syntax_text(mutation->syntax);
    size_t at = mutation->variant_start;
    bool behind = syntax_language(mutation->syntax) == LANGUAGE_GO;

    if (count > 0)
        memcpy(sorted, edits, count * sizeof *edits);
    qsort(sorted, count, sizeof *sorted, by_start);
    if (definitions != NULL && !behind)
        at = put_in_front(mutation, definitions, count > 0 ? sorted[0].start : SIZE_MAX, variant);
    for (size_t i = 0; i < count; i++) {
        if (sorted[i].start < at || sorted[i].end < sorted[i].start || sorted[i].end > mutation->variant_end)
            return false;
        buf_add(variant, text.ptr + at, sorted[i].start - at);
        buf_puts(variant, sorted[i].text);
        at = sorted[i].end;
    }
    buf_add(variant, text.ptr + at, mutation->variant_end - at);
    if (definitions != NULL && behind) {
        buf_puts(variant, "\n\n");
        buf_add_str(variant, str_trim(str_of(definitions)));
    }
    return !variant->full;
}
