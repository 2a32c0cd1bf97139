// SPDX-License-Identifier: Apache-2.0
// Expressions against a scope. The tree's size is bounded by the grammar, so recursion is too.
#include "workflow/grammar.h"

#include <math.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

struct evaluation {
    const struct scope *scope;
    struct str key;
    struct problems *problems;
};

static json_t *evaluate(const struct evaluation *e, const struct expression_node *node);

#define fail(e, node, ...) (problems_add((e)->problems, (node)->mark, (e)->key, __VA_ARGS__), NULL)

static struct str
text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

bool
expression_truth(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    if (json_is_number(value))
        return fpclassify(json_number_value(value)) != FP_ZERO;
    return value && !json_is_null(value) && !json_is_false(value);
}

void
expression_text(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        buf_add_str(out, text_of(value));
    else if (json_is_boolean(value))
        buf_puts(out, json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        buf_printf(out, "%lld", (long long)json_integer_value(value));
    else if (value && !json_is_null(value)) {
        char *text = json_compact(value);
        buf_puts(out, text);
        free(text);
    }
}

static const char *
kind_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "a mapping",    [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number",    [JSON_REAL] = "a number", [JSON_TRUE] = "a truth value",
        [JSON_FALSE] = "a truth value", [JSON_NULL] = "null",
    };
    return names[json_typeof(value)];
}

// ---- paths

static json_t *
member(json_t *value, const struct reference_part *part)
{
    return part->name.ptr ? json_object_get(value, part->name.ptr) : json_array_get(value, part->index);
}

static json_t *
walk(const json_t *value, const struct reference *path)
{
    json_t *at = (json_t *)(uintptr_t)value; // references are counted; the value itself is not changed
    for (size_t i = 0; at && i < path->count; i++)
        at = member(at, &path->parts[i]);
    return at ? json_incref(at) : json_null();
}

static json_t *
environment(const struct scope *scope, const struct reference *path)
{
    if (!scope->host || path->count != 1 || !path->parts[0].name.ptr)
        return json_null();
    const char *text = scope->host->env(scope->host->context, path->parts[0].name.ptr);
    return text ? json_text(str_of(text)) : json_null();
}

static json_t *
follow(const struct scope *scope, const struct reference *path)
{
    switch (path->root) {
    case ROOT_STEPS:
        return walk(scope->steps, path);
    case ROOT_VARS:
        return walk(scope->vars, path);
    case ROOT_ENV:
        return environment(scope, path);
    case ROOT_RUN:
        return walk(scope->run, path);
    case ROOT_ITEM:
        return walk(scope->item, path);
    case ROOT_INDEX:
        return json_integer(scope->index);
    }
    return json_null();
}

// ---- comparison

static bool
number_of(const json_t *value, double *number)
{
    if (json_is_string(value))
        return str_to_double(text_of(value), number);
    *number = json_number_value(value);
    return json_is_number(value);
}

static bool
equal(const json_t *a, const json_t *b)
{
    double left = 0, right = 0;
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) || json_is_number(b))
        return number_of(a, &left) && number_of(b, &right) && !islessgreater(left, right);
    if (json_is_string(a) && json_is_boolean(b))
        return str_is(text_of(a), json_is_true(b) ? "true" : "false");
    if (json_is_boolean(a) && json_is_string(b))
        return equal(b, a);
    return json_equal(a, b) == 1;
}

// Order of two values: < 0, 0, > 0. False when they have none.
static bool
order(const json_t *a, const json_t *b, int *result)
{
    double left = 0, right = 0;
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);
        *result = (x > y) - (x < y);
        return true;
    }
    if (json_is_string(a) && json_is_string(b)) {
        *result = str_compare(text_of(a), text_of(b));
        return true;
    }
    if (!number_of(a, &left) || !number_of(b, &right))
        return false;
    *result = (left > right) - (left < right);
    return true;
}

static json_t *
compare(const struct evaluation *e, const struct expression_node *node, const json_t *a, const json_t *b)
{
    int result = 0;
    if (node->kind == GRAMMAR_EQUAL || node->kind == GRAMMAR_UNEQUAL)
        return json_boolean(equal(a, b) == (node->kind == GRAMMAR_EQUAL));
    if (!order(a, b, &result))
        return fail(e, node, "%s and %s have no order", kind_name(a), kind_name(b));
    if (node->kind == GRAMMAR_LESS)
        return json_boolean(result < 0);
    if (node->kind == GRAMMAR_AT_MOST)
        return json_boolean(result <= 0);
    return json_boolean(node->kind == GRAMMAR_MORE ? result > 0 : result >= 0);
}

// ---- functions

static json_t *
length(const struct evaluation *e, const struct expression_node *node, const json_t *value)
{
    if (json_is_array(value))
        return json_integer((json_int_t)json_array_size(value));
    if (json_is_object(value))
        return json_integer((json_int_t)json_object_size(value));
    if (json_is_null(value))
        return json_integer(0);
    if (!json_is_string(value))
        return fail(e, node, "length(x): expected a text, a list or a mapping, got %s", kind_name(value));
    json_int_t characters = 0;
    struct str text = text_of(value);
    for (size_t i = 0; i < text.len; i++)
        characters += ((unsigned char)text.ptr[i] & 0xC0U) != 0x80U;
    return json_integer(characters);
}

