// SPDX-License-Identifier: Apache-2.0
// Reads a pipeline file: its shape by the tables of layout.c, then each step, then what only shows when all
// steps are known: paths of expressions, needs, cycles. No stage stops at a problem.
#include "workflow/binding.h"
#include "workflow/layout.h"
#include "workflow/needs.h"
#include "workflow/reference.h"

#include <string.h>

enum { STEPS_MAX = 500, ID_MAX_BYTES = 64, NAMES_MAX = 128 };

// A path that a step reads.
struct use {
    struct reference reference;
    size_t step;
    struct str key;
    bool has_item;
};

struct reading {
    struct arena *arena;
    struct problems *problems;
    const struct registry *registry;
    struct pipeline *pipeline;
    const struct yaml_node *steps;
    json_t *document; // the file by its tables, defaults filled in
    size_t step;      // under way
    bool has_item;
    VEC(struct use) uses;
};

#define problem(r, mark, key, ...) problems_add((r)->problems, (mark), (key), __VA_ARGS__)

static void
note_uses(void *context, const struct expression *expression, struct str key)
{
    struct reading *r = context;
    for (size_t i = 0; i < expression->reference_count; i++)
        *vec_push(&r->uses) = (struct use){expression->references[i], r->step, key, r->has_item};
}

// ---- the parts of a step

static bool
is_id(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !(c == '-' || c == '_' || (c >= '0' && c <= '9'))))
            return false;
    }
    return text.len > 0 && text.len <= ID_MAX_BYTES;
}

static void
read_id(struct reading *r, struct pipeline_step *step, const struct yaml_node *node)
{
    if (!node || node->kind != YAML_SCALAR || yaml_is_null(node) || expression_in(node->text))
        return; // told by the table
    const char *shown = problems_shown(r->problems, node->text);
    if (!is_id(node->text)) {
        step->id = arena_str(r->arena, node->text); // so that paths to it are not problems of their own
        problem(r, node->mark, STR("id"),
                "\"%s\" is no id: a letter, then letters, digits, - and _, at most %d", shown, ID_MAX_BYTES);
        return;
    }
    ptrdiff_t other = pipeline_find(r->pipeline, node->text.ptr);
    if (other >= 0)
        problem(r, node->mark, STR("id"), "\"%s\" is taken by the step in line %u", shown,
                r->pipeline->steps[other].mark.line);
    else
        step->id = arena_str(r->arena, node->text);
}

static const struct step_ops *
read_uses(struct reading *r, const struct yaml_node *node)
{
    if (!node || node->kind != YAML_SCALAR || yaml_is_null(node) || expression_in(node->text))
        return NULL;
    const struct step_ops *ops = registry_find(r->registry, node->text.ptr);
    if (ops)
        return ops;
    const char *names[NAMES_MAX] = {0};
    size_t count = 0;
    for (; count < NAMES_MAX && r->registry->steps[count]; count++)
        names[count] = r->registry->steps[count]->name;
    const char *hint = problems_hint(r->problems, node->text, names, count);
    AUTO_BUF words = BUF(4096);
    for (size_t i = 0; i < count && !*hint; i++)
        buf_printf(&words, "%s%s", i ? ", " : "; known are ", names[i]);
    problem(r, node->mark, STR("uses"), "unknown step \"%s\"%s%s", problems_shown(r->problems, node->text),
            hint, buf_text(&words));
    return NULL;
}

// Whether a key of the mapping looks like a misspelt `with`.
static bool
is_with_misspelt(const struct yaml_node *node)
{
    static const char *const words[] = {"with"};
    for (size_t i = 0; i < node->count; i++)
        if (!str_is(node->pairs[i].key, "with") && str_nearest(node->pairs[i].key, words, 1))
            return true;
    return false;
}

