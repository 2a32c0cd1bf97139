// SPDX-License-Identifier: Apache-2.0
// Statements and calls of go_value.h.
#include "steps/island-evolve/go_value.h"
#include "steps/shared/target/go_function.h"

#include <string.h>

enum { CALL_DEPTH = 6, TARGETS_MAX = 4 };

static const struct go_type int_type = {.bits = 64, .is_signed = true};

// The type that a short declaration or a `var x = v` gives to its variable.
static struct go_value
settled(struct go_value value)
{
    return value.type.is_untyped ? go_value_of(int_type, value.number) : value;
}

// What an untyped rune constant would become is not told apart from other constants, so it gets no variable.
static bool
is_rune_constant(const struct go_frame *frame, struct node expression)
{
    return shape_find(frame->shape, expression, "rune_literal").count > 0;
}

static bool
declare(struct go_frame *frame, struct node name, struct node expression)
{
    struct go_value value;

    if (!node_is(name, "identifier") || !go_eval(frame, expression, &value) ||
        (value.type.is_untyped && is_rune_constant(frame, expression)))
        return false;
    return go_bind(frame, shape_text(frame->shape, name), settled(value));
}

static bool
run_short_declaration(struct go_frame *frame, struct node statement)
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
run_variable(struct go_frame *frame, struct node spec)
{
    struct node name = node_field(spec, "name"), type = node_field(spec, "type");
    struct node values = node_field(spec, "value");
    struct go_value value = {0}, given;

    if (!node_is(spec, "var_spec") || node_count(values) > 1)
        return false;
    if (node_is_null(type))
        return node_count(values) == 1 && declare(frame, name, node_child(values, 0));
    if (!go_type_of(frame->shape, shape_text(frame->shape, type), &value.type))
        return false;
    if (node_count(values) == 1 &&
        (!go_eval(frame, node_child(values, 0), &given) || !go_assign(&value, given)))
        return false;
    // `var a, b int` has two names; the second is a plain child.
    return node_same(name, node_child(spec, 0)) && !node_is(node_child(spec, 1), "identifier") &&
           go_bind(frame, shape_text(frame->shape, name), value);
}

static bool
run_assignment(struct go_frame *frame, struct node statement)
{
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");
    struct str operator= shape_operator(frame->shape, statement);
    struct go_value values[TARGETS_MAX];
    size_t count = node_count(left);

    if (count != node_count(right) || count > TARGETS_MAX || operator.len == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!go_eval(frame, node_child(right, i), &values[i]))
            return false;
    for (size_t i = 0; i < count; i++) {
        struct go_value *to = go_find(frame, shape_text(frame->shape, node_child(left, i)));
        if (to == NULL || !node_is(node_child(left, i), "identifier"))
            return false;
        struct go_value sum = values[i];
        if (operator.len> 1 && !go_binary(str_head(operator, operator.len - 1), *to, values[i], &sum))
            return false;
        if (!go_assign(to, sum))
            return false;
    }
    return true;
}

static bool
run_step(struct go_frame *frame, struct node statement)
{
    struct node operand = node_child(statement, 0);
    struct go_value *to = go_find(frame, shape_text(frame->shape, operand));

    if (to == NULL || !node_is(operand, "identifier") || to->type.is_bool)
        return false;
    *to = go_value_of(to->type, to->number + (node_is(statement, "inc_statement") ? 1 : -1));
    return true;
}

static enum go_flow
run_list(struct go_frame *frame, struct node parent, size_t first)
{
    enum go_flow flow = GO_NEXT;
    size_t outer = frame->count;

    for (size_t i = first; i < node_count(parent) && flow == GO_NEXT; i++)
        flow = go_run(frame, node_child(parent, i));
    frame->count = outer;
    return flow;
}

