// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/signature.h"

#include "steps/shared/target/ctype.h"
#include "steps/shared/target/function.h"
#include "steps/shared/target/parameter.h"
#include "steps/shared/target/role.h"

#include <math.h>
#include <string.h>

enum { NODES_MAX = 20000, DEPTH_MAX = 200 }; // of a function

static const struct {
    enum cell_kind kind;
    const char *name;
} role_names[] = {
    {CELL_SCALAR, "scalar"}, {CELL_IN, "in"},   {CELL_TEXT, "text"},
    {CELL_INOUT, "inout"},   {CELL_OUT, "out"}, {CELL_COUNT, "count"},
};

bool
parameter_is_buffer(const struct parameter *parameter)
{
    return parameter->kind == CELL_IN || parameter->kind == CELL_TEXT || parameter->kind == CELL_INOUT ||
           parameter->kind == CELL_OUT;
}

const char *
role_name(enum cell_kind kind)
{
    for (size_t i = 0; i < sizeof role_names / sizeof *role_names; i++) {
        if (role_names[i].kind == kind)
            return role_names[i].name;
    }
    return "";
}

bool
role_parse(const char *name, enum cell_kind *kind)
{
    for (size_t i = 0; i < sizeof role_names / sizeof *role_names; i++) {
        if (strcmp(role_names[i].name, name) == 0) {
            *kind = role_names[i].kind;
            return true;
        }
    }
    return false;
}

// void * counts as bytes.
static void
set_base(struct parameter *parameter, const struct ctype *base)
{
    bool bytes = base->size == 0;

    parameter->element = bytes ? "uint8_t" : base->element;
    parameter->size = bytes ? 1 : base->size;
    parameter->is_signed = base->is_signed;
    parameter->is_real = base->is_real;
}

static int
check_count(size_t count, struct err *err)
{
    return count <= SIGNATURE_PARAMETERS_MAX
               ? 0
               : err_set(err, ERR_TARGET,
                         "%zu parameters; %d at most are supported: choose a function with fewer", count,
                         SIGNATURE_PARAMETERS_MAX);
}

// What is looked at again and again must not be large: generated code can nest thousands of levels.
static int
check_size(const struct function *function, struct err *err)
{
    size_t nodes, depth;

    node_measure(function->node, &nodes, &depth);
    if (nodes > NODES_MAX || depth > DEPTH_MAX)
        return err_set(
            err, ERR_TARGET,
            "%zu symbols nested %zu deep; %d and %d at most are supported: choose a smaller function, or "
            "move its hot loop into one of its own",
            nodes, depth, NODES_MAX, DEPTH_MAX);
    return 0;
}

static void
set_result(struct signature *signature, const struct declared *result)
{
    signature->result_type = result->type;
    signature->result_element = result->base.element;
    signature->result_size = result->base.size;
    signature->result_signed = result->base.is_signed;
    signature->result_real = result->base.is_real;
}

int
signature_infer_with(struct arena *arena, const struct syntax *syntax, struct syntax *const *headers,
                     size_t header_count, const struct function *function, const json_t *overrides,
                     struct signature *signature, struct err *err)
{
    struct scope scope = {syntax, headers, header_count};
    struct scope_node definition = {syntax, function->node};
    struct declared *declared;
    struct declared result;

    *signature = (struct signature){0};
    if (check_size(function, err) != 0 || declared_result(arena, &scope, definition, &result, err) != 0 ||
        declared_parameters(arena, &scope, definition, &declared, &signature->count, err) != 0 ||
        check_count(signature->count, err) != 0)
        return err_wrap(err, "function '%s'", function->name);
    set_result(signature, &result);
    signature->parameters = ARENA_ARRAY(arena, struct parameter, signature->count + 1);
    for (size_t i = 0; i < signature->count; i++) {
        struct parameter *p = &signature->parameters[i];
        *p = (struct parameter){.name = declared[i].name, .type = declared[i].type, .of = -1};
        set_base(p, &declared[i].base);
    }
    struct roles roles = {&scope, definition, declared, overrides, signature};
    if (roles_assign(&roles, err) != 0)
        return err_wrap(err, "function '%s'", function->name);
    return 0;
}

int
signature_infer(struct arena *arena, const struct syntax *syntax, const struct function *function,
                const json_t *overrides, struct signature *signature, struct err *err)
{
    return signature_infer_with(arena, syntax, NULL, 0, function, overrides, signature, err);
}

static void
set_number(json_t *object, const char *key, double value)
{
    if (fabs(value) < 9e18 && value == (double)(int64_t)value)
        json_object_set_new(object, key, json_integer((json_int_t)value));
    else
        json_object_set_new(object, key, json_real(value));
}

// The standard type that a reader finds by the text of a type alone, or NULL.
static const char *
plain_element(const char *type)
{
    struct ctype base;
    struct str text = str_of(type);
    ptrdiff_t star = str_find_byte(text, '*');

    if (!ctype_resolve(NULL, star < 0 ? text : str_head(text, (size_t)star), &base))
        return NULL;
    return star >= 0 && base.size == 0 ? "uint8_t" : base.element;
}