// `uses` and `with` of a mapping.
static struct pipeline_action
read_action(struct reading *r, const struct yaml_node *node)
{
    const struct yaml_node *uses = yaml_get(node, "uses"), *with = yaml_get(node, "with");
    struct pipeline_action action = {.ops = read_uses(r, uses), .mark = node->mark};
    bool unreadable = with ? with->kind != YAML_MAP && !yaml_is_null(with) : is_with_misspelt(node);
    if (with && with->kind != YAML_MAP) {
        if (unreadable)
            problem(r, with->mark, STR("with"), "expected a mapping, got %s",
                    with->kind == YAML_LIST ? "a list" : "a scalar");
        with = NULL;
    }
    action.with = with;
    if (!action.ops || unreadable)
        return action;
    struct binding binding = {.arena = r->arena,
                              .file = r->pipeline->places,
                              .problems = r->problems,
                              .seen = note_uses,
                              .context = r};
    json_decref(binding_object(&binding, with, uses->mark, action.ops->inputs, action.ops->name));
    return action;
}

static const struct expression *
read_expression(struct reading *r, const struct yaml_node *node, const char *name)
{
    struct str key = str_of(name);
    if (!node)
        return NULL;
    if (node->kind != YAML_SCALAR || str_trim(node->text).len == 0) {
        problem(r, node->mark, key, "expected an expression: ${{ ... }}");
        return NULL;
    }
    struct expression_source source = {.file = r->pipeline->places, .node = node, .key = key};
    struct expression *expression = expression_read(r->arena, &source, true, r->problems);
    if (!expression)
        return NULL;
    note_uses(r, expression, key);
    if (expression->whole)
        return expression;
    problem(r, node->mark, key, "expected one expression and nothing else");
    return NULL;
}

static int64_t
span_ns(const json_t *object, const char *key)
{
    double span = json_get_real(object, key, 0) * 1e9;
    return span < 9e18 ? (int64_t)span : INT64_MAX;
}

static struct pipeline_retry
read_retry(const json_t *retry)
{
    if (!retry)
        return (struct pipeline_retry){.attempts = 1, .coefficient = 1};
    return (struct pipeline_retry){
        .attempts = (int)json_get_int(retry, "attempts", 1),
        .initial_ns = span_ns(retry, "initial"),
        .maximum_ns = span_ns(retry, "maximum"),
        .coefficient = json_get_real(retry, "coefficient", 1),
    };
}

static struct pipeline_timeouts
read_timeouts(const json_t *step, const json_t *defaults)
{
    const json_t *own = json_object_get(step, "timeouts"), *others = json_object_get(defaults, "timeouts");
    const json_t *rest = own ? own : others;
    return (struct pipeline_timeouts){
        .start_to_close_ns = span_ns(json_object_get(step, "timeout") ? step : defaults, "timeout"),
        .schedule_to_start_ns = span_ns(rest, "schedule-to-start"),
        .schedule_to_close_ns = span_ns(rest, "schedule-to-close"),
        .heartbeat_ns = span_ns(rest, "heartbeat"),
    };
}

static void
read_step(struct reading *r, const struct yaml_node *node, const json_t *json)
{
    static const struct expression unreadable = {0};
    struct pipeline_step *step = &r->pipeline->steps[r->step];
    const struct yaml_node *each = yaml_get(node, "for-each");
    const json_t *defaults = json_object_get(r->document, "defaults");
    const json_t *retry = json_object_get(json, "retry");
    const struct yaml_node *on_failure = yaml_get(node, "on-failure");
    step->mark = node->mark;
    if (node->kind != YAML_MAP)
        return;
    read_id(r, step, yaml_get(node, "id"));
    r->has_item = false;
    step->for_each = read_expression(r, each, "for-each");
    if (each && !step->for_each)
        step->for_each = &unreadable;
    if (on_failure && on_failure->kind == YAML_MAP)
        step->on_failure = read_action(r, on_failure);
    r->has_item = each != NULL;
    step->condition = read_expression(r, yaml_get(node, "if"), "if");
    step->action = read_action(r, node);
    step->retry = read_retry(retry ? retry : json_object_get(defaults, "retry"));
    const char *publish = json_get_text(json, "publish", NULL);
    step->publish = publish ? arena_dup(r->arena, publish) : NULL;
    step->parallel = (int)json_get_int(json, "parallel", 0);
    step->timeouts = read_timeouts(json, defaults);
}

// ---- what only shows when all steps are known

