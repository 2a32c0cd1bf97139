// SPDX-License-Identifier: Apache-2.0
// The end of a sequence of model_test.c: every table as the model has it, and what the events tell, folded
// from the first to the last, as the tables have it. A part of that file.
#ifndef ATOLL_TESTS_MODEL_CHECK_H
#define ATOLL_TESTS_MODEL_CHECK_H

// ---- tables

// Each row as a line; times that are not set are 0, other values "-".
#define TABLE_LINES                                                                                          \
    "SELECT format('meta %d %s %d', value ->> 'on', value ->> 'by', value ->> 'at_ns') AS line FROM meta"    \
    " WHERE key = 'paused'"                                                                                  \
    " UNION ALL SELECT format('run %d %s %s %d %d %d', number, id, status, epoch, started_ns,"               \
    " coalesce(ended_ns, 0)) FROM run"                                                                       \
    " UNION ALL SELECT format('step %d %s %s %d %d %d %d %d %d %s', run, key, status, attempt, failures,"    \
    " coalesce(next_ns, 0), coalesce(started_ns, 0), coalesce(ended_ns, 0), coalesce(ready_ns, 0),"          \
    " coalesce(outputs, '-')) FROM step"                                                                     \
    " UNION ALL SELECT format('activity %d %s %s %s %s %d %d %d %d %d %d %s %s %s', run, step, name, key,"   \
    " input_hash, attempts, begun_ns, coalesce(committed_ns, 0),"                                            \
    " coalesce(scheduled_ns, CASE WHEN error IS NULL THEN begun_ns END, 0), failures, coalesce(next_ns, 0)," \
    " coalesce(error ->> 'kind', '-'), coalesce(details, '-'), coalesce(result, '-')) FROM activity"         \
    " UNION ALL SELECT format('effect %s %d %s %s %s %d %d %d %s', key, run, step, intent, status, "         \
    "attempts,"                                                                                              \
    " intended_ns, coalesce(confirmed_ns, 0), coalesce(result, '-')) FROM effect"                            \
    " UNION ALL SELECT format('recorded %d %s %s %d', run, step, name, value) FROM recorded"                 \
    " UNION ALL SELECT format('wait %d %s %s %s %s %s %d %d %s %d %s', run, step, name, kind,"               \
    " coalesce(signal, '-'), coalesce(who, '-'), coalesce(due_ns, 0), since_ns, status,"                     \
    " coalesce(ended_ns, 0), coalesce(result ->> 'sender', '-')) FROM wait"                                  \
    " UNION ALL SELECT format('signal %s %s %s %s %s %s %d %d %d %s', id, kind, coalesce(run, '-'), name,"   \
    " coalesce(data, '-'), sender, sent_ns, received_ns, coalesce(consumed_ns, 0), coalesce(step, '-'))"     \
    " FROM signal"                                                                                           \
    " UNION ALL SELECT format('blob %s', hash) FROM blob"                                                    \
    " UNION ALL SELECT format('square %s %d', step, number) FROM square"                                     \
    " ORDER BY line"

// Lines of the model, to be sorted.
struct lines {
    struct arena *arena;
    VEC(const char *) all;
};

#define LINE(lines, ...) (*vec_push(&(lines)->all) = arena_printf((lines)->arena, __VA_ARGS__))

typedef long long wide; // as printf wants it

// A number as text, "-" when it is not there.
static const char *
perhaps(struct lines *lines, bool there, int value)
{
    return there ? arena_printf(lines->arena, "%d", value) : "-";
}

static const char *
ann_or_bob(bool ann)
{
    return ann ? "ann" : "bob";
}

