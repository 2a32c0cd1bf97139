// SPDX-License-Identifier: Apache-2.0
// inline-callee: brings a copy of a function that the variant calls into the variant, so that it can be
// changed there without changing it for its other callers.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

enum { CALLEES_MAX = 32 };

struct callees {
    const struct function *items[CALLEES_MAX];
    size_t count;
};

static bool
is_listed(const struct callees *callees, const struct function *function)
{
    for (size_t i = 0; i < callees->count; i++) {
        if (callees->items[i] == function)
            return true;
    }
    return false;
}

static struct callees
find_callees(const struct shape *shape)
{
    struct nodes calls = shape_find_all(shape, "call_expression");
    struct callees callees = {0};

    for (size_t i = 0; i < calls.count && callees.count < CALLEES_MAX; i++) {
        const struct function *function =
            shape_function(shape, shape_text(shape, node_field(calls.items[i], "function")));
        bool usable = function != NULL && !shape_in_variant(shape, function->node) &&
                      !node_broken(function->node) && !is_listed(&callees, function);
        if (usable)
            callees.items[callees.count++] = function;
    }
    return callees;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return find_callees(&shape).count;
}

// The definition as `static NAME`, without its own storage class and attributes in front.
static void
write_copy(const struct shape *shape, const struct function *callee, const char *name, struct buf *text)
{
    struct nodes names = shape_find(shape, callee->node, "identifier");
    struct edit *edits = ARENA_ARRAY(shape->arena, struct edit, names.count + node_count(callee->node) + 1);
    size_t count = 0;

    for (size_t i = 0; i < node_count(callee->node); i++) {
        struct node child = node_child(callee->node, i);
        size_t end = i + 1 < node_count(callee->node) ? node_start(node_child(callee->node, i + 1)) : 0;
        if (node_is(child, "storage_class_specifier"))
            edits[count++] = (struct edit){node_start(child), end, ""};
    }
    for (size_t i = 0; i < names.count; i++) {
        if (str_is(shape_text(shape, names.items[i]), callee->name))
            edits[count++] = (struct edit){node_start(names.items[i]), node_end(names.items[i]), name};
    }
    buf_printf(text, "// %s() for %s().\nstatic %s\n\n", callee->name, shape->mutation->function.name,
               shape_edited(shape, callee->node, edits, count));
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct callees callees = find_callees(&shape);
    struct nodes calls = shape_find_all(&shape, "call_expression");
    struct edit *edits = ARENA_ARRAY(shape.arena, struct edit, calls.count + 1);
    AUTO_BUF copy = BUF(1 << 18);
    size_t count = 0;

    (void)err;
    if (index >= callees.count)
        return 0;
    const struct function *callee = callees.items[index];
    const char *name =
        shape_fresh(&shape, arena_printf(shape.arena, "%s_%s", mutation->function.name, callee->name));
    for (size_t i = 0; i < calls.count; i++) {
        struct node function = node_field(calls.items[i], "function");
        if (str_is(shape_text(&shape, function), callee->name))
            edits[count++] = (struct edit){node_start(function), node_end(function), name};
    }
    write_copy(&shape, callee, name, &copy);
    snprintf(note, 160, "a copy of %s() of its own", callee->name);
    return mutation_write(mutation, edits, count, buf_text(&copy), variant);
}

const struct mutator_ops mutate_inline_callee = {
    .name = "inline-callee",
    .summary = "a copy of a called function becomes part of the variant",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