static void
add_listed(struct reading *r, size_t step, struct needs *needs, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || yaml_is_null(node) || expression_in(node->text))
        return;
    ptrdiff_t index = pipeline_find(r->pipeline, node->text.ptr);
    if (index == (ptrdiff_t)step) {
        problem(r, node->mark, STR("needs"), "a step cannot need itself");
    } else if (index >= 0) {
        needs_add(needs, (size_t)index, false, node->mark);
    } else {
        const char *ids[STEPS_MAX] = {0};
        size_t count = 0;
        for (size_t i = 0; i < r->pipeline->step_count; i++)
            if (r->pipeline->steps[i].id)
                ids[count++] = r->pipeline->steps[i].id;
        problem(r, node->mark, STR("needs"), "unknown step \"%s\"%s", problems_shown(r->problems, node->text),
                problems_hint(r->problems, node->text, ids, count));
    }
}

static void
collect_needs(struct reading *r, size_t index)
{
    struct needs needs;
    const struct yaml_node *listed = yaml_get(r->steps->items[index], "needs");
    needs_init(&needs, r->arena, r->pipeline->step_count);
    if (listed && listed->kind == YAML_SCALAR)
        add_listed(r, index, &needs, listed);
    for (size_t i = 0; listed && listed->kind == YAML_LIST && i < listed->count; i++)
        add_listed(r, index, &needs, listed->items[i]);
    VEC_EACH (const struct use, use, &r->uses) {
        ptrdiff_t read = use->step == index ? reference_step(r->pipeline, &use->reference) : -1;
        bool data = use->reference.count > 1 && str_is(use->reference.parts[1].name, "outputs");
        if (read >= 0 && read != (ptrdiff_t)index)
            needs_add(&needs, (size_t)read, data, use->reference.mark);
    }
    if (!listed && needs.count == 0 && index > 0)
        needs_add(&needs, index - 1, false, r->pipeline->steps[index].mark);
    needs_finish(&needs, &r->pipeline->steps[index]);
}

static void
check_uses(struct reading *r)
{
    VEC_EACH (const struct use, use, &r->uses)
        pipeline_reference_check(r->pipeline, &r->pipeline->steps[use->step], &use->reference, use->has_item,
                                 use->key, r->problems);
}

// ---- the file

static void
check_value(struct reading *r, const struct yaml_node *node, struct str key)
{
    if (node->kind == YAML_SCALAR && expression_in(node->text))
        problem(r, node->mark, key, "a variable holds no expression; write it where the value is used");
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++)
        check_value(r, node->items[i], key);
    for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++)
        check_value(r, node->pairs[i].value, node->pairs[i].key);
}

