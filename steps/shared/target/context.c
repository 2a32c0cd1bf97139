// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/context.h"

#include "steps/shared/target/override.h"

#include <string.h>

// A function that an override names, declared in the file or in a header that it includes in quotes.
static int
find(const struct roles *roles, const struct parameter *p, const json_t *given, const char *key,
     struct scope_node *found, struct err *err)
{
    const char *name = json_get_text(given, key, NULL);

    *found = (struct scope_node){0};
    if (name == NULL)
        return 0;
    *found = scope_function(roles->scope, str_of(name));
    if (found->syntax == NULL)
        return err_set(
            err, ERR_TARGET,
            "params: the %s of '%s' is '%s', which is declared neither in this file nor in a header "
            "that it includes in quotes",
            key, p->name, name);
    return 0;
}

// The arguments of a setup become members.
static int
read_arguments(const struct roles *roles, struct parameter *p, struct scope_node setup, const json_t *given,
               struct err *err)
{
    struct declared *declared;
    struct arena *arena = roles->arena;

    if (declared_parameters(arena, roles->scope, setup, &declared, &p->member_count, err) != 0)
        return err_wrap(err, "the setup of '%s'", p->name);
    if (p->member_count > SIGNATURE_PARAMETERS_MAX)
        return err_set(err, ERR_TARGET, "the setup of '%s' has too many parameters", p->name);
    p->members = p->member_count > 0 ? ARENA_ARRAY(arena, struct parameter, p->member_count) : NULL;
    for (size_t i = 0; i < p->member_count; i++) {
        const struct declared *d = &declared[i];
        if (d->problem != NULL || d->is_pointer || d->members != NULL)
            return err_set(err, ERR_TARGET,
                           "the setup of '%s' takes '%s' of type '%s'; it must take numbers only", p->name,
                           d->name, d->type);
        p->members[i] = (struct parameter){.name = d->name, .type = d->type, .of = -1, .kind = CELL_SCALAR};
        declared_set_element(arena, d, 0, &p->members[i]);
    }
    return override_list(p->members, p->member_count, json_object_get(given, "members"),
                         arena_printf(arena, "%s.", p->name), err);
}

static int
check_digest(const struct roles *roles, const struct parameter *p, struct scope_node digest, struct err *err)
{
    struct declared result;

    if (declared_result(roles->arena, roles->scope, digest, &result, err) == 0 && result.members == NULL &&
        result.base.size == 8 && !result.base.is_real)
        return 0;
    return err_set(err, ERR_TARGET, "the digest of '%s' must be uint64_t %s(const ...*)", p->name, p->digest);
}

static int
assign(const struct roles *roles, size_t index, struct err *err)
{
    struct parameter *p = &roles->signature->parameters[index];
    const struct declared *declared = &roles->declared[index];
    const json_t *given = json_object_get(roles->overrides, p->name);
    struct scope_node setup, teardown, digest;

    if (json_get_text(given, "setup", NULL) == NULL)
        return err_set(err, ERR_TARGET,
                       "params: '%s' is a context; write what makes it: {\"role\": \"context\", \"setup\": "
                       "FUNCTION}",
                       p->name);
    if (find(roles, p, given, "setup", &setup, err) != 0 ||
        find(roles, p, given, "teardown", &teardown, err) != 0 ||
        find(roles, p, given, "digest", &digest, err) != 0)
        return -1;
    p->setup = arena_dup(roles->arena, json_get_text(given, "setup", ""));
    if (teardown.syntax != NULL)
        p->teardown = arena_dup(roles->arena, json_get_text(given, "teardown", ""));
    if (digest.syntax != NULL)
        p->digest = arena_dup(roles->arena, json_get_text(given, "digest", ""));
    if (!(declared->is_pointer && declared->is_const) && p->digest == NULL)
        return err_set(err, ERR_TARGET,
                       "params: '%s' of type '%s' is a context that the function may change; name what tells "
                       "its content: {\"digest\": FUNCTION} with uint64_t FUNCTION(const ...*), or take it "
                       "const",
                       p->name, p->type);
    if (p->digest != NULL && check_digest(roles, p, digest, err) != 0)
        return -1;
    p->element = "void";
    p->size = 0;
    p->is_signed = p->is_real = false;
    p->fixed_count = p->digest != NULL;
    return read_arguments(roles, p, setup, given, err);
}

int
contexts_assign(const struct roles *roles, struct err *err)
{
    for (size_t i = 0; i < roles->signature->count; i++) {
        if (roles->signature->parameters[i].kind == CELL_CONTEXT && assign(roles, i, err) != 0)
            return -1;
    }
    return 0;
}