static void
add_activities(struct lines *lines, int run, int s, const struct model_step *step)
{
    for (int k = 0; k < MODEL_KEYS; k++) {
        const struct model_activity *a = &step->activities[k];
        if (!a->begun)
            continue;
        LINE(lines, "activity %d %s n e%d i%d %d %lld %lld %lld %d %lld %s %s %s", run + 1, model_steps[s], k,
             a->input, a->attempts, (wide)a->begun_ns, (wide)a->committed_ns, (wide)a->first_ns, a->failures,
             (wide)a->next_ns, a->error == ERR_INTERNAL ? "-" : err_name(a->error),
             perhaps(lines, a->details, a->details), perhaps(lines, a->committed, a->result));
    }
    for (int n = 0; n < MODEL_NAMES; n++)
        if (step->recorded[n])
            LINE(lines, "recorded %d %s e%d %lld", run + 1, model_steps[s], n, (wide)step->recorded[n]);
}

static void
add_waits(struct lines *lines, const struct model *m, int run, int s)
{
    static const char *const kind_names[] = {"timer", "signal", "approval", "pause"};
    static const char *const signals[] = {"-", "go", "ok", "-"};
    for (int w = 0; w < MODEL_WAITS; w++) {
        const struct model_wait *wait = &m->runs[run].steps[s].waits[w];
        enum model_wait_kind kind = model_wait_kind(w);
        if (wait->status == WAIT_NONE)
            continue;
        LINE(lines, "wait %d %s %s %s %s %s %lld %lld %s %lld %s", run + 1, model_steps[s], model_waits[w],
             kind_names[kind], signals[kind], wait->only_ann ? "[\"ann\"]" : "-", (wide)wait->due_ns,
             (wide)wait->since_ns, model_wait_status_names[wait->status], (wide)wait->ended_ns,
             wait->signal < 0 ? "-" : ann_or_bob(m->signals[wait->signal].message.by_ann));
    }
}

static void
add_run(struct lines *lines, const struct model *m, int r)
{
    const struct model_run *run = &m->runs[r];
    LINE(lines, "run %d R%d %s %lld %lld %lld", r + 1, r, model_run_status_names[run->status],
         (wide)run->epoch, (wide)run->started_ns, (wide)run->ended_ns);
    for (int s = 0; s < MODEL_STEPS; s++) {
        const struct model_step *step = &run->steps[s];
        LINE(lines, "step %d %s %s %d %d %lld %lld %lld %lld %s", r + 1, model_steps[s],
             model_step_status_names[step->status], step->attempt, step->failures, (wide)step->next_ns,
             (wide)step->started_ns, (wide)step->ended_ns, (wide)step->ready_ns,
             step->output ? arena_printf(lines->arena, "{\"v\":%d}", step->output) : "-");
        add_activities(lines, r, s, step);
        add_waits(lines, m, r, s);
    }
}

static void
add_signal(struct lines *lines, const struct model_signal *signal)
{
    const struct model_message *message = &signal->message;
    bool of_run = message->kind == MESSAGE_SIGNAL || message->kind == MESSAGE_CANCEL;
    const char *data = model_data_texts[message->data];
    LINE(lines, "signal %s %s %s %s %s %s %lld %lld %lld %s", message->id,
         model_message_kind_names[message->kind],
         of_run ? arena_printf(lines->arena, "R%d", message->run) : "-",
         message->kind != MESSAGE_SIGNAL ? ""
         : message->approval             ? "ok"
                                         : "go",
         data ? data : "-", ann_or_bob(message->by_ann), (wide)message->sent_ns, (wide)signal->received_ns,
         (wide)signal->consumed_ns, signal->step < 0 ? "-" : model_steps[signal->step]);
}

