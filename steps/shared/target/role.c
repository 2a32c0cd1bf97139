// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/role.h"

#include "steps/shared/target/bound.h"
#include "steps/shared/target/context.h"
#include "steps/shared/target/function.h"
#include "steps/shared/target/override.h"
#include "steps/shared/target/usage.h"

#include <string.h>

// Ranges of scalars that decide how long a call takes, when nothing else is known.
enum { RECURSION_MAX = 24, LOOP_MAX = 4096 };

static struct parameter *
parameter_at(const struct roles *roles, size_t index)
{
    return &roles->signature->parameters[index];
}

static const char *
override_text(const struct roles *roles, size_t index, const char *key)
{
    return json_get_text(json_object_get(roles->overrides, parameter_at(roles, index)->name), key, NULL);
}

static bool
is_counted(const struct roles *roles, size_t buffer)
{
    for (size_t i = 0; i < roles->signature->count; i++) {
        const struct parameter *p = parameter_at(roles, i);
        if (p->kind == CELL_COUNT && p->of == (int)buffer)
            return true;
    }
    return false;
}

// ---- counts
// -----------------------------------------------------------------------------------------------------

static bool
is_size_type(const struct parameter *p)
{
    return strcmp(p->element, "size_t") == 0 || strcmp(p->element, "ssize_t") == 0;
}

// Whether parameter `index` can be the element count of `buffer`.
static bool
can_count(const struct roles *roles, size_t index, size_t buffer)
{
    if (index >= roles->signature->count)
        return false;
    const struct parameter *p = parameter_at(roles, index);
    if (roles->declared[index].is_pointer || p->is_real || p->size < 2 || p->kind != CELL_END ||
        p->members != NULL)
        return false;
    struct integer_usage usage = usage_of_integer(roles->scope, roles->definition, str_of(p->name),
                                                  str_of(parameter_at(roles, buffer)->name));
    return usage.bound || (is_size_type(p) && !usage.index);
}

static void
set_count(const struct roles *roles, size_t index, size_t buffer)
{
    struct parameter *p = parameter_at(roles, index);

    p->kind = CELL_COUNT;
    p->of = (int)buffer;
}

// `a, b, n`: the first integer behind further pointers. Returns its index, or the number of parameters.
static size_t
shared_count_index(const struct roles *roles, size_t buffer)
{
    size_t i = buffer + 1;

    while (i < roles->signature->count && roles->declared[i].is_pointer)
        i++;
    return i;
}

// Shares the count of another buffer: `a, b, n`, or `a, n, b` when n bounds an index of b. False when there
// is none.
static bool
share_count(const struct roles *roles, size_t buffer)
{
    size_t index = shared_count_index(roles, buffer);

    if (can_count(roles, index, buffer)) {
        set_count(roles, index, buffer);
        return true;
    }
    for (size_t i = 0; i < roles->signature->count; i++) {
        const struct parameter *p = parameter_at(roles, i);
        if (p->kind != CELL_COUNT || p->of < 0)
            continue;
        if (i == index || usage_bounds_index(roles->scope, roles->definition, str_of(p->name),
                                             str_of(parameter_at(roles, buffer)->name))) {
            parameter_at(roles, buffer)->of = p->of;
            return true;
        }
    }
    return false;
}

static int
no_count(const struct parameter *p, struct err *err)
{
    return err_set(
        err, ERR_TARGET,
        "parameter '%s' of type '%s': no length found; write under params {\"%s\": {\"role\": \"%s\", "
        "\"count\": N}} for N elements, or {\"LENGTH\": {\"role\": \"count\", \"of\": \"%s\"}} for the "
        "parameter that counts it",
        p->name, p->type, p->name, role_name(p->kind), p->name);
}

// ---- buffers
// ----------------------------------------------------------------------------------------------------

static bool
is_strings(const struct declared *declared)
{
    return declared->pointers > 1;
}

static enum cell_kind
buffer_kind(const struct declared *declared, const struct pointer_usage *usage)
{
    if (is_strings(declared))
        return usage->written ? CELL_INOUT : CELL_IN;
    if (declared->is_const)
        return CELL_IN;
    if (declared->members != NULL)
        return CELL_INOUT;
    return usage->written && !usage->read_first ? CELL_OUT : CELL_INOUT;
}

static bool
is_char(const struct parameter *p)
{
    return strcmp(p->element, "char") == 0;
}

