// SPDX-License-Identifier: Apache-2.0
// edit-statement, edit-constant, edit-operator, edit-condition: the small random edits of genetic
// improvement, for every language whose words are told below. Where and how is drawn; nearly all results are
// wrong or no faster.
#include "steps/island-evolve/mutate.h"

#include "steps/island-evolve/go_literal.h"

#include <stdio.h>
#include <string.h>

// What the small edits are made of in one language.
static const struct vocabulary {
    const char *statements, *block, *leaves, *conditional, *conditions, *numbers;
    const char *nothing; // a statement that does nothing
} vocabularies[] = {
    [LANGUAGE_C] =
        {
            "expression_statement if_statement for_statement while_statement do_statement return_statement "
            "break_statement continue_statement",
            "compound_statement",
            "return_statement break_statement continue_statement",
            "if_statement while_statement",
            "if_statement while_statement do_statement conditional_expression",
            "number_literal",
            ";",
        },
    [LANGUAGE_GO] =
        {
            "expression_statement assignment_statement inc_statement dec_statement if_statement "
            "for_statement "
            "expression_switch_statement return_statement break_statement continue_statement",
            "block",
            "return_statement break_statement continue_statement",
            "if_statement",
            "if_statement",
            "int_literal",
            "",
        },
};

static const struct vocabulary *
words_of(const struct shape *shape)
{
    return &vocabularies[syntax_language(shape->syntax)];
}

static size_t
draw(const struct shape *shape, size_t count)
{
    return (size_t)rng_below(shape->mutation->rng, count);
}

static struct node
pick(const struct shape *shape, struct nodes nodes)
{
    return nodes.count == 0 ? (struct node){0} : nodes.items[draw(shape, nodes.count)];
}

static struct edit
replace(struct node node, const char *text)
{
    return (struct edit){node_start(node), node_end(node), text};
}

static const char *
copy(const struct shape *shape, struct node node)
{
    return arena_str(shape->arena, shape_text(shape, node));
}

// Statements of blocks, declarations left out: taking one away or moving it rarely compiles.
static struct nodes
statements(const struct shape *shape)
{
    struct nodes all = shape_find_all(shape, words_of(shape)->statements);
    struct nodes kept = {all.items, 0};

    for (size_t i = 0; i < all.count; i++) {
        if (node_is(node_parent(all.items[i]), words_of(shape)->block))
            kept.items[kept.count++] = all.items[i];
    }
    return kept;
}

// A statement that leaves early, under a condition that stands somewhere in the variant.
static const char *
early_leave(const struct shape *shape, struct node place)
{
    struct nodes conditions = shape_find_all(shape, words_of(shape)->conditional);
    struct nodes leaves = shape_find_all(shape, words_of(shape)->leaves);
    struct node condition = node_field(pick(shape, conditions), "condition");
    struct node leave = pick(shape, leaves);

    if (node_is_null(condition) || node_is_null(leave))
        return NULL;
    const char *indent = shape_indent(shape, node_start(place)), *unit = shape_indent_unit(shape);
    const char *asked = copy(shape, condition), *left = copy(shape, leave);
    if (syntax_language(shape->syntax) == LANGUAGE_GO)
        return arena_printf(shape->arena, "if %s {\n%s%s%s\n%s}\n%s", asked, indent, unit, left, indent,
                            indent);
    return arena_printf(shape->arena, "if %s\n%s%s%s\n%s", asked, indent, unit, left, indent);
}

static bool
overlap(struct node a, struct node b)
{
    return node_start(a) < node_end(b) && node_start(b) < node_end(a);
}

// What stands in one function with `node`: names of another one mean nothing there.
static struct nodes
in_the_function_of(const struct shape *shape, struct nodes all, struct node node)
{
    struct nodes kept = {ARENA_ARRAY(shape->arena, struct node, all.count + 1), 0};

    for (size_t i = 0; i < all.count; i++) {
        if (shape_enclosing(shape, all.items[i]) == shape_enclosing(shape, node))
            kept.items[kept.count++] = all.items[i];
    }
    return kept;
}

static int
apply_statement(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
                struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct nodes all = statements(&shape);
    struct node a = pick(&shape, all);
    struct edit edits[2];
    size_t count = 1;
    const char *what;

    (void)err;
    (void)index;
    if (all.count == 0)
        return 0;
    struct node b = pick(&shape, in_the_function_of(&shape, all, a));
    const char *line =
        arena_printf(shape.arena, "%s\n%s", copy(&shape, a), shape_indent(&shape, node_start(b)));
    switch (draw(&shape, 5)) {
    case 0:
        edits[0] = replace(a, words_of(&shape)->nothing);
        what = "delete";
        break;
    case 1:
        edits[0] = (struct edit){node_start(b), node_start(b), line};
        what = "repeat";
        break;
    case 2:
        edits[0] = replace(a, copy(&shape, b));
        edits[1] = replace(b, copy(&shape, a));
        count = 2;
        what = "swap";
        break;
    case 3:
        edits[0] = replace(a, words_of(&shape)->nothing);
        edits[1] = (struct edit){node_start(b), node_start(b), line};
        count = 2;
        what = "move";
        break;
    default:
        edits[0] = (struct edit){node_start(a), node_start(a), early_leave(&shape, a)};
        what = "leave before";
        break;
    }
    if (edits[0].text == NULL || (count == 2 && overlap(a, b)))
        return 0;
    snprintf(note, 160, "%s a statement (line %u)", what, node_line(a));
    return mutation_write(mutation, edits, count, NULL, variant);
}

static size_t
statement_sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    size_t count = statements(&shape).count;

    return count * (count + 3);
}

static size_t
constant_sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return shape_find_all(&shape, words_of(&shape)->numbers).count * 6;
}

