// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/parameter.h"

#include "steps/shared/target/function.h"
#include "steps/shared/target/record.h"

#include <string.h>

#define WHAT_TO_DO                                                                                     \
    "atoll passes numbers, enums, strings, structs of those, and pointers to them: choose a function " \
    "that takes those, or name one that makes the value: {role: context, setup: FUNCTION}"

enum { ELEMENTS_MAX = 1 << 20 };

struct reader {
    struct arena *arena;
    const struct scope *scope;
    const struct syntax *syntax;
};

// What a declarator adds to the base type.
struct shape {
    struct str name;
    unsigned pointers, arrays;
    bool is_function, is_pointer_to_array, is_open; // open: an array without a size
    uint64_t array_count;                           // of all its dimensions
};

static void
add_array(const struct reader *reader, struct node declarator, struct shape *shape)
{
    uint64_t count = 0;
    struct str size = node_text(reader->syntax, node_field(declarator, "size"));

    if (!scope_number(reader->scope, size, &count) || count == 0)
        shape->is_open = true;
    shape->array_count = shape->arrays++ == 0 ? count : shape->array_count * count;
    if (shape->array_count > ELEMENTS_MAX)
        shape->array_count = ELEMENTS_MAX + 1;
}

static struct shape
shape_of(const struct reader *reader, struct node declarator)
{
    struct shape shape = {0};
    struct node d = declarator;

    while (!node_is_null(d)) {
        struct node inner = node_field(d, "declarator");
        if (node_is(d, "identifier") || node_is(d, "field_identifier"))
            shape.name = node_text(reader->syntax, d);
        else if (node_is(d, "pointer_declarator") || node_is(d, "abstract_pointer_declarator")) {
            shape.pointers++;
            shape.is_pointer_to_array = shape.arrays > 0;
        } else if (node_is(d, "function_declarator") || node_is(d, "abstract_function_declarator"))
            shape.is_function = true;
        else if (node_is(d, "array_declarator") || node_is(d, "abstract_array_declarator"))
            add_array(reader, d, &shape);
        else if (node_is(d, "parenthesized_declarator") && node_count(d) > 0)
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
        if (node_is(child, "type_qualifier") && str_is(node_text(reader->syntax, child), "const"))
            return true;
    }
    return false;
}

static void
describe(const struct reader *reader, struct node node, struct declared *declared)
{
    struct str base = node_text(reader->syntax, node_field(node, "type"));
    struct node body = node_field(node_field(node, "type"), "body");
    unsigned pointers = declared->pointers;

    if (!node_is_null(body))
        base = str_trim(str_head(base, node_start(body) - node_start(node_field(node, "type"))));
    declared->is_const = has_const(reader, node);
    declared->is_pointer = pointers > 0;
    declared->type = arena_printf(reader->arena, "%s%" STR_FMT "%s%.*s", declared->is_const ? "const " : "",
                                  STR_ARG(base), pointers > 0 ? " " : "", (int)pointers, "********");
    if (declared->is_array)
        declared->type = arena_printf(reader->arena, "%s%s[%llu]", declared->type, pointers > 0 ? "" : " ",
                                      (unsigned long long)declared->array_count);
}

// Resolves the base: a number, void or a struct. False when it is none of them, or *problem is set.
static bool
read_base(const struct reader *reader, struct node holder, unsigned depth, struct declared *declared)
{
    struct scope_node type = {reader->syntax, node_field(holder, "type")};
    struct str base = node_text(reader->syntax, type.node);
    struct record record;

    if (ctype_resolve(reader->scope, base, &declared->base))
        return true;
    if (!record_read(reader->arena, reader->scope, type, depth, &record))
        return false;
    struct node body = node_field(type.node, "body");
    if (!node_is_null(body))
        base = str_trim(str_head(base, node_start(body) - node_start(type.node)));
    declared->base = (struct ctype){.element = arena_str(reader->arena, base), .size = record.size};
    declared->members = record.members;
    declared->member_count = record.count;
    declared->align = record.align;
    declared->problem = record.problem;
    return record.problem == NULL;
}

// Why a declaration can't be passed, or NULL.
static const char *
problem_of(const struct shape *shape, const struct declared *declared, bool known, bool is_member)
{
    bool is_void = known && declared->base.size == 0;

    if (shape->is_function)
        return "is a pointer to a function, which is not supported";
    if (shape->is_pointer_to_array || shape->arrays > (is_member ? 8 : 1))
        return "is a pointer to arrays, which is not supported; pass a flat array";
    if (is_member && shape->arrays > 0 && shape->is_open)
        return "is an array without a size, which is not supported";
    if (is_member && shape->array_count > ELEMENTS_MAX)
        return "is too large an array";
    if (!known || (is_void && (declared->pointers == 0 || declared->is_array)))
        return "";
    // An array in place has its pointers in its elements, a pointer one level less.
    unsigned inner = declared->pointers - (declared->is_pointer && !declared->is_array);
    bool is_char = declared->members == NULL && strcmp(declared->base.element, "char") == 0;
    return inner > 1 || (inner == 1 && !is_char) ? "" : NULL;
}