static enum go_flow
run_if(struct go_frame *frame, struct node statement)
{
    struct node initializer = node_field(statement, "initializer");
    struct node no = node_field(statement, "alternative");
    struct go_value condition;

    if (!node_is_null(initializer) && go_run(frame, initializer) != GO_NEXT)
        return GO_FAIL;
    if (!go_eval(frame, node_field(statement, "condition"), &condition) || !condition.type.is_bool)
        return GO_FAIL;
    if (condition.number != 0)
        return go_run(frame, node_field(statement, "consequence"));
    return node_is_null(no) ? GO_NEXT : go_run(frame, no);
}

// Whether one of a case's values is the switch's, or true when the switch has none.
static bool
case_matches(struct go_frame *frame, struct node values, const struct go_value *subject, bool *matches)
{
    *matches = false;
    for (size_t i = 0; i < node_count(values) && !*matches; i++) {
        struct go_value value, equal;
        if (!go_eval(frame, node_child(values, i), &value))
            return false;
        if (subject == NULL && !value.type.is_bool)
            return false;
        if (subject != NULL && !go_binary(STR("=="), *subject, value, &equal))
            return false;
        *matches = subject != NULL ? equal.number != 0 : value.number != 0;
    }
    return true;
}

static enum go_flow
run_case(struct go_frame *frame, struct node chosen)
{
    size_t first = node_is(chosen, "expression_case") ? 1 : 0;

    if (shape_find(frame->shape, chosen, "fallthrough_statement").count > 0)
        return GO_FAIL;
    enum go_flow flow = run_list(frame, chosen, first);
    return flow == GO_BREAK ? GO_NEXT : flow;
}

static enum go_flow
run_switch(struct go_frame *frame, struct node statement)
{
    struct node initializer = node_field(statement, "initializer");
    struct node value = node_field(statement, "value"), otherwise = {0};
    struct go_value subject;
    bool matches;

    if (!node_is_null(initializer) && go_run(frame, initializer) != GO_NEXT)
        return GO_FAIL;
    if (!node_is_null(value) && !go_eval(frame, value, &subject))
        return GO_FAIL;
    if (!node_is_null(value))
        subject = settled(subject);
    for (size_t i = 0; i < node_count(statement); i++) {
        struct node child = node_child(statement, i);
        if (node_is(child, "default_case"))
            otherwise = child;
        if (!node_is(child, "expression_case"))
            continue;
        if (!case_matches(frame, node_field(child, "value"), node_is_null(value) ? NULL : &subject, &matches))
            return GO_FAIL;
        if (matches)
            return run_case(frame, child);
    }
    return node_is_null(otherwise) ? GO_NEXT : run_case(frame, otherwise);
}

// `for i := range 8` and `for range 8`.
static enum go_flow
run_range(struct go_frame *frame, struct node clause, struct node body)
{
    struct node left = node_field(clause, "left");
    struct go_value limit;
    size_t outer = frame->count;
    enum go_flow flow = GO_NEXT;

    if (node_count(left) > 1 || !go_eval(frame, node_field(clause, "right"), &limit) || limit.type.is_bool)
        return GO_FAIL;
    limit = settled(limit);
    for (__int128 i = 0; i < limit.number && (flow == GO_NEXT || flow == GO_CONTINUE); i++) {
        frame->count = outer;
        if (node_count(left) == 1 &&
            !go_bind(frame, shape_text(frame->shape, node_child(left, 0)), (struct go_value){limit.type, i}))
            return GO_FAIL;
        flow = *frame->steps > 0 ? go_run(frame, body) : GO_FAIL;
    }
    return flow == GO_BREAK || flow == GO_CONTINUE ? GO_NEXT : flow;
}

