// SPDX-License-Identifier: Apache-2.0
#include "workflow/reference.h"

#include "workflow/grammar.h"

enum { NAMES_MAX = 512 };

struct check {
    const struct pipeline *pipeline;
    const struct pipeline_step *step;
    struct str key;
    struct problems *problems;
};

// The outputs of a for-each step; `items` has the step's own outputs as members.
static const struct field many_fields[] = {
    {.name = "items", .type = FIELD_LIST},
    {.name = "count", .type = FIELD_INT},
    {.name = NULL},
};

// What a path leads to, as far as the tables know: a field, or the outputs of a step.
struct place_type {
    enum field_type type;
    const struct field *members;
    const struct field *items; // members of the elements of `items`, with many_fields
};

static void
add(const struct check *check, const struct reference_part *part, const char *what, const char *const *words,
    size_t count)
{
    struct problems *problems = check->problems;
    problems_add(problems, part->mark, check->key, "%s \"%s\"%s", what, problems_shown(problems, part->name),
                 problems_hint(problems, part->name, words, count));
}

static void
unknown_member(const struct check *check, const struct reference_part *part, const struct field *fields,
               const char *what)
{
    const char *names[NAMES_MAX] = {0};
    size_t count = 0;
    for (; count < NAMES_MAX && fields[count].name; count++)
        names[count] = fields[count].name;
    add(check, part, what, names, count);
}

static const struct field *
field_of(const struct field *fields, struct str name)
{
    for (; fields && fields->name; fields++)
        if (str_is(name, fields->name))
            return fields;
    return NULL;
}

// Follows the parts from a type on. False after a problem.
static bool
follow(const struct check *check, struct place_type *at, const struct reference_part *parts, size_t count,
       const char *what)
{
    for (size_t i = 0; i < count; i++, what = "unknown member") {
        const struct reference_part *part = &parts[i];
        if (at->type == FIELD_LIST && part->name.ptr) {
            problems_add(check->problems, part->mark, check->key, "\"%s\" of a list; an element is [0]",
                         problems_shown(check->problems, part->name));
            return false;
        }
        if (at->type == FIELD_LIST) {
            at->type = at->members ? FIELD_OBJECT : FIELD_ANY;
            continue;
        }
        if (at->type != FIELD_OBJECT || !at->members)
            return true; // nothing is known about it
        const struct field *field = part->name.ptr ? field_of(at->members, part->name) : NULL;
        if (!field) {
            unknown_member(check, part, at->members, what);
            return false;
        }
        bool is_items = at->members == many_fields && field->type == FIELD_LIST;
        *at = (struct place_type){.type = field->type, .members = is_items ? at->items : field->members};
    }
    return true;
}

ptrdiff_t
reference_step(const struct pipeline *pipeline, const struct reference *reference)
{
    if (reference->root != ROOT_STEPS || reference->count == 0 || !reference->parts[0].name.ptr)
        return -1;
    return pipeline_find(pipeline, reference->parts[0].name.ptr);
}

// The type of steps.ID.outputs... False after a problem or when nothing is known.
static bool
output_type(const struct check *check, const struct reference *reference, struct place_type *type)
{
    ptrdiff_t index = reference_step(check->pipeline, reference);
    if (index < 0 || reference->count < 2)
        return false;
    const struct pipeline_step *step = &check->pipeline->steps[index];
    if (!step->action.ops)
        return false;
    const struct field *outputs = step->action.ops->outputs;
    *type = (struct place_type){FIELD_OBJECT, step->for_each ? many_fields : outputs, outputs};
    const char *what = arena_printf(&check->problems->arena, "step %s has no output", step->id);
    return follow(check, type, reference->parts + 2, reference->count - 2, what);
}

static void
check_steps(const struct check *check, const struct reference *reference)
{
    static const char *const members[] = {"outputs", "status"};
    const char *ids[NAMES_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < check->pipeline->step_count && count < NAMES_MAX; i++)
        if (check->pipeline->steps[i].id)
            ids[count++] = check->pipeline->steps[i].id;
    if (reference->count == 0 || !reference->parts[0].name.ptr) {
        problems_add(check->problems, reference->mark, check->key,
                     "steps needs a step: steps.ID.outputs.NAME");
        return;
    }
    ptrdiff_t index = reference_step(check->pipeline, reference);
    if (index < 0) {
        add(check, &reference->parts[0], "unknown step", ids, count);
        return;
    }
    if (&check->pipeline->steps[index] == check->step) {
        problems_add(check->problems, reference->mark, check->key, "a step cannot read its own outputs");
        return;
    }
    if (reference->count == 1) {
        problems_add(check->problems, reference->mark, check->key,
                     "incomplete; steps.%s.outputs.NAME or steps.%s.status", check->pipeline->steps[index].id,
                     check->pipeline->steps[index].id);
        return;
    }
    struct place_type type;
    struct str member = reference->parts[1].name;
    if (str_is(member, "outputs"))
        output_type(check, reference, &type);
    else if (!str_is(member, "status"))
        add(check, &reference->parts[1], "a step has no", members, 2);
}

static void
check_vars(const struct check *check, const struct reference *reference)
{
    if (reference->count == 0)
        return;
    const struct reference_part *part = &reference->parts[0];
    if (part->name.ptr && json_object_get(check->pipeline->vars, part->name.ptr))
        return;
    const char *names[NAMES_MAX] = {0};
    size_t count = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(check->pipeline->vars, key, value)
    {
        if (count < NAMES_MAX)
            names[count++] = key;
    }
    add(check, part, "unknown variable", names, count);
}

// Members of an item are known when for-each is one path to a list of a known shape.
static void
check_item(const struct check *check, const struct reference *reference)
{
    const struct expression *each = check->step->for_each;
    if (!each->whole || each->whole->kind != GRAMMAR_PATH || each->whole->path.root != ROOT_STEPS)
        return;
    AUTO_PROBLEMS silent = {0};
    const struct check source = {check->pipeline, check->step, check->key, &silent};
    struct place_type type = {.type = FIELD_ANY};
    if (!output_type(&source, &each->whole->path, &type) || type.type != FIELD_LIST || !type.members)
        return;
    struct place_type item = {.type = FIELD_OBJECT, .members = type.members};
    follow(check, &item, reference->parts, reference->count, "an item has no member");
}

void
pipeline_reference_check(const struct pipeline *pipeline, const struct pipeline_step *step,
                         const struct reference *reference, bool has_item, struct str key,
                         struct problems *problems)
{
    static const char *const run_members[] = {"id"};
    const struct check check = {pipeline, step, key, problems};
    bool is_item = reference->root == ROOT_ITEM || reference->root == ROOT_INDEX;
    if (is_item && !has_item)
        problems_add(problems, reference->mark, key, "%s is only known in a step with for-each",
                     reference->root == ROOT_ITEM ? "item" : "index");
    else if (reference->root == ROOT_STEPS)
        check_steps(&check, reference);
    else if (reference->root == ROOT_VARS)
        check_vars(&check, reference);
    else if (reference->root == ROOT_RUN &&
             (reference->count != 1 || !str_is(reference->parts[0].name, "id")))
        problems_add(problems, reference->mark, key, "run has only run.id%s",
                     reference->count ? problems_hint(problems, reference->parts[0].name, run_members, 1)
                                      : "");
    else if (reference->root == ROOT_ENV && (reference->count != 1 || !reference->parts[0].name.ptr))
        problems_add(problems, reference->mark, key, "env needs the name of a variable: env.NAME");
    else if (reference->root == ROOT_ITEM)
        check_item(&check, reference);
}
