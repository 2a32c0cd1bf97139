// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/stride.h"

#include "base/vec.h"

#include <string.h>

// `x++`, `x += 1`, `x = x + 1` and the like: the step, else 0.
static int
step_of(const struct shape *shape, struct node change, struct str *name)
{
    struct str op = shape_operator(shape, change);
    int64_t by = 0;

    if (node_is(change, "update_expression")) {
        *name = shape_text(shape, shape_strip(node_field(change, "argument"), false));
        return str_is(op, "++") ? 1 : -1;
    }
    if (!node_is(change, "assignment_expression"))
        return 0;
    struct node right = shape_strip(node_field(change, "right"), false);
    *name = shape_text(shape, node_field(change, "left"));
    if (str_is(op, "=") && node_is(right, "binary_expression") &&
        str_eq(shape_text(shape, node_field(right, "left")), *name)) {
        op = shape_operator(shape, right);
        right = node_field(right, "right");
    } else if (str_is(op, "+=") || str_is(op, "-=")) {
        op = str_head(op, 1);
    } else {
        return 0;
    }
    if (!shape_constant(shape, right, &by) || by != 1)
        return 0;
    return str_is(op, "+") ? 1 : str_is(op, "-") ? -1 : 0;
}

// Whether a node below `top` is reached exactly once in every round: no branch and no inner loop on the way.
static bool
is_unconditional(const struct shape *shape, struct node node, struct node top)
{
    static const char inner[] = "for_statement while_statement do_statement switch_statement case_statement";

    for (struct node at = node; !node_same(at, top); at = node_parent(at)) {
        struct node parent = node_parent(at);
        struct str op = shape_operator(shape, parent);
        if (node_is_null(parent))
            return false;
        if (node_same(parent, top))
            return true;
        bool decides = node_is(parent, "if_statement") || node_is(parent, "conditional_expression");
        if (strstr(inner, node_kind(parent)) != NULL ||
            (decides && !node_same(at, node_field(parent, "condition"))))
            return false;
        if ((str_is(op, "&&") || str_is(op, "||")) && !node_same(at, node_field(parent, "left")))
            return false;
    }
    return true;
}

static bool
is_local(const struct shape *shape, struct node at, struct str name, struct node body)
{
    struct variable variable;

    return shape_variable(shape, at, name, &variable) && !variable.is_global &&
           node_start(variable.declaration) < node_start(body);
}

static void
find_movers(const struct shape *shape, struct stride *stride)
{
    struct nodes changes = shape_find(shape, stride->loop, "update_expression assignment_expression");

    for (size_t i = 0; i < changes.count && stride->mover_count < STRIDE_MOVERS_MAX; i++) {
        struct node change = changes.items[i];
        struct str name = {0};
        int step = step_of(shape, change, &name);
        size_t writes = 0;
        if (step == 0 || node_same(change, stride->initializer) ||
            !is_unconditional(shape, change, stride->loop) || !is_local(shape, change, name, stride->body))
            continue;
        for (size_t j = 0; j < changes.count; j++) {
            struct node argument = node_field(
                changes.items[j], node_is(changes.items[j], "update_expression") ? "argument" : "left");
            bool is_start = node_same(changes.items[j], stride->initializer);
            writes += !is_start && str_eq(shape_text(shape, shape_strip(argument, false)), name);
        }
        if (writes == 1)
            stride->movers[stride->mover_count++] = (struct mover){name, step, change};
    }
}

static const struct mover *
mover_of(const struct stride *stride, struct str name, int step)
{
    for (size_t i = 0; i < stride->mover_count; i++) {
        if (str_eq(stride->movers[i].name, name) && (step == 0 || stride->movers[i].step == step))
            return &stride->movers[i];
    }
    return NULL;
}

static bool
is_zero(const struct shape *shape, struct node node)
{
    int64_t value;

    return shape_constant(shape, node, &value) && value == 0;
}