static void
add_shared(struct lines *lines, const struct model *m)
{
    if (m->pause_known)
        LINE(lines, "meta %d %s %lld", m->paused, ann_or_bob(m->paused_by_ann), (wide)m->paused_ns);
    for (int i = 0; i < MODEL_EFFECTS; i++) {
        const struct model_effect *effect = &m->effects[i];
        if (effect->intended)
            LINE(lines, "effect e%d %d %s %d %s %d %lld %lld %s", i, effect->run + 1,
                 model_steps[effect->step], effect->intent, effect->confirmed ? "confirmed" : "intended",
                 effect->attempts, (wide)effect->intended_ns, (wide)effect->confirmed_ns,
                 perhaps(lines, effect->confirmed, effect->result));
    }
    for (int i = 0; i < MODEL_BLOBS; i++)
        if (m->blobs[i])
            LINE(lines, "blob %s", blob_hashes[i]);
    for (int i = 0; i < MODEL_STEPS * MODEL_NUMBERS; i++)
        if (m->squares[i / MODEL_NUMBERS][i % MODEL_NUMBERS])
            LINE(lines, "square %s %d", model_steps[i / MODEL_NUMBERS], i % MODEL_NUMBERS);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
compare_tables(struct trial *t)
{
    struct err err = {0};
    AUTO_ARENA arena = {0};
    struct lines lines = {.arena = &arena};
    AUTO_JSON *rows = state_rows(t->state, TABLE_LINES, json_array(), &err);
    must(t, rows ? 0 : -1, &err);
    for (int r = 0; r < t->model.run_count; r++)
        add_run(&lines, &t->model, r);
    for (int i = 0; i < t->model.signal_count; i++)
        add_signal(&lines, &t->model.signals[i]);
    add_shared(&lines, &t->model);
    if (lines.all.count > 0)
        qsort(lines.all.items, lines.all.count, sizeof(lines.all.items[0]), by_text);
    size_t count = json_array_size(rows);
    for (size_t i = 0; i < count || i < lines.all.count; i++) {
        const char *real = json_get_text(json_array_get(rows, i), "line", "(no more rows)");
        const char *wanted = i < lines.all.count ? lines.all.items[i] : "(no more rows)";
        if (strcmp(real, wanted) != 0)
            differ(t, "the state has   %s\nthe model has   %s", real, wanted);
    }
    vec_release(&lines.all);
}

// ---- events

// What the events tell of a run and of effects and signals.
struct fold {
    struct {
        enum model_run_status status;
        int64_t epoch;
        struct {
            enum model_step_status status;
            bool vague; // the end of its run ended it
            int begun[MODEL_KEYS], committed[MODEL_KEYS];
        } steps[MODEL_STEPS];
    } runs[MODEL_RUNS];
    int intended[MODEL_EFFECTS], confirmed[MODEL_EFFECTS];
    int received, taken;
};

static int
index_of(const char *text, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

// What happened to a run as a whole.
static void
fold_run(struct trial *t, struct fold *fold, int r, const char *type, const json_t *details)
{
    static const char *const types[] = {"run-started", "run-resumed",    "run-reset",
                                        "run-waiting", "run-superseded", "run-finished"};
    static const enum model_run_status after[] = {RUN_RUNNING, RUN_RUNNING, RUN_RUNNING, RUN_WAITING,
                                                  RUN_SUPERSEDED};
    int which = index_of(type, types, 6);
    if (which < 0) {
        differ(t, "an event %s", type);
        return;
    }
    int status = which < 5 ? (int)after[which]
                           : index_of(json_get_text(details, "status", ""), model_run_status_names, 6);
    fold->runs[r].status = (enum model_run_status)status;
    for (int s = 0; s < MODEL_STEPS && status == RUN_CANCELLED; s++)
        fold->runs[r].steps[s].vague = true;
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(details, "steps"), i, id)
    {
        int s = index_of(json_string_value(id), model_steps, MODEL_STEPS);
        memset(&fold->runs[r].steps[s], 0, sizeof(fold->runs[r].steps[s]));
    }
}

static void
fold_step(struct fold *fold, int r, int s, const char *type, const json_t *details)
{
    static const char *const types[] = {"step-interrupted", "step-retry", "step-started", "step-waiting"};
    static const enum model_step_status after[] = {STEP_PENDING, STEP_PENDING, STEP_RUNNING, STEP_WAITING};
    int which = index_of(type, types, 4);
    const char *ended = json_get_text(details, "status", "");
    fold->runs[r].steps[s].vague = false;
    fold->runs[r].steps[s].status =
        which >= 0 ? after[which] : (enum model_step_status)index_of(ended, model_step_status_names, 7);
}

static void
fold_event(struct trial *t, struct fold *fold, const json_t *row)
{
    struct err err;
    int r = (int)json_get_int(row, "run", 0) - 1;
    const char *type = json_get_text(row, "type", ""), *text = json_get_text(row, "details", "null");
    int s = index_of(json_get_text(row, "step", ""), model_steps, MODEL_STEPS);
    AUTO_JSON *details = json_read(str_of(text), "details", &err);
    int key = strcmp(json_get_text(details, "key", ""), "e1") == 0;
    int64_t epoch = json_get_int(row, "epoch", 0);
    fold->received += strcmp(type, "signal-received") == 0;
    if (r < 0)
        return;
    // Nobody whose run was taken over leaves a word.
    if (epoch < fold->runs[r].epoch)
        differ(t, "%s of epoch %d stands behind epoch %d", type, (int)epoch, (int)fold->runs[r].epoch);
    fold->runs[r].epoch = epoch;
    fold->taken += json_is_string(json_object_get(details, "signal")) && strcmp(type, "wait-ended") == 0;
    fold->intended[key] += strcmp(type, "effect-intended") == 0;
    fold->confirmed[key] += strcmp(type, "effect-confirmed") == 0;
    if (strncmp(type, "run-", 4) == 0)
        fold_run(t, fold, r, type, details);
    if (s < 0)
        return;
    fold->runs[r].steps[s].begun[key] += strcmp(type, "activity-begun") == 0;
    fold->runs[r].steps[s].committed[key] += strcmp(type, "activity-committed") == 0;
    if (strncmp(type, "step-", 5) == 0)
        fold_step(fold, r, s, type, details);
}

// The model equals the tables, so the fold is held against the model.
static void
compare_fold(struct trial *t, const struct fold *fold)
{
    const struct model *m = &t->model;
    int taken = 0;
    for (int r = 0; r < m->run_count; r++) {
        if (fold->runs[r].status != m->runs[r].status || fold->runs[r].epoch != m->runs[r].epoch)
            differ(t, "events tell of run %d: %s, epoch %d", r, model_run_status_names[fold->runs[r].status],
                   (int)fold->runs[r].epoch);
        for (int i = 0; i < MODEL_STEPS * MODEL_KEYS; i++) {
            int s = i / MODEL_KEYS, k = i % MODEL_KEYS;
            const struct model_activity *a = &m->runs[r].steps[s].activities[k];
            if (fold->runs[r].steps[s].begun[k] != a->attempts ||
                fold->runs[r].steps[s].committed[k] != a->committed)
                differ(t, "events tell of run %d, activity %d of step %d: begun %d, committed %d", r, k, s,
                       fold->runs[r].steps[s].begun[k], fold->runs[r].steps[s].committed[k]);
            if (!fold->runs[r].steps[s].vague && fold->runs[r].steps[s].status != m->runs[r].steps[s].status)
                differ(t, "events tell of run %d, step %d: status %d", r, s, fold->runs[r].steps[s].status);
        }
    }
    for (int i = 0; i < MODEL_EFFECTS; i++)
        if (fold->intended[i] != m->effects[i].attempts || fold->confirmed[i] != m->effects[i].confirmed)
            differ(t, "events tell of effect %d: intended %d, confirmed %d", i, fold->intended[i],
                   fold->confirmed[i]);
    for (int i = 0; i < m->signal_count; i++)
        taken += m->signals[i].run >= 0;
    if (fold->received != m->signal_count || fold->taken != taken)
        differ(t, "events tell of signals: received %d, taken %d", fold->received, fold->taken);
}

static void
compare_events(struct trial *t)
{
    struct err err = {0};
    struct fold fold = {0};
    AUTO_JSON *rows = state_rows(t->state, "SELECT run, type, step, epoch, details FROM event ORDER BY seq",
                                 json_array(), &err);
    size_t i;
    json_t *row;
    must(t, rows ? 0 : -1, &err);
    json_array_foreach(rows, i, row) fold_event(t, &fold, row);
    compare_fold(t, &fold);
}

#endif
