// SPDX-License-Identifier: Apache-2.0
#include "workflow/scheduler.h"

#include "base/clock.h"

#include <string.h>

#define LABEL_MAX_BYTES 100

static const struct pipeline_step *
step_of(const struct schedule *schedule, const struct task *task)
{
    return &schedule->pipeline->steps[task->step];
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
    schedule_end(schedule, task, TASK_SKIPPED, wall(schedule));
}

// Fails without an attempt: nothing a retry could change.
static void
fail_finally(struct schedule *schedule, struct task *task, const struct err *problem)
{
    task_set_error(task, problem);
    schedule_end(schedule, task, TASK_FAILED, wall(schedule));
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

// Ends what waited too long for its first attempt.
static bool
is_stale(struct schedule *schedule, struct task *task)
{
    int64_t most_ns = step_of(schedule, task)->timeouts.schedule_to_start_ns;
    if (most_ns == 0 || task->status != TASK_PENDING || !task->with || task->attempt > 0 ||
        wall(schedule) - task->ready_ns <= most_ns)
        return false;
    char span[24];
    struct err problem;
    clock_human(most_ns, span, sizeof(span));
    err_set(&problem, ERR_TIMEOUT, "it did not start within %s, its schedule-to-start", span);
    fail_finally(schedule, task, &problem);
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
    else if (task->ready_ns == 0)
        task->ready_ns = wall(schedule);
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

// The first bytes of a text, whole characters only: a key travels as JSON.
static struct str
head_of(struct str text)
{
    size_t len = text.len < LABEL_MAX_BYTES ? text.len : LABEL_MAX_BYTES;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_head(text, len);
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
    return arena_str(schedule->arena, head_of(str_of(label)));
}

static const char *
item_key(struct schedule *schedule, const char *id, const json_t *item, size_t position)
{
    const char *label = label_of(schedule, item, position);
    const char *key = arena_printf(schedule->arena, "%s[%s]", id, label);
    return schedule_find(schedule, key) ? arena_printf(schedule->arena, "%s[%s#%zu]", id, label, position)
                                        : key;
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
            schedule_add(schedule, item_key(schedule, group->key, item, i), group->step, ROLE_ITEM);
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
    task_replace(&group->outputs,
                 json_pack("{s:o, s:I}", "items", items, "count", (json_int_t)json_array_size(items)));
    if (failed)
        task_replace(&group->error, json_incref(failed->error));
    schedule_end(schedule, group, failed ? TASK_FAILED : TASK_SUCCEEDED, wall(schedule));
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
    struct task *task = schedule_find(schedule, key);
    if (task && !(task->status == TASK_SKIPPED && task->ended_ns == 0))
        return;
    if (!task)
        task = schedule_add(schedule, key, failed->step, ROLE_ON_FAILURE);
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
        return is_stale(schedule, task);
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

// Whether the for-each step of an item has as many of its items running as it may.
static bool
is_crowded(const struct schedule *schedule, const struct task *task)
{
    int most = task->role == ROLE_ITEM ? step_of(schedule, task)->parallel : 0, running = 0;
    if (most == 0)
        return false;
    VEC_EACH (struct task *, at, &schedule->tasks)
        running += (*at)->parent == task->parent && (*at)->role == ROLE_ITEM && (*at)->status == TASK_RUNNING;
    return running >= most;
}

struct task *
schedule_next(const struct schedule *schedule, int64_t wall_ns)
{
    struct task *first = NULL;
    VEC_EACH (struct task *, at, &schedule->tasks) {
        struct task *task = *at;
        bool sooner = !first || (task->woken && (!first->woken || task->woken < first->woken));
        if (sooner && task->status == TASK_PENDING && task->with && task->next_ns <= wall_ns &&
            !is_crowded(schedule, task))
            first = task;
    }
    return first;
}

int64_t
schedule_due_ns(const struct schedule *schedule)
{
    int64_t due = INT64_MAX;
    VEC_EACH (struct task *, at, &schedule->tasks)
        if ((*at)->status == TASK_PENDING && (*at)->with && (*at)->next_ns < due &&
            !is_crowded(schedule, *at))
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
    task->woken = 0;
    if (task->started_ns == 0)
        task->started_ns = wall_ns;
    task->changed = true;
}

void
schedule_succeed(struct schedule *schedule, struct task *task, json_t *outputs, int64_t wall_ns)
{
    task_replace(&task->outputs, outputs);
    task_replace(&task->error, NULL);
    schedule_end(schedule, task, TASK_SUCCEEDED, wall_ns);
}

// Kinds that another attempt of the same inputs can't change.
static bool
worth_retrying(enum err_kind kind)
{
    return kind != ERR_USAGE && kind != ERR_CONFIG && kind != ERR_ENVIRONMENT && kind != ERR_CONFLICT &&
           kind != ERR_NO_IMPROVEMENT && kind != ERR_CANCELLED;
}

// What the step itself calls final, as an approval that was refused.
static bool
is_final(const struct step_ops *ops, enum err_kind kind)
{
    return (ops->final_kinds >> kind & 1) != 0;
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
    int64_t close_ns = step_of(schedule, task)->timeouts.schedule_to_close_ns;
    task->failures++;
    task_set_error(task, problem);
    task->changed = true;
    int64_t next_ns = wall_ns + retry_wait_ns(retry, task->failures);
    bool late = close_ns > 0 && next_ns - task->ready_ns > close_ns;
    bool final = is_final(task_action(schedule, task)->ops, problem->kind);
    if (task->failures >= retry->attempts || late || final || !worth_retrying(problem->kind)) {
        schedule_end(schedule, task, TASK_FAILED, wall_ns);
        return;
    }
    task->status = TASK_PENDING;
    task->next_ns = next_ns;
}

void
schedule_lose(struct schedule *schedule, struct task *task)
{
    (void)schedule;
    task->status = TASK_PENDING;
    task->changed = true;
}

void
schedule_wait(struct schedule *schedule, struct task *task)
{
    (void)schedule;
    task->status = TASK_WAITING;
    task->changed = true;
}

static bool
has_wait(const json_t *open, const char *key)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)open, i, row)
    {
        if (strcmp(json_get_text(row, "step", ""), key) == 0)
            return true;
    }
    return false;
}

