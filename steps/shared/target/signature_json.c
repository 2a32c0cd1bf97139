// SPDX-License-Identifier: Apache-2.0
// The JSON form of a signature.
#include "steps/shared/target/language.h"
#include "steps/shared/target/parameter.h"
#include "steps/shared/target/record.h"
#include "steps/shared/target/signature.h"

#include <math.h>
#include <string.h>

#define POINTER_ELEMENT "char *"

enum { COUNT_MAX = 1 << 20 };

static json_t *list_to_json(const struct parameter *list, size_t count);

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
    ptrdiff_t bracket = str_find_byte(text, '[');
    ptrdiff_t star = str_find_byte(text, '*');

    if (bracket >= 0)
        text = str_head(text, (size_t)bracket);
    if (!ctype_resolve(NULL, star < 0 ? text : str_head(text, (size_t)star), &base))
        return NULL;
    return star >= 0 && base.size == 0 ? "uint8_t" : base.element;
}

static void
set_buffer(json_t *object, const struct parameter *p)
{
    if (p->kind == CELL_OUT)
        json_set_text(object, "length", p->until_nul ? "nul" : p->length_from_result ? "result" : "capacity");
    else if (p->until_nul)
        json_set_text(object, "length", "nul");
    if (p->fixed_count > 0 && p->kind != CELL_CONTEXT && p->kind != CELL_ARRAY)
        json_object_set_new(object, "count", json_integer(p->fixed_count));
}

static void
set_context(json_t *object, const struct parameter *p)
{
    json_set_text(object, "setup", p->setup);
    if (p->teardown != NULL)
        json_set_text(object, "teardown", p->teardown);
    if (p->digest != NULL)
        json_set_text(object, "digest", p->digest);
}

static json_t *
parameter_to_json(const struct parameter *list, const struct parameter *p)
{
    json_t *object = json_object();
    const char *plain = plain_element(p->type);
    bool is_strings = strcmp(p->element, POINTER_ELEMENT) == 0;
    bool is_context = p->kind == CELL_CONTEXT;

    json_set_text(object, "type", p->type);
    if (!is_context && (plain == NULL || strcmp(plain, p->element) != 0))
        json_set_text(object, "element", p->element);
    json_set_text(object, "role", role_name(p->kind));
    if (p->of >= 0)
        json_set_text(object, "of", list[p->of].name);
    set_buffer(object, p);
    if (is_context)
        set_context(object, p);
    if (p->min < 0 || p->max > 0 || p->min > 0) {
        set_number(object, "min", p->min);
        set_number(object, "max", p->max);
    }
    if (p->member_count > 0 && !is_strings)
        json_object_set_new(object, "members", list_to_json(p->members, p->member_count));
    return object;
}

static json_t *
list_to_json(const struct parameter *list, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, list[i].name, parameter_to_json(list, &list[i]));
    return object;
}

json_t *
signature_to_json(const struct signature *signature)
{
    if (signature->calls != NULL)
        return signature->calls->signature(signature);
    json_t *object = json_object();
    const char *plain = plain_element(signature->result_type);

    json_set_text(object, "result", signature->result_type);
    if (plain == NULL || strcmp(plain, signature->result_element) != 0)
        json_set_text(object, "result_element", signature->result_element);
    if (signature->result_members != NULL)
        json_object_set_new(object, "result_members",
                            list_to_json(signature->result_members, signature->result_member_count));
    json_object_set_new(object, "params", list_to_json(signature->parameters, signature->count));
    return object;
}

// ---- back
// -------------------------------------------------------------------------------------------------------

struct reading {
    struct arena *arena;
    const char *path; // in front of names: "", "request."
    unsigned depth;
};

static int list_from_json(const struct reading *reading, const json_t *json, struct parameter **list,
                          size_t *count, struct err *err);

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

// The members of a struct; its size in the base.
static int
members_of(const struct reading *reading, const char *name, const json_t *members, struct declared *declared,
           struct err *err)
{
    struct reading inner = {reading->arena, arena_printf(reading->arena, "%s%s.", reading->path, name),
                            reading->depth + 1};