static enum go_flow
run_for(struct go_frame *frame, struct node statement)
{
    struct node clause = node_child(statement, 0), body = node_field(statement, "body");
    struct node condition = {0}, update = {0};
    enum go_flow flow = GO_NEXT;

    if (node_is(clause, "range_clause"))
        return run_range(frame, clause, body);
    if (node_is(clause, "for_clause")) {
        struct node initializer = node_field(clause, "initializer");
        condition = node_field(clause, "condition");
        update = node_field(clause, "update");
        if (!node_is_null(initializer) && go_run(frame, initializer) != GO_NEXT)
            return GO_FAIL;
    } else if (!node_same(clause, body)) {
        condition = clause;
    }
    while (flow == GO_NEXT) {
        struct go_value more = {.number = 1};
        if (!node_is_null(condition) && !go_eval(frame, condition, &more))
            return GO_FAIL;
        if (more.number == 0 || *frame->steps == 0)
            return more.number == 0 ? GO_NEXT : GO_FAIL;
        flow = go_run(frame, body);
        if (flow == GO_CONTINUE)
            flow = GO_NEXT;
        if (flow == GO_NEXT && !node_is_null(update) && go_run(frame, update) != GO_NEXT)
            return GO_FAIL;
    }
    return flow == GO_BREAK ? GO_NEXT : flow;
}

static enum go_flow
run_return(struct go_frame *frame, struct node statement)
{
    struct node values = node_child(statement, 0);

    if (node_count(statement) != 1 || node_count(values) != 1)
        return GO_FAIL;
    return go_eval(frame, node_child(values, 0), &frame->result) ? GO_RETURN : GO_FAIL;
}

enum go_flow
go_run(struct go_frame *frame, struct node statement)
{
    size_t outer = frame->count;
    enum go_flow flow;

    if (*frame->steps == 0)
        return GO_FAIL;
    --*frame->steps;
    if (node_is(statement, "comment") || node_is(statement, "empty_statement"))
        return GO_NEXT;
    if (node_is(statement, "short_var_declaration"))
        return run_short_declaration(frame, statement) ? GO_NEXT : GO_FAIL;
    if (node_is(statement, "var_declaration"))
        return node_count(statement) == 1 && run_variable(frame, node_child(statement, 0)) ? GO_NEXT
                                                                                           : GO_FAIL;
    if (node_is(statement, "assignment_statement"))
        return run_assignment(frame, statement) ? GO_NEXT : GO_FAIL;
    if (node_is(statement, "inc_statement") || node_is(statement, "dec_statement"))
        return run_step(frame, statement) ? GO_NEXT : GO_FAIL;
    if (node_is(statement, "return_statement"))
        return run_return(frame, statement);
    if (node_is(statement, "break_statement") || node_is(statement, "continue_statement"))
        return node_count(statement) > 0               ? GO_FAIL
               : node_is(statement, "break_statement") ? GO_BREAK
                                                       : GO_CONTINUE;
    if (node_is(statement, "block"))
        return run_list(frame, statement, 0);
    if (node_is(statement, "if_statement"))
        flow = run_if(frame, statement);
    else if (node_is(statement, "expression_switch_statement"))
        flow = run_switch(frame, statement);
    else if (node_is(statement, "for_statement"))
        flow = run_for(frame, statement);
    else
        flow = GO_FAIL;
    frame->count = outer;
    return flow;
}

bool
go_call(struct go_frame *caller, const struct function *function, const struct go_value *arguments,
        size_t count, struct go_value *result)
{
    const struct shape *shape = caller->shape;
    struct go_frame frame = go_frame_of(shape, caller->steps);
    struct go_function head;
    struct err ignored;
    struct go_value value = {0};

    frame.depth = caller->depth + 1;
    if (frame.depth > CALL_DEPTH || !node_is(function->node, "function_declaration") ||
        go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0 ||
        head.parameter_count != count || head.result_count != 1 || head.results[0].name[0] != '\0' ||
        !go_type_of(shape, str_of(head.results[0].type), &value.type))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct go_value own = {0};
        if (head.parameters[i].is_variadic ||
            !go_type_of(shape, str_of(head.parameters[i].type), &own.type) ||
            !go_assign(&own, arguments[i]) || !go_bind(&frame, str_of(head.parameters[i].name), own))
            return false;
    }
    if (go_run(&frame, node_field(function->node, "body")) != GO_RETURN || !go_assign(&value, frame.result))
        return false;
    *result = value;
    return true;
}