static void
read_vars(struct reading *r, const struct yaml_node *node)
{
    r->pipeline->vars = json_object();
    if (!node || yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP) {
        problem(r, node->mark, STR("vars"), "expected a mapping, got %s",
                node->kind == YAML_LIST ? "a list" : "a scalar");
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        if (!is_id(node->pairs[i].key))
            problem(r, node->pairs[i].mark, node->pairs[i].key,
                    "no name for a variable: a letter, then letters, digits, - and _, at most %d",
                    ID_MAX_BYTES);
    check_value(r, node, STR("vars"));
    json_object_update_new(r->pipeline->vars, yaml_to_json(node));
}

static void
read_steps(struct reading *r)
{
    struct pipeline *pipeline = r->pipeline;
    if (!r->steps || r->steps->kind != YAML_LIST)
        return;
    if (r->steps->count == 0 || r->steps->count > STEPS_MAX) {
        problem(r, r->steps->mark, STR("steps"), "expected 1 to %d steps, got %zu", STEPS_MAX,
                r->steps->count);
        return;
    }
    pipeline->steps = ARENA_ARRAY(r->arena, struct pipeline_step, r->steps->count);
    const json_t *list = json_object_get(r->document, "steps");
    for (size_t i = 0; i < r->steps->count; i++) {
        r->step = i;
        pipeline->step_count = i + 1;
        read_step(r, r->steps->items[i], json_array_get(list, i));
    }
    check_uses(r);
    for (size_t i = 0; i < pipeline->step_count; i++)
        collect_needs(r, i);
    needs_order(pipeline, r->arena, r->problems);
}

static void
read_carrier(struct pipeline *pipeline, const json_t *carrier, struct arena *arena)
{
    const char *to = json_get_text(carrier, "to", NULL);
    pipeline->carrier = to ? arena_dup(arena, to) : NULL;
    pipeline->publish_every_ns = span_ns(carrier, "every");
    pipeline->lease_ns = span_ns(carrier, "lease");
}

static void
read_secret(struct reading *r, const struct yaml_node *name)
{
    if (name->kind == YAML_SCALAR && name->text.len > 0)
        json_array_append_new(r->pipeline->secrets, json_stringn(name->text.ptr, name->text.len));
    else
        problem(r, name->mark, STR("secrets"), "expected the name of an environment variable");
}

// A list, or one name.
static void
read_secrets(struct reading *r, const struct yaml_node *node)
{
    r->pipeline->secrets = json_array();
    if (node && node->kind == YAML_SCALAR)
        read_secret(r, node);
    for (size_t i = 0; node && node->kind == YAML_LIST && i < node->count; i++)
        read_secret(r, node->items[i]);
}

static void
read_document(struct reading *r, const struct yaml_node *root)
{
    static const struct scope nothing = {0};
    struct binding binding = {.arena = r->arena,
                              .file = r->pipeline->places,
                              .problems = r->problems,
                              .scope = &nothing,
                              .plain = true};
    r->document = binding_object(&binding, root, root->mark, layout_pipeline, "a pipeline");
    r->pipeline->version = (int)json_get_int(r->document, "version", 0);
    read_carrier(r->pipeline, json_object_get(r->document, "carrier"), r->arena);
    r->pipeline->overlap = arena_dup(r->arena, json_get_text(r->document, "overlap", "supersede"));
    r->pipeline->parallel = (int)json_get_int(r->document, "parallel", 1);
    r->pipeline->name = arena_dup(r->arena, json_get_text(r->document, "name", ""));
    r->pipeline->state = arena_dup(r->arena, json_get_text(r->document, "state", ""));
    json_t *sandbox = json_object_get(r->document, "sandbox");
    r->pipeline->sandbox = sandbox ? json_incref(sandbox) : json_object();
    read_vars(r, yaml_get(root, "vars"));
    read_secrets(r, yaml_get(root, "secrets"));
    r->steps = yaml_get(root, "steps");
    read_steps(r);
}

// A message of the YAML reader, "FILE:LINE:COLUMN: text", as a problem.
static void
add_yaml_problem(struct problems *problems, const char *file, const char *message)
{
    struct str rest = str_of(message);
    struct yaml_mark mark = {file, 1, 1};
    int64_t line = 0, column = 0;
    if (str_starts(rest, str_of(file)) && strlen(message) > strlen(file)) {
        struct str numbers = str_from(rest, strlen(file) + 1);
        bool read = str_to_i64(str_cut(&numbers, ':'), &line) && str_to_i64(str_cut(&numbers, ':'), &column);
        if (read && line > 0 && line < UINT32_MAX && column > 0 && column < UINT32_MAX) {
            mark.line = (unsigned)line;
            mark.column = (unsigned)column;
            rest = str_trim(numbers);
        }
    }
    problems_add(problems, mark, STR("yaml"), "%" STR_FMT, STR_ARG(rest));
}

struct pipeline *
pipeline_read(struct arena *arena, struct str text, const char *file, const struct registry *registry,
              struct problems *problems)
{
    struct err err;
    struct str copy = {arena_str(arena, text), text.len};
    struct yaml_node *root = yaml_read(arena, copy, file, &err);
    if (!root) {
        add_yaml_problem(problems, file, err.message);
        return NULL;
    }
    if (root->kind != YAML_MAP) {
        problems_add(problems, root->mark, STR("pipeline"), "expected a mapping with version and steps");
        return NULL;
    }
    struct place_file *places = ARENA_NEW(arena, struct place_file);
    place_file_init(places, arena, copy);
    struct pipeline *pipeline = ARENA_NEW(arena, struct pipeline);
    *pipeline = (struct pipeline){.file = arena_dup(arena, file), .places = places};
    struct reading reading = {
        .arena = arena, .problems = problems, .registry = registry, .pipeline = pipeline};
    read_document(&reading, root);
    json_decref(reading.document);
    vec_release(&reading.uses);
    if (problems->list.count == 0)
        return pipeline;
    problems_sort(problems);
    pipeline_release(pipeline);
    return NULL;
}