    if (inner.depth > CELL_DEPTH_MAX - 2)
        return err_set(err, ERR_TARGET, "params: '%s%s' is nested too deep", reading->path, name);
    if (list_from_json(&inner, members, &declared->members, &declared->member_count, err) != 0)
        return -1;
    if (declared->member_count == 0)
        return err_set(err, ERR_TARGET, "params: '%s%s' needs members", reading->path, name);
    record_lay_out(declared->members, declared->member_count, &declared->base.size, &declared->align);
    return 0;
}

// What a parameter's elements are.
static int
read_element(const struct reading *reading, const char *name, const json_t *json, struct parameter *p,
             struct err *err)
{
    struct declared declared = {.is_const = strncmp(p->type, "const ", 6) == 0};
    const json_t *members = json_object_get(json, "members");
    const char *element = json_get_text(json, "element", "");

    if (p->kind == CELL_CONTEXT) {
        p->element = "void";
        return members == NULL || !json_is_object(members)
                   ? 0
                   : list_from_json(&(struct reading){reading->arena, reading->path, reading->depth + 1},
                                    members, &p->members, &p->member_count, err);
    }
    if (members != NULL) {
        if (members_of(reading, name, members, &declared, err) != 0)
            return -1;
        declared.base.element = arena_dup(reading->arena, element);
    } else if (strcmp(element, POINTER_ELEMENT) == 0) {
        (void)ctype_resolve(NULL, STR("char"), &declared.base);
        declared_set_element(reading->arena, &declared, 1, p);
        return 0;
    } else if (element_of(json, "element", p->type, &declared.base, err) != 0) {
        return err_wrap(err, "params: '%s%s'", reading->path, name);
    }
    declared_set_element(reading->arena, &declared, 0, p);
    return 0;
}

static bool
role_fits(const struct reading *reading, const struct parameter *p)
{
    bool is_array = strchr(p->type, '[') != NULL, is_pointer = strchr(p->type, '*') != NULL && !is_array;

    if (p->kind == CELL_CONTEXT)
        return reading->depth == 0;
    return parameter_is_buffer(p) == is_pointer && (p->kind == CELL_ARRAY) == is_array &&
           (p->kind != CELL_ARRAY || reading->depth > 0);
}

static int
read_array(const struct reading *reading, struct parameter *p, struct err *err)
{
    struct str text = str_of(p->type);
    uint64_t count = 0;
    ptrdiff_t bracket = str_find_byte(text, '[');

    text = str_trim(str_from(text, bracket < 0 ? text.len : (size_t)bracket + 1));
    if (text.len > 0)
        text.len--;
    if (!str_to_u64(text, &count) || count == 0 || count > COUNT_MAX)
        return err_set(err, ERR_TARGET, "params: '%s%s' of type '%s' needs its number of elements",
                       reading->path, p->name, p->type);
    p->fixed_count = (unsigned)count;
    return 0;
}

static int
parameter_from_json(const struct reading *reading, const char *name, const json_t *json, struct parameter *p,
                    struct err *err)
{
    struct arena *arena = reading->arena;
    const char *type = json_get_text(json, "type", NULL), *role = json_get_text(json, "role", NULL);
    const char *length = json_get_text(json, "length", "");
    int64_t count = json_get_int(json, "count", 0);

