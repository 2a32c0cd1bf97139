// SPDX-License-Identifier: Apache-2.0
// split-loop: a loop that asks in every round whether a number is still 0, and only ever raises it, becomes
// two: one that runs while it is 0 and one that need not ask any more. The same for a flag that is only ever
// set.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

struct site {
    struct node loop, branch; // branch: the if statement in the loop's body
    struct str name;
    bool zero_first; // the consequence is for 0, else for not 0
    bool is_flag;    // asked for as `v` or `!v`
};

// `v == 0`, `!v`, `0 == v`; `v`, `v != 0`, `v > 0` for the opposite.
static bool
read_test(const struct shape *shape, struct node condition, struct str *name, bool *zero)
{
    struct node test = shape_strip(condition, false);
    struct str op = shape_operator(shape, test);
    struct node left = shape_strip(node_field(test, "left"), false);
    struct node right = shape_strip(node_field(test, "right"), false);
    int64_t value = 1;

    if (node_is(test, "identifier")) {
        *name = shape_text(shape, test);
        *zero = false;
        return true;
    }
    if (node_is(test, "unary_expression") && str_is(op, "!")) {
        *name = shape_text(shape, shape_strip(node_field(test, "argument"), false));
        *zero = true;
        return node_is(shape_strip(node_field(test, "argument"), false), "identifier");
    }
    if (node_is(right, "identifier") && (str_is(op, "==") || str_is(op, "!="))) {
        struct node swap = left;
        left = right;
        right = swap;
    }
    *name = shape_text(shape, left);
    *zero = str_is(op, "==");
    return node_is(left, "identifier") && shape_constant(shape, right, &value) && value == 0 &&
           (*zero || str_is(op, "!=") || str_is(op, ">"));
}

static bool
only_rises(const struct shape *shape, struct node change)
{
    struct str op = shape_operator(shape, change);
    struct node right = shape_strip(node_field(change, "right"), false);
    int64_t value = 0;

    if (node_is(change, "update_expression"))
        return str_is(op, "++");
    bool constant = node_is(right, "true") || (shape_constant(shape, right, &value) && value > 0);
    return (str_is(op, "=") || str_is(op, "+=") || str_is(op, "|=")) && constant;
}

// Every write in the loop raises it, none before the branch in a round, and there is one.
static bool
is_monotone(const struct shape *shape, const struct site *site)
{
    struct nodes changes = shape_find(shape, site->loop, "update_expression assignment_expression");
    struct node initializer = node_field(site->loop, "initializer");
    struct variable variable;
    size_t rises = 0;

    if (!shape_variable(shape, site->loop, site->name, &variable) || variable.is_global ||
        variable.type.pointers > 0)
        return false;
    for (size_t i = 0; i < changes.count; i++) {
        struct node change = changes.items[i];
        bool steps = node_is(change, "update_expression");
        struct node target = shape_strip(node_field(change, steps ? "argument" : "left"), false);
        if (!str_eq(shape_text(shape, target), site->name))
            continue;
        if (node_same(change, initializer) || !only_rises(shape, change) ||
            node_start(change) < node_start(site->branch))
            return false;
        rises++;
    }
    return rises > 0;
}

static bool
can_split(const struct shape *shape, struct node loop)
{
    struct nodes jumps = shape_find(shape, node_field(loop, "body"), "break_statement goto_statement");
    struct node initializer = node_field(loop, "initializer");
    struct node condition = node_field(loop, "condition");
    struct node block = node_parent(loop);
    struct variable variable;

    if (jumps.count > 0 || node_is_null(condition) || !shape_has_no_effect(shape, condition) ||
        !node_is(block, "compound_statement") || !node_is(node_field(loop, "body"), "compound_statement"))
        return false;
    if (!node_is(initializer, "declaration"))
        return true;
    // The counter moves in front of the loops; its name must be free there.
    struct node declared = node_declared(node_field(initializer, "declarator"));
    return !shape_variable(shape, loop, shape_text(shape, declared), &variable) || variable.is_global ||
           !node_same(node_parent(variable.declaration), block);
}