static const char *
left_between(const struct shape *shape, struct stride *stride, struct node from, struct node to)
{
    struct node a = shape_strip(from, false), b = shape_strip(to, false);
    struct uses uses = shape_uses(shape, b);

    if (!node_is(a, "identifier") || mover_of(stride, shape_text(shape, a), 1) == NULL)
        return NULL;
    if (!shape_has_no_effect(shape, b))
        return NULL;
    for (size_t i = 0; i < uses.count; i++) {
        if (shape_changes(shape, stride->loop, uses.items[i].name))
            return NULL;
    }
    struct shape_type from_type = shape_type(shape, a), to_type = shape_type(shape, b);
    stride->left_is_size = shape_is_unsigned(&from_type) && shape_is_unsigned(&to_type);
    bool simple = node_is(b, "identifier") || node_is(b, "number_literal");
    struct str text = shape_text(shape, b);
    // A header that sets the counter is taken to start below the end; else it may stand behind it already.
    if (stride->left_is_size && node_is_null(stride->initializer))
        stride->guard =
            arena_printf(shape->arena, "%.*s < %.*s && ", STR_ARG(shape_text(shape, a)), STR_ARG(text));
    return arena_printf(shape->arena, simple ? "%.*s - %.*s" : "(%.*s) - %.*s", STR_ARG(text),
                        STR_ARG(shape_text(shape, a)));
}

static const char *
left_down(const struct shape *shape, struct stride *stride, struct node counter)
{
    struct node node = shape_strip(counter, false);

    if (node_is(node, "update_expression")) {
        struct node argument = node_field(node, "argument");
        bool prefix = node_start(argument) > node_start(node);
        if (prefix || !str_is(shape_operator(shape, node), "--"))
            return NULL;
        node = argument;
    }
    if (!node_is(node, "identifier") || mover_of(stride, shape_text(shape, node), -1) == NULL)
        return NULL;
    struct shape_type type = shape_type(shape, node);
    stride->left_is_size = shape_is_unsigned(&type);
    return arena_str(shape->arena, shape_text(shape, node));
}

static const char *
read_left(const struct shape *shape, struct stride *stride, struct node expression)
{
    struct node condition = shape_strip(expression, false);
    struct node left = node_field(condition, "left"), right = node_field(condition, "right");
    struct str op = shape_operator(shape, condition);

    if (!node_is(condition, "binary_expression"))
        return left_down(shape, stride, condition);
    const char *result = NULL;
    if ((str_is(op, ">") || str_is(op, "!=")) && is_zero(shape, right))
        result = left_down(shape, stride, left);
    if (result == NULL && (str_is(op, "<") || str_is(op, "!=")) && is_zero(shape, left))
        result = left_down(shape, stride, right);
    if (result == NULL && (str_is(op, "<") || str_is(op, "!=")))
        result = left_between(shape, stride, left, right);
    if (result == NULL && (str_is(op, ">") || str_is(op, "!=")))
        result = left_between(shape, stride, right, left);
    return result;
}

// `i` or `i++` of a mover that goes up.
static const struct mover *
moving_up(const struct shape *shape, const struct stride *stride, struct node expression)
{
    struct node node = shape_strip(expression, false);

    if (node_is(node, "update_expression")) {
        struct node argument = node_field(node, "argument");
        if (node_start(argument) > node_start(node))
            return NULL;
        node = shape_strip(argument, false);
    }
    return node_is(node, "identifier") ? mover_of(stride, shape_text(shape, node), 1) : NULL;
}