static void
wake(struct task *task, const json_t *open, int *turn)
{
    if (task->status != TASK_WAITING || has_wait(open, task->key))
        return;
    task->status = TASK_PENDING;
    task->woken = ++*turn;
    task->changed = true;
}

void
schedule_wake(struct schedule *schedule, const json_t *open, const json_t *ended)
{
    int turn = 0;
    VEC_EACH (struct task *, at, &schedule->tasks)
        turn = (*at)->woken > turn ? (*at)->woken : turn;
    size_t i;
    json_t *key;
    json_array_foreach((json_t *)(uintptr_t)ended, i, key)
    {
        struct task *task = schedule_find(schedule, json_string_value(key));
        if (task)
            wake(task, open, &turn);
    }
    VEC_EACH (struct task *, at, &schedule->tasks)
        wake(*at, open, &turn);
}

// When a waiting task is over, whatever it waits for; INT64_MAX = never.
static int64_t
close_of(const struct schedule *schedule, const struct task *task)
{
    int64_t span_ns = step_of(schedule, task)->timeouts.schedule_to_close_ns, close_ns;
    bool limited = task->status == TASK_WAITING && span_ns > 0 && task->ready_ns > 0 &&
                   !__builtin_add_overflow(task->ready_ns, span_ns, &close_ns);
    return limited ? close_ns : INT64_MAX;
}

int64_t
schedule_close_ns(const struct schedule *schedule)
{
    int64_t first_ns = INT64_MAX;
    VEC_EACH (struct task *, at, &schedule->tasks) {
        int64_t close_ns = close_of(schedule, *at);
        first_ns = close_ns < first_ns ? close_ns : first_ns;
    }
    return first_ns;
}

void
schedule_expire(struct schedule *schedule, int64_t wall_ns, json_t *expired)
{
    VEC_EACH (struct task *, at, &schedule->tasks) {
        if (close_of(schedule, *at) > wall_ns)
            continue;
        char span[24];
        struct err problem;
        clock_human(step_of(schedule, *at)->timeouts.schedule_to_close_ns, span, sizeof(span));
        err_set(&problem, ERR_TIMEOUT, "it waited, and did not end within %s, its schedule-to-close", span);
        json_array_append_new(expired, json_string((*at)->key));
        fail_finally(schedule, *at, &problem);
    }
}

bool
schedule_any_waits(const struct schedule *schedule)
{
    VEC_EACH (struct task *, at, &schedule->tasks)
        if ((*at)->status == TASK_WAITING)
            return true;
    return false;
}

bool
schedule_only_waits(const struct schedule *schedule)
{
    bool waits = false;
    VEC_EACH (struct task *, at, &schedule->tasks) {
        bool goes_on = ((*at)->status == TASK_RUNNING && (*at)->role != ROLE_GROUP) ||
                       ((*at)->status == TASK_PENDING && (*at)->with);
        if (goes_on)
            return false;
        waits = waits || (*at)->status == TASK_WAITING;
    }
    return waits;
}
