// SPDX-License-Identifier: Apache-2.0
// Statements and calls of go_pure.h.
#include "steps/island-evolve/go_pure.h"
#include "steps/shared/target/go/function.h"

#include <string.h>

enum { CALL_DEPTH = 6, TARGETS_MAX = 4 };

static const struct pure_type int_type = {.bits = 64, .is_signed = true};

// The type that a short declaration or a `var x = v` gives to its variable.
static struct pure_value
settled(struct pure_value value)
{
    return value.type.is_untyped ? pure_value_of(int_type, value.number) : value;
}

// What an untyped rune constant would become is not told apart from other constants, so it gets no variable.
static bool
is_rune_constant(const struct pure_frame *frame, struct node expression)
{
    return shape_find(frame->shape, expression, "rune_literal").count > 0;
}

static bool
declare(struct pure_frame *frame, struct node name, struct node expression)
{
    struct pure_value value;

    if (!node_is(name, "identifier") || !pure_eval(frame, expression, &value) ||
        (value.type.is_untyped && is_rune_constant(frame, expression)))
        return false;
    return pure_bind(frame, shape_text(frame->shape, name), settled(value));
}

static bool
run_short_declaration(struct pure_frame *frame, struct node statement)
{
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");

    if (node_count(left) != node_count(right))
        return false;
    for (size_t i = 0; i < node_count(left); i++)
        if (!declare(frame, node_child(left, i), node_child(right, i)))
            return false;
    return true;
}

static bool
run_variable(struct pure_frame *frame, struct node spec)
{
    struct node name = node_field(spec, "name"), type = node_field(spec, "type");
    struct node values = node_field(spec, "value");
    struct pure_value value = {0}, given;

    if (!node_is(spec, "var_spec") || node_count(values) > 1)
        return false;
    if (node_is_null(type))
        return node_count(values) == 1 && declare(frame, name, node_child(values, 0));
    if (!pure_type_of(frame->shape, shape_text(frame->shape, type), &value.type))
        return false;
    if (node_count(values) == 1 &&
        (!pure_eval(frame, node_child(values, 0), &given) || !pure_assign(&value, given)))
        return false;
    // `var a, b int` has two names; the second is a plain child.
    return node_same(name, node_child(spec, 0)) && !node_is(node_child(spec, 1), "identifier") &&
           pure_bind(frame, shape_text(frame->shape, name), value);
}

static bool
run_assignment(struct pure_frame *frame, struct node statement)
{
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");
    struct str operator= shape_operator(frame->shape, statement);
    struct pure_value values[TARGETS_MAX];
    size_t count = node_count(left);

    if (count != node_count(right) || count > TARGETS_MAX || operator.len == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!pure_eval(frame, node_child(right, i), &values[i]))
            return false;
    for (size_t i = 0; i < count; i++) {
        struct pure_value *to = pure_find(frame, shape_text(frame->shape, node_child(left, i)));
        if (to == NULL || !node_is(node_child(left, i), "identifier"))
            return false;
        struct pure_value sum = values[i];
        if (operator.len> 1 && !pure_binary(str_head(operator, operator.len - 1), *to, values[i], &sum))
            return false;
        if (!pure_assign(to, sum))
            return false;
    }
    return true;
}

static bool
run_step(struct pure_frame *frame, struct node statement)
{
    struct node operand = node_child(statement, 0);
    struct pure_value *to = pure_find(frame, shape_text(frame->shape, operand));

    if (to == NULL || !node_is(operand, "identifier") || to->type.is_bool)
        return false;
    *to = pure_value_of(to->type, to->number + (node_is(statement, "inc_statement") ? 1 : -1));
    return true;
}

static enum pure_flow
run_list(struct pure_frame *frame, struct node parent, size_t first)
{
    enum pure_flow flow = PURE_NEXT;
    size_t outer = frame->count;

    for (size_t i = first; i < node_count(parent) && flow == PURE_NEXT; i++)
        flow = pure_run(frame, node_child(parent, i));
    frame->count = outer;
    return flow;
}