bool
stride_access(const struct shape *shape, const struct stride *stride, struct node node, struct str *base,
              const struct mover **mover)
{
    struct node pointer = shape_strip(node_field(node, "argument"), false);
    struct node index = {0};

    if (node_is(node, "subscript_expression"))
        index = node_field(node, "index");
    else if (!str_is(shape_operator(shape, node), "*"))
        return false;
    if (node_is(pointer, "binary_expression") && str_is(shape_operator(shape, pointer), "+")) {
        index = node_field(pointer, "right");
        pointer = shape_strip(node_field(pointer, "left"), false);
    }
    bool moves = node_is_null(index) || is_zero(shape, index);
    *mover = moving_up(shape, stride, moves ? pointer : index);
    *base = moves && *mover != NULL ? (*mover)->name : shape_text(shape, pointer);
    return *mover != NULL && (moves || (node_is(pointer, "identifier") &&
                                        !shape_changes(shape, stride->loop, shape_text(shape, pointer))));
}

static bool
holds(struct node outer, struct node inner)
{
    return node_start(outer) <= node_start(inner) && node_end(inner) <= node_end(outer);
}

static bool
read_accesses(const struct shape *shape, struct stride *stride)
{
    struct nodes found = shape_find(shape, stride->body, "subscript_expression pointer_expression");
    struct node *kept = ARENA_ARRAY(shape->arena, struct node, found.count + 1);
    const struct mover *by = NULL;
    struct str base = {0};

    for (size_t i = 0; i < found.count; i++) {
        struct str candidate;
        const struct mover *mover;
        struct shape_type type = shape_type(shape, found.items[i]);
        if (!type.known || type.pointers > 0 || type.base.size != 1 ||
            !stride_access(shape, stride, found.items[i], &candidate, &mover))
            continue;
        if (by != NULL && (mover != by || !str_eq(candidate, base)))
            return false;
        bool after = holds(stride->body, mover->change) && !holds(found.items[i], mover->change) &&
                     node_start(mover->change) < node_start(found.items[i]);
        if (after)
            return false;
        by = mover;
        base = candidate;
        stride->element = type;
        kept[stride->accesses.count++] = found.items[i];
    }
    if (by == NULL)
        return false;
    stride->accesses.items = kept;
    stride->base = arena_str(shape->arena, base);
    stride->index = str_eq(base, by->name) ? "" : arena_str(shape->arena, by->name);
    return true;
}

// Nothing in the body may touch the pointer or the counters except to read the element and to move on.
static bool
is_tight(const struct shape *shape, const struct stride *stride)
{
    struct uses uses = shape_uses(shape, stride->body);

    for (size_t i = 0; i < uses.count; i++) {
        const struct use *use = &uses.items[i];
        bool ours = str_is(use->name, stride->base) || mover_of(stride, use->name, 0) != NULL;
        bool inside = false;
        for (size_t j = 0; j < stride->accesses.count; j++)
            inside = inside || holds(stride->accesses.items[j], use->node);
        for (size_t j = 0; j < stride->mover_count; j++)
            inside = inside || holds(stride->movers[j].change, use->node);
        if (ours && !inside)
            return false;
    }
    for (size_t j = 0; j < stride->accesses.count; j++) {
        struct node assignment;
        struct node outer = node_out_of_parentheses(stride->accesses.items[j]);
        assignment = node_parent(outer);
        if (node_is(assignment, "update_expression") || (node_is(assignment, "assignment_expression") &&
                                                         node_same(node_field(assignment, "left"), outer)))
            return false;
    }
    return true;
}

static bool
leaves(const struct shape *shape, const struct stride *stride)
{
    struct nodes jumps =
        shape_find(shape, stride->body, "break_statement continue_statement return_statement goto_statement");

    for (size_t i = 0; i < jumps.count; i++) {
        struct node at = node_parent(jumps.items[i]);
        bool returns =
            node_is(jumps.items[i], "return_statement") || node_is(jumps.items[i], "goto_statement");
        while (!node_is(at, "for_statement") && !node_is(at, "while_statement") &&
               !node_is(at, "do_statement") && !node_is(at, "switch_statement"))
            at = node_parent(at);
        if (returns || node_same(at, stride->loop))
            return true;
    }
    return false;
}

