// SPDX-License-Identifier: Apache-2.0
#include "workflow/binding.h"

#include "workflow/slot.h"

#include <string.h>

enum { MEMBERS_MAX = 64 };

static json_t *bind_node(const struct slot *slot, const struct yaml_node *node);
static json_t *bind_json(const struct slot *slot, json_t *value);

static const char *
kind_name(enum yaml_kind kind)
{
    return kind == YAML_LIST ? "a list" : kind == YAML_MAP ? "a mapping" : "a scalar";
}

static json_t *
replaced(json_t *value, json_t *by)
{
    json_decref(value);
    return by;
}

// ---- mappings

static const struct field *
field_of(const struct field *fields, struct str key)
{
    for (; fields->name; fields++)
        if (str_is(key, fields->name))
            return fields;
    return NULL;
}

// Reports an unknown key. Returns the name of the field that was meant, or NULL.
static const char *
fail_key(const struct slot *slot, const struct field *fields)
{
    const char *names[MEMBERS_MAX] = {0};
    size_t count = 0;
    for (; count < MEMBERS_MAX && fields[count].name; count++)
        names[count] = fields[count].name;
    const char *hint = problems_hint(slot->binding->problems, slot->key, names, count);
    AUTO_BUF words = BUF(4096);
    for (size_t i = 0; i < count && !*hint; i++)
        buf_printf(&words, "%s%s", i ? ", " : "; known are ", names[i]);
    (void)slot_fail(slot, "unknown key%s%s", hint, buf_text(&words));
    return *hint ? str_nearest(slot->key, names, count) : NULL;
}

// What an absent member becomes: its default, a problem when it is required, else nothing.
static json_t *
absent(const struct slot *slot, const char *owner)
{
    const struct field *field = slot->field;
    struct err err;
    if (field->required)
        return slot_fail(slot, "missing; %s needs it", owner);
    if (!slot->binding->scope || !field->otherwise)
        return NULL;
    json_t *value = json_read(str_of(field->otherwise), field->name, &err);
    return value ? bind_json(slot, value) : slot_fail(slot, "bad default: %s", err.message);
}

static struct slot
slot_of(const struct slot *parent, const struct field *field, struct yaml_mark mark)
{
    return (struct slot){parent->binding, field, str_of(field->name), mark, parent->computed, false};
}

static void
set_member(json_t *object, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(object, name, value);
}

// Whether a misspelt key of the mapping was told to be this field.
static bool
is_misspelt(const char *const *meant, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (meant[i] && strcmp(meant[i], name) == 0)
            return true;
    return false;
}

static json_t *
bind_pairs(const struct slot *slot, const struct yaml_node *node, const struct field *fields,
           const char *owner)
{
    size_t count = node ? node->count : 0;
    const char **meant = ARENA_ARRAY(slot->binding->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct slot unknown = {
            .binding = slot->binding, .key = node->pairs[i].key, .mark = node->pairs[i].mark};
        if (!field_of(fields, node->pairs[i].key))
            meant[i] = fail_key(&unknown, fields);
    }
    json_t *object = json_object();
    for (const struct field *field = fields; field->name; field++) {
        const struct yaml_node *value = yaml_get(node, field->name);
        struct slot member = slot_of(slot, field, value ? value->mark : slot->mark);
        if (value)
            set_member(object, field->name, bind_node(&member, value));
        else if (!is_misspelt(meant, count, field->name))
            set_member(object, field->name, absent(&member, owner));
    }
    return object;
}

json_t *
binding_object(const struct binding *binding, const struct yaml_node *node, struct yaml_mark mark,
               const struct field *fields, const char *owner)
{
    static const struct field any = {.type = FIELD_OBJECT};
    const struct slot slot = {.binding = binding, .field = &any, .mark = node ? node->mark : mark};
    return bind_pairs(&slot, node, fields, owner);
}

static const char *
owner_of(const struct slot *slot)
{
    return arena_printf(&slot->binding->problems->arena, "%s%" STR_FMT, slot->element ? "an entry of " : "",
                        STR_ARG(slot->key));
}

// ---- values of expressions, and scalars of the file

static json_t *
bind_json_list(const struct slot *slot, json_t *value)
{
    static const struct field text = {.type = FIELD_TEXT}, object = {.type = FIELD_OBJECT};
    struct field element = slot->field->members ? object : text;
    element.members = slot->field->members;
    element.choices = slot->field->members ? NULL : slot->field->choices;
    struct slot inner = *slot;
    inner.field = &element;
    inner.element = true;
    json_t *list = json_array();
    if (!json_is_array(value)) {
        json_t *bound = bind_json(&inner, json_incref(value));
        if (bound)
            json_array_append_new(list, bound);
        return replaced(value, list);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *bound = bind_json(&inner, json_incref(json_array_get(value, i)));
        if (bound)
            json_array_append_new(list, bound);
    }
    return replaced(value, list);
}

static json_t *
bind_json_object(const struct slot *slot, json_t *value)
{
    if (!json_is_object(value))
        return slot_fail_type(slot, value);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(value, key, member)
    {
        const struct slot unknown = {slot->binding, NULL, str_of(key), slot->mark, true, false};
        if (!field_of(slot->field->members, str_of(key)))
            (void)fail_key(&unknown, slot->field->members);
    }
    json_t *object = json_object();
    for (const struct field *field = slot->field->members; field->name; field++) {
        struct slot inner = slot_of(slot, field, slot->mark);
        member = json_object_get(value, field->name);
        bool there = member && !json_is_null(member);
        set_member(object, field->name,
                   there ? bind_json(&inner, json_incref(member)) : absent(&inner, owner_of(slot)));
    }
    return replaced(value, object);
}