static json_t *
contains(const struct evaluation *e, const struct expression_node *node, const json_t *whole,
         const json_t *part)
{
    if (json_is_null(whole))
        return json_false();
    if (json_is_string(whole) && !json_is_array(part) && !json_is_object(part)) {
        AUTO_BUF text = BUF(TEXT_MAX_BYTES);
        expression_text(part, &text);
        return json_boolean(str_find(text_of(whole), buf_str(&text)) >= 0);
    }
    if (json_is_object(whole) && json_is_string(part))
        return json_boolean(json_object_get(whole, json_string_value(part)) != NULL);
    if (!json_is_array(whole))
        return fail(e, node, "contains(a, b): %s cannot contain %s", kind_name(whole), kind_name(part));
    for (size_t i = 0; i < json_array_size(whole); i++)
        if (equal(json_array_get(whole, i), part))
            return json_true();
    return json_false();
}

static json_t *
first(const struct evaluation *e, const struct expression_node *node, const json_t *list)
{
    if (!json_is_array(list) && !json_is_null(list))
        return fail(e, node, "first(list): expected a list, got %s", kind_name(list));
    json_t *value = json_array_get(list, 0);
    return value ? json_incref(value) : json_null();
}

static json_t *
join(const struct evaluation *e, const struct expression_node *node, const json_t *list,
     const json_t *separator)
{
    if (!json_is_array(list) && !json_is_null(list))
        return fail(e, node, "join(list, separator): expected a list, got %s", kind_name(list));
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0 && separator)
            expression_text(separator, &text);
        else if (i > 0)
            buf_puts(&text, ", ");
        expression_text(json_array_get(list, i), &text);
    }
    if (text.full)
        return fail(e, node, "join(list, separator): the text is larger than %d bytes", TEXT_MAX_BYTES);
    return json_text(buf_str(&text));
}

static json_t *
apply(const struct evaluation *e, const struct expression_node *node, const json_t *a, const json_t *b)
{
    switch (node->function) {
    case FUNCTION_LENGTH:
        return length(e, node, a);
    case FUNCTION_CONTAINS:
        return contains(e, node, a, b);
    case FUNCTION_FIRST:
        return first(e, node, a);
    case FUNCTION_JOIN:
        return join(e, node, a, b);
    case FUNCTION_SUCCESS:
        return json_boolean(!e->scope->failed);
    case FUNCTION_FAILURE:
        return json_boolean(e->scope->failed);
    case FUNCTION_ALWAYS:
    case FUNCTION_COUNT:
        break;
    }
    return json_true();
}

static json_t *
call(const struct evaluation *e, const struct expression_node *node)
{
    json_t *arguments[2] = {NULL, NULL};
    for (size_t i = 0; i < node->operand_count; i++) {
        arguments[i] = evaluate(e, node->operands[i]);
        if (!arguments[i]) {
            json_decref(arguments[0]);
            return NULL;
        }
    }
    json_t *result = apply(e, node, arguments[0], arguments[1]);
    json_decref(arguments[0]);
    json_decref(arguments[1]);
    return result;
}

// ---- the tree

static json_t *
either(const struct evaluation *e, const struct expression_node *node)
{
    AUTO_JSON *left = evaluate(e, node->operands[0]);
    if (!left)
        return NULL;
    if (expression_truth(left) == (node->kind == GRAMMAR_OR))
        return json_incref(left);
    return evaluate(e, node->operands[1]);
}

static json_t *
both(const struct evaluation *e, const struct expression_node *node)
{
    AUTO_JSON *left = evaluate(e, node->operands[0]);
    AUTO_JSON *right = left ? evaluate(e, node->operands[1]) : NULL;
    return right ? compare(e, node, left, right) : NULL;
}

static json_t *
evaluate(const struct evaluation *e, const struct expression_node *node)
{
    switch (node->kind) {
    case GRAMMAR_NULL:
        return json_null();
    case GRAMMAR_BOOL:
        return json_boolean(node->truth);
    case GRAMMAR_INT:
        return json_integer(node->integer);
    case GRAMMAR_REAL:
        return json_real(node->real);
    case GRAMMAR_TEXT:
        return json_text(node->text);
    case GRAMMAR_PATH:
        return follow(e->scope, &node->path);
    case GRAMMAR_NOT: {
        AUTO_JSON *value = evaluate(e, node->operands[0]);
        return value ? json_boolean(!expression_truth(value)) : NULL;
    }
    case GRAMMAR_AND:
    case GRAMMAR_OR:
        return either(e, node);
    case GRAMMAR_EQUAL:
    case GRAMMAR_UNEQUAL:
    case GRAMMAR_LESS:
    case GRAMMAR_AT_MOST:
    case GRAMMAR_MORE:
    case GRAMMAR_AT_LEAST:
        return both(e, node);
    case GRAMMAR_CALL:
        return call(e, node);
    }
    return json_null();
}

json_t *
expression_value(const struct expression *expression, const struct scope *scope, struct str key,
                 struct problems *problems)
{
    const struct evaluation e = {.scope = scope, .key = key, .problems = problems};
    if (expression->whole)
        return evaluate(&e, expression->whole);
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    for (size_t i = 0; i < expression->piece_count; i++) {
        const struct expression_piece *piece = &expression->pieces[i];
        AUTO_JSON *value = piece->node ? evaluate(&e, piece->node) : NULL;
        if (piece->node && !value)
            return NULL;
        if (value)
            expression_text(value, &text);
        else
            buf_add_str(&text, piece->text);
    }
    if (!text.full)
        return json_text(buf_str(&text));
    problems_add(problems, expression->mark, key, "the text is larger than %d bytes", TEXT_MAX_BYTES);
    return NULL;
}

json_t *
expression_evaluate(const struct expression *expression, const struct scope *scope, struct err *err)
{
    AUTO_PROBLEMS problems = {0};
    json_t *value = expression_value(expression, scope, STR("expression"), &problems);
    if (!value)
        problems_err(&problems, err);
    return value;
}
