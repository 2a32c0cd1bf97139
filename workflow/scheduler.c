// SPDX-License-Identifier: Apache-2.0
#include "workflow/scheduler.h"

#include <string.h>

#define LABEL_MAX_BYTES 100

static const char *const status_names[] = {"pending", "running", "succeeded", "failed", "skipped"};
static const char *const role_names[] = {"step", "group", "item", "on-failure"};

const char *
task_status_name(enum task_status status)
{
    return status_names[status];
}

const char *
task_role_name(enum task_role role)
{
    return role_names[role];
}

bool
task_ended(const struct task *task)
{
    return task->status >= TASK_SUCCEEDED;
}

static const struct pipeline_step *
step_of(const struct schedule *schedule, const struct task *task)
{
    return &schedule->pipeline->steps[task->step];
}

const struct pipeline_action *
task_action(const struct schedule *schedule, const struct task *task)
{
    const struct pipeline_step *step = step_of(schedule, task);
    return task->role == ROLE_ON_FAILURE ? &step->on_failure : &step->action;
}

static struct task *
add_task(struct schedule *schedule, const char *key, size_t step, enum task_role role)
{
    struct task *task = ARENA_NEW(schedule->arena, struct task);
    task->key = key;
    task->step = step;
    task->role = role;
    *vec_push(&schedule->tasks) = task;
    return task;
}

void
schedule_init(struct schedule *schedule, const struct pipeline *pipeline, const json_t *vars,
              const char *run_id, const struct host *host, struct arena *arena)
{
    memset(schedule, 0, sizeof(*schedule));
    schedule->pipeline = pipeline;
    schedule->host = host;
    schedule->arena = arena;
    schedule->steps = json_object();
    schedule->vars = json_copy(pipeline->vars);
    json_object_update(schedule->vars, (json_t *)vars);
    schedule->run = json_pack("{s:s}", "id", run_id);
    for (size_t i = 0; i < pipeline->step_count; i++) {
        const struct pipeline_step *step = &pipeline->steps[i];
        add_task(schedule, step->id, i, step->for_each ? ROLE_GROUP : ROLE_STEP)->changed = true;
    }
}

void
schedule_release(struct schedule *schedule)
{
    VEC_EACH (struct task *, at, &schedule->tasks) {
        json_decref((*at)->item);
        json_decref((*at)->with);
        json_decref((*at)->outputs);
        json_decref((*at)->error);
    }
    vec_release(&schedule->tasks);
    json_decref(schedule->steps);
    json_decref(schedule->vars);
    json_decref(schedule->run);
}

static void
set_json(json_t **slot, json_t *value)
{
    json_decref(*slot);
    *slot = value;
}

// Makes the end of a whole step visible to expressions.
static void
publish_end(struct schedule *schedule, const struct task *task)
{
    if (task->role != ROLE_STEP && task->role != ROLE_GROUP)
        return;
    json_t *outputs = task->outputs ? json_incref(task->outputs) : json_object();
    json_object_set_new(
        schedule->steps, task->key,
        json_pack("{s:s, s:o}", "status", task_status_name(task->status), "outputs", outputs));
}

static void
end_task(struct schedule *schedule, struct task *task, enum task_status status, int64_t wall_ns)
{
    task->status = status;
    task->ended_ns = wall_ns;
    task->next_ns = 0;
    task->changed = true;
    set_json(&task->with, NULL);
    publish_end(schedule, task);
}

static int64_t
wall(const struct schedule *schedule)
{
    return schedule->host->wall_ns(schedule->host->context);
}

static void
skip(struct schedule *schedule, struct task *task, const char *note)
{
    task->note = note;
    end_task(schedule, task, TASK_SKIPPED, wall(schedule));
}

static void
set_error(struct task *task, const struct err *problem)
{
    json_t *error = json_object();
    json_set_text(error, "kind", err_name(problem->kind));
    json_set_text(error, "message", problem->message);
    set_json(&task->error, error);
}

// Fails without an attempt: nothing a retry could change.
static void
fail_finally(struct schedule *schedule, struct task *task, const struct err *problem)
{
    set_error(task, problem);
    end_task(schedule, task, TASK_FAILED, wall(schedule));
}

// ---- the state's rows

static int
word_index(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

static struct task *
find_task(const struct schedule *schedule, const char *key)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if (strcmp((*at)->key, key) == 0)
            return *at;
    return NULL;
}

