// SPDX-License-Identifier: Apache-2.0
// Types of expressions for go_shape.h.
#include "steps/island-evolve/go_shape.h"

#include "steps/island-evolve/go_pure.h"
#include "steps/island-evolve/lexeme.h"
#include "steps/shared/target/go/function.h"

#include <string.h>

enum { TYPE_DEPTH = 12 };

static const char *type_of(const struct shape *shape, struct node expression, unsigned depth);

const char *
go_element_text(const struct shape *shape, const char *type)
{
    (void)shape;
    if (strcmp(type, "string") == 0)
        return "byte";
    const char *close = type[0] == '[' ? strchr(type, ']') : NULL;
    return close != NULL ? close + 1 : "";
}

const char *
go_plain(const struct shape *shape, struct str text)
{
    AUTO_BUF plain = BUF(1 << 16);
    bool after_word = false;

    for (struct lexeme next = lexeme_next(&text); next.kind != LEXEME_END; next = lexeme_next(&text)) {
        bool is_word = next.kind == LEXEME_WORD || next.kind == LEXEME_NUMBER;
        if (after_word && is_word)
            buf_putc(&plain, ' ');
        buf_add_str(&plain, next.text);
        after_word = is_word;
    }
    return arena_str(shape->arena, buf_str(&plain));
}

static const char *
plain_text(const struct shape *shape, struct node node)
{
    return go_plain(shape, shape_text(shape, node));
}

static const char *
range_type(const struct shape *shape, const struct go_variable *variable, unsigned depth)
{
    const char *over = type_of(shape, variable->value, depth);
    bool is_number = node_is(go_strip(variable->value), "int_literal") || strcmp(over, "int") == 0;

    if (variable->origin == GO_RANGE_KEY)
        return is_number || strcmp(over, "string") == 0 || over[0] == '[' ? "int" : "";
    return strcmp(over, "string") == 0 ? "rune" : go_element_text(shape, over);
}

static const char *
name_type(const struct shape *shape, struct node name, unsigned depth)
{
    struct go_variable variable;
    struct node type;

    if (!go_variable(shape, name, shape_text(shape, name), &variable)) {
        (void)go_constant(shape, shape_text(shape, name), &type);
        return node_is_null(type) ? "" : plain_text(shape, type);
    }
    if (!node_is_null(variable.type)) {
        bool several = node_is(variable.declaration, "variadic_parameter_declaration");
        return arena_printf(shape->arena, "%s%s", several ? "[]" : "", plain_text(shape, variable.type));
    }
    if (variable.origin == GO_RANGE_KEY || variable.origin == GO_RANGE_VALUE)
        return range_type(shape, &variable, depth);
    if (node_is_null(variable.value))
        return "";
    if (node_is(go_strip(variable.value), "int_literal"))
        return "int";
    if (node_is(go_strip(variable.value), "rune_literal"))
        return "rune";
    return type_of(shape, variable.value, depth);
}

static const char *
call_type(const struct shape *shape, struct node call, unsigned depth)
{
    struct node callee = node_field(call, "function");
    struct str name = shape_text(shape, callee);
    const struct function *function = shape_function(shape, name);
    struct go_function head;
    struct err ignored;
    struct pure_type basic;

    if (!node_is(callee, "identifier"))
        return "";
    if (function != NULL) {
        if (go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0 ||
            head.result_count != 1)
            return "";
        return go_plain(shape, str_of(head.results[0].type));
    }
    if (str_is(name, "len") || str_is(name, "cap") || str_is(name, "copy"))
        return "int";
    if (str_is(name, "append"))
        return type_of(shape, go_argument(call, 0), depth);
    if (str_is(name, "make"))
        return plain_text(shape, go_argument(call, 0));
    if (str_is(name, "string") || pure_type_of(shape, name, &basic))
        return arena_str(shape->arena, name);
    return "";
}

static const char *
binary_type(const struct shape *shape, struct node node, unsigned depth)
{
    static const char *const truths[] = {"==", "!=", "<", "<=", ">", ">=", "&&", "||"};
    struct str operator= shape_operator(shape, node);

    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        if (str_is(operator, truths[i]))
            return "bool";
    const char *left = type_of(shape, node_field(node, "left"), depth);
    bool is_shift = str_is(operator, "<<") || str_is(operator, ">>");
    return *left != '\0' || is_shift ? left : type_of(shape, node_field(node, "right"), depth);
}

static const char *
type_of(const struct shape *shape, struct node expression, unsigned depth)
{
    struct node node = go_strip(expression);

    if (depth == 0 || node_is_null(node))
        return "";
    depth--;
    if (node_is(node, "identifier"))
        return name_type(shape, node, depth);
    if (node_is(node, "call_expression"))
        return call_type(shape, node, depth);
    if (node_is(node, "binary_expression"))
        return binary_type(shape, node, depth);
    if (node_is(node, "index_expression"))
        return go_element_text(shape, type_of(shape, node_field(node, "operand"), depth));
    if (node_is(node, "composite_literal") || node_is(node, "type_conversion_expression"))
        return plain_text(shape, node_field(node, "type"));
    if (node_is(node, "interpreted_string_literal") || node_is(node, "raw_string_literal"))
        return "string";
    if (node_is(node, "true") || node_is(node, "false"))
        return "bool";
    if (node_is(node, "slice_expression")) {
        const char *type = type_of(shape, node_field(node, "operand"), depth);
        const char *element = strcmp(type, "string") == 0 ? "" : go_element_text(shape, type);
        return *element != '\0' ? arena_printf(shape->arena, "[]%s", element) : type;
    }
    if (node_is(node, "unary_expression") && !str_is(shape_operator(shape, node), "&") &&
        !str_is(shape_operator(shape, node), "<-") && !str_is(shape_operator(shape, node), "*"))
        return type_of(shape, node_field(node, "operand"), depth);
    return "";
}

const char *
go_type_text(const struct shape *shape, struct node expression)
{
    return type_of(shape, expression, TYPE_DEPTH);
}
