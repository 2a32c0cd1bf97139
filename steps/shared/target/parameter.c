// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/parameter.h"

#include "steps/shared/target/function.h"

#define WHAT_TO_DO                                                                                       \
    "atoll passes numbers, enums, and pointers to numbers, characters or bytes: choose a function that " \
    "takes those"

struct reader {
    struct arena *arena;
    const struct scope *scope;
    struct scope_node definition;
};

// What a declarator adds to the base type.
struct shape {
    struct str name;
    unsigned pointers;
    bool is_array, is_function;
    uint64_t array_count;
};

static struct shape
shape_of(const struct reader *reader, struct node declarator)
{
    struct shape shape = {0};
    struct node d = declarator;

    while (!node_is_null(d)) {
        struct node inner = node_field(d, "declarator");
        if (node_is(d, "identifier"))
            shape.name = node_text(reader->definition.syntax, d);
        else if (node_is(d, "pointer_declarator") || node_is(d, "abstract_pointer_declarator"))
            shape.pointers++;
        else if (node_is(d, "function_declarator") || node_is(d, "abstract_function_declarator"))
            shape.is_function = true;
        else if (node_is(d, "array_declarator") || node_is(d, "abstract_array_declarator")) {
            shape.pointers++;
            shape.is_array = true;
            struct str size = node_text(reader->definition.syntax, node_field(d, "size"));
            if (!scope_number(reader->scope, size, &shape.array_count))
                shape.array_count = 0;
        } else if (node_is(d, "parenthesized_declarator") && node_count(d) > 0)
            inner = node_child(d, node_count(d) - 1);
        d = inner;
    }
    return shape;
}

static bool
has_const(const struct reader *reader, struct node node)
{
    for (size_t i = 0; i < node_count(node); i++) {
        struct node child = node_child(node, i);
        if (node_is(child, "type_qualifier") && str_is(node_text(reader->definition.syntax, child), "const"))
            return true;
    }
    return false;
}

static void
describe(const struct reader *reader, struct node node, unsigned pointers, struct declared *declared)
{
    struct str base = node_text(reader->definition.syntax, node_field(node, "type"));
    struct node body = node_field(node_field(node, "type"), "body");

    if (!node_is_null(body))
        base = str_trim(str_head(base, node_start(body) - node_start(node_field(node, "type"))));
    declared->is_const = has_const(reader, node);
    declared->is_pointer = pointers > 0;
    declared->type = arena_printf(reader->arena, "%s%" STR_FMT "%s%.*s", declared->is_const ? "const " : "",
                                  STR_ARG(base), pointers > 0 ? " " : "", (int)pointers, "********");
}

static int
read_parameter(const struct reader *reader, struct node node, size_t index, struct declared *declared,
               struct err *err)
{
    struct shape shape = shape_of(reader, node_field(node, "declarator"));
    const char *name = shape.name.len > 0 ? arena_str(reader->arena, shape.name)
                                          : arena_printf(reader->arena, "argument%zu", index + 1);

    *declared = (struct declared){.name = name, .array_count = shape.array_count};
    describe(reader, node, shape.pointers, declared);
    if (shape.is_function)
        return err_set(err, ERR_TARGET,
                       "parameter '%s' is a pointer to a function, which is not supported; " WHAT_TO_DO,
                       name);
    struct str base = node_text(reader->definition.syntax, node_field(node, "type"));
    bool known = ctype_resolve(reader->scope, base, &declared->base);
    if (!known || shape.pointers > 1 || (declared->base.size == 0 && shape.pointers == 0))
        return err_set(err, ERR_TARGET, "parameter '%s' of type '%s' is not supported; " WHAT_TO_DO, name,
                       declared->type);
    return 0;
}

static bool
is_void_list(const struct reader *reader, struct node list)
{
    return node_count(list) == 1 && node_is_null(node_field(node_child(list, 0), "declarator")) &&
           str_is(node_text(reader->definition.syntax, node_child(list, 0)), "void");
}

int
declared_parameters(struct arena *arena, const struct scope *scope, struct scope_node definition,
                    struct declared **list, size_t *count, struct err *err)
{
    struct reader reader = {arena, scope, definition};
    struct node declarator = function_declarator(node_field(definition.node, "declarator"));
    struct node parameters = node_field(declarator, "parameters");

    *count = 0;
    *list = ARENA_ARRAY(arena, struct declared, node_count(parameters) + 1);
    if (is_void_list(&reader, parameters))
        return 0;
    for (size_t i = 0; i < node_count(parameters); i++) {
        struct node node = node_child(parameters, i);
        if (node_is(node, "comment"))
            continue;
        if (node_is(node, "variadic_parameter"))
            return err_set(err, ERR_TARGET,
                           "a function with variable arguments is not supported; " WHAT_TO_DO);
        if (!node_is(node, "parameter_declaration"))
            return err_set(err, ERR_TARGET,
                           "parameters are declared in the old style; declare them in the parentheses");
        if (read_parameter(&reader, node, *count, &(*list)[*count], err) != 0)
            return -1;
        ++*count;
    }
    return 0;
}

int
declared_result(struct arena *arena, const struct scope *scope, struct scope_node definition,
                struct declared *result, struct err *err)
{
    struct reader reader = {arena, scope, definition};
    struct shape shape = shape_of(&reader, node_field(definition.node, "declarator"));

    *result = (struct declared){.name = ""};
    describe(&reader, definition.node, shape.pointers, result);
    struct str base = node_text(definition.syntax, node_field(definition.node, "type"));
    if (!ctype_resolve(scope, base, &result->base) || shape.pointers > 0)
        return err_set(
            err, ERR_TARGET,
            "result type '%s' is not supported; the function must give back a number or void, and write "
            "anything larger to a buffer of the caller",
            result->type);
    return 0;
}
