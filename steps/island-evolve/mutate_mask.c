// SPDX-License-Identifier: Apache-2.0
// mask-if: `if (c) x ^= e;` becomes `x ^= e & -(T)(c);`, for ^, |, + and - on unsigned numbers: no branch to
// predict.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

struct site {
    struct node branch, assignment;
    struct shape_type type;
};

#define LOADS "subscript_expression pointer_expression field_expression"

// Loads of the right side that the condition does not make itself, whatever it finds; and operations that are
// not defined for all numbers.
static size_t
count_risks(const struct shape *shape, struct node condition, struct node right)
{
    struct nodes loads = shape_find(shape, right, LOADS), made = shape_find(shape, condition, LOADS);
    struct nodes operations = shape_find(shape, right, "binary_expression");
    struct str asked = shape_text(shape, condition);
    bool all =
        str_find(asked, STR("&&")) < 0 && str_find(asked, STR("||")) < 0 && str_find(asked, STR("?")) < 0;
    size_t risks = 0;

    for (size_t i = 0; i < loads.count; i++) {
        size_t k = 0;
        while (k < made.count && !str_eq(shape_text(shape, loads.items[i]), shape_text(shape, made.items[k])))
            k++;
        risks += !all || k == made.count;
    }
    for (size_t i = 0; i < operations.count; i++) {
        struct str op = shape_operator(shape, operations.items[i]);
        bool partial = str_is(op, "/") || str_is(op, "%") || str_is(op, "<<") || str_is(op, ">>");
        risks += partial && !node_is(node_field(operations.items[i], "right"), "number_literal");
    }
    return risks;
}

// Whether the condition may be what makes the right side safe to compute: `if (p) x ^= *p`,
// `if (i < n) x += a[i]`, `if (d) x -= y / d`.
static bool
guards(const struct shape *shape, struct node condition, struct node right)
{
    struct nodes asked = shape_find(shape, condition, "identifier");
    struct nodes used = shape_find(shape, right, "identifier");

    if (count_risks(shape, condition, right) == 0)
        return false;
    for (size_t i = 0; i < asked.count; i++)
        for (size_t k = 0; k < used.count; k++)
            if (str_eq(shape_text(shape, asked.items[i]), shape_text(shape, used.items[k])))
                return true;
    return false;
}

static bool
read_site(const struct shape *shape, struct node branch, struct site *site)
{
    struct node assignment = shape_expression(shape_only_statement(node_field(branch, "consequence")));
    struct node left = node_field(assignment, "left");
    struct str op = shape_operator(shape, assignment);
    bool masked = str_is(op, "^=") || str_is(op, "|=") || str_is(op, "+=") || str_is(op, "-=");

    *site = (struct site){branch, assignment, shape_type(shape, left)};
    return node_is(assignment, "assignment_expression") && masked && node_is(left, "identifier") &&
           node_is_null(node_field(branch, "alternative")) && shape_is_unsigned(&site->type) &&
           site->type.base.size >= 4 && site->type.text.len > 0 &&
           shape_has_no_effect(shape, node_field(branch, "condition")) &&
           !guards(shape, node_field(branch, "condition"), node_field(assignment, "right")) &&
           shape_has_no_effect(shape, node_field(assignment, "right"));
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site)
{
    struct nodes branches = shape_find_all(shape, "if_statement");
    size_t count = 0;

    for (size_t i = 0; i < branches.count && count < limit; i++) {
        struct site candidate;
        if (!read_site(shape, branches.items[i], &candidate))
            continue;
        *site = candidate;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct site site;

    return find_sites(&shape, SIZE_MAX, &site);
}

// The condition as 0 or 1: itself when it is a comparison or one bit.
static const char *
as_bit(const struct shape *shape, struct node condition)
{
    struct node test = shape_strip(condition, false);
    struct str op = shape_operator(shape, test);
    const char *text = arena_str(shape->arena, shape_text(shape, test));
    static const char *const logical[] = {"==", "!=", "<", ">", "<=", ">=", "&&", "||", "!"};
    int64_t bit = 0;

    for (size_t i = 0; i < sizeof logical / sizeof *logical; i++) {
        if (str_is(op, logical[i]))
            return arena_printf(shape->arena, "(%s)", text);
    }
    if (str_is(op, "&") && shape_constant(shape, node_field(test, "right"), &bit) && bit == 1)
        return arena_printf(shape->arena, "(%s)", text);
    return arena_printf(shape->arena, "((%s) != 0)", text);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site = {0};

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    struct node right = shape_strip(node_field(site.assignment, "right"), false);
    bool simple = node_is(right, "identifier") || node_is(right, "pointer_expression") ||
                  node_is(right, "subscript_expression") || node_is(right, "number_literal");
    const char *text = arena_printf(
        shape.arena, simple ? "%.*s %.*s %.*s & -(%s)%s;" : "%.*s %.*s (%.*s) & -(%s)%s;",
        STR_ARG(shape_text(&shape, node_field(site.assignment, "left"))),
        STR_ARG(shape_operator(&shape, site.assignment)), STR_ARG(shape_text(&shape, right)),
        shape_type_name(&shape, &site.type), as_bit(&shape, node_field(site.branch, "condition")));
    struct edit edit = {node_start(site.branch), node_end(site.branch), text};
    snprintf(note, 160, "a mask instead of a branch (line %u)", node_line(site.branch));
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_mask_if = {
    .name = "mask-if",
    .summary = "an addition or exclusive or under a condition becomes one with a mask",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