static json_t *
read_json(const json_t *row, const char *column)
{
    struct err ignored;
    const char *text = json_get_text(row, column, NULL);
    return text ? json_read(str_of(text), column, &ignored) : NULL;
}

// The group of an item, or the failed task of a compensation, whose key is the row's key without its last
// word.
static struct task *
find_parent(const struct schedule *schedule, const json_t *row, enum task_role role)
{
    if (role == ROLE_ITEM)
        return find_task(schedule, json_get_text(row, "id", ""));
    struct str key = str_of(json_get_text(row, "key", ""));
    ptrdiff_t space = str_rfind_byte(key, ' ');
    return space < 0 ? NULL : find_task(schedule, arena_str(schedule->arena, str_head(key, (size_t)space)));
}

int
schedule_restore(struct schedule *schedule, const json_t *row, struct err *err)
{
    const char *key = json_get_text(row, "key", "");
    int role = word_index(role_names, 4, json_get_text(row, "role", ""));
    int status = word_index(status_names, 5, json_get_text(row, "status", ""));
    ptrdiff_t step = pipeline_find(schedule->pipeline, json_get_text(row, "id", ""));
    if (role < 0 || status < 0 || step < 0)
        return err_set(err, ERR_CONFLICT, "step %s of the state does not fit the pipeline", key);
    struct task *task = find_task(schedule, key);
    if (!task)
        task = add_task(schedule, arena_dup(schedule->arena, key), (size_t)step, (enum task_role)role);
    if (role == ROLE_ITEM || role == ROLE_ON_FAILURE)
        task->parent = find_parent(schedule, row, (enum task_role)role);
    // A group that runs is one that was expanded; a process that ran is gone.
    bool lost = status == TASK_RUNNING && role != ROLE_GROUP;
    task->status = lost ? TASK_PENDING : (enum task_status)status;
    task->changed = lost;
    task->position = json_get_int(row, "position", 0);
    task->attempt = (int)json_get_int(row, "attempt", 0);
    task->failures = (int)json_get_int(row, "failures", 0);
    task->next_ns = json_get_int(row, "next_ns", 0);
    task->started_ns = json_get_int(row, "started_ns", 0);
    task->ended_ns = json_get_int(row, "ended_ns", 0);
    set_json(&task->item, read_json(row, "item"));
    set_json(&task->outputs, read_json(row, "outputs"));
    set_json(&task->error, read_json(row, "error"));
    if (task_ended(task))
        publish_end(schedule, task);
    return 0;
}

void
schedule_reopen(struct schedule *schedule)
{
    VEC_EACH (struct task *, at, &schedule->tasks) {
        struct task *task = *at;
        if (task->status != TASK_FAILED && task->status != TASK_SKIPPED && task->role != ROLE_ON_FAILURE)
            continue;
        bool expanded = false;
        VEC_EACH (struct task *, other, &schedule->tasks)
            expanded = expanded || ((*other)->parent == task && (*other)->role == ROLE_ITEM);
        // A compensation waits until its task fails again.
        bool dormant = task->role == ROLE_ON_FAILURE;
        task->status = dormant ? TASK_SKIPPED : expanded ? TASK_RUNNING : TASK_PENDING;
        task->failures = 0;
        task->next_ns = task->ended_ns = 0;
        task->changed = true;
        set_json(&task->error, NULL);
        json_object_del(schedule->steps, task->key);
    }
}

// ---- working out what follows

static struct scope
scope_of(const struct schedule *schedule, const struct task *task)
{
    return (struct scope){
        .steps = schedule->steps,
        .vars = schedule->vars,
        .run = schedule->run,
        .item = task->item,
        .index = task->position,
        .host = schedule->host,
    };
}

static bool
needs_ended(const struct schedule *schedule, const struct task *task)
{
    const struct pipeline_step *step = step_of(schedule, task);
    for (size_t i = 0; i < step->need_count; i++)
        if (!json_object_get(schedule->steps, schedule->pipeline->steps[step->needs[i].step].id))
            return false;
    return true;
}

static void
resolve(struct schedule *schedule, struct task *task)
{
    struct err problem;
    struct scope scope = scope_of(schedule, task);
    if (pipeline_resolve_with(schedule->pipeline, task_action(schedule, task), &scope, &task->with,
                              &problem) < 0)
        fail_finally(schedule, task, &problem);
}

