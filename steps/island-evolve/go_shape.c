// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_shape.h"

#include "steps/island-evolve/go_literal.h"

#include <ctype.h>
#include <string.h>

const char *
go_own_name(const struct function *function)
{
    const char *dot = strchr(function->name, '.');

    return dot != NULL ? dot + 1 : function->name;
}

struct node
go_strip(struct node expression)
{
    while (node_is(expression, "parenthesized_expression") && node_count(expression) == 1)
        expression = node_child(expression, 0);
    return expression;
}

bool
go_is_name(const struct shape *shape, struct node node, struct str name)
{
    return node_is(node, "identifier") && str_eq(shape_text(shape, node), name);
}

bool
go_is_call(const struct shape *shape, struct node node, const char *name)
{
    struct node callee = node_field(node, "function");

    return node_is(node, "call_expression") && go_is_name(shape, callee, str_of(name)) &&
           shape_function(shape, str_of(name)) == NULL;
}

struct node
go_argument(struct node call, size_t index)
{
    struct node list = node_field(call, "arguments");

    return index < node_count(list) ? node_child(list, index) : (struct node){0};
}

// ---- variables ----

static bool
found(struct go_variable *variable, enum go_origin origin, struct node declaration, struct node type,
      struct node value)
{
    variable->origin = origin;
    variable->declaration = declaration;
    variable->type = type;
    variable->value = value;
    return true;
}

// `a, b := x, y`; one value may stand for several.
static bool
in_lists(const struct shape *shape, struct node statement, struct go_variable *variable)
{
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");

    for (size_t i = 0; i < node_count(left); i++) {
        if (!go_is_name(shape, node_child(left, i), variable->name))
            continue;
        struct node value = node_count(left) == node_count(right) ? node_child(right, i) : (struct node){0};
        return found(variable, GO_LOCAL, statement, (struct node){0}, value);
    }
    return false;
}

static bool
in_specs(const struct shape *shape, struct node declaration, enum go_origin origin,
         struct go_variable *variable)
{
    for (size_t i = 0; i < node_count(declaration); i++) {
        struct node spec = node_child(declaration, i);
        if (node_is(spec, "var_spec_list") && in_specs(shape, spec, origin, variable))
            return true;
        struct node values = node_field(spec, "value");
        for (size_t k = 0; node_is(spec, "var_spec") && k < node_count(spec); k++) {
            if (!go_is_name(shape, node_child(spec, k), variable->name))
                continue;
            struct node value = k < node_count(values) ? node_child(values, k) : (struct node){0};
            return found(variable, origin, spec, node_field(spec, "type"), value);
        }
    }
    return false;
}

static bool
in_range(const struct shape *shape, struct node clause, struct go_variable *variable)
{
    struct node left = node_field(clause, "left");

    for (size_t i = 0; i < node_count(left); i++)
        if (go_is_name(shape, node_child(left, i), variable->name))
            return found(variable, i == 0 ? GO_RANGE_KEY : GO_RANGE_VALUE, clause, (struct node){0},
                         node_field(clause, "right"));
    return false;
}

static bool
declares(const struct shape *shape, struct node statement, struct go_variable *variable)
{
    if (node_is(statement, "short_var_declaration"))
        return in_lists(shape, statement, variable);
    if (node_is(statement, "var_declaration"))
        return in_specs(shape, statement, GO_LOCAL, variable);
    if (node_is(statement, "range_clause"))
        return in_range(shape, statement, variable);
    return false;
}

static bool
in_parameters(const struct shape *shape, struct node function, struct go_variable *variable)
{
    static const char *const lists[] = {"parameters", "result", "receiver"};

    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        struct node list = node_field(function, lists[l]);
        for (size_t i = 0; node_is(list, "parameter_list") && i < node_count(list); i++) {
            struct node declaration = node_child(list, i), type = node_field(declaration, "type");
            for (size_t k = 0; !node_is_null(type) && k < node_count(declaration); k++)
                if (!node_same(node_child(declaration, k), type) &&
                    go_is_name(shape, node_child(declaration, k), variable->name))
                    return found(variable, GO_PARAMETER, declaration, type, (struct node){0});
        }
    }
    return false;
}

