// SPDX-License-Identifier: Apache-2.0
// The part of shape.h that knows declarations, types and constants.
#include "steps/island-evolve/shape.h"

#include "base/vec.h"

#include <ctype.h>
#include <string.h>

static bool
has_word(struct str text, const char *word)
{
    struct str rest = text;

    while (rest.len > 0) {
        size_t end = 0;
        while (end < rest.len && (isalnum((unsigned char)rest.ptr[end]) || rest.ptr[end] == '_'))
            end++;
        if (str_is(str_head(rest, end), word))
            return true;
        rest = str_from(rest, end > 0 ? end : 1);
    }
    return false;
}

// Follows pointers, arrays and initialisers down to the name, and fills the variable.
static bool
read_declarator(const struct scope *scope, const struct syntax *syntax, struct node declaration,
                struct node declarator, struct variable *variable)
{
    struct node d = declarator;
    struct str specifiers = str_n(syntax_text(syntax).ptr + node_start(declaration),
                                  node_start(declarator) - node_start(declaration));

    *variable = (struct variable){.declaration = declaration};
    while (!node_is_null(d) && !node_is(d, "identifier")) {
        if (node_is(d, "init_declarator"))
            variable->value = node_field(d, "value");
        variable->is_array = variable->is_array || node_is(d, "array_declarator");
        if (node_is(d, "array_declarator") || node_is(d, "pointer_declarator"))
            variable->type.pointers++;
        struct node inner = node_field(d, "declarator");
        if (node_is(d, "parenthesized_declarator") && node_count(d) > 0)
            inner = node_child(d, 0);
        if (node_is(d, "function_declarator"))
            return false;
        d = inner;
    }
    if (node_is_null(d))
        return false;
    variable->name = node_text(syntax, d);
    variable->is_static = has_word(specifiers, "static");
    variable->type.text = str_trim(specifiers);
    variable->type.is_const = has_word(specifiers, "const");
    variable->type.known = ctype_resolve(scope, specifiers, &variable->type.base);
    return true;
}

static bool
is_declarator(struct node declaration, struct node child)
{
    const char *kind = node_kind(child);

    return !node_same(node_field(declaration, "type"), child) &&
           (strcmp(kind, "identifier") == 0 || strstr(kind, "_declarator") != NULL);
}

// The specifiers end where the first declarator begins: `int a, *b` gives b the specifiers of a.
static bool
find_in_declaration(const struct scope *scope, const struct syntax *syntax, struct node declaration,
                    struct str name, struct variable *variable)
{
    struct node first = {0};

    for (size_t i = 0; i < node_count(declaration); i++) {
        struct node child = node_child(declaration, i);
        if (!is_declarator(declaration, child))
            continue;
        if (node_is_null(first))
            first = child;
        if (!read_declarator(scope, syntax, declaration, child, variable) || !str_eq(variable->name, name))
            continue;
        struct str specifiers = str_n(syntax_text(syntax).ptr + node_start(declaration),
                                      node_start(first) - node_start(declaration));
        variable->type.text = str_trim(specifiers);
        variable->type.is_const = has_word(specifiers, "const");
        variable->type.known = ctype_resolve(scope, specifiers, &variable->type.base);
        return true;
    }
    return false;
}

struct global_search {
    const struct scope *scope;
    const struct syntax *syntax;
    struct str name;
    struct variable *variable;
    bool found;
};

static bool
visit_global(void *context, struct node node)
{
    struct global_search *search = context;

    if (search->found || node_is(node, "function_definition"))
        return false;
    if (!node_is(node, "declaration"))
        return true;
    search->found = find_in_declaration(search->scope, search->syntax, node, search->name, search->variable);
    return false;
}

static bool
find_global(const struct shape *shape, struct str name, struct variable *variable)
{
    struct global_search search = {.scope = &shape->scope, .name = name, .variable = variable};

    for (size_t i = 0; i <= shape->scope.header_count && !search.found; i++) {
        search.syntax = i == 0 ? shape->syntax : shape->scope.headers[i - 1];
        node_walk(syntax_root(search.syntax), visit_global, &search);
    }
    variable->is_global = search.found;
    return search.found;
}

// Local declarations that are seen at `at`, of one enclosing node.
static bool
find_before(const struct shape *shape, struct node outer, struct node at, struct str name,
            struct variable *variable)
{
    bool found = false;
    struct variable candidate;