static json_t *
bind_json_map(const struct slot *slot, json_t *value)
{
    if (!json_is_object(value))
        return slot_fail_type(slot, value);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(value, key, member)
    {
        const struct slot inner = {slot->binding, slot->field, str_of(key), slot->mark, true, false};
        if (json_is_array(member) || json_is_object(member))
            (void)slot_fail(&inner, "expected a text, a number or a truth value, got %s",
                            json_is_array(member) ? "a list" : "a mapping");
    }
    return value;
}

// Takes `value`; null gives nothing.
static json_t *
bind_json(const struct slot *slot, json_t *value)
{
    switch (slot->field->type) {
    case FIELD_TEXT:
    case FIELD_INT:
    case FIELD_REAL:
    case FIELD_BOOL:
    case FIELD_DURATION:
    case FIELD_SIZE:
        return slot_scalar(slot, value);
    case FIELD_LIST:
        return bind_json_list(slot, value);
    case FIELD_MAP:
        return bind_json_map(slot, value);
    case FIELD_OBJECT:
        return bind_json_object(slot, value);
    case FIELD_ANY:
        break;
    }
    return value;
}

// ---- nodes of the file

static json_t *
bind_expression(const struct slot *slot, const struct yaml_node *node)
{
    const struct binding *binding = slot->binding;
    if (binding->plain)
        return slot_fail(slot, "takes no expression");
    struct expression_source source = {.file = binding->file, .node = node, .key = slot->key};
    struct expression *expression = expression_read(binding->arena, &source, false, binding->problems);
    if (!expression)
        return NULL;
    if (!binding->scope) {
        if (binding->seen)
            binding->seen(binding->context, expression, slot->key);
        return json_text(node->text);
    }
    json_t *value = expression_value(expression, binding->scope, slot->key, binding->problems);
    if (!value)
        return NULL;
    struct slot computed = *slot;
    computed.computed = true;
    if (!json_is_null(value) || slot->field->type == FIELD_ANY)
        return bind_json(&computed, value);
    json_decref(value);
    if (slot->field->required)
        return slot_fail(slot, "is required, and its expression gave null");
    return absent(&computed, "");
}

static json_t *
bind_scalar(const struct slot *slot, const struct yaml_node *node)
{
    enum field_type type = slot->field->type;
    bool verbatim = slot->binding->plain && type == FIELD_ANY;
    if (expression_in(node->text) && !verbatim)
        return bind_expression(slot, node);
    if (yaml_is_null(node) && type != FIELD_ANY)
        return slot_fail(slot, "has no value; expected %s", binding_type_name(type));
    bool text = type == FIELD_TEXT || (type == FIELD_LIST && !slot->field->members);
    return bind_json(slot, text ? json_text(node->text) : yaml_to_json(node));
}

static json_t *
bind_list(const struct slot *slot, const struct yaml_node *node)
{
    static const struct field text = {.type = FIELD_TEXT}, object = {.type = FIELD_OBJECT},
                              any = {.type = FIELD_ANY};
    struct field element = slot->field->type == FIELD_ANY ? any : slot->field->members ? object : text;
    element.members = slot->field->members;
    element.choices = slot->field->members ? NULL : slot->field->choices;
    json_t *list = json_array();
    for (size_t i = 0; i < node->count; i++) {
        struct slot inner = *slot;
        inner.field = &element;
        inner.mark = node->items[i]->mark;
        inner.element = true;
        json_t *bound = bind_node(&inner, node->items[i]);
        if (bound || slot->binding->plain)
            json_array_append_new(list,
                                  bound ? bound : json_null()); // members of the file keep their indexes
    }
    return list;
}

static json_t *
bind_map(const struct slot *slot, const struct yaml_node *node)
{
    static const struct field any = {.type = FIELD_ANY};
    json_t *object = json_object();
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_pair *pair = &node->pairs[i];
        const struct slot inner = {slot->binding, &any, pair->key, pair->value->mark, slot->computed, false};
        if (slot->field->type == FIELD_MAP && pair->value->kind != YAML_SCALAR) {
            (void)slot_fail(&inner, "expected a text, a number or a truth value, got %s",
                            kind_name(pair->value->kind));
            continue;
        }
        json_t *bound = bind_node(&inner, pair->value);
        if (bound)
            json_object_set_new(object, pair->key.ptr, bound);
    }
    return object;
}

static json_t *
bind_node(const struct slot *slot, const struct yaml_node *node)
{
    enum field_type type = slot->field->type;
    if (node->kind == YAML_SCALAR)
        return bind_scalar(slot, node);
    if (node->kind == YAML_LIST && (type == FIELD_LIST || type == FIELD_ANY))
        return bind_list(slot, node);
    if (node->kind == YAML_MAP && (type == FIELD_MAP || type == FIELD_ANY))
        return bind_map(slot, node);
    if (node->kind == YAML_MAP && type == FIELD_OBJECT)
        return bind_pairs(slot, node, slot->field->members, owner_of(slot));
    return slot_fail(slot, "expected %s, got %s", binding_type_name(type), kind_name(node->kind));
}
