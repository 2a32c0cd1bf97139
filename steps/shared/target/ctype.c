// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/ctype.h"

#include <limits.h>
#include <string.h>

enum { TYPEDEF_DEPTH = 16 };

static const struct ctype standard[] = {
    {"void", 0, false, false},         {"char", 1, CHAR_MIN < 0, false},
    {"bool", 1, false, false},         {"_Bool", 1, false, false},
    {"float", 4, true, true},          {"double", 8, true, true},
    {"int8_t", 1, true, false},        {"uint8_t", 1, false, false},
    {"int16_t", 2, true, false},       {"uint16_t", 2, false, false},
    {"int32_t", 4, true, false},       {"uint32_t", 4, false, false},
    {"int64_t", 8, true, false},       {"uint64_t", 8, false, false},
    {"size_t", 8, false, false},       {"ssize_t", 8, true, false},
    {"ptrdiff_t", 8, true, false},     {"intptr_t", 8, true, false},
    {"uintptr_t", 8, false, false},    {"intmax_t", 8, true, false},
    {"uintmax_t", 8, false, false},    {"off_t", 8, true, false},
    {"time_t", 8, true, false},        {"wchar_t", 4, true, false},
    {"char16_t", 2, false, false},     {"char32_t", 4, false, false},
    {"int_least8_t", 1, true, false},  {"uint_least8_t", 1, false, false},
    {"int_least16_t", 2, true, false}, {"uint_least16_t", 2, false, false},
    {"int_least32_t", 4, true, false}, {"uint_least32_t", 4, false, false},
    {"int_least64_t", 8, true, false}, {"uint_least64_t", 8, false, false},
    {"int_fast8_t", 1, true, false},   {"uint_fast8_t", 1, false, false},
    {"int_fast16_t", 8, true, false},  {"uint_fast16_t", 8, false, false},
    {"int_fast32_t", 8, true, false},  {"uint_fast32_t", 8, false, false},
    {"int_fast64_t", 8, true, false},  {"uint_fast64_t", 8, false, false},
    {"__int8_t", 1, true, false},      {"__uint8_t", 1, false, false},
    {"u_char", 1, false, false},       {"u_int", 4, false, false},
    {"uint", 4, false, false},         {"ushort", 2, false, false},
    {"ulong", 8, false, false},
};

// The words of a type such as "unsigned long int".
struct words {
    unsigned is_unsigned, is_signed, is_short, is_long, is_int, is_char, is_other;
    struct str other; // the last word that is none of these
    struct str tag;   // kind of a tagged type: "struct", "union", "enum"
};

static bool
ignored(struct str word)
{
    static const char *const qualifiers[] = {
        "const",  "volatile", "restrict", "__restrict",    "__restrict__", "register",    "static",
        "inline", "extern",   "_Atomic",  "__extension__", "__const",      "__volatile__"};

    for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++) {
        if (str_is(word, qualifiers[i]))
            return true;
    }
    return false;
}

static void
add_word(struct words *words, struct str word)
{
    if (ignored(word))
        return;
    if (str_is(word, "unsigned"))
        words->is_unsigned++;
    else if (str_is(word, "signed") || str_is(word, "__signed__"))
        words->is_signed++;
    else if (str_is(word, "short"))
        words->is_short++;
    else if (str_is(word, "long"))
        words->is_long++;
    else if (str_is(word, "int"))
        words->is_int++;
    else if (str_is(word, "char"))
        words->is_char++;
    else if (str_is(word, "struct") || str_is(word, "union") || str_is(word, "enum"))
        words->tag = word;
    else {
        words->is_other++;
        words->other = word;
    }
}

static bool
is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct words
split_words(struct str text)
{
    struct words words = {0};
    size_t i = 0;

    while (i < text.len) {
        size_t start = i;
        while (i < text.len && is_word_char(text.ptr[i]))
            i++;
        if (i > start)
            add_word(&words, str_n(text.ptr + start, i - start));
        else if (text.ptr[i] == '{')
            break;
        else
            i++;
    }
    return words;
}