    for (size_t i = 0; i < node_count(outer); i++) {
        struct node child = node_child(outer, i);
        if (node_start(child) > node_start(at))
            break;
        if (node_is(child, "declaration") &&
            find_in_declaration(&shape->scope, shape->syntax, child, name, &candidate)) {
            *variable = candidate;
            found = true;
        }
    }
    return found;
}

struct variable *
shape_parameters(const struct shape *shape, struct node definition, size_t *count)
{
    struct node list = node_field(function_declarator(node_field(definition, "declarator")), "parameters");
    struct variable *parameters = ARENA_ARRAY(shape->arena, struct variable, node_count(list) + 1);
    const struct syntax *syntax = shape->syntax;

    *count = 0;
    for (size_t i = 0; i < node_count(list); i++) {
        struct node declaration = node_child(list, i);
        struct node declarator = node_field(declaration, "declarator");
        if (!node_is(declaration, "parameter_declaration") || node_is_null(declarator))
            continue;
        struct variable *parameter = &parameters[*count];
        if (read_declarator(&shape->scope, syntax, declaration, declarator, parameter)) {
            parameter->is_parameter = true;
            parameter->is_static = false;
            (*count)++;
        }
    }
    return parameters;
}

bool
shape_variable(const struct shape *shape, struct node at, struct str name, struct variable *variable)
{
    for (struct node outer = node_parent(at); !node_is_null(outer); outer = node_parent(outer)) {
        if (node_is(outer, "compound_statement") || node_is(outer, "for_statement")) {
            if (find_before(shape, outer, at, name, variable))
                return true;
        }
        if (!node_is(outer, "function_definition"))
            continue;
        size_t count;
        const struct variable *parameters = shape_parameters(shape, outer, &count);
        for (size_t i = 0; i < count; i++) {
            if (str_eq(parameters[i].name, name)) {
                *variable = parameters[i];
                return true;
            }
        }
    }
    return find_global(shape, name, variable);
}

char *
shape_type_name(const struct shape *shape, const struct shape_type *type)
{
    static const char *const qualifiers[] = {"const",  "volatile", "static",     "register",     "extern",
                                             "inline", "restrict", "__restrict", "__restrict__", "__inline"};
    AUTO_BUF name = BUF(256);
    struct str rest = type->text;

    while (rest.ptr != NULL && rest.len > 0) {
        size_t end = 0;
        while (end < rest.len && !isspace((unsigned char)rest.ptr[end]))
            end++;
        struct str word = str_head(rest, end);
        bool skip = word.len == 0;
        for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
            skip = skip || str_is(word, qualifiers[i]);
        if (!skip)
            buf_printf(&name, "%s%.*s", name.len > 0 ? " " : "", STR_ARG(word));
        rest = str_from(rest, end > 0 ? end : 1);
    }
    return arena_str(shape->arena, buf_str(&name));
}

bool
shape_is_unsigned(const struct shape_type *type)
{
    return type->known && type->pointers == 0 && type->base.size > 0 && !type->base.is_signed &&
           !type->base.is_real;
}

static struct shape_type
named_type(const struct shape *shape, struct str text, unsigned pointers)
{
    struct shape_type type = {.pointers = pointers, .text = str_trim(text)};

    type.is_const = has_word(text, "const");
    type.known = ctype_resolve(&shape->scope, text, &type.base);
    return type;
}

struct shape_type
shape_result(const struct shape *shape, struct node definition)
{
    struct node type = node_field(definition, "type");
    struct node declarator = node_field(definition, "declarator");
    unsigned pointers = 0;

    for (struct node d = declarator; node_is(d, "pointer_declarator"); d = node_field(d, "declarator"))
        pointers++;
    return named_type(shape, shape_text(shape, type), pointers);
}

static struct shape_type
int_type(const struct shape *shape)
{
    return named_type(shape, STR("int"), 0);
}

static struct shape_type
cast_type(const struct shape *shape, struct node descriptor)
{
    struct node type = node_field(descriptor, "type");
    unsigned pointers = 0;

    for (struct node d = node_field(descriptor, "declarator"); !node_is_null(d);
         d = node_field(d, "declarator"))
        pointers++;
    struct shape_type result = named_type(shape, shape_text(shape, type), pointers);
    if (has_word(shape_text(shape, descriptor), "const"))
        result.is_const = true;
    return result;
}