// The heads of `if`, `switch` and `for` declare what their bodies see.
static bool
in_head(const struct shape *shape, struct node statement, struct go_variable *variable)
{
    struct node initializer = node_field(statement, "initializer");

    if (!node_is_null(initializer) && declares(shape, initializer, variable))
        return true;
    for (size_t i = 0; node_is(statement, "for_statement") && i < node_count(statement); i++) {
        struct node clause = node_child(statement, i);
        struct node first = node_field(clause, "initializer");
        if (declares(shape, clause, variable) ||
            (node_is(clause, "for_clause") && !node_is_null(first) && declares(shape, first, variable)))
            return true;
    }
    return false;
}

bool
go_variable(const struct shape *shape, struct node at, struct str name, struct go_variable *variable)
{
    *variable = (struct go_variable){.name = name};
    for (struct node here = at, above = node_parent(at); !node_is_null(above);
         here = above, above = node_parent(above)) {
        bool is_list =
            node_is(above, "block") || node_is(above, "expression_case") || node_is(above, "default_case");
        if (node_is(above, "source_file"))
            break;
        // The latest declaration before `here` wins.
        for (size_t i = node_count(above); is_list && i > 0; i--) {
            struct node statement = node_child(above, i - 1);
            if (node_start(statement) <= node_start(here) && !node_same(statement, here) &&
                declares(shape, statement, variable))
                return true;
        }
        if (in_head(shape, above, variable))
            return true;
        if ((node_is(above, "function_declaration") || node_is(above, "method_declaration") ||
             node_is(above, "func_literal")) &&
            in_parameters(shape, above, variable))
            return true;
    }
    struct node root = syntax_root(shape->syntax);
    for (size_t i = 0; i < node_count(root); i++)
        if (node_is(node_child(root, i), "var_declaration") &&
            in_specs(shape, node_child(root, i), GO_GLOBAL, variable))
            return true;
    return false;
}

// ---- what is changed ----

// Whether an expression stands as a whole left of an assignment, in ++ or --, or has its address taken.
static bool
is_changed(const struct shape *shape, struct node node)
{
    struct node parent = node_parent(node);

    while (node_is(parent, "parenthesized_expression")) {
        node = parent;
        parent = node_parent(parent);
    }
    if (node_is(parent, "inc_statement") || node_is(parent, "dec_statement"))
        return true;
    if (node_is(parent, "unary_expression"))
        return str_is(shape_operator(shape, parent), "&");
    if (!node_is(parent, "expression_list"))
        return false;
    struct node statement = node_parent(parent);
    bool assigns = node_is(statement, "assignment_statement") || node_is(statement, "range_clause") ||
                   node_is(statement, "short_var_declaration");
    return assigns && node_same(node_field(statement, "left"), parent);
}

bool
go_changes(const struct shape *shape, struct node node, struct str name)
{
    struct nodes all = shape_find(shape, node, "identifier");

    for (size_t i = 0; i < all.count; i++)
        if (str_eq(shape_text(shape, all.items[i]), name) && is_changed(shape, all.items[i]))
            return true;
    return false;
}

bool
go_changes_elements(const struct shape *shape, struct node node, struct str name)
{
    struct nodes all = shape_find(shape, node, "index_expression slice_expression");

    for (size_t i = 0; i < all.count; i++) {
        if (!go_is_name(shape, go_strip(node_field(all.items[i], "operand")), name))
            continue;
        if (is_changed(shape, all.items[i]))
            return true;
    }
    return false;
}

// ---- constants, tables, imports, names ----

struct node
go_constant(const struct shape *shape, struct str name, struct node *type)
{
    struct nodes specs = shape_find(shape, syntax_root(shape->syntax), "const_spec");
    struct node result = {0};

    *type = (struct node){0};
    for (size_t i = 0; i < specs.count; i++) {
        struct node spec = specs.items[i], values = node_field(spec, "value");
        for (size_t k = 0, position = 0; k < node_count(spec); k++) {
            struct node child = node_child(spec, k);
            if (!node_is(child, "identifier") || node_same(child, node_field(spec, "type")))
                continue;
            if (str_eq(shape_text(shape, child), name)) {
                if (!node_is_null(result) || position >= node_count(values))
                    return (struct node){0};
                result = node_child(values, position);
                *type = node_field(spec, "type");
            }
            position++;
        }
    }
    return result;
}

// Looks through a file for what else than reading happens to a table.
struct table_check {
    const struct shape *shape;
    struct str name;
    struct node spec;
    bool only_read;
};