// Decides on a step or an item whose needs ended: skipped, failed, or ready with its inputs.
static void
consider(struct schedule *schedule, struct task *task)
{
    struct err problem;
    struct scope scope = scope_of(schedule, task);
    int decision = pipeline_condition(schedule->pipeline, step_of(schedule, task), &scope, &problem);
    if (decision < 0)
        fail_finally(schedule, task, &problem);
    else if (decision == 0)
        skip(schedule, task,
             pipeline_may_run(schedule->pipeline, step_of(schedule, task), &scope)
                 ? "its `if` is false"
                 : "a step that it needs failed or was skipped");
    else
        resolve(schedule, task);
}

// What stands in the brackets of an item's key.
static const char *
label_of(struct schedule *schedule, const json_t *item, size_t position)
{
    const char *label = json_get_text(item, "function", NULL);
    if (!label)
        label = json_get_text(item, "name", NULL);
    if (!label)
        label = json_string_value(item);
    if (!label || !*label)
        return arena_printf(schedule->arena, "%zu", position);
    return arena_str(schedule->arena, str_head(str_of(label), LABEL_MAX_BYTES));
}

static const char *
item_key(struct schedule *schedule, const char *id, const json_t *item, size_t position)
{
    const char *label = label_of(schedule, item, position);
    const char *key = arena_printf(schedule->arena, "%s[%s]", id, label);
    return find_task(schedule, key) ? arena_printf(schedule->arena, "%s[%s#%zu]", id, label, position) : key;
}

static void
expand(struct schedule *schedule, struct task *group)
{
    struct err problem;
    struct scope scope = scope_of(schedule, group);
    AUTO_JSON *items = pipeline_items(schedule->pipeline, step_of(schedule, group), &scope, &problem);
    if (!items) {
        fail_finally(schedule, group, &problem);
        return;
    }
    group->status = TASK_RUNNING;
    group->started_ns = wall(schedule);
    group->changed = true;
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        struct task *task =
            add_task(schedule, item_key(schedule, group->key, item, i), group->step, ROLE_ITEM);
        task->parent = group;
        task->position = (int64_t)i;
        task->item = json_incref(item);
        task->changed = true;
    }
}

static void
consider_group(struct schedule *schedule, struct task *group)
{
    struct scope scope = scope_of(schedule, group);
    if (pipeline_may_run(schedule->pipeline, step_of(schedule, group), &scope))
        expand(schedule, group);
    else
        skip(schedule, group, "a step that it needs failed or was skipped");
}

// Outputs of items stand at their position, {} for one that has none; the first failure is the group's.
static void
end_group(struct schedule *schedule, struct task *group)
{
    json_t *items = json_array();
    const struct task *failed = NULL;
    VEC_EACH (struct task *, at, &schedule->tasks) {
        struct task *task = *at;
        if (task->parent != group || task->role != ROLE_ITEM)
            continue;
        json_array_append_new(items, task->outputs ? json_incref(task->outputs) : json_object());
        if (task->status == TASK_FAILED && !failed)
            failed = task;
    }
    set_json(&group->outputs,
             json_pack("{s:o, s:I}", "items", items, "count", (json_int_t)json_array_size(items)));
    if (failed)
        set_json(&group->error, json_incref(failed->error));
    end_task(schedule, group, failed ? TASK_FAILED : TASK_SUCCEEDED, wall(schedule));
}

static bool
items_ended(const struct schedule *schedule, const struct task *group)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if ((*at)->parent == group && (*at)->role == ROLE_ITEM && !task_ended(*at))
            return false;
    return true;
}

// The compensation of a step that finally failed, once.
static void
compensate(struct schedule *schedule, struct task *failed)
{
    if (failed->role == ROLE_ITEM || failed->role == ROLE_ON_FAILURE ||
        !step_of(schedule, failed)->on_failure.ops)
        return;
    const char *key = arena_printf(schedule->arena, "%s on-failure", failed->key);
    struct task *task = find_task(schedule, key);
    if (task && !(task->status == TASK_SKIPPED && task->ended_ns == 0))
        return;
    if (!task)
        task = add_task(schedule, key, failed->step, ROLE_ON_FAILURE);
    task->parent = failed;
    task->status = TASK_PENDING;
    task->changed = true;
}