// The usual arithmetic conversions, as far as size and sign matter.
static struct shape_type
arithmetic(const struct shape *shape, struct shape_type a, struct shape_type b)
{
    if (!a.known || !b.known)
        return (struct shape_type){0};
    if (a.pointers > 0 || b.pointers > 0)
        return a.pointers > 0 ? a : b;
    if (a.base.size < 4)
        a = int_type(shape);
    if (b.base.size < 4)
        b = int_type(shape);
    if (a.base.is_real != b.base.is_real)
        return a.base.is_real ? a : b;
    if (a.base.size != b.base.size)
        return a.base.size > b.base.size ? a : b;
    return a.base.is_signed ? b : a;
}

static struct shape_type
binary_type(const struct shape *shape, struct node expression)
{
    struct str op = shape_operator(shape, expression);
    struct shape_type left = shape_type(shape, node_field(expression, "left"));
    struct shape_type right = shape_type(shape, node_field(expression, "right"));
    static const char *const logical[] = {"==", "!=", "<", ">", "<=", ">=", "&&", "||"};

    for (size_t i = 0; i < sizeof logical / sizeof *logical; i++) {
        if (str_is(op, logical[i]))
            return int_type(shape);
    }
    if (str_is(op, "<<") || str_is(op, ">>"))
        return arithmetic(shape, left, int_type(shape)).known && left.base.size >= 4 ? left : int_type(shape);
    if (str_is(op, "-") && left.pointers > 0 && right.pointers > 0)
        return named_type(shape, STR("ptrdiff_t"), 0);
    return arithmetic(shape, left, right);
}

static struct shape_type
literal_type(const struct shape *shape, struct node literal)
{
    struct str text = shape_text(shape, literal);
    bool is_unsigned = false, is_long = false;
    int64_t value = 0;

    if (str_find_byte(text, '.') >= 0)
        return named_type(shape, STR("double"), 0);
    for (size_t i = text.len; i > 0 && strchr("uUlL", text.ptr[i - 1]) != NULL; i--) {
        is_unsigned = is_unsigned || text.ptr[i - 1] == 'u' || text.ptr[i - 1] == 'U';
        is_long = is_long || text.ptr[i - 1] == 'l' || text.ptr[i - 1] == 'L';
    }
    if (!shape_constant(shape, literal, &value))
        return int_type(shape);
    bool hex = str_starts(text, STR("0x")) || str_starts(text, STR("0X"));
    if (is_long || value > UINT32_MAX || value < 0)
        return named_type(shape, is_unsigned || value < 0 ? STR("unsigned long") : STR("long"), 0);
    if (is_unsigned || (hex && value > INT32_MAX))
        return named_type(shape, STR("unsigned"), 0);
    return value > INT32_MAX ? named_type(shape, STR("long"), 0) : int_type(shape);
}

static struct shape_type
dereferenced(struct shape_type type)
{
    if (type.pointers == 0)
        return (struct shape_type){0};
    type.pointers--;
    return type;
}

static struct shape_type
identifier_type(const struct shape *shape, struct node node)
{
    struct variable variable;
    struct str name = shape_text(shape, node);
    int64_t value;

    if (shape_variable(shape, node, name, &variable))
        return variable.type;
    struct str macro = scope_macro(&shape->scope, name);
    if (macro.len > 0 && strchr("uU", macro.ptr[macro.len - 1]) != NULL)
        return named_type(shape, STR("unsigned"), 0);
    return shape_constant(shape, node, &value) && value > INT32_MAX ? named_type(shape, STR("unsigned"), 0)
                                                                    : int_type(shape);
}

