// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/byte_table.h"

#include "steps/island-evolve/table.h"

#include <string.h>

bool
byte_type(const struct shape_type *type)
{
    return type->known && type->pointers == 0 && type->base.size == 1 && !type->base.is_real &&
           strstr(type->base.element, "ool") == NULL;
}

const char *
byte_index(const struct shape *shape, struct node argument)
{
    struct node node = shape_strip(argument, false);
    struct shape_type type = shape_type(shape, node);
    struct str text = shape_text(shape, node);

    if (byte_type(&type) && !type.base.is_signed && strcmp(type.base.element, "char") != 0)
        return arena_str(shape->arena, text);
    bool simple = node_is(node, "identifier") || node_is(node, "subscript_expression") ||
                  node_is(node, "call_expression") || node_is(node, "pointer_expression") ||
                  node_is(node, "cast_expression");
    return arena_printf(shape->arena, simple ? "(unsigned char)%.*s" : "(unsigned char)(%.*s)",
                        STR_ARG(text));
}

int
byte_table_write(const struct shape *shape, struct str prelude, const struct shape_type *type,
                 const char *expression, const struct shape_type *result, const char *name,
                 const char *comment, struct buf *text, struct err *err)
{
    uint64_t values[256];
    const char *body = arena_printf(
        shape->arena, "const uint64_t atoll_x = x;\nconst %s atoll_byte = (%s)atoll_x;\ny = (uint64_t)(%s);",
        type->base.element, type->base.element, expression);
    int found = oracle_evaluate(shape->mutation->oracle, prelude, str_of(body), 256, values, err);

    if (found <= 0)
        return found;
    // A plain int may stand in a narrower type, which C promotes to int again; anything else keeps its own.
    bool is_int = result->known && result->pointers == 0 && result->base.size == 4 &&
                  result->base.is_signed && !result->base.is_real;
    if (!is_int && (!result->known || result->pointers > 0 || result->base.is_real || result->text.len == 0))
        return 0;
    table_write(&(struct table){.comment = comment,
                                .type = is_int ? table_element(values) : shape_type_name(shape, result),
                                .name = name,
                                .unit = shape_indent_unit(shape),
                                .values = values,
                                .rows = 1},
                text);
    return 1;
}