// Every mention but the declaration reads an element, or the length.
static bool
check_mention(void *context, struct node node)
{
    struct table_check *check = context;
    if (!check->only_read || !node_is(node, "identifier") ||
        !str_eq(shape_text(check->shape, node), check->name))
        return check->only_read;
    struct node parent = node_parent(node);
    bool element = node_is(parent, "index_expression") && node_same(node_field(parent, "operand"), node) &&
                   !is_changed(check->shape, parent);
    check->only_read = node_same(parent, check->spec) || element ||
                       (node_is(node_parent(parent), "call_expression") &&
                        go_is_call(check->shape, node_parent(parent), "len"));
    return check->only_read;
}

// It is asked for each element that is read: nothing is kept.
static bool
is_fixed_table(const struct shape *shape, struct str name, struct node spec)
{
    struct table_check check = {shape, name, spec, true};
    node_walk(syntax_root(shape->syntax), check_mention, &check);
    return check.only_read;
}

bool
go_table_element(const struct shape *shape, struct str name, size_t index, struct node *element,
                 struct str *type)
{
    struct go_variable variable = {.name = name};
    struct node root = syntax_root(shape->syntax);
    bool known = false;
    __int128 number, length = -1;

    for (size_t i = 0; i < node_count(root) && !known; i++)
        known = node_is(node_child(root, i), "var_declaration") &&
                in_specs(shape, node_child(root, i), GO_GLOBAL, &variable);
    if (!known || !node_is(variable.value, "composite_literal") ||
        !is_fixed_table(shape, name, variable.declaration))
        return false;
    struct node table = node_field(variable.value, "type"), body = node_field(variable.value, "body");
    bool is_array = node_is(table, "array_type");
    if (is_array && !go_literal(shape_text(shape, node_field(table, "length")), &length))
        return false;
    *type = shape_text(shape, node_field(table, "element"));
    *element = (struct node){0};
    size_t at = 0;
    for (size_t i = 0; i < node_count(body); i++) {
        struct node item = node_child(body, i);
        if (node_is(item, "keyed_element")) {
            if (!go_literal(shape_text(shape, node_field(item, "key")), &number) || number > UINT32_MAX)
                return false;
            at = (size_t)number;
            item = node_field(item, "value");
        }
        if (at++ == index)
            *element = node_child(item, 0);
    }
    return !node_is_null(*element) || (is_array && (__int128)index < length);
}

// What an import_spec of this path calls the package. False for another path.
static bool
import_name(const struct shape *shape, struct node spec, const char *path, struct str *found)
{
    struct str text = shape_text(shape, node_field(spec, "path"));
    struct node name = node_field(spec, "name");
    if (text.len < 2 || !str_is(str_n(text.ptr + 1, text.len - 2), path))
        return false;
    const char *slash = strrchr(path, '/');
    if (node_is_null(name))
        *found = str_of(slash != NULL ? slash + 1 : path);
    else
        *found = node_is(name, "package_identifier") ? shape_text(shape, name) : (struct str){0};
    return true;
}

struct str
go_import(const struct shape *shape, const char *path)
{
    struct node root = syntax_root(shape->syntax);
    struct str found = {0};

    // They stand on top; the rest of the file is not searched.
    for (size_t i = 0; i < node_count(root); i++) {
        struct node declaration = node_child(root, i);
        if (!node_is(declaration, "import_declaration"))
            continue;
        struct nodes specs = shape_find(shape, declaration, "import_spec");
        for (size_t k = 0; k < specs.count; k++)
            if (import_name(shape, specs.items[k], path, &found))
                return found;
    }
    return found;
}

static bool
has_word(struct str text, const char *word)
{
    size_t len = strlen(word);

    for (struct str rest = text;;) {
        ptrdiff_t at = str_find(rest, str_of(word));
        if (at < 0)
            return false;
        const char *start = rest.ptr + at, *end = start + len;
        bool left = start == text.ptr || !(isalnum((unsigned char)start[-1]) || start[-1] == '_');
        bool right = end == text.ptr + text.len || !(isalnum((unsigned char)*end) || *end == '_');
        if (left && right)
            return true;
        rest = str_from(rest, (size_t)at + 1);
    }
}

char *
go_fresh(const struct shape *shape, const char *first, const char *second, struct str text)
{
    char *stem = arena_printf(shape->arena, "%s%s", first, second);
    size_t join = strlen(first);

    stem[0] = (char)tolower((unsigned char)stem[0]);
    if (join > 0)
        stem[join] = (char)toupper((unsigned char)stem[join]);
    char *name = stem;
    for (unsigned i = 2; has_word(syntax_text(shape->syntax), name) || has_word(text, name); i++)
        name = arena_printf(shape->arena, "%s%u", stem, i);
    return name;
}