static bool
number_of(const struct shape *shape, struct node node, int64_t *value)
{
    __int128 number;

    if (syntax_language(shape->syntax) != LANGUAGE_GO)
        return shape_constant(shape, node, value);
    if (!go_literal(shape_text(shape, node), &number))
        return false;
    *value = (int64_t)(uint64_t)number;
    return true;
}

static int
apply_constant(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
               struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct node node = pick(&shape, shape_find_all(&shape, words_of(&shape)->numbers));
    int64_t value;

    (void)err;
    (void)index;
    if (node_is_null(node) || !number_of(&shape, node, &value))
        return 0;
    struct str text = shape_text(&shape, node);
    uint64_t old = (uint64_t)value;
    const uint64_t choices[] = {old + 1, old - 1, old * 2, old / 2, 0, 1};
    uint64_t chosen = choices[draw(&shape, sizeof choices / sizeof *choices)];
    size_t suffix = text.len;
    while (suffix > 1 && strchr("uUlL", text.ptr[suffix - 1]) != NULL)
        suffix--;
    bool hex = text.len > 2 && (text.ptr[1] == 'x' || text.ptr[1] == 'X');
    const char *number = arena_printf(shape.arena, hex ? "0x%llx%.*s" : "%llu%.*s",
                                      (unsigned long long)chosen, STR_ARG(str_from(text, suffix)));
    if (chosen == old || (old == 0 && chosen > 2))
        return 0;
    snprintf(note, 160, "%.*s becomes %s (line %u)", STR_ARG(str_head(text, 40)), number, node_line(node));
    return mutation_write(mutation, &(struct edit){node_start(node), node_end(node), number}, 1, NULL,
                          variant);
}

static const char *const families[][7] = {
    {"<", "<=", ">", ">=", "==", "!=", NULL},
    {"+", "-", "*", NULL},
    {"<<", ">>", NULL},
    {"&", "|", "^", NULL},
    {"&&", "||", NULL},
};

static int
apply_operator(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
               struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct node node = pick(&shape, shape_find_all(&shape, "binary_expression"));
    struct node op = node_field(node, "operator");
    struct str old = shape_text(&shape, op);

    (void)err;
    (void)index;
    for (size_t f = 0; !node_is_null(op) && f < sizeof families / sizeof *families; f++) {
        size_t count = 0, at = SIZE_MAX;
        for (; families[f][count] != NULL; count++)
            at = str_is(old, families[f][count]) ? count : at;
        if (at == SIZE_MAX)
            continue;
        const char *chosen = families[f][(at + 1 + draw(&shape, count - 1)) % count];
        snprintf(note, 160, "%.*s becomes %s (line %u)", STR_ARG(old), chosen, node_line(node));
        return mutation_write(mutation, &(struct edit){node_start(op), node_end(op), chosen}, 1, NULL,
                              variant);
    }
    return 0;
}

static size_t
operator_sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return shape_find_all(&shape, "binary_expression").count * 3;
}

static size_t
condition_sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return shape_find_all(&shape, words_of(&shape)->conditions).count * 3;
}

// Negates a condition, puts the other branch first, or asks the two sides of && and || in the other order.
static int
apply_condition(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
                struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct node node = pick(&shape, shape_find_all(&shape, words_of(&shape)->conditions));
    struct node condition = shape_strip(node_field(node, "condition"), false);
    struct node yes = node_field(node, "consequence"), no = node_field(node, "alternative");
    struct str op = shape_operator(&shape, condition);
    struct edit edits[3];
    size_t count = 0;

    (void)err;
    (void)index;
    if (node_is_null(condition))
        return 0;
    if (node_is(no, "else_clause"))
        no = node_child(no, node_count(no) - 1);
    size_t choice = draw(&shape, 3);
    if (choice == 2 && (str_is(op, "&&") || str_is(op, "||"))) {
        struct node left = node_field(condition, "left"), right = node_field(condition, "right");
        edits[count++] = replace(left, copy(&shape, right));
        edits[count++] = replace(right, copy(&shape, left));
    } else {
        edits[count++] = replace(condition, arena_printf(shape.arena, "!(%s)", copy(&shape, condition)));
        if (choice == 1 && !node_is_null(no)) {
            edits[count++] = replace(yes, copy(&shape, no));
            edits[count++] = replace(no, copy(&shape, yes));
        }
    }
    snprintf(note, 160, "%s (line %u)",
             choice == 2 && count == 2 ? "ask in the other order"
             : count == 3              ? "the other branch first"
                                       : "negate a condition",
             node_line(node));
    return mutation_write(mutation, edits, count, NULL, variant);
}

const struct mutator_ops mutate_edit_statement = {
    .name = "edit-statement",
    .summary = "a statement is deleted, repeated, swapped, moved, or left before",
    .technique = TECHNIQUE_EDIT,
    .sites = statement_sites,
    .apply = apply_statement,
    .draws = true,
};

const struct mutator_ops mutate_edit_constant = {
    .name = "edit-constant",
    .summary = "a number becomes one more, one less, double, half, 0 or 1",
    .technique = TECHNIQUE_EDIT,
    .sites = constant_sites,
    .apply = apply_constant,
    .draws = true,
};

const struct mutator_ops mutate_edit_operator = {
    .name = "edit-operator",
    .summary = "an operator becomes another one of its family",
    .technique = TECHNIQUE_EDIT,
    .sites = operator_sites,
    .apply = apply_operator,
    .draws = true,
};

const struct mutator_ops mutate_edit_condition = {
    .name = "edit-condition",
    .summary = "a condition is negated, its branches or its sides change places",
    .technique = TECHNIQUE_EDIT,
    .sites = condition_sites,
    .apply = apply_condition,
    .draws = true,
};
