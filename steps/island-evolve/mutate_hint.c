// SPDX-License-Identifier: Apache-2.0
// hint: what only tells the compiler more: restrict, const, always_inline, expected branches, unrolling
// pragmas. Reported apart; no gain of these alone counts.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

enum { EDITS_MAX = 16 };

// One way to hint: edits and what they are.
struct hint {
    struct edit edits[EDITS_MAX];
    size_t count;
    char note[120];
};

// Collects one hint after the other; `wanted` is kept.
struct hints {
    const struct shape *shape;
    size_t count, wanted;
    struct hint kept;
};

static void
end(struct hints *hints, const struct hint *hint)
{
    if (hint->count == 0)
        return;
    if (hints->count == hints->wanted)
        hints->kept = *hint;
    hints->count++;
}

static void
put(struct hint *hint, size_t start, size_t stop, const char *text)
{
    if (hint->count < EDITS_MAX)
        hint->edits[hint->count++] = (struct edit){start, stop, text};
}

static void
hint_restrict(struct hints *hints, const struct function *function)
{
    struct hint hint = {0};
    struct nodes parameters =
        shape_find(hints->shape, node_field(function->node, "declarator"), "pointer_declarator");

    for (size_t i = 0; i < parameters.count; i++) {
        struct node inner = node_field(parameters.items[i], "declarator");
        if (!node_is(inner, "identifier") || node_count(parameters.items[i]) > 1)
            continue;
        put(&hint, node_start(inner), node_start(inner), "restrict ");
    }
    snprintf(hint.note, sizeof hint.note, "restrict on the pointers of %s", function->name);
    end(hints, &hint);
}

// Whether a declaration is of one variable that gets its value there and never another one.
static bool
stays_as_it_is(const struct shape *shape, const struct function *function, struct node declaration)
{
    struct nodes values = shape_find(shape, declaration, "init_declarator");
    struct variable variable;

    if (values.count != 1 || !node_same(node_field(declaration, "declarator"), values.items[0]))
        return false;
    struct node name = node_declared(node_field(values.items[0], "declarator"));
    if (node_is_null(name) || !shape_variable(shape, name, shape_text(shape, name), &variable))
        return false;
    bool is_value = variable.type.pointers == 0 || variable.is_array;
    return is_value && !variable.type.is_const &&
           !shape_changes(shape, function->node, shape_text(shape, name));
}

static void
hint_const(struct hints *hints, const struct function *function)
{
    const struct shape *shape = hints->shape;
    struct hint hint = {0};
    struct nodes declarations = shape_find(shape, node_field(function->node, "body"), "declaration");

    for (size_t i = 0; i < declarations.count; i++) {
        struct node type = node_field(declarations.items[i], "type");
        if (stays_as_it_is(shape, function, declarations.items[i]))
            put(&hint, node_start(type), node_start(type), "const ");
    }
    snprintf(hint.note, sizeof hint.note, "const for what never changes in %s", function->name);
    end(hints, &hint);
}

static void
hint_inline(struct hints *hints, const struct function *function)
{
    struct hint hint = {0};

    if (!function->is_static || function->node.id == hints->shape->mutation->function.node.id)
        return;
    struct str text = shape_text(hints->shape, function->node);
    if (str_find(text, STR("always_inline")) >= 0)
        return;
    struct node type = node_field(function->node, "type");
    put(&hint, node_start(type), node_start(type), "inline __attribute__((always_inline)) ");
    snprintf(hint.note, sizeof hint.note, "always inline %s", function->name);
    end(hints, &hint);
}

static void
hint_expect(struct hints *hints, struct node branch)
{
    struct node condition = shape_strip(node_field(branch, "condition"), false);
    struct str text = shape_text(hints->shape, condition);

    if (str_starts(text, STR("__builtin_expect")))
        return;
    for (int expected = 0; expected <= 1; expected++) {
        struct hint hint = {0};
        put(&hint, node_start(condition), node_end(condition),
            arena_printf(hints->shape->arena, "__builtin_expect(!!(%.*s), %d)", STR_ARG(text), expected));
        snprintf(hint.note, sizeof hint.note, "expect a condition to be %s (line %u)",
                 expected ? "true" : "false", node_line(branch));
        end(hints, &hint);
    }
}

static void
hint_unroll(struct hints *hints, struct node loop)
{
    const struct shape *shape = hints->shape;
    size_t start = node_start(loop);

    if (!shape_starts_line(shape, start) || !node_is(node_parent(loop), "compound_statement"))
        return;
    for (int rounds = 4; rounds <= 8; rounds += 4) {
        struct hint hint = {0};
        put(&hint, start, start,
            arena_printf(shape->arena, "#pragma GCC unroll %d\n%s", rounds, shape_indent(shape, start)));
        snprintf(hint.note, sizeof hint.note, "ask for %d rounds at once (line %u)", rounds, node_line(loop));
        end(hints, &hint);
    }
}

static void
find_hints(struct hints *hints)
{
    const struct shape *shape = hints->shape;
    struct nodes branches = shape_find_all(shape, "if_statement");
    struct nodes loops = shape_find_all(shape, "for_statement");

    for (size_t i = 0; i < shape->function_count; i++) {
        if (!shape_in_variant(shape, shape->functions[i].node))
            continue;
        hint_restrict(hints, &shape->functions[i]);
        hint_const(hints, &shape->functions[i]);
        hint_inline(hints, &shape->functions[i]);
    }
    for (size_t i = 0; i < loops.count; i++)
        hint_unroll(hints, loops.items[i]);
    for (size_t i = 0; i < branches.count; i++)
        hint_expect(hints, branches.items[i]);
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct hints hints = {.shape = &shape, .wanted = SIZE_MAX};

    find_hints(&hints);
    return hints.count;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct hints hints = {.shape = &shape, .wanted = index};

    (void)err;
    find_hints(&hints);
    if (index >= hints.count)
        return 0;
    snprintf(note, 160, "%s", hints.kept.note);
    return mutation_write(mutation, hints.kept.edits, hints.kept.count, NULL, variant);
}

const struct mutator_ops mutate_hint = {
    .name = "hint",
    .summary = "restrict, const, always_inline, expected branches, unrolling pragmas",
    .technique = TECHNIQUE_HINT,
    .sites = sites,
    .apply = apply,
};