bool
stride_frame(const struct shape *shape, struct node loop, struct stride *stride, struct node *extra)
{
    *stride = (struct stride){
        .loop = loop, .body = node_field(loop, "body"), .initializer = node_field(loop, "initializer")};
    stride->guard = "";
    *extra = (struct node){0};
    if (!node_is(loop, "for_statement") && !node_is(loop, "while_statement"))
        return false;
    find_movers(shape, stride);
    struct node condition = shape_strip(node_field(loop, "condition"), false);
    if (str_is(shape_operator(shape, condition), "&&")) {
        *extra = node_field(condition, "right");
        condition = node_field(condition, "left");
    }
    stride->left = read_left(shape, stride, condition);
    return stride->left != NULL;
}

bool
stride_read(const struct shape *shape, struct node loop, struct stride *stride)
{
    struct node extra;

    return stride_frame(shape, loop, stride, &extra) && node_is_null(extra) && !leaves(shape, stride) &&
           read_accesses(shape, stride) && is_tight(shape, stride);
}

static bool
is_loop(struct node node)
{
    return node_is(node, "for_statement") || node_is(node, "while_statement") ||
           node_is(node, "do_statement");
}

bool
stride_used_later(const struct shape *shape, struct node loop, struct str name)
{
    const struct function *function = shape_enclosing(shape, loop);
    struct nodes names = shape_find(shape, function->node, "identifier");
    struct node initializer = node_field(loop, "initializer");
    struct variable variable;

    if (node_is(initializer, "declaration") && shape_count(shape, initializer, name) > 0)
        return false;
    if (!shape_variable(shape, loop, name, &variable) || variable.is_global)
        return true;
    for (size_t i = 0; i < names.count; i++) {
        if (node_start(names.items[i]) >= node_end(loop) && str_eq(shape_text(shape, names.items[i]), name))
            return true;
    }
    for (struct node at = node_parent(loop); !node_is_null(at); at = node_parent(at)) {
        if (is_loop(at) && node_start(variable.declaration) < node_start(at))
            return true;
    }
    return false;
}

char *
stride_body(const struct shape *shape, const struct stride *stride, const char *byte)
{
    struct edit *edits = ARENA_ARRAY(shape->arena, struct edit, stride->accesses.count + STRIDE_MOVERS_MAX);
    size_t count = 0;

    for (size_t i = 0; i < stride->accesses.count; i++) {
        struct node access = stride->accesses.items[i];
        edits[count++] = (struct edit){node_start(access), node_end(access), byte};
    }
    for (size_t i = 0; i < stride->mover_count; i++) {
        struct node change = stride->movers[i].change;
        bool inside = false;
        for (size_t j = 0; j < stride->accesses.count; j++)
            inside = inside || holds(stride->accesses.items[j], change);
        if (holds(stride->body, change) && !inside)
            edits[count++] = (struct edit){node_start(change), node_end(change), "(void)0"};
    }
    return shape_edited(shape, stride->body, edits, count);
}

char *
stride_element(const struct shape *shape, const struct stride *stride, size_t offset)
{
    if (*stride->index == '\0')
        return arena_printf(shape->arena, "%s[%zu]", stride->base, offset);
    if (offset == 0)
        return arena_printf(shape->arena, "%s[%s]", stride->base, stride->index);
    return arena_printf(shape->arena, "%s[%s + %zu]", stride->base, stride->index, offset);
}

char *
stride_advance(const struct shape *shape, const struct stride *stride, size_t step, const char *indent)
{
    AUTO_BUF text = BUF(1024);

    for (size_t i = 0; i < stride->mover_count; i++) {
        const struct mover *mover = &stride->movers[i];
        buf_printf(&text, "%s%.*s %s %zu;\n", indent, STR_ARG(mover->name),
                   mover->step > 0 ? "+=" : "-=", step);
    }
    return arena_str(shape->arena, buf_str(&text));
}