struct shape_type
shape_type(const struct shape *shape, struct node expression)
{
    struct node node = shape_strip(expression, false);

    if (node_is(node, "identifier"))
        return identifier_type(shape, node);
    if (node_is(node, "number_literal"))
        return literal_type(shape, node);
    if (node_is(node, "char_literal") || node_is(node, "true") || node_is(node, "false"))
        return int_type(shape);
    if (node_is(node, "cast_expression"))
        return cast_type(shape, node_field(node, "type"));
    if (node_is(node, "subscript_expression"))
        return dereferenced(shape_type(shape, node_field(node, "argument")));
    if (node_is(node, "pointer_expression") && str_is(shape_operator(shape, node), "*"))
        return dereferenced(shape_type(shape, node_field(node, "argument")));
    if (node_is(node, "update_expression"))
        return shape_type(shape, node_field(node, "argument"));
    if (node_is(node, "assignment_expression"))
        return shape_type(shape, node_field(node, "left"));
    if (node_is(node, "binary_expression"))
        return binary_type(shape, node);
    if (node_is(node, "conditional_expression"))
        return arithmetic(shape, shape_type(shape, node_field(node, "consequence")),
                          shape_type(shape, node_field(node, "alternative")));
    if (node_is(node, "unary_expression") && str_is(shape_operator(shape, node), "!"))
        return int_type(shape);
    if (node_is(node, "unary_expression"))
        return arithmetic(shape, shape_type(shape, node_field(node, "argument")), int_type(shape));
    if (node_is(node, "sizeof_expression"))
        return named_type(shape, STR("size_t"), 0);
    struct str cast;
    if (shape_is_cast(shape, node, &cast))
        return named_type(shape, cast, 0);
    if (node_is(node, "call_expression")) {
        struct scope_node called =
            scope_function(&shape->scope, shape_text(shape, node_field(node, "function")));
        if (called.syntax == shape->syntax)
            return shape_result(shape, called.node);
        if (called.syntax != NULL)
            return named_type(shape, node_text(called.syntax, node_field(called.node, "type")), 0);
    }
    return (struct shape_type){0};
}

static bool
escaped(struct str text, int64_t *value)
{
    static const char from[] = "ntr0\\'\"abfv";
    static const char to[] = "\n\t\r\0\\'\"\a\b\f\v";
    const char *at = text.len == 2 ? memchr(from, text.ptr[1], sizeof from - 1) : NULL;
    uint64_t code;

    if (at != NULL)
        *value = to[at - from];
    else if (text.len > 2 && text.ptr[1] == 'x' &&
             str_to_u64(str_of((char[32]){'0', 'x', text.ptr[2], text.len > 3 ? text.ptr[3] : '\0'}), &code))
        *value = (char)code;
    else
        return false;
    return true;
}

static bool
char_value(struct str text, int64_t *value)
{
    if (text.len == 3 && text.ptr[0] == '\'') {
        *value = text.ptr[1];
        return true;
    }
    if (text.len < 4 || text.ptr[0] != '\'')
        return false;
    return escaped(str_n(text.ptr + 1, text.len - 2), value);
}

static bool
binary_value(struct str op, int64_t a, int64_t b, int64_t *value)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;

    if (str_is(op, "+"))
        *value = (int64_t)(x + y);
    else if (str_is(op, "-"))
        *value = (int64_t)(x - y);
    else if (str_is(op, "*"))
        *value = (int64_t)(x * y);
    else if (str_is(op, "/") && b > 0)
        *value = a / b;
    else if (str_is(op, "%") && b > 0)
        *value = a % b;
    else if (str_is(op, "<<") && y < 64)
        *value = (int64_t)(x << y);
    else if (str_is(op, ">>") && y < 63 && a >= 0)
        *value = a >> y;
    else if (str_is(op, "&"))
        *value = a & b;
    else if (str_is(op, "|"))
        *value = a | b;
    else if (str_is(op, "^"))
        *value = a ^ b;
    else
        return false;
    return true;
}

bool
shape_constant(const struct shape *shape, struct node expression, int64_t *value)
{
    struct node node = shape_strip(expression, true);
    struct variable variable;
    uint64_t number;
    int64_t a, b;

    if (node_is(node, "char_literal"))
        return char_value(shape_text(shape, node), value);
    if (node_is(node, "number_literal") || node_is(node, "identifier")) {
        struct str text = shape_text(shape, node);
        if (node_is(node, "identifier") && shape_variable(shape, node, text, &variable))
            return false;
        if (!scope_number(&shape->scope, text, &number))
            return false;
        *value = (int64_t)number;
        return true;
    }
    if (node_is(node, "unary_expression") && str_is(shape_operator(shape, node), "-") &&
        shape_constant(shape, node_field(node, "argument"), &a)) {
        *value = (int64_t)(0 - (uint64_t)a);
        return true;
    }
    return node_is(node, "binary_expression") && shape_constant(shape, node_field(node, "left"), &a) &&
           shape_constant(shape, node_field(node, "right"), &b) &&
           binary_value(shape_operator(shape, node), a, b, value);
}
