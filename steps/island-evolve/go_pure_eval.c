// SPDX-License-Identifier: Apache-2.0
// Expressions of go_pure.h.
#include "steps/island-evolve/go_literal.h"
#include "steps/island-evolve/go_pure.h"
#include "steps/island-evolve/go_shape.h"

enum { CONSTANT_DEPTH = 8, ARGUMENTS_MAX = 6 };

static const struct pure_type untyped = {.bits = 64, .is_signed = true, .is_untyped = true};
static const struct pure_type boolean = {.bits = 1, .is_bool = true};

static bool
spend(struct pure_frame *frame)
{
    if (*frame->steps == 0)
        return false;
    --*frame->steps;
    return true;
}

// A constant of the file: its value stands alone, so it is evaluated in a frame of its own.
static bool
eval_constant(struct pure_frame *frame, struct str name, struct pure_value *value)
{
    struct node type;
    struct node expression = go_constant(frame->shape, name, &type);
    struct pure_frame own = pure_frame_of(frame->shape, frame->steps);
    own.depth = frame->depth + 1;

    if (node_is_null(expression) || own.depth > CONSTANT_DEPTH || !pure_eval(&own, expression, value))
        return false;
    if (node_is_null(type))
        return true;
    struct pure_value typed = {0};
    bool known = pure_type_of(frame->shape, shape_text(frame->shape, type), &typed.type);
    if (!known || !pure_assign(&typed, *value))
        return false;
    *value = typed;
    return true;
}

static bool
eval_name(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    struct str name = shape_text(frame->shape, node);
    const struct pure_value *bound = pure_find(frame, name);

    if (bound != NULL) {
        *value = *bound;
        return true;
    }
    return eval_constant(frame, name, value);
}

static bool
eval_unary(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    struct str operator= shape_operator(frame->shape, node);
    struct pure_value operand;

    if (!pure_eval(frame, node_field(node, "operand"), &operand))
        return false;
    if (str_is(operator, "!") && operand.type.is_bool) {
        *value = (struct pure_value){boolean, operand.number == 0};
        return true;
    }
    if (operand.type.is_bool)
        return false;
    if (str_is(operator, "-"))
        *value = pure_value_of(operand.type, -operand.number);
    else if (str_is(operator, "^"))
        *value = pure_value_of(operand.type, ~operand.number);
    else if (str_is(operator, "+"))
        *value = operand;
    else
        return false;
    return true;
}

static bool
eval_binary(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    struct str operator= shape_operator(frame->shape, node);
    struct pure_value left, right;

    if (!pure_eval(frame, node_field(node, "left"), &left))
        return false;
    bool and = str_is(operator, "&&"), or = str_is(operator, "||");
    if ((and || or) && left.type.is_bool && (left.number != 0) == or) {
        *value = left;
        return true;
    }
    return pure_eval(frame, node_field(node, "right"), &right) && pure_binary(operator, left, right, value);
}

static bool
convert(struct pure_type type, struct pure_value from, struct pure_value *value)
{
    if (type.is_bool != from.type.is_bool)
        return false;
    *value = pure_value_of(type, from.number);
    return !from.type.is_untyped || value->number == from.number; // a constant must fit
}

static bool
eval_call(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    struct node callee = node_field(node, "function"), list = node_field(node, "arguments");
    struct pure_value arguments[ARGUMENTS_MAX];
    size_t count = node_count(list);
    struct pure_type type;

    if (node_is(callee, "selector_expression"))
        return pure_library(frame, node, value);
    struct str name = shape_text(frame->shape, callee);
    if (!node_is(callee, "identifier") || count > ARGUMENTS_MAX || pure_find(frame, name) != NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!pure_eval(frame, node_child(list, i), &arguments[i]))
            return false;
    const struct function *function = shape_function(frame->shape, name);
    if (function != NULL)
        return pure_call(frame, function, arguments, count, value);
    return count == 1 && pure_type_of(frame->shape, name, &type) && convert(type, arguments[0], value);
}

// An element of a table of the file, or the element that the frame knows.
static bool
eval_index(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    struct node operand = node_field(node, "operand"), index = node_field(node, "index");
    struct str base = shape_text(frame->shape, operand);
    struct pure_value at;
    struct node element;
    struct str type;

    if (frame->element_base.len > 0 && str_eq(base, frame->element_base) &&
        str_eq(shape_text(frame->shape, index), frame->element_index)) {
        *value = frame->element;
        return true;
    }
    if (!node_is(operand, "identifier") || pure_find(frame, base) != NULL || !pure_eval(frame, index, &at) ||
        at.type.is_bool || at.number < 0 || at.number > UINT32_MAX ||
        !go_table_element(frame->shape, base, (size_t)at.number, &element, &type) ||
        !pure_type_of(frame->shape, type, &value->type))
        return false;
    value->number = 0;
    if (node_is_null(element))
        return true;
    struct pure_frame own = pure_frame_of(frame->shape, frame->steps);
    struct pure_value content;
    own.depth = frame->depth + 1;
    return own.depth <= CONSTANT_DEPTH && pure_eval(&own, element, &content) && pure_assign(value, content);
}

bool
pure_eval(struct pure_frame *frame, struct node expression, struct pure_value *value)
{
    struct node node = expression;
    __int128 number;

    while (node_is(node, "parenthesized_expression") && node_count(node) == 1)
        node = node_child(node, 0);
    if (node_is_null(node) || !spend(frame))
        return false;
    if (node_is(node, "int_literal") || node_is(node, "rune_literal")) {
        bool known = go_literal(shape_text(frame->shape, node), &number);
        *value = (struct pure_value){untyped, number};
        return known;
    }
    if (node_is(node, "identifier"))
        return eval_name(frame, node, value);
    if (node_is(node, "true") || node_is(node, "false")) {
        *value = (struct pure_value){boolean, node_is(node, "true")};
        return true;
    }
    if (node_is(node, "unary_expression"))
        return eval_unary(frame, node, value);
    if (node_is(node, "binary_expression"))
        return eval_binary(frame, node, value);
    if (node_is(node, "call_expression"))
        return eval_call(frame, node, value);
    if (node_is(node, "selector_expression"))
        return pure_library(frame, node, value);
    return node_is(node, "index_expression") && eval_index(frame, node, value);
}