    if (type == NULL || role == NULL)
        return err_set(err, ERR_TARGET, "params: '%s%s' needs \"type\" and \"role\"", reading->path, name);
    *p = (struct parameter){.name = arena_dup(arena, name), .type = arena_dup(arena, type), .of = -1};
    bool known = role_parse(role, &p->kind);
    if (read_element(reading, name, json, p, err) != 0)
        return -1;
    if (!known || !role_fits(reading, p))
        return err_set(err, ERR_TARGET, "params: '%s%s' of type '%s' can't have role '%s'", reading->path,
                       name, type, role);
    if (count < 0 || count > COUNT_MAX)
        return err_set(err, ERR_TARGET, "params: count of '%s%s' must be between 1 and %d", reading->path,
                       name, COUNT_MAX);
    p->fixed_count = (unsigned)count;
    if (p->kind == CELL_ARRAY && read_array(reading, p, err) != 0)
        return -1;
    p->length_from_result = strcmp(length, "result") == 0;
    p->until_nul = strcmp(length, "nul") == 0 && p->size == 1 && p->members == NULL;
    p->min = json_number_value(json_object_get(json, "min"));
    p->max = json_number_value(json_object_get(json, "max"));
    if (p->kind == CELL_CONTEXT) {
        p->setup = arena_dup(arena, json_get_text(json, "setup", ""));
        p->teardown = json_get_text(json, "teardown", NULL);
        p->digest = json_get_text(json, "digest", NULL);
        p->teardown = p->teardown != NULL ? arena_dup(arena, p->teardown) : NULL;
        p->digest = p->digest != NULL ? arena_dup(arena, p->digest) : NULL;
        p->fixed_count = p->digest != NULL;
    }
    return 0;
}

static int
link_counts(const struct reading *reading, const json_t *params, struct parameter *list, size_t count,
            struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct parameter *p = &list[i];
        const char *of = json_get_text(json_object_get(params, p->name), "of", NULL);
        for (size_t j = 0; of != NULL && j < count; j++) {
            if (strcmp(list[j].name, of) == 0 && parameter_is_buffer(&list[j]))
                p->of = (int)j;
        }
        if ((of != NULL || p->kind == CELL_COUNT) && (p->of < 0 || p->of == (int)i))
            return err_set(err, ERR_TARGET, "params: \"of\" of '%s%s' must name another pointer %s",
                           reading->path, p->name, reading->depth == 0 ? "parameter" : "member");
    }
    return 0;
}

static int
list_from_json(const struct reading *reading, const json_t *json, struct parameter **list, size_t *count,
               struct err *err)
{
    const char *name;
    json_t *given;
    size_t size = json_object_size(json);

    *count = 0;
    if (size > SIGNATURE_PARAMETERS_MAX)
        return err_set(err, ERR_TARGET, "%zu %s; %d at most are supported: choose a function with fewer",
                       size, reading->depth == 0 ? "parameters" : "members", SIGNATURE_PARAMETERS_MAX);
    *list = ARENA_ARRAY(reading->arena, struct parameter, size + 1);
    json_object_foreach((json_t *)json, name, given)
    {
        if (parameter_from_json(reading, name, given, &(*list)[*count], err) != 0)
            return -1;
        ++*count;
    }
    return link_counts(reading, json, *list, *count, err);
}

int
signature_from_json(struct arena *arena, const json_t *json, struct signature *signature, struct err *err)
{
    const char *result = json_get_text(json, "result", NULL);
    const json_t *params = json_object_get(json, "params"),
                 *members = json_object_get(json, "result_members");
    const struct reading reading = {arena, "", 0};
    struct declared declared = {0};

    if (result == NULL || !json_is_object(params))
        return err_set(err, ERR_TARGET, "a signature needs \"result\" and \"params\"");
    if (members != NULL) {
        if (members_of(&reading, "result", members, &declared, err) != 0)
            return -1;
        declared.base.element = arena_dup(arena, json_get_text(json, "result_element", ""));
    } else if (element_of(json, "result_element", result, &declared.base, err) != 0) {
        return err_wrap(err, "result");
    }
    *signature = (struct signature){.result_type = arena_dup(arena, result),
                                    .result_element = declared.base.element,
                                    .result_size = declared.base.size,
                                    .result_signed = declared.base.is_signed,
                                    .result_real = declared.base.is_real,
                                    .result_members = declared.members,
                                    .result_member_count = declared.member_count};
    return list_from_json(&reading, params, &signature->parameters, &signature->count, err);
}