static bool
read_site(const struct shape *shape, struct node loop, struct node statement, struct site *site)
{
    *site = (struct site){.loop = loop, .branch = statement};
    site->is_flag = !node_is(shape_strip(node_field(statement, "condition"), false), "binary_expression");
    return node_is(statement, "if_statement") &&
           read_test(shape, node_field(statement, "condition"), &site->name, &site->zero_first) &&
           is_monotone(shape, site);
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site)
{
    struct nodes loops = shape_find_all(shape, "for_statement while_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count; i++) {
        struct nodes statements = shape_statements(shape, node_field(loops.items[i], "body"));
        for (size_t j = 0; can_split(shape, loops.items[i]) && j < statements.count && count < limit; j++) {
            struct site candidate;
            if (!read_site(shape, loops.items[i], statements.items[j], &candidate))
                continue;
            *site = candidate;
            count++;
        }
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

// The statements of one side of the branch, indented as the branch is.
static const char *
side_text(const struct shape *shape, const struct site *site, bool consequence)
{
    struct node side = node_field(site->branch, consequence ? "consequence" : "alternative");
    const char *indent = shape_indent(shape, node_start(site->branch));
    AUTO_BUF text = BUF(1 << 18);

    if (node_is(side, "else_clause"))
        side = node_child(side, node_count(side) - 1);
    if (node_is_null(side))
        return "";
    struct nodes statements = shape_statements(shape, side);
    for (size_t i = 0; i < statements.count; i++)
        buf_printf(&text, "%s%s", i == 0 ? "" : arena_printf(shape->arena, "\n%s", indent),
                   shape_moved(shape, statements.items[i], indent));
    return arena_str(shape->arena, buf_str(&text));
}

static const char *
loop_text(const struct shape *shape, const struct site *site, bool while_zero)
{
    struct node condition = shape_strip(node_field(site->loop, "condition"), false);
    struct node initializer = node_field(site->loop, "initializer");
    struct str text = shape_text(shape, condition);
    struct str op = shape_operator(shape, condition);
    struct edit edits[3];
    size_t count = 0;

    if (!node_is_null(initializer))
        edits[count++] = (struct edit){node_start(initializer), node_end(initializer),
                                       node_is(initializer, "declaration") ? ";" : ""};
    bool bare = !str_is(op, "||") && !node_is(condition, "conditional_expression") &&
                !node_is(condition, "comma_expression");
    const char *zero = arena_printf(shape->arena, site->is_flag ? "!%.*s" : "%.*s == 0", STR_ARG(site->name));
    if (while_zero)
        edits[count++] = (struct edit){
            node_start(condition), node_end(condition),
            arena_printf(shape->arena, bare ? "%.*s && %s" : "(%.*s) && %s", STR_ARG(text), zero)};
    const char *side = side_text(shape, site, while_zero == site->zero_first);
    edits[count++] = (struct edit){node_start(site->branch), node_end(site->branch), side};
    return shape_edited(shape, site->loop, edits, count);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site = {0};
    AUTO_BUF text = BUF(1 << 19);

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    const char *indent = shape_indent(&shape, node_start(site.loop));
    struct str initializer = shape_text(&shape, node_field(site.loop, "initializer"));
    if (initializer.len > 0)
        buf_printf(&text, "%.*s%s\n\n%s", STR_ARG(initializer), str_ends(initializer, STR(";")) ? "" : ";",
                   indent);
    buf_printf(&text, "%s\n%s%s", loop_text(&shape, &site, true), indent, loop_text(&shape, &site, false));
    struct edit edit = {node_start(site.loop), node_end(site.loop), buf_text(&text)};
    snprintf(note, 160, "one loop while %.*s is 0, another one after", STR_ARG(str_head(site.name, 60)));
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_split_loop = {
    .name = "split-loop",
    .summary = "a loop that asks whether a number is still 0 becomes two loops",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