// Whether it is the pointer to a single value, or to as many as the largest constant index says.
static bool
is_few(const struct declared *declared, const struct parameter *p, const struct pointer_usage *usage)
{
    bool used = usage->used || declared->members != NULL; // a struct that is handed on is one, too
    bool text = (declared->is_const && is_char(p)) || is_strings(declared) || p->until_nul;

    return strcmp(declared->base.element, "void") != 0 && used && !usage->by_variable &&
           !(text && !usage->moved);
}

static int
assign_buffer(const struct roles *roles, size_t index, struct err *err)
{
    struct parameter *p = parameter_at(roles, index);
    const struct declared *declared = &roles->declared[index];
    struct pointer_usage usage = usage_of_pointer(roles->scope, roles->definition, str_of(p->name));
    bool can_be_text = p->kind == CELL_END && ((declared->is_const && is_char(p)) || is_strings(declared));
    bool next_is_size = index + 1 < roles->signature->count && is_size_type(parameter_at(roles, index + 1));

    if (p->kind == CELL_TEXT || (can_be_text && usage.nul_tested && !next_is_size)) {
        p->kind = CELL_TEXT;
        return 0;
    }
    if (p->kind == CELL_END)
        p->kind = buffer_kind(declared, &usage);
    if (p->kind == CELL_INOUT && is_char(p) && usage.nul_tested && !declared->is_const &&
        override_text(roles, index, "role") == NULL && override_text(roles, index, "length") == NULL)
        p->until_nul = true;
    if (p->fixed_count > 0 || p->of >= 0 || is_counted(roles, index))
        return 0;
    if (declared->array_count > OVERRIDE_COUNT_MAX)
        return err_set(err, ERR_TARGET, "parameter '%s' has %llu elements; %d at most are supported", p->name,
                       (unsigned long long)declared->array_count, OVERRIDE_COUNT_MAX);
    if (declared->array_count > 0) {
        p->fixed_count = (unsigned)declared->array_count;
    } else if (is_few(declared, p, &usage) && usage.last_index < 1024) {
        p->fixed_count = (unsigned)usage.last_index + 1;
        if (p->fixed_count == 1 && !declared->is_const && override_text(roles, index, "role") == NULL)
            p->kind = CELL_INOUT;
    } else if (can_count(roles, index + 1, index)) {
        set_count(roles, index + 1, index);
    } else if (can_be_text && (usage.nul_tested || !share_count(roles, index))) {
        p->kind = CELL_TEXT;
    } else if (p->until_nul && p->kind == CELL_INOUT) {
        return 0; // its room is that of its text
    } else if (p->of < 0 && !is_counted(roles, index) && !share_count(roles, index)) {
        if (index == 0 || !can_count(roles, index - 1, index))
            return no_count(p, err);
        set_count(roles, index - 1, index);
    }
    return 0;
}

static size_t
count_kind(const struct roles *roles, enum cell_kind kind)
{
    size_t found = 0;

    for (size_t i = 0; i < roles->signature->count; i++)
        found += parameter_at(roles, i)->kind == kind;
    return found;
}

// The result is the length of what was written when there is one output and the result is its cursor. In
// doubt all of the output is compared.
static void
assign_length(const struct roles *roles)
{
    const struct signature *s = roles->signature;

    if (s->result_size < 4 || s->result_real || s->result_members != NULL || count_kind(roles, CELL_OUT) != 1)
        return;
    for (size_t i = 0; i < s->count; i++) {
        struct parameter *p = parameter_at(roles, i);
        if (p->kind == CELL_OUT && override_text(roles, i, "length") == NULL)
            p->length_from_result = usage_returns_length(roles->scope, roles->definition, str_of(p->name));
    }
}

// ---- scalars
// ----------------------------------------------------------------------------------------------------

// A range where the whole type would make calls that never end.
static void
assign_range(const struct roles *roles, struct parameter *p, struct str function)
{
    struct integer_usage usage =
        usage_of_integer(roles->scope, roles->definition, str_of(p->name), (struct str){0});
    json_t *given = json_object_get(roles->overrides, p->name);

    if (p->is_real || p->size < 2 || json_object_get(given, "max") != NULL ||
        json_object_get(given, "min") != NULL)
        return;
    if (usage_self_calls(roles->definition, function) > 1)
        p->max = RECURSION_MAX;
    else if (usage.loop)
        p->max = LOOP_MAX;
}

static struct str
function_name(const struct roles *roles)
{
    struct node name = function_name_node(node_field(roles->definition.node, "declarator"));

    return node_text(roles->definition.syntax, name);
}

static int
check_declared(const struct roles *roles, struct err *err)
{
    for (size_t i = 0; i < roles->signature->count; i++) {
        const struct declared *declared = &roles->declared[i];
        if (declared->problem != NULL && parameter_at(roles, i)->kind != CELL_CONTEXT)
            return err_set(err, ERR_TARGET, "parameter '%s' %s", declared->name, declared->problem);
    }
    return 0;
}

