// SPDX-License-Identifier: Apache-2.0
// Types, numbers and operators of go_pure.h.
#include "steps/island-evolve/go_pure.h"

#include "steps/island-evolve/go_shape.h"

#include <string.h>

static const struct named_type {
    const char *name;
    struct pure_type type;
} basic_types[] = {
    {"bool", {.is_bool = true, .bits = 1}},
    {"byte", {.bits = 8}},
    {"uint8", {.bits = 8}},
    {"uint16", {.bits = 16}},
    {"uint32", {.bits = 32}},
    {"uint64", {.bits = 64}},
    {"uint", {.bits = 64}},
    {"int8", {.bits = 8, .is_signed = true}},
    {"int16", {.bits = 16, .is_signed = true}},
    {"int32", {.bits = 32, .is_signed = true}},
    {"rune", {.bits = 32, .is_signed = true}},
    {"int64", {.bits = 64, .is_signed = true}},
    {"int", {.bits = 64, .is_signed = true}},
};

enum { NAMES_DEPTH = 4 };

static bool
resolve(const struct shape *shape, struct str text, unsigned depth, struct pure_type *type)
{
    for (size_t i = 0; i < sizeof basic_types / sizeof *basic_types; i++) {
        if (str_is(text, basic_types[i].name)) {
            *type = basic_types[i].type;
            return true;
        }
    }
    if (depth == 0)
        return false;
    struct node root = syntax_root(shape->syntax);
    for (size_t i = 0; i < node_count(root); i++) {
        struct node declaration = node_child(root, i);
        for (size_t k = 0; node_is(declaration, "type_declaration") && k < node_count(declaration); k++) {
            struct node spec = node_child(declaration, k);
            if (str_eq(shape_text(shape, node_field(spec, "name")), text) &&
                node_is_null(node_field(spec, "type_parameters")))
                return resolve(shape, str_of(go_plain(shape, shape_text(shape, node_field(spec, "type")))),
                               depth - 1, type);
        }
    }
    return false;
}

bool
pure_type_of(const struct shape *shape, struct str text, struct pure_type *type)
{
    return resolve(shape, text, NAMES_DEPTH, type);
}

struct pure_value
pure_value_of(struct pure_type type, __int128 number)
{
    if (type.is_untyped || type.is_bool)
        return (struct pure_value){type, number};
    unsigned __int128 mask = ((unsigned __int128)1 << type.bits) - 1;
    unsigned __int128 low = (unsigned __int128)number & mask;
    if (type.is_signed && (low >> (type.bits - 1)) != 0)
        return (struct pure_value){type, (__int128)(low | ~mask)};
    return (struct pure_value){type, (__int128)low};
}

static bool
same_type(struct pure_type a, struct pure_type b)
{
    return a.bits == b.bits && a.is_signed == b.is_signed && a.is_bool == b.is_bool;
}

bool
pure_assign(struct pure_value *to, struct pure_value from)
{
    if (from.type.is_untyped && !to->type.is_untyped) {
        struct pure_value fitted = pure_value_of(to->type, from.number);
        if (to->type.is_bool != from.type.is_bool || fitted.number != from.number)
            return false;
        *to = fitted;
        return true;
    }
    if (!to->type.is_untyped && !same_type(to->type, from.type))
        return false;
    to->number = from.number;
    return true;
}

struct pure_frame
pure_frame_of(const struct shape *shape, unsigned *steps)
{
    return (struct pure_frame){.shape = shape, .steps = steps};
}

bool
pure_bind(struct pure_frame *frame, struct str name, struct pure_value value)
{
    if (frame->count == PURE_BINDINGS_MAX)
        return false;
    frame->items[frame->count].name = name;
    frame->items[frame->count++].value = value;
    return true;
}

struct pure_value *
pure_find(struct pure_frame *frame, struct str name)
{
    for (size_t i = frame->count; i > 0; i--)
        if (str_eq(frame->items[i - 1].name, name))
            return &frame->items[i - 1].value;
    return NULL;
}

// ---- operators ----

