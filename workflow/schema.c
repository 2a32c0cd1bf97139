// SPDX-License-Identifier: Apache-2.0
#include "workflow/schema.h"

#include "workflow/layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Which fields of a file may hold an expression: those of `with`.
enum { PLAIN = false, COMPUTED = true };

static json_t *object_schema(const struct field *fields, bool computed);
static json_t *field_schema(const struct field *field, bool computed);

static json_t *
reference(const char *definition)
{
    return json_pack("{s:s+}", "$ref", "#/definitions/", definition);
}

static json_t *
typed(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

static json_t *
choice_schema(const struct field *field)
{
    json_t *words = json_array();
    for (size_t i = 0; field->choices[i]; i++)
        json_array_append_new(words, json_string(field->choices[i]));
    return json_pack("{s:o}", "enum", words);
}

static json_t *
number_schema(const struct field *field, const char *type)
{
    json_t *schema = typed(type);
    if (fpclassify(field->min) == FP_ZERO && fpclassify(field->max) == FP_ZERO)
        return schema;
    bool whole = field->type == FIELD_INT;
    json_object_set_new(schema, "minimum",
                        whole ? json_integer((json_int_t)field->min) : json_real(field->min));
    json_object_set_new(schema, "maximum",
                        whole ? json_integer((json_int_t)field->max) : json_real(field->max));
    return schema;
}

// A list, or a single element that stands for a list of one.
static json_t *
list_schema(const struct field *field, bool computed)
{
    struct field element = {.type = FIELD_TEXT, .choices = field->choices};
    if (field->members)
        element = (struct field){.type = FIELD_OBJECT, .members = field->members};
    json_t *list = json_pack("{s:s, s:o}", "type", "array", "items", field_schema(&element, computed));
    if (field->members)
        return list;
    return json_pack("{s:[o, o]}", "anyOf", list, field_schema(&element, PLAIN));
}

static json_t *
value_schema(const struct field *field, bool computed)
{
    switch (field->type) {
    case FIELD_TEXT:
        return field->choices ? choice_schema(field) : reference("text");
    case FIELD_INT:
        return number_schema(field, "integer");
    case FIELD_REAL:
        return number_schema(field, "number");
    case FIELD_BOOL:
        return typed("boolean");
    case FIELD_DURATION:
        return reference("duration");
    case FIELD_SIZE:
        return reference("size");
    case FIELD_LIST:
        return list_schema(field, computed);
    case FIELD_MAP:
        return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", reference("scalar"));
    case FIELD_OBJECT:
        return object_schema(field->members, computed);
    case FIELD_ANY:
        break;
    }
    return json_object();
}

static json_t *
field_schema(const struct field *field, bool computed)
{
    struct err err;
    json_t *schema = value_schema(field, computed);
    // A text without choices and a free value take an expression as they are.
    bool open = field->type == FIELD_ANY || (field->type == FIELD_TEXT && !field->choices);
    if (computed && !open)
        schema = json_pack("{s:[o, o]}", "anyOf", schema, reference("expression"));
    if (json_object_get(schema, "$ref") && (field->summary || field->otherwise))
        schema = json_pack("{s:[o]}", "allOf", schema); // draft-07 ignores what stands beside a $ref
    if (field->summary)
        json_set_text(schema, "description", field->summary);
    if (field->otherwise)
        json_object_set_new(schema, "default", json_read(str_of(field->otherwise), field->name, &err));
    return schema;
}

static json_t *
object_schema(const struct field *fields, bool computed)
{
    json_t *properties = json_object(), *required = json_array();
    for (; fields && fields->name; fields++) {
        json_object_set_new(properties, fields->name, field_schema(fields, computed));
        if (fields->required)
            json_array_append_new(required, json_string(fields->name));
    }
    json_t *schema =
        json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}

// ---- `uses` decides what `with` is

static bool
needs_with(const struct step_ops *ops)
{
    for (const struct field *field = ops->inputs; field && field->name; field++)
        if (field->required)
            return true;
    return false;
}

static json_t *
uses_schema(const struct registry *registry)
{
    json_t *kinds = json_array();
    for (size_t i = 0; registry->steps[i]; i++)
        json_array_append_new(kinds, json_pack("{s:s, s:s}", "const", registry->steps[i]->name, "description",
                                               registry->steps[i]->summary));
    return json_pack("{s:s, s:s, s:o}", "description", "The kind of step.", "type", "string", "oneOf", kinds);
}

// Completes the schema of a mapping with `uses` and `with`.
static void
add_action(json_t *schema, const struct registry *registry)
{
    json_t *properties = json_object_get(schema, "properties"), *rules = json_array();
    json_object_set_new(properties, "uses", uses_schema(registry));
    json_object_set_new(
        properties, "with",
        json_pack("{s:s, s:[s, s]}", "description", "Inputs of the step.", "type", "object", "null"));
    for (size_t i = 0; registry->steps[i]; i++) {
        const struct step_ops *ops = registry->steps[i];
        json_t *then =
            json_pack("{s:{s:{s:s++}}}", "properties", "with", "$ref", "#/definitions/", "with-", ops->name);
        if (needs_with(ops))
            json_object_set_new(then, "required", json_pack("[s]", "with"));
        json_t *condition =
            json_pack("{s:{s:{s:s}}, s:[s]}", "properties", "uses", "const", ops->name, "required", "uses");
        json_array_append_new(rules, json_pack("{s:o, s:o}", "if", condition, "then", then));
    }
    json_object_set_new(schema, "allOf", rules);
}

static void
set_expression(json_t *properties, const char *key)
{
    json_t *schema = json_object_get(properties, key);
    json_object_set_new(schema, "type", json_pack("[s, s, s]", "string", "boolean", "number"));
}

static json_t *
step_schema(const struct registry *registry)
{
    json_t *schema = object_schema(layout_step, PLAIN);
    json_t *properties = json_object_get(schema, "properties");
    json_object_set_new(json_object_get(properties, "id"), "pattern",
                        json_string("^[A-Za-z][A-Za-z0-9_-]{0,63}$"));
    set_expression(properties, "if");
    set_expression(properties, "for-each");
    add_action(schema, registry);
    add_action(json_object_get(properties, "on-failure"), registry);
    return schema;
}

static json_t *
definitions(const struct registry *registry)
{
    json_t *all = json_pack(
        "{s:{s:s, s:s}, s:{s:[s, s, s]}, s:{s:[s, s, s, s]}, s:{s:s, s:s}, s:{s:[{s:s, s:s}, {s:s, s:i}]}}",
        "expression", "type", "string", "pattern", "\\$\\{\\{", "text", "type", "string", "number", "boolean",
        "scalar", "type", "string", "number", "boolean", "null", "duration", "type", "string", "pattern",
        "^[0-9]+(ns|us|ms|s|m|h|d)$", "size", "anyOf", "type", "string", "pattern", "^[0-9]+[KMGT]?$", "type",
        "integer", "minimum", 0);
    for (size_t i = 0; registry->steps[i]; i++) {
        char name[100];
        snprintf(name, sizeof(name), "with-%s", registry->steps[i]->name);
        json_object_set_new(all, name, object_schema(registry->steps[i]->inputs, COMPUTED));
    }
    json_object_set_new(all, "step", step_schema(registry));
    return all;
}

json_t *
schema_of(const struct registry *registry)
{
    json_t *schema =
        json_pack("{s:s, s:s, s:s}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
                  "atoll pipeline", "description", "A pipeline file of atoll, version 1.");
    json_t *file = object_schema(layout_pipeline, PLAIN);
    json_t *properties = json_object_get(file, "properties");
    json_t *steps = json_object_get(properties, "steps");
    json_object_set_new(steps, "items", reference("step"));
    json_object_set_new(steps, "minItems", json_integer(1));
    json_object_set_new(json_object_get(properties, "vars"), "type", json_pack("[s, s]", "object", "null"));
    json_object_update(schema, file);
    json_decref(file);
    json_object_set_new(schema, "definitions", definitions(registry));
    return schema;
}
