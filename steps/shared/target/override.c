// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/override.h"

#include <string.h>

struct overriding {
    struct parameter *list;
    size_t count;
    const char *path;
};

static int
index_of(const struct overriding *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->list[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool
is_pointer(const struct parameter *p)
{
    return strchr(p->type, '*') != NULL && strchr(p->type, '[') == NULL;
}

static int
override_role(const struct overriding *o, struct parameter *p, const char *role, struct err *err)
{
    enum cell_kind before = p->kind;
    bool is_array = strchr(p->type, '[') != NULL;

    if (!role_parse(role, &p->kind) || (p->kind == CELL_CONTEXT && *o->path != '\0'))
        return err_set(err, ERR_TARGET,
                       "params: '%s%s' has role '%s'; roles are scalar, in, text, inout, out, count%s",
                       o->path, p->name, role, *o->path == '\0' ? ", context" : ", array");
    if (p->kind == CELL_CONTEXT) // a typedef may hide the pointer
        return 0;
    if (parameter_is_buffer(p) != is_pointer(p) || (p->kind == CELL_ARRAY) != is_array ||
        (p->kind == CELL_COUNT && p->members != NULL))
        return err_set(err, ERR_TARGET, "params: '%s%s' of type '%s' can't have role '%s'; %s", o->path,
                       p->name, p->type, role,
                       is_array        ? "an array in a struct is array"
                       : is_pointer(p) ? "a pointer is in, text, inout or out"
                       : p->members    ? "a struct is scalar"
                                       : "a number is scalar or count");
    if (p->kind == CELL_TEXT && p->size != 1 && strcmp(p->element, "char *") != 0)
        return err_set(err, ERR_TARGET, "params: '%s%s' of type '%s' can't be text; only characters are",
                       o->path, p->name, p->type);
    if (before == CELL_COUNT && p->kind != CELL_COUNT)
        p->of = -1;
    if (p->kind != CELL_INOUT)
        p->until_nul = false;
    return 0;
}

static int
override_of(const struct overriding *o, struct parameter *p, const char *name, struct err *err)
{
    int index = index_of(o, name);

    if (index < 0 || !is_pointer(&o->list[index]) || p == &o->list[index])
        return err_set(err, ERR_TARGET, "params: '%s%s' is of '%s', which is no other pointer %s", o->path,
                       p->name, name, *o->path == '\0' ? "parameter" : "member");
    p->of = index;
    return 0;
}

static int
override_length(const struct overriding *o, struct parameter *p, const char *length, struct err *err)
{
    bool nul = strcmp(length, "nul") == 0;

    if (!nul && strcmp(length, "result") != 0 && strcmp(length, "capacity") != 0)
        return err_set(err, ERR_TARGET,
                       "params: length of '%s%s' is '%s'; write result or capacity, or nul for a text",
                       o->path, p->name, length);
    if (nul && (p->size != 1 || p->is_real || p->members != NULL))
        return err_set(err, ERR_TARGET,
                       "params: '%s%s' of type '%s' does not end at a NUL; only characters do", o->path,
                       p->name, p->type);
    p->until_nul = nul;
    p->length_from_result = strcmp(length, "result") == 0;
    return 0;
}

static int
override_numbers(const struct overriding *o, struct parameter *p, const json_t *given, struct err *err)
{
    int64_t count = json_get_int(given, "count", 0);

    if (count < 0 || count > OVERRIDE_COUNT_MAX)
        return err_set(err, ERR_TARGET, "params: count of '%s%s' must be between 1 and %d", o->path, p->name,
                       OVERRIDE_COUNT_MAX);
    if (p->kind == CELL_ARRAY && count > 0 && count != (int64_t)p->fixed_count)
        return err_set(err, ERR_TARGET, "params: '%s%s' is an array of %u elements", o->path, p->name,
                       p->fixed_count);
    if (count > 0)
        p->fixed_count = (unsigned)count;
    if (json_object_get(given, "min") != NULL || json_object_get(given, "max") != NULL) {
        p->min = json_number_value(json_object_get(given, "min"));
        p->max = json_number_value(json_object_get(given, "max"));
    }
    if (p->min > p->max)
        return err_set(err, ERR_TARGET, "params: '%s%s' has min above max", o->path, p->name);
    return 0;
}

static int
override_members(const struct overriding *o, struct parameter *p, const json_t *members, struct err *err)
{
    AUTO_ARENA arena = {0};

    if (!json_is_object(members) || p->members == NULL)
        return err_set(err, ERR_TARGET, "params: '%s%s' of type '%s' has no members to describe", o->path,
                       p->name, p->type);
    return override_list(p->members, p->member_count, members,
                         arena_printf(&arena, "%s%s.", o->path, p->name), err);
}

static int
override_one(const struct overriding *o, const char *name, const json_t *given, struct err *err)
{
    int index = index_of(o, name);

    if (index < 0)
        return err_set(err, ERR_TARGET, "params: %s%.*s has no %s '%s'",
                       *o->path == '\0' ? "the function" : "", (int)strlen(o->path) - (*o->path != '\0'),
                       o->path, *o->path == '\0' ? "parameter" : "member", name);
    if (!json_is_object(given))
        return err_set(err, ERR_TARGET, "params: '%s%s' must be an object such as {\"role\": \"in\"}",
                       o->path, name);
    struct parameter *p = &o->list[index];
    const char *role = json_get_text(given, "role", NULL);
    const char *of = json_get_text(given, "of", NULL);
    const char *length = json_get_text(given, "length", NULL);
    const json_t *members = json_object_get(given, "members");
    if (role != NULL && override_role(o, p, role, err) != 0)
        return -1;
    if (of != NULL && override_of(o, p, of, err) != 0)
        return -1;
    if (p->kind == CELL_COUNT && p->of < 0)
        return err_set(err, ERR_TARGET,
                       "params: '%s%s' is a count; write whose: {\"role\": \"count\", \"of\": NAME}", o->path,
                       name);
    if (length != NULL && override_length(o, p, length, err) != 0)
        return -1;
    if (override_numbers(o, p, given, err) != 0)
        return -1;
    return members == NULL || p->kind == CELL_CONTEXT ? 0 : override_members(o, p, members, err);
}

int
override_list(struct parameter *list, size_t count, const json_t *overrides, const char *path,
              struct err *err)
{
    struct overriding o = {list, count, path};
    const char *name;
    json_t *given;

    json_object_foreach((json_t *)overrides, name, given)
    {
        if (override_one(&o, name, given, err) != 0)
            return -1;
    }
    return 0;
}
