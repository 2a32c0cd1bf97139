// SPDX-License-Identifier: Apache-2.0
#include "workflow/schedule.h"

#include <string.h>

static const char *const status_names[] = {"pending", "running", "waiting",  "succeeded",
                                           "failed",  "skipped", "cancelled"};
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

const struct pipeline_action *
task_action(const struct schedule *schedule, const struct task *task)
{
    const struct pipeline_step *step = &schedule->pipeline->steps[task->step];
    return task->role == ROLE_ON_FAILURE ? &step->on_failure : &step->action;
}

void
task_replace(json_t **slot, json_t *value)
{
    json_decref(*slot);
    *slot = value;
}

void
task_set_error(struct task *task, const struct err *problem)
{
    json_t *error = json_object();
    json_set_text(error, "kind", err_name(problem->kind));
    json_set_text(error, "message", problem->message);
    task_replace(&task->error, error);
}

struct task *
schedule_find(const struct schedule *schedule, const char *key)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if (strcmp((*at)->key, key) == 0)
            return *at;
    return NULL;
}

struct task *
schedule_add(struct schedule *schedule, const char *key, size_t step, enum task_role role)
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
        schedule_add(schedule, step->id, i, step->for_each ? ROLE_GROUP : ROLE_STEP)->changed = true;
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

void
schedule_end(struct schedule *schedule, struct task *task, enum task_status status, int64_t wall_ns)
{
    task->status = status;
    task->ended_ns = wall_ns;
    task->next_ns = 0;
    task->changed = true;
    task_replace(&task->with, NULL);
    publish_end(schedule, task);
}

void
schedule_cancel(struct schedule *schedule, int64_t wall_ns)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if (!task_ended(*at))
            schedule_end(schedule, *at, TASK_CANCELLED, wall_ns);
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
// ---- the state's rows

static int
word_index(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
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
        return schedule_find(schedule, json_get_text(row, "id", ""));
    struct str key = str_of(json_get_text(row, "key", ""));
    ptrdiff_t space = str_rfind_byte(key, ' ');
    return space < 0 ? NULL
                     : schedule_find(schedule, arena_str(schedule->arena, str_head(key, (size_t)space)));
}

int
schedule_restore(struct schedule *schedule, const json_t *row, struct err *err)
{
    const char *key = json_get_text(row, "key", "");
    int role = word_index(role_names, 4, json_get_text(row, "role", ""));
    int status = word_index(status_names, 7, json_get_text(row, "status", ""));
    ptrdiff_t step = pipeline_find(schedule->pipeline, json_get_text(row, "id", ""));
    if (role < 0 || status < 0 || step < 0)
        return err_set(err, ERR_CONFLICT, "step %s of the state does not fit the pipeline", key);
    struct task *task = schedule_find(schedule, key);
    if (!task)
        task = schedule_add(schedule, arena_dup(schedule->arena, key), (size_t)step, (enum task_role)role);
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
    task->ready_ns = json_get_int(row, "ready_ns", 0);
    task->started_ns = json_get_int(row, "started_ns", 0);
    task->ended_ns = json_get_int(row, "ended_ns", 0);
    task_replace(&task->item, read_json(row, "item"));
    task_replace(&task->outputs, read_json(row, "outputs"));
    task_replace(&task->error, read_json(row, "error"));
    if (task_ended(task))
        publish_end(schedule, task);
    return 0;
}

void
schedule_reopen(struct schedule *schedule)
{
    VEC_EACH (struct task *, at, &schedule->tasks) {
        struct task *task = *at;
        bool undone = task->status == TASK_FAILED || task->status == TASK_SKIPPED ||
                      task->status == TASK_CANCELLED || task->role == ROLE_ON_FAILURE;
        if (!undone)
            continue;
        bool expanded = false;
        VEC_EACH (struct task *, other, &schedule->tasks)
            expanded = expanded || ((*other)->parent == task && (*other)->role == ROLE_ITEM);
        // A compensation waits until its task fails again.
        bool dormant = task->role == ROLE_ON_FAILURE;
        task->status = dormant ? TASK_SKIPPED : expanded ? TASK_RUNNING : TASK_PENDING;
        task->failures = 0;
        task->next_ns = task->ended_ns = task->ready_ns = 0;
        task->changed = true;
        task_replace(&task->error, NULL);
        json_object_del(schedule->steps, task->key);
    }
}