static bool
fits_untyped(__int128 number)
{
    return number >= -((__int128)1 << 63) && number < (__int128)1 << 64;
}

static bool
shift(bool left, struct pure_value value, struct pure_value by, struct pure_value *result)
{
    if (by.type.is_bool || by.number < 0 || value.type.is_bool ||
        (value.type.is_untyped && !by.type.is_untyped))
        return false;
    unsigned limit = value.type.is_untyped ? 64 : value.type.bits;
    unsigned count = by.number > limit ? limit : (unsigned)by.number;
    if (left && value.type.is_untyped && count >= 64)
        return false;
    // The left shift is of the bits, which a negative number in C would not promise.
    __int128 number = left ? (__int128)((unsigned __int128)value.number << count) : value.number >> count;
    *result = pure_value_of(value.type, number);
    return !value.type.is_untyped || fits_untyped(number);
}

static bool
compare(const char *operator, __int128 a, __int128 b, bool *result)
{
    if (strcmp(operator, "==") == 0)
        *result = a == b;
    else if (strcmp(operator, "!=") == 0)
        *result = a != b;
    else if (strcmp(operator, "<") == 0)
        *result = a < b;
    else if (strcmp(operator, "<=") == 0)
        *result = a <= b;
    else if (strcmp(operator, ">") == 0)
        *result = a > b;
    else if (strcmp(operator, ">=") == 0)
        *result = a >= b;
    else
        return false;
    return true;
}

static bool
arithmetic(const char *operator, __int128 a, __int128 b, __int128 *result)
{
    // Operands have at most 64 bits and a sign; the product is cut to the type's bits anyway.
    if (strcmp(operator, "+") == 0)
        *result = a + b;
    else if (strcmp(operator, "-") == 0)
        *result = a - b;
    else if (strcmp(operator, "*") == 0)
        *result = (__int128)((unsigned __int128)a * (unsigned __int128)b);
    else if (strcmp(operator, "&") == 0)
        *result = a & b;
    else if (strcmp(operator, "|") == 0)
        *result = a | b;
    else if (strcmp(operator, "^") == 0)
        *result = a ^ b;
    else if (strcmp(operator, "&^") == 0)
        *result = a & ~b;
    else if (strcmp(operator, "/") == 0 && b != 0)
        *result = a / b;
    else if (strcmp(operator, "%") == 0 && b != 0)
        *result = a % b;
    else
        return false;
    return true;
}

bool
pure_binary(struct str operator, struct pure_value left, struct pure_value right, struct pure_value *value)
{
    char text[4] = "";
    bool truth;
    __int128 number;

    if (operator.len == 0 || operator.len >= sizeof text)
        return false;
    memcpy(text, operator.ptr, operator.len);
    if (strcmp(text, "<<") == 0 || strcmp(text, ">>") == 0)
        return shift(text[0] == '<', left, right, value);
    if (left.type.is_untyped && !right.type.is_untyped) {
        struct pure_value fitted = {right.type, 0};
        if (!pure_assign(&fitted, left))
            return false;
        left = fitted;
    } else if (!left.type.is_untyped) {
        struct pure_value fitted = {left.type, 0};
        if (!pure_assign(&fitted, right))
            return false;
        right = fitted;
    }
    struct pure_type boolean = {.bits = 1, .is_bool = true};
    if (left.type.is_bool) {
        if (strcmp(text, "&&") == 0)
            truth = left.number != 0 && right.number != 0;
        else if (strcmp(text, "||") == 0)
            truth = left.number != 0 || right.number != 0;
        else if ((text[0] != '=' && text[0] != '!') || !compare(text, left.number, right.number, &truth))
            return false;
        *value = (struct pure_value){boolean, truth};
        return true;
    }
    if (compare(text, left.number, right.number, &truth)) {
        *value = (struct pure_value){boolean, truth};
        return true;
    }
    if (!arithmetic(text, left.number, right.number, &number))
        return false;
    *value = pure_value_of(left.type, number);
    return !left.type.is_untyped || fits_untyped(number);
}