// One look at a task; true when something changed, so that others must be looked at again.
static bool
look_at(struct schedule *schedule, struct task *task)
{
    if (task->status == TASK_FAILED) {
        size_t before = schedule->tasks.count;
        compensate(schedule, task);
        return schedule->tasks.count != before;
    }
    if (task->role == ROLE_GROUP && task->status == TASK_RUNNING) {
        if (!items_ended(schedule, task))
            return false;
        end_group(schedule, task);
        return true;
    }
    if (task->status != TASK_PENDING || task->with)
        return false;
    if (task->role == ROLE_ON_FAILURE)
        resolve(schedule, task);
    else if (!needs_ended(schedule, task))
        return false;
    else if (task->role == ROLE_GROUP)
        consider_group(schedule, task);
    else
        consider(schedule, task);
    return true;
}

void
schedule_advance(struct schedule *schedule)
{
    bool again = true;
    while (again) {
        again = false;
        // By index: tasks are added meanwhile.
        for (size_t i = 0; i < schedule->tasks.count; i++)
            again = look_at(schedule, schedule->tasks.items[i]) || again;
    }
}

struct task *
schedule_next(const struct schedule *schedule, int64_t wall_ns)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if ((*at)->status == TASK_PENDING && (*at)->with && (*at)->next_ns <= wall_ns)
            return *at;
    return NULL;
}

int64_t
schedule_due_ns(const struct schedule *schedule)
{
    int64_t due = INT64_MAX;
    VEC_EACH (struct task *, at, &schedule->tasks)
        if ((*at)->status == TASK_PENDING && (*at)->with && (*at)->next_ns < due)
            due = (*at)->next_ns;
    return due;
}

// ---- how attempts end

void
schedule_start(struct schedule *schedule, struct task *task, int64_t wall_ns)
{
    (void)schedule;
    task->status = TASK_RUNNING;
    task->attempt++;
    task->next_ns = 0;
    if (task->started_ns == 0)
        task->started_ns = wall_ns;
    task->changed = true;
}

void
schedule_succeed(struct schedule *schedule, struct task *task, json_t *outputs, int64_t wall_ns)
{
    set_json(&task->outputs, outputs);
    set_json(&task->error, NULL);
    end_task(schedule, task, TASK_SUCCEEDED, wall_ns);
}

// Kinds that another attempt of the same inputs can't change.
static bool
worth_retrying(enum err_kind kind)
{
    return kind != ERR_USAGE && kind != ERR_CONFIG && kind != ERR_ENVIRONMENT && kind != ERR_CONFLICT &&
           kind != ERR_NO_IMPROVEMENT && kind != ERR_CANCELLED;
}

static int64_t
retry_wait_ns(const struct pipeline_retry *retry, int failures)
{
    double wait = (double)retry->initial_ns;
    for (int i = 1; i < failures; i++)
        wait *= retry->coefficient;
    if (retry->maximum_ns > 0 && wait > (double)retry->maximum_ns)
        wait = (double)retry->maximum_ns;
    return wait < 9e18 ? (int64_t)wait : INT64_MAX / 2;
}

void
schedule_fail(struct schedule *schedule, struct task *task, const struct err *problem, int64_t wall_ns)
{
    const struct pipeline_retry *retry = &step_of(schedule, task)->retry;
    task->failures++;
    set_error(task, problem);
    task->changed = true;
    if (task->failures >= retry->attempts || !worth_retrying(problem->kind)) {
        end_task(schedule, task, TASK_FAILED, wall_ns);
        return;
    }
    task->status = TASK_PENDING;
    task->next_ns = wall_ns + retry_wait_ns(retry, task->failures);
}

void
schedule_lose(struct schedule *schedule, struct task *task)
{
    (void)schedule;
    task->status = TASK_PENDING;
    task->changed = true;
}

bool
schedule_ended(const struct schedule *schedule)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if (!task_ended(*at))
            return false;
    return true;
}

const struct task *
schedule_failed(const struct schedule *schedule)
{
    const struct task *group = NULL;
    VEC_EACH (struct task *, at, &schedule->tasks) {
        if ((*at)->status == TASK_FAILED && (*at)->role != ROLE_GROUP)
            return *at;
        if ((*at)->status == TASK_FAILED && !group)
            group = *at;
    }
    return group;
}
