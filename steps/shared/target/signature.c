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
    {CELL_SCALAR, "scalar"}, {CELL_IN, "in"},       {CELL_TEXT, "text"},   {CELL_INOUT, "inout"},
    {CELL_OUT, "out"},       {CELL_COUNT, "count"}, {CELL_ARRAY, "array"}, {CELL_CONTEXT, "context"},
};

bool
parameter_is_buffer(const struct parameter *parameter)
{
    return parameter->kind == CELL_IN || parameter->kind == CELL_TEXT || parameter->kind == CELL_INOUT ||
           parameter->kind == CELL_OUT;
}

bool
parameter_is_output(const struct parameter *parameter)
{
    if (parameter->kind == CELL_INOUT || parameter->kind == CELL_OUT)
        return true;
    if (parameter->kind == CELL_CONTEXT)
        return parameter->fixed_count > 0;
    for (size_t i = 0; i < parameter->member_count; i++)
        if (parameter_is_output(&parameter->members[i]))
            return true;
    return false;
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
    signature->result_members = result->members;
    signature->result_member_count = result->member_count;
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
        declared_set_element(arena, &declared[i], declared[i].pointers > 1, p);
    }
    struct roles roles = {arena, &scope, definition, declared, overrides, signature};
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