static enum pure_flow
run_if(struct pure_frame *frame, struct node statement)
{
    struct node initializer = node_field(statement, "initializer");
    struct node no = node_field(statement, "alternative");
    struct pure_value condition;

    if (!node_is_null(initializer) && pure_run(frame, initializer) != PURE_NEXT)
        return PURE_FAIL;
    if (!pure_eval(frame, node_field(statement, "condition"), &condition) || !condition.type.is_bool)
        return PURE_FAIL;
    if (condition.number != 0)
        return pure_run(frame, node_field(statement, "consequence"));
    return node_is_null(no) ? PURE_NEXT : pure_run(frame, no);
}

// Whether one of a case's values is the switch's, or true when the switch has none.
static bool
case_matches(struct pure_frame *frame, struct node values, const struct pure_value *subject, bool *matches)
{
    *matches = false;
    for (size_t i = 0; i < node_count(values) && !*matches; i++) {
        struct pure_value value, equal;
        if (!pure_eval(frame, node_child(values, i), &value))
            return false;
        if (subject == NULL && !value.type.is_bool)
            return false;
        if (subject != NULL && !pure_binary(STR("=="), *subject, value, &equal))
            return false;
        *matches = subject != NULL ? equal.number != 0 : value.number != 0;
    }
    return true;
}

static enum pure_flow
run_case(struct pure_frame *frame, struct node chosen)
{
    size_t first = node_is(chosen, "expression_case") ? 1 : 0;

    if (shape_find(frame->shape, chosen, "fallthrough_statement").count > 0)
        return PURE_FAIL;
    enum pure_flow flow = run_list(frame, chosen, first);
    return flow == PURE_BREAK ? PURE_NEXT : flow;
}

static enum pure_flow
run_switch(struct pure_frame *frame, struct node statement)
{
    struct node initializer = node_field(statement, "initializer");
    struct node value = node_field(statement, "value"), otherwise = {0};
    struct pure_value subject;
    bool matches;

    if (!node_is_null(initializer) && pure_run(frame, initializer) != PURE_NEXT)
        return PURE_FAIL;
    if (!node_is_null(value) && !pure_eval(frame, value, &subject))
        return PURE_FAIL;
    if (!node_is_null(value))
        subject = settled(subject);
    for (size_t i = 0; i < node_count(statement); i++) {
        struct node child = node_child(statement, i);
        if (node_is(child, "default_case"))
            otherwise = child;
        if (!node_is(child, "expression_case"))
            continue;
        if (!case_matches(frame, node_field(child, "value"), node_is_null(value) ? NULL : &subject, &matches))
            return PURE_FAIL;
        if (matches)
            return run_case(frame, child);
    }
    return node_is_null(otherwise) ? PURE_NEXT : run_case(frame, otherwise);
}

// `for i := range 8` and `for range 8`.
static enum pure_flow
run_range(struct pure_frame *frame, struct node clause, struct node body)
{
    struct node left = node_field(clause, "left");
    struct pure_value limit;
    size_t outer = frame->count;
    enum pure_flow flow = PURE_NEXT;

    if (node_count(left) > 1 || !pure_eval(frame, node_field(clause, "right"), &limit) || limit.type.is_bool)
        return PURE_FAIL;
    limit = settled(limit);
    for (__int128 i = 0; i < limit.number && (flow == PURE_NEXT || flow == PURE_CONTINUE); i++) {
        frame->count = outer;
        if (node_count(left) == 1 && !pure_bind(frame, shape_text(frame->shape, node_child(left, 0)),
                                                (struct pure_value){limit.type, i}))
            return PURE_FAIL;
        flow = *frame->steps > 0 ? pure_run(frame, body) : PURE_FAIL;
    }
    return flow == PURE_BREAK || flow == PURE_CONTINUE ? PURE_NEXT : flow;
}