static bool
find_standard(const char *name, size_t len, struct ctype *type)
{
    for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
        if (strlen(standard[i].element) == len && memcmp(standard[i].element, name, len) == 0) {
            *type = standard[i];
            return true;
        }
    }
    return false;
}

static struct ctype
integer(const char *element, unsigned size, bool is_signed)
{
    return (struct ctype){.element = element, .size = size, .is_signed = is_signed};
}

static bool
integer_words(const struct words *words, struct ctype *type)
{
    bool plus = words->is_unsigned > 0;

    if (words->is_char > 0 && (plus || words->is_signed > 0))
        *type = integer(plus ? "unsigned char" : "signed char", 1, !plus);
    else if (words->is_char > 0)
        return find_standard("char", 4, type);
    else if (words->is_short > 0)
        *type = integer(plus ? "unsigned short" : "short", 2, !plus);
    else if (words->is_long > 1)
        *type = integer(plus ? "unsigned long long" : "long long", 8, !plus);
    else if (words->is_long == 1)
        *type = integer(plus ? "unsigned long" : "long", 8, !plus);
    else if (plus || words->is_signed > 0 || words->is_int > 0)
        *type = integer(plus ? "unsigned" : "int", 4, !plus);
    else
        return false;
    return true;
}

static bool
has_negative(struct scope_node found)
{
    struct node body = node_field(found.node, "body");

    for (size_t i = 0; i < node_count(body); i++) {
        struct str value = node_text(found.syntax, node_field(node_child(body, i), "value"));
        if (value.len > 0 && value.ptr[0] == '-')
            return true;
    }
    return false;
}

static void
enum_type(struct scope_node found, struct ctype *type)
{
    if (found.syntax != NULL && has_negative(found))
        *type = integer("int", 4, true);
    else
        *type = integer("unsigned", 4, false);
}

static bool resolve(const struct scope *scope, struct str text, unsigned depth, struct ctype *type);

static bool
resolve_typedef(const struct scope *scope, struct str name, unsigned depth, struct ctype *type)
{
    struct node declarator;
    struct scope_node found = scope_typedef(scope, name, &declarator);

    if (found.syntax == NULL)
        return resolve(scope, scope_macro(scope, name), depth + 1, type);
    if (!node_is(declarator, "type_identifier") && !node_is(declarator, "primitive_type"))
        return false;
    struct node base = node_field(found.node, "type");
    if (node_is(base, "enum_specifier") && !node_is_null(node_field(base, "body"))) {
        enum_type((struct scope_node){found.syntax, base}, type);
        return true;
    }
    return resolve(scope, node_text(found.syntax, base), depth + 1, type);
}

static bool
resolve(const struct scope *scope, struct str text, unsigned depth, struct ctype *type)
{
    struct words words = split_words(text);

    if (depth > TYPEDEF_DEPTH || str_find_byte(text, '*') >= 0)
        return false;
    if (words.tag.len > 0) {
        if (!str_is(words.tag, "enum") || words.is_other != 1)
            return false;
        enum_type(scope == NULL ? (struct scope_node){0} : scope_enum(scope, words.other), type);
        return true;
    }
    if (words.is_other == 0)
        return integer_words(&words, type);
    if (words.is_other > 1 || words.is_long + words.is_short + words.is_unsigned + words.is_int > 0)
        return false;
    if (find_standard(words.other.ptr, words.other.len, type))
        return true;
    return scope != NULL && resolve_typedef(scope, words.other, depth, type);
}

bool
ctype_resolve(const struct scope *scope, struct str text, struct ctype *type)
{
    return resolve(scope, text, 0, type);
}

const char *
ctype_abi(const char *element, unsigned size, bool is_signed, bool is_real)
{
    static const char *const plus[] = {"uint8_t", "uint16_t", "uint32_t", "uint64_t"};
    static const char *const plain[] = {"int8_t", "int16_t", "int32_t", "int64_t"};
    unsigned log2_size = size >= 8 ? 3 : size >= 4 ? 2 : size >= 2 ? 1 : 0;

    if (is_real)
        return size == 4 ? "float" : "double";
    if (strcmp(element, "bool") == 0 || strcmp(element, "_Bool") == 0)
        return "_Bool";
    return is_signed ? plain[log2_size] : plus[log2_size];
}
