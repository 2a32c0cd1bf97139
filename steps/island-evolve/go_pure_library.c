// SPDX-License-Identifier: Apache-2.0
// What go_pure.h knows of Go's library: for ASCII its answers are fixed by the language's documentation.
#include "steps/island-evolve/go_literal.h"
#include "steps/island-evolve/go_pure.h"
#include "steps/island-evolve/go_shape.h"

#include <ctype.h>
#include <string.h>

enum { ASCII_END = 0x80, TEXT_MAX_BYTES = 4096 };

static const struct pure_type boolean = {.bits = 1, .is_bool = true};
static const struct pure_type int_type = {.bits = 64, .is_signed = true};
static const struct pure_type rune_type = {.bits = 32, .is_signed = true};

static const struct constant {
    const char *package, *name;
    __int128 number;
} constants[] = {
    {"unicode/utf8", "RuneSelf", 0x80}, {"unicode/utf8", "RuneError", 0xfffd},
    {"unicode/utf8", "UTFMax", 4},      {"unicode", "MaxASCII", 0x7f},
    {"unicode", "MaxLatin1", 0xff},     {"unicode", "MaxRune", 0x10ffff},
    {"math", "MaxUint8", 0xff},         {"math", "MaxUint16", 0xffff},
    {"math", "MaxUint32", 0xffffffff},  {"math", "MaxInt32", 0x7fffffff},
};

// Whether a selector_expression is PACKAGE.something of an imported package.
static bool
is_package(const struct pure_frame *frame, struct node selector, const char *path)
{
    struct str name = go_import(frame->shape, path);
    struct node operand = node_field(selector, "operand");

    return name.len > 0 && go_is_name(frame->shape, operand, name);
}

static bool
is_punctuation(int c)
{
    return c != 0 && strchr("!\"#%&'()*,-./:;?@[\\]_{}", c) != NULL;
}

static bool
classify(struct str name, int c, struct pure_value *value)
{
    int answer = 0;

    if (str_is(name, "IsLetter"))
        answer = isalpha(c) != 0;
    else if (str_is(name, "IsDigit") || str_is(name, "IsNumber"))
        answer = isdigit(c) != 0;
    else if (str_is(name, "IsUpper"))
        answer = isupper(c) != 0;
    else if (str_is(name, "IsLower"))
        answer = islower(c) != 0;
    else if (str_is(name, "IsSpace"))
        answer = c == ' ' || (c >= '\t' && c <= '\r');
    else if (str_is(name, "IsControl"))
        answer = c < 0x20 || c == 0x7f;
    else if (str_is(name, "IsPunct"))
        answer = is_punctuation(c);
    else if (str_is(name, "ToLower"))
        *value = (struct pure_value){rune_type, tolower(c)};
    else if (str_is(name, "ToUpper"))
        *value = (struct pure_value){rune_type, toupper(c)};
    else
        return false;
    if (str_starts(name, STR("Is")))
        *value = (struct pure_value){boolean, answer};
    return true;
}

// strings.IndexByte("abc", c), strings.ContainsRune("abc", r), strings.IndexRune("abc", r).
static bool
search_text(struct pure_frame *frame, struct str name, struct node call, struct pure_value *value)
{
    struct node text = go_strip(go_argument(call, 0)), type;
    struct pure_value wanted;
    AUTO_BUF content = BUF(TEXT_MAX_BYTES);

    if (node_is(text, "identifier") && pure_find(frame, shape_text(frame->shape, text)) == NULL)
        text = go_constant(frame->shape, shape_text(frame->shape, text), &type);
    if (node_is_null(text) || !go_literal_text(shape_text(frame->shape, text), &content) ||
        !pure_eval(frame, go_argument(call, 1), &wanted) || wanted.type.is_bool)
        return false;
    bool in_range = wanted.number >= 0 && wanted.number < ASCII_END;
    if (!in_range && !(str_is(name, "IndexByte") && wanted.number <= 0xff && wanted.number >= 0))
        return false;
    ptrdiff_t at = str_find_byte(buf_str(&content), (char)(unsigned char)wanted.number);
    if (str_is(name, "ContainsRune"))
        *value = (struct pure_value){boolean, at >= 0};
    else if (str_is(name, "IndexByte") || str_is(name, "IndexRune"))
        *value = (struct pure_value){int_type, at};
    else
        return false;
    return true;
}

bool
pure_library(struct pure_frame *frame, struct node node, struct pure_value *value)
{
    bool is_call = node_is(node, "call_expression");
    struct node selector = is_call ? node_field(node, "function") : node;
    struct str name = shape_text(frame->shape, node_field(selector, "field"));
    struct pure_value argument;

    if (!is_call) {
        for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
            if (!str_is(name, constants[i].name) || !is_package(frame, selector, constants[i].package))
                continue;
            *value =
                (struct pure_value){{.bits = 64, .is_signed = true, .is_untyped = true}, constants[i].number};
            return true;
        }
        return false;
    }
    size_t count = node_count(node_field(node, "arguments"));
    if (is_package(frame, selector, "strings") && count == 2)
        return search_text(frame, name, node, value);
    return is_package(frame, selector, "unicode") && count == 1 &&
           pure_eval(frame, go_argument(node, 0), &argument) && !argument.type.is_bool &&
           argument.number >= 0 && argument.number < ASCII_END && classify(name, (int)argument.number, value);
}
