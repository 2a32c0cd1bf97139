// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/type.h"

#include <string.h>

enum { PATH_MAX_BYTES = 256 };

static const char *const kind_names[] = {
    [GO_BOOL] = "bool",     [GO_INT] = "int",         [GO_UINT] = "uint",   [GO_FLOAT] = "float",
    [GO_STRING] = "string", [GO_COMPLEX] = "complex", [GO_ERROR] = "error", [GO_POINTER] = "pointer",
    [GO_SLICE] = "slice",   [GO_ARRAY] = "array",     [GO_MAP] = "map",     [GO_STRUCT] = "struct",
};

static enum go_kind
kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(kind_names[i], name) == 0)
            return (enum go_kind)i;
    return GO_OTHER;
}

static bool
read_index(const json_t *json, size_t count, size_t *index)
{
    int64_t value = json_is_integer(json) ? json_integer_value(json) : -1;
    *index = (size_t)value;
    return value >= 0 && (size_t)value < count;
}

static bool
read_fields(struct arena *arena, const json_t *rows, size_t types, struct go_type *type)
{
    size_t i;
    json_t *row;

    type->field_count = json_array_size(rows);
    type->fields = ARENA_ARRAY(arena, struct go_field, type->field_count + 1);
    json_array_foreach(rows, i, row)
    {
        type->fields[i].name = arena_dup(arena, json_get_text(row, "name", ""));
        if (!read_index(json_object_get(row, "type"), types, &type->fields[i].type))
            return false;
    }
    return true;
}

static bool
read_type(struct arena *arena, const json_t *row, size_t types, struct go_type *type)
{
    int64_t length = json_get_int(row, "length", 0);

    *type = (struct go_type){.name = arena_dup(arena, json_get_text(row, "name", "")),
                             .kind = kind_of(json_get_text(row, "kind", "")),
                             .bits = (unsigned)json_get_int(row, "bits", 64),
                             .length = (size_t)length};
    bool has_element =
        type->kind == GO_POINTER || type->kind == GO_SLICE || type->kind == GO_ARRAY || type->kind == GO_MAP;
    if (length < 0 || (has_element && !read_index(json_object_get(row, "element"), types, &type->element)) ||
        (type->kind == GO_MAP && !read_index(json_object_get(row, "key"), types, &type->key)))
        return false;
    return type->kind != GO_STRUCT || read_fields(arena, json_object_get(row, "fields"), types, type);
}

// Names as they are spelled; where there is none, by position.
static const char *
argument_name(struct arena *arena, const struct go_function *go, size_t index)
{
    bool is_receiver = go->receiver != NULL && index == 0;
    size_t parameter = index - (go->receiver != NULL);
    const char *name = is_receiver                       ? go->receiver_name
                       : parameter < go->parameter_count ? go->parameters[parameter].name
                                                         : "";

    if (*name != '\0' && strcmp(name, "_") != 0)
        return name;
    return is_receiver ? "receiver" : arena_printf(arena, "parameter %zu", parameter + 1);
}

static bool
read_list(struct arena *arena, const json_t *rows, const struct go_function *go, bool arguments, size_t types,
          struct go_field **list, size_t *count)
{
    size_t i;
    json_t *row;

    *count = json_array_size(rows);
    *list = ARENA_ARRAY(arena, struct go_field, *count + 1);
    json_array_foreach(rows, i, row)
    {
        (*list)[i].name = arguments ? argument_name(arena, go, i) : arena_printf(arena, "result %zu", i + 1);
        if (!read_index(row, types, &(*list)[i].type))
            return false;
    }
    return true;
}

// ---- what can't be passed
// ----------------------------------------------------------------------------------------------------

// A walk over all types below an argument.
struct walk {
    const struct go_signature *signature;
    bool *seen;
    char path[PATH_MAX_BYTES]; // ".Log"
    const struct go_type *other;
};

static bool walk_type(struct walk *walk, size_t index);

static bool
walk_fields(struct walk *walk, const struct go_type *type)
{
    size_t length = strlen(walk->path);

    for (size_t i = 0; i < type->field_count; i++) {
        snprintf(walk->path + length, sizeof walk->path - length, ".%s", type->fields[i].name);
        if (!walk_type(walk, type->fields[i].type))
            return false;
        walk->path[length] = '\0';
    }
    return true;
}

// False at the first type that can't be passed; it is in walk->other then, and where it stands in the path.
static bool
walk_type(struct walk *walk, size_t index)
{
    const struct go_type *type = &walk->signature->types[index];

    if (walk->seen[index])
        return true;
    walk->seen[index] = true;
    switch (type->kind) {
    case GO_OTHER:
        walk->other = type;
        return false;
    case GO_MAP:
        return walk_type(walk, type->key) && walk_type(walk, type->element);
    case GO_POINTER:
    case GO_SLICE:
    case GO_ARRAY:
        return walk_type(walk, type->element);
    case GO_STRUCT:
        return walk_fields(walk, type);
    case GO_BOOL:
    case GO_INT:
    case GO_UINT:
    case GO_FLOAT:
    case GO_COMPLEX:
    case GO_STRING:
    case GO_ERROR:
    default:
        return true;
    }
}