// Whether elements are or hold pointers.
static bool
parameter_has_pointers(const struct parameter *p)
{
    for (size_t i = 0; i < p->member_count; i++)
        if (parameter_is_buffer(&p->members[i]) || parameter_has_pointers(&p->members[i]))
            return true;
    return false;
}

// Whether some member of a list counts member `index`.
static bool
has_counter(const struct parameter *list, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == CELL_COUNT && list[i].of == (int)index)
            return true;
    return false;
}

static int
check_length(const struct parameter *list, size_t count, size_t index, const char *path, struct err *err)
{
    const struct parameter *p = &list[index];
    bool counted = has_counter(list, count, index), ends = p->kind == CELL_TEXT || p->until_nul;

    if (parameter_is_buffer(p) && !counted && !ends && p->fixed_count == 0 && p->of < 0)
        return err_set(err, ERR_TARGET,
                       "member '%s%s' of type '%s': no length found; write under its struct's members "
                       "{\"%s\": {\"count\": N}} for N elements, or {\"LENGTH\": {\"role\": \"count\", "
                       "\"of\": \"%s\"}} for the member that counts it",
                       path, p->name, p->type, p->name, p->name);
    if (counted && p->fixed_count > 0)
        return err_set(err, ERR_TARGET,
                       "member '%s%s' has a fixed count and a member that counts it; write one, and "
                       "{\"role\": \"scalar\"} for the other",
                       path, p->name);
    return 0;
}

// Checks at and below parameters what inference does not.
static int
check_list(const struct parameter *list, size_t count, const char *path, struct err *err)
{
    AUTO_ARENA arena = {0};

    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = &list[i];
        if (p->kind == CELL_CONTEXT)
            continue;
        if (p->kind == CELL_OUT && parameter_has_pointers(p))
            return err_set(err, ERR_TARGET,
                           "'%s%s' of type '%s' can't be out: it holds pointers, which point nowhere; write "
                           "inout",
                           path, p->name, p->type);
        if (*path != '\0' && check_length(list, count, i, path, err) != 0)
            return -1;
        if (check_list(p->members, p->member_count, arena_printf(&arena, "%s%s.", path, p->name), err) != 0)
            return -1;
    }
    return 0;
}

static int
check_counts(const struct roles *roles, struct err *err)
{
    for (size_t i = 0; i < roles->signature->count; i++) {
        const struct parameter *p = parameter_at(roles, i);
        bool is_owner = p->of < 0 || !parameter_is_buffer(p);
        if (!is_owner && !is_counted(roles, (size_t)p->of) &&
            parameter_at(roles, (size_t)p->of)->fixed_count == 0)
            return err_set(err, ERR_TARGET, "params: '%s' shares the count of '%s', which has none", p->name,
                           parameter_at(roles, (size_t)p->of)->name);
        if (!is_owner && parameter_at(roles, (size_t)p->of)->of >= 0)
            return err_set(err, ERR_TARGET,
                           "params: '%s' is of '%s', which itself is of another; name that one", p->name,
                           parameter_at(roles, (size_t)p->of)->name);
        if (p->kind == CELL_COUNT && parameter_at(roles, (size_t)p->of)->fixed_count > 0)
            return err_set(err, ERR_TARGET,
                           "params: '%s' has a fixed count and a count parameter '%s'; write one",
                           parameter_at(roles, (size_t)p->of)->name, p->name);
    }
    return 0;
}

int
roles_assign(const struct roles *roles, struct err *err)
{
    struct signature *signature = roles->signature;
    if (override_list(signature->parameters, signature->count, roles->overrides, "", err) != 0 ||
        contexts_assign(roles, err) != 0 || check_declared(roles, err) != 0)
        return -1;
    for (size_t i = 0; i < signature->count; i++) {
        if (roles->declared[i].is_pointer && parameter_at(roles, i)->kind != CELL_CONTEXT &&
            assign_buffer(roles, i, err) != 0)
            return -1;
    }
    assign_length(roles);
    for (size_t i = 0; i < roles->signature->count; i++) {
        struct parameter *p = parameter_at(roles, i);
        if (p->kind == CELL_END)
            p->kind = CELL_SCALAR;
        if (p->kind == CELL_SCALAR && p->members == NULL)
            assign_range(roles, p, function_name(roles));
    }
    return check_counts(roles, err) != 0 ? -1 : check_list(signature->parameters, signature->count, "", err);
}