static json_t *
parameter_to_json(const struct signature *signature, const struct parameter *p)
{
    json_t *object = json_object();
    const char *plain = plain_element(p->type);

    json_set_text(object, "type", p->type);
    if (plain == NULL || strcmp(plain, p->element) != 0)
        json_set_text(object, "element", p->element);
    json_set_text(object, "role", role_name(p->kind));
    if (p->of >= 0)
        json_set_text(object, "of", signature->parameters[p->of].name);
    if (p->kind == CELL_OUT)
        json_set_text(object, "length", p->length_from_result ? "result" : "capacity");
    if (p->fixed_count > 0)
        json_object_set_new(object, "count", json_integer(p->fixed_count));
    if (p->min < 0 || p->max > 0 || p->min > 0) {
        set_number(object, "min", p->min);
        set_number(object, "max", p->max);
    }
    return object;
}

json_t *
signature_to_json(const struct signature *signature)
{
    json_t *object = json_object();
    json_t *parameters = json_object();
    const char *plain = plain_element(signature->result_type);

    json_set_text(object, "result", signature->result_type);
    if (plain == NULL || strcmp(plain, signature->result_element) != 0)
        json_set_text(object, "result_element", signature->result_element);
    for (size_t i = 0; i < signature->count; i++)
        json_object_set_new(parameters, signature->parameters[i].name,
                            parameter_to_json(signature, &signature->parameters[i]));
    json_object_set_new(object, "params", parameters);
    return object;
}

static int
element_of(const json_t *json, const char *key, const char *type, struct ctype *base, struct err *err)
{
    const char *element = json_get_text(json, key, NULL);

    if (element == NULL)
        element = plain_element(type);
    if (element == NULL || !ctype_resolve(NULL, str_of(element), base))
        return err_set(err, ERR_TARGET, "type '%s' needs \"%s\": the standard type that it stands for", type,
                       key);
    return 0;
}

static int
parameter_from_json(struct arena *arena, const char *name, const json_t *json, struct parameter *p,
                    struct err *err)
{
    const char *type = json_get_text(json, "type", NULL);
    const char *role = json_get_text(json, "role", NULL);
    int64_t count = json_get_int(json, "count", 0);
    struct ctype base;

    if (type == NULL || role == NULL)
        return err_set(err, ERR_TARGET, "params: '%s' needs \"type\" and \"role\"", name);
    if (element_of(json, "element", type, &base, err) != 0)
        return err_wrap(err, "params: '%s'", name);
    *p = (struct parameter){.name = arena_dup(arena, name), .type = arena_dup(arena, type), .of = -1};
    set_base(p, &base);
    if (!role_parse(role, &p->kind) || parameter_is_buffer(p) != (strchr(type, '*') != NULL))
        return err_set(err, ERR_TARGET, "params: '%s' of type '%s' can't have role '%s'", name, type, role);
    if (count < 0 || count > 1 << 20)
        return err_set(err, ERR_TARGET, "params: count of '%s' must be between 1 and %d", name, 1 << 20);
    p->fixed_count = (unsigned)count;
    p->length_from_result = strcmp(json_get_text(json, "length", ""), "result") == 0;
    p->min = json_number_value(json_object_get(json, "min"));
    p->max = json_number_value(json_object_get(json, "max"));
    return 0;
}

static int
link_counts(const json_t *params, struct signature *signature, struct err *err)
{
    for (size_t i = 0; i < signature->count; i++) {
        struct parameter *p = &signature->parameters[i];
        const char *of = json_get_text(json_object_get(params, p->name), "of", NULL);
        for (size_t j = 0; of != NULL && j < signature->count; j++) {
            if (strcmp(signature->parameters[j].name, of) == 0 &&
                parameter_is_buffer(&signature->parameters[j]))
                p->of = (int)j;
        }
        if ((of != NULL || p->kind == CELL_COUNT) && (p->of < 0 || p->of == (int)i))
            return err_set(err, ERR_TARGET, "params: \"of\" of '%s' must name another pointer parameter",
                           p->name);
    }
    return 0;
}

int
signature_from_json(struct arena *arena, const json_t *json, struct signature *signature, struct err *err)
{
    const char *result = json_get_text(json, "result", NULL);
    const json_t *params = json_object_get(json, "params");
    const char *name;
    json_t *given;
    struct declared declared = {0};

    if (result == NULL || !json_is_object(params))
        return err_set(err, ERR_TARGET, "a signature needs \"result\" and \"params\"");
    if (check_count(json_object_size(params), err) != 0)
        return -1;
    if (element_of(json, "result_element", result, &declared.base, err) != 0)
        return err_wrap(err, "result");
    declared.type = arena_dup(arena, result);
    *signature = (struct signature){0};
    set_result(signature, &declared);
    signature->parameters = ARENA_ARRAY(arena, struct parameter, json_object_size(params) + 1);
    json_object_foreach((json_t *)params, name, given)
    {
        if (parameter_from_json(arena, name, given, &signature->parameters[signature->count], err) != 0)
            return -1;
        signature->count++;
    }
    return link_counts(params, signature, err);
}