static int
check_fields(struct arena *arena, const struct go_signature *signature, const struct go_field *fields,
             size_t count, const char *place, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct walk walk = {.signature = signature,
                            .seen = ARENA_ARRAY(arena, bool, signature->type_count + 1)};
        if (!walk_type(&walk, fields[i].type))
            return err_set(err, ERR_TARGET,
                           "%s: %s%s has type %s, which atoll can't pass or compare; it knows basic types, "
                           "strings, errors, and slices, arrays, maps, structures and pointers of them",
                           place, fields[i].name, walk.path, walk.other->name);
    }
    return 0;
}

static bool
is_mutable_below(const struct go_signature *signature, size_t index, unsigned depth)
{
    const struct go_type *type = &signature->types[index];

    if (type->kind == GO_POINTER || type->kind == GO_SLICE || type->kind == GO_MAP)
        return true;
    if (type->kind == GO_ARRAY && depth < 64)
        return is_mutable_below(signature, type->element, depth + 1);
    for (size_t i = 0; type->kind == GO_STRUCT && depth < 64 && i < type->field_count; i++)
        if (is_mutable_below(signature, type->fields[i].type, depth + 1))
            return true;
    return false;
}

bool
go_type_is_mutable(const struct go_signature *signature, size_t index)
{
    return is_mutable_below(signature, index, 0);
}

static int
check(struct arena *arena, const struct go_signature *signature, const char *place, struct err *err)
{
    bool comparable = signature->result_count > 0;

    for (size_t i = 0; i < signature->argument_count; i++)
        comparable = comparable || go_type_is_mutable(signature, signature->arguments[i].type);
    if (!comparable)
        return err_set(err, ERR_TARGET,
                       "%s: it has no result and can change no argument, so there is nothing to compare",
                       place);
    if (check_fields(arena, signature, signature->arguments, signature->argument_count, place, err) != 0)
        return -1;
    return check_fields(arena, signature, signature->results, signature->result_count, place, err);
}

int
go_signature_read(struct arena *arena, struct str table, const struct go_function *go, const char *place,
                  struct go_signature *signature, struct err *err)
{
    AUTO_JSON *json = json_read(table, "the table of types", err);
    if (json == NULL)
        return -1;
    const json_t *types = json_object_get(json, "types");
    size_t count = json_array_size(types);
    *signature = (struct go_signature){.types = ARENA_ARRAY(arena, struct go_type, count + 1),
                                       .type_count = count,
                                       .has_receiver = go->receiver != NULL};
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = read_type(arena, json_array_get(types, i), count, &signature->types[i]);
    good = good && read_list(arena, json_object_get(json, "arguments"), go, true, count,
                             &signature->arguments, &signature->argument_count);
    good = good && read_list(arena, json_object_get(json, "results"), go, false, count, &signature->results,
                             &signature->result_count);
    if (!good)
        return err_set(err, ERR_TARGET, "%s: its cell describes its types in another form than expected",
                       place);
    return check(arena, signature, place, err);
}

json_t *
go_signature_json(const struct go_signature *signature)
{
    AUTO_BUF results = BUF(1 << 16);
    json_t *params = json_object();

    for (size_t i = 0; i < signature->argument_count; i++) {
        const struct go_field *argument = &signature->arguments[i];
        json_object_set_new(params, argument->name,
                            json_pack("{s:s}", "type", signature->types[argument->type].name));
    }
    for (size_t i = 0; i < signature->result_count; i++)
        buf_printf(&results, "%s%s", i == 0 ? "" : ", ", signature->types[signature->results[i].type].name);
    return json_pack("{s:s, s:o}", "result", buf_text(&results), "params", params);
}

static bool
same_types(const struct go_field *a, const struct go_field *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].type != b[i].type)
            return false;
    return true;
}

static bool
same_fields(const struct go_type *a, const struct go_type *b)
{
    if (a->field_count != b->field_count || !same_types(a->fields, b->fields, a->field_count))
        return false;
    for (size_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    return true;
}

// The types of a signature are numbered in the order in which its arguments and results name them.
bool
go_signature_same(const struct go_signature *a, const struct go_signature *b)
{
    if (a->type_count != b->type_count || a->argument_count != b->argument_count ||
        a->result_count != b->result_count || a->has_receiver != b->has_receiver ||
        !same_types(a->arguments, b->arguments, a->argument_count) ||
        !same_types(a->results, b->results, a->result_count))
        return false;
    for (size_t i = 0; i < a->type_count; i++) {
        const struct go_type *left = &a->types[i], *right = &b->types[i];
        if (strcmp(left->name, right->name) != 0 || left->kind != right->kind || left->bits != right->bits ||
            left->length != right->length || left->element != right->element || left->key != right->key ||
            !same_fields(left, right))
            return false;
    }
    return true;
}

bool
go_type_is_bytes(const struct go_signature *signature, const struct go_type *type)
{
    if (type->kind != GO_SLICE && type->kind != GO_ARRAY)
        return false;
    const struct go_type *element = &signature->types[type->element];
    return element->kind == GO_UINT && element->bits == 8;
}