static enum pure_flow
run_for(struct pure_frame *frame, struct node statement)
{
    struct node clause = node_child(statement, 0), body = node_field(statement, "body");
    struct node condition = {0}, update = {0};
    enum pure_flow flow = PURE_NEXT;

    if (node_is(clause, "range_clause"))
        return run_range(frame, clause, body);
    if (node_is(clause, "for_clause")) {
        struct node initializer = node_field(clause, "initializer");
        condition = node_field(clause, "condition");
        update = node_field(clause, "update");
        if (!node_is_null(initializer) && pure_run(frame, initializer) != PURE_NEXT)
            return PURE_FAIL;
    } else if (!node_same(clause, body)) {
        condition = clause;
    }
    while (flow == PURE_NEXT) {
        struct pure_value more = {.number = 1};
        if (!node_is_null(condition) && !pure_eval(frame, condition, &more))
            return PURE_FAIL;
        if (more.number == 0 || *frame->steps == 0)
            return more.number == 0 ? PURE_NEXT : PURE_FAIL;
        flow = pure_run(frame, body);
        if (flow == PURE_CONTINUE)
            flow = PURE_NEXT;
        if (flow == PURE_NEXT && !node_is_null(update) && pure_run(frame, update) != PURE_NEXT)
            return PURE_FAIL;
    }
    return flow == PURE_BREAK ? PURE_NEXT : flow;
}

static enum pure_flow
run_return(struct pure_frame *frame, struct node statement)
{
    struct node values = node_child(statement, 0);

    if (node_count(statement) != 1 || node_count(values) != 1)
        return PURE_FAIL;
    return pure_eval(frame, node_child(values, 0), &frame->result) ? PURE_RETURN : PURE_FAIL;
}

enum pure_flow
pure_run(struct pure_frame *frame, struct node statement)
{
    size_t outer = frame->count;
    enum pure_flow flow;

    if (*frame->steps == 0)
        return PURE_FAIL;
    --*frame->steps;
    if (node_is(statement, "empty_statement"))
        return PURE_NEXT;
    if (node_is(statement, "short_var_declaration"))
        return run_short_declaration(frame, statement) ? PURE_NEXT : PURE_FAIL;
    if (node_is(statement, "var_declaration"))
        return node_count(statement) == 1 && run_variable(frame, node_child(statement, 0)) ? PURE_NEXT
                                                                                           : PURE_FAIL;
    if (node_is(statement, "assignment_statement"))
        return run_assignment(frame, statement) ? PURE_NEXT : PURE_FAIL;
    if (node_is(statement, "inc_statement") || node_is(statement, "dec_statement"))
        return run_step(frame, statement) ? PURE_NEXT : PURE_FAIL;
    if (node_is(statement, "return_statement"))
        return run_return(frame, statement);
    if (node_is(statement, "break_statement") || node_is(statement, "continue_statement"))
        return node_count(statement) > 0               ? PURE_FAIL
               : node_is(statement, "break_statement") ? PURE_BREAK
                                                       : PURE_CONTINUE;
    if (node_is(statement, "block"))
        return run_list(frame, statement, 0);
    if (node_is(statement, "if_statement"))
        flow = run_if(frame, statement);
    else if (node_is(statement, "expression_switch_statement"))
        flow = run_switch(frame, statement);
    else if (node_is(statement, "for_statement"))
        flow = run_for(frame, statement);
    else
        flow = PURE_FAIL;
    frame->count = outer;
    return flow;
}

bool
pure_call(struct pure_frame *caller, const struct function *function, const struct pure_value *arguments,
          size_t count, struct pure_value *result)
{
    const struct shape *shape = caller->shape;
    struct pure_frame frame = pure_frame_of(shape, caller->steps);
    struct go_function head;
    struct err ignored;
    struct pure_value value = {0};

    frame.depth = caller->depth + 1;
    if (frame.depth > CALL_DEPTH || !node_is(function->node, "function_declaration") ||
        go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0 ||
        head.parameter_count != count || head.result_count != 1 || head.results[0].name[0] != '\0' ||
        !pure_type_of(shape, str_of(head.results[0].type), &value.type))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct pure_value own = {0};
        if (head.parameters[i].is_variadic ||
            !pure_type_of(shape, str_of(head.parameters[i].type), &own.type) ||
            !pure_assign(&own, arguments[i]) || !pure_bind(&frame, str_of(head.parameters[i].name), own))
            return false;
    }
    if (pure_run(&frame, node_field(function->node, "body")) != PURE_RETURN ||
        !pure_assign(&value, frame.result))
        return false;
    *result = value;
    return true;
}