void
declared_read(struct arena *arena, const struct scope *scope, struct scope_node holder,
              struct node declarator, unsigned depth, struct declared *declared)
{
    struct reader reader = {arena, scope, holder.syntax};
    struct shape shape = shape_of(&reader, declarator);
    bool is_member = depth > 0;

    *declared = (struct declared){.name = arena_str(arena, shape.name),
                                  .line = node_line(holder.node),
                                  .array_count = shape.arrays > 0 && !shape.is_open ? shape.array_count : 0,
                                  .is_array = is_member && shape.arrays > 0,
                                  .pointers = shape.pointers + (is_member ? 0 : shape.arrays)};
    describe(&reader, holder.node, declared);
    bool known = !shape.is_function && read_base(&reader, holder.node, depth, declared);
    const char *problem = problem_of(&shape, declared, known, is_member);
    const char *advice = is_member ? "" : "; " WHAT_TO_DO; // once
    if (declared->problem != NULL)
        declared->problem = arena_printf(arena, "of type '%s' is not supported: %s%s", declared->type,
                                         declared->problem, advice);
    else if (problem != NULL && *problem == '\0')
        declared->problem = arena_printf(arena, "of type '%s' is not supported%s", declared->type, advice);
    else if (problem != NULL)
        declared->problem = arena_printf(arena, "%s%s", problem, advice);
}

static bool
is_void_list(const struct reader *reader, struct node list)
{
    return node_count(list) == 1 && node_is_null(node_field(node_child(list, 0), "declarator")) &&
           str_is(node_text(reader->syntax, node_child(list, 0)), "void");
}

int
declared_parameters(struct arena *arena, const struct scope *scope, struct scope_node definition,
                    struct declared **list, size_t *count, struct err *err)
{
    struct reader reader = {arena, scope, definition.syntax};
    struct node declarator = function_declarator(node_field(definition.node, "declarator"));
    struct node parameters = node_field(declarator, "parameters");

    *count = 0;
    *list = ARENA_ARRAY(arena, struct declared, node_count(parameters) + 1);
    if (is_void_list(&reader, parameters))
        return 0;
    for (size_t i = 0; i < node_count(parameters); i++) {
        struct node node = node_child(parameters, i);
        if (node_is(node, "variadic_parameter"))
            return err_set(err, ERR_TARGET,
                           "a function with variable arguments is not supported; " WHAT_TO_DO);
        if (!node_is(node, "parameter_declaration"))
            return err_set(err, ERR_TARGET,
                           "parameters are declared in the old style; declare them in the parentheses");
        struct declared *declared = &(*list)[(*count)++];
        declared_read(arena, scope, (struct scope_node){definition.syntax, node},
                      node_field(node, "declarator"), 0, declared);
        if (declared->name[0] == '\0')
            declared->name = arena_printf(arena, "argument%zu", *count);
    }
    return 0;
}

int
declared_result(struct arena *arena, const struct scope *scope, struct scope_node definition,
                struct declared *result, struct err *err)
{
    declared_read(arena, scope, definition, node_field(definition.node, "declarator"), 0, result);
    // The declarator of a function is one of a function, which is no problem here.
    struct reader reader = {arena, scope, definition.syntax};
    result->problem = NULL;
    bool known = read_base(&reader, definition.node, 0, result);
    result->name = "";
    if (known && result->pointers == 0)
        return 0;
    const char *problem = result->problem;
    return err_set(err, ERR_TARGET,
                   "result type '%s' is not supported%s%s; the function must give back a number, a struct or "
                   "void, and write anything larger to a buffer of the caller",
                   result->type, problem != NULL ? ": " : "", problem != NULL ? problem : "");
}

void
declared_set_element(struct arena *arena, const struct declared *declared, unsigned pointers,
                     struct parameter *parameter)
{
    const struct ctype *base = &declared->base;
    bool is_bytes = base->size == 0; // void * counts as bytes

    parameter->element = is_bytes ? "uint8_t" : base->element;
    parameter->size = is_bytes ? 1 : base->size;
    parameter->is_signed = base->is_signed;
    parameter->is_real = base->is_real;
    parameter->members = declared->members;
    parameter->member_count = declared->member_count;
    if (pointers == 0)
        return;
    struct parameter *text = ARENA_ARRAY(arena, struct parameter, 1);
    *text = (struct parameter){.name = "",
                               .type = declared->is_const ? "const char *" : "char *",
                               .element = "char",
                               .kind = declared->is_const ? CELL_TEXT : CELL_INOUT,
                               .of = -1,
                               .size = 1,
                               .is_signed = base->is_signed,
                               .until_nul = !declared->is_const};
    parameter->element = "char *";
    parameter->size = 8;
    parameter->is_signed = parameter->is_real = false;
    parameter->members = text;
    parameter->member_count = 1;
}
