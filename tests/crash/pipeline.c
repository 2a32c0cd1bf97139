// SPDX-License-Identifier: Apache-2.0
// The program under test: a pipeline of ten steps with activities, rows, blobs, effects, a timer and a
// signal.
//   pipeline run CASE     one life of the engine: 0 succeeded, 10 waits, 1 failed with one line on stderr
//   pipeline send CASE    sends the signal
// CASE holds repo/ (with the state), outside/ (what really happened) and the control file.
#include "base/clock.h"
#include "base/fs.h"
#include "tests/crash/control.h"
#include "tests/crash/outside.h"
#include "tests/crash/power_vfs.h"
#include "workflow/engine.h"
#include "workflow/journal.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#define EXIT_WAITS 10
#define SLEEP_NS 30000000
#define HELD "keep square 1"
#define HOLD_MAX_MS 60000
#define WARNING_LEAD_US 50000 // so that the supervisor sees a warning before what comes next

static const char pipeline[] =
    "version: 1\n"
    "name: crash\n"
    "defaults: {retry: {attempts: 4, initial: 1ms, maximum: 1ms}}\n"
    "steps:\n"
    "  - {id: list, uses: compute, with: {count: 2}}\n"
    "  - {id: keep, uses: compute, with: {count: 3}}\n"
    "  - {id: push, uses: ship, with: {count: 2}}\n"
    "  - {id: nap, uses: sleep}\n"
    "  - {id: answer, uses: listen, needs: push}\n"
    "  - {id: each, uses: compute, needs: nap, for-each: \"${{ steps.list.outputs.items }}\","
    " with: {count: 2}}\n"
    "  - {id: flag, uses: ship, needs: answer, with: {count: 1}}\n"
    "  - {id: dice, uses: draw, needs: []}\n"
    "  - {id: gather, uses: compute, needs: [each, flag, dice, keep],"
    " with: {count: 2, add: \"${{ steps.keep.outputs.sum }}\"}}\n"
    "  - {id: end, uses: ship, needs: gather, with: {count: 2}}\n";

// What an activity or an effect works with.
struct job {
    struct step *step;
    const char *outside, *server, *key;
    int64_t number;
    const struct control *control;
};

static const struct control *
control_here(void)
{
    static const struct control none;
    const struct control *control = control_open(getenv(CONTROL_VARIABLE));
    return control ? control : &none;
}

static struct job
job_of(struct step *step, const char *key, int64_t number)
{
    const char *outside = fs_join(step->arena, step->repository, "../outside");
    return (struct job){step, outside, fs_join(step->arena, outside, "server"), key, number, control_here()};
}

static void
tell_outside(const struct job *job, const char *what)
{
    char line[300];
    snprintf(line, sizeof(line), "%s %s", what, job->key);
    outside_log(job->outside, line);
}

// ---- steps

// The first time that the activity runs it stands still until the test makes the file "release".
static int
hold(const struct job *job, struct err *err)
{
    struct stat there;
    const char *release = fs_join(job->step->arena, job->outside, "release");
    if (job->control->hold == CONTROL_GO || strcmp(job->key, HELD) != 0 ||
        outside_make(job->outside, "held") < 0)
        return 0;
    for (int i = 0; i < HOLD_MAX_MS && stat(release, &there) < 0; i++)
        usleep(1000);
    if (job->control->hold == CONTROL_HOLD_THEN_WARN) {
        step_warn(job->step, "it was held");
        usleep(WARNING_LEAD_US);
    }
    return job->control->hold == CONTROL_HOLD_THEN_FAIL ? err_set(err, ERR_IO, "it was held") : 0;
}

static int
square(void *context, json_t **result, struct err *err)
{
    const struct job *job = context;
    tell_outside(job, "ran");
    if (hold(job, err) < 0)
        return -1;
    // With the result or not at all: a second time it fails.
    if (journal_store(job->step, "square.insert", json_pack("[sI]", job->step->id, (json_int_t)job->number),
                      err) < 0)
        return -1;
    char filler[161];
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    *result = json_pack("{s:I, s:s}", "square", (json_int_t)(job->number * job->number), "filler", filler);
    return 0;
}

static int
keep_blob(struct step *step, int64_t number, struct err *err)
{
    char hash[65];
    AUTO_BUF there = BUF(1 << 16);
    char *text = arena_printf(step->arena, "%s %d %06000d", step->id, (int)number, (int)number);
    if (journal_blob_put(step, str_of(text), hash, err) < 0 || journal_blob_get(step, hash, &there, err) < 0)
        return -1;
    return str_is(buf_str(&there), text) ? 0 : err_set(err, ERR_CONFIG, "a blob came back as another");
}

static int
step_compute(struct step *step, struct err *err)
{
    int64_t sum = step_int(step, "add");
    json_t *items = json_array();
    step_output(step, "items", items);
    for (int64_t i = 0; i < step_int(step, "count"); i++) {
        const char *key = arena_printf(step->arena, "%d", (int)i);
        struct job job = job_of(step, arena_printf(step->arena, "%s square %s", step->id, key), i);
        AUTO_JSON *input = json_integer(i);
        json_t *result;
        if (keep_blob(step, i, err) < 0 ||
            journal_activity(step, "square", key, input, square, &job, &result, err) < 0)
            return -1;
        tell_outside(&job, "acknowledged");
        sum += json_get_int(result, "square", 0);
        json_array_append_new(items, json_pack("{s:I}", "n", (json_int_t)i));
        json_decref(result);
    }
    step_output(step, "sum", json_integer(sum));
    return 0;
}

static int
look_up(void *context, json_t **result, struct err *err)
{
    const struct job *job = context;
    (void)err;
    if (job->control->look_up_off || outside_count(job->server, job->key) == 0)
        return 0;
    *result = json_string("done");
    return 1;
}

static int
act(void *context, json_t **result, struct err *err)
{
    const struct job *job = context;
    outside_act(job->server, job->key);
    char lost[256];
    snprintf(lost, sizeof(lost), "lost %s", job->key);
    if (job->control->loss != CONTROL_KEEP && outside_make(job->outside, lost) == 0) {
        if (job->control->loss == CONTROL_ACT_FAILS)
            return err_set(err, ERR_IO, "the answer of %s was lost", job->key);
        kill(job->control->loss == CONTROL_STEP_DIES ? getpid() : getppid(), SIGKILL);
        pause();
    }
    *result = json_string("done");
    return 0;
}

static int
step_ship(struct step *step, struct err *err)
{
    static const struct journal_effect effect = {look_up, act};
    for (int64_t i = 0; i < step_int(step, "count"); i++) {
        struct job job = job_of(step, arena_printf(step->arena, "%s-%d", step->id, (int)i), i);
        AUTO_JSON *intent = json_integer(i);
        json_t *result;
        if (journal_effect(step, job.key, intent, &effect, &job, &result, err) < 0)
            return -1;
        tell_outside(&job, "confirmed");
        step_output(step, job.key, result);
    }
    return 0;
}

static int
step_sleep(struct step *step, struct err *err)
{
    int64_t begun_ns;
    if (journal_now(step, "begun", &begun_ns, err) < 0 ||
        journal_sleep_until(step, "nap", begun_ns + SLEEP_NS, err) < 0)
        return -1;
    struct job job = job_of(step, step->id, 0);
    bool early = step->host->wall_ns(step->host->context) < begun_ns + SLEEP_NS;
    tell_outside(&job, early ? "early" : "woke");
    return 0;
}

static int
step_listen(struct step *step, struct err *err)
{
    json_t *signal;
    int got = journal_wait_signal(step, "answer", "go", 0, &signal, err);
    if (got <= 0)
        return got < 0 ? -1 : err_set(err, ERR_CONFIG, "a signal without a deadline timed out");
    step_output(step, "data", json_incref(json_object_get(signal, "data")));
    json_decref(signal);
    return 0;
}

static int
step_draw(struct step *step, struct err *err)
{
    for (int i = 0; i < 3; i++) {
        uint64_t value;
        const char *name = arena_printf(step->arena, "eyes%d", i);
        if (journal_random(step, name, &value, err) < 0)
            return -1;
        step_output(step, name, json_integer((json_int_t)(value % 6)));
    }
    return 0;
}

static const struct field inputs[] = {
    {.name = "count", .type = FIELD_INT, .otherwise = "1", .summary = "How many."},
    {.name = "add", .type = FIELD_INT, .otherwise = "0", .summary = "What to begin the sum with."},
    {.name = NULL},
};
static const struct step_ops compute = {
    .name = "compute", .summary = "Squares numbers.", .inputs = inputs, .run = step_compute};
static const struct step_ops ship = {
    .name = "ship", .summary = "Has effects.", .inputs = inputs, .run = step_ship};
static const struct step_ops nap = {
    .name = "sleep", .summary = "Sleeps.", .inputs = inputs, .run = step_sleep};
static const struct step_ops listen_ops = {
    .name = "listen", .summary = "Waits for a signal.", .inputs = inputs, .run = step_listen};
static const struct step_ops draw = {
    .name = "draw", .summary = "Draws numbers.", .inputs = inputs, .run = step_draw};
static const struct step_ops *const steps[] = {&compute, &ship, &nap, &listen_ops, &draw, NULL};

static const char *const migrations[] = {
    "CREATE TABLE square(step TEXT NOT NULL, number INTEGER NOT NULL, UNIQUE(step, number)) STRICT",
    NULL,
};
static const struct table_statement statements[] = {
    {"square.insert", "INSERT INTO square(step, number) VALUES(?1, ?2)"},
    {NULL, NULL},
};
static const struct table_set squares = {
    .noun = "square", .migrations = migrations, .statements = statements};
static const struct table_set *const tables[] = {&squares, NULL};
static const struct registry registry = {steps, tables};

// ---- commands

static int
fail(const struct err *err)
{
    fprintf(stderr, "%s: %s\n", err_name(err->kind), err->message);
    return 1;
}

static int
run(const char *folder, const struct control *control)
{
    static const char *const argv[] = {"pipeline", "step-process", NULL};
    AUTO_ARENA arena = {0};
    struct engine_options options = {
        .repository = fs_join(&arena, folder, "repo"),
        .pipeline_text = str_of(pipeline),
        .registry = &registry,
        .host = host_real(),
        .self_path = "/proc/self/exe",
        .self_argv = argv,
        .cell_path = "/bin/false",
        .has_seed = true,
        .seed = 7,
        .parallel = (int)control->parallel,
        .linger_ns = (int64_t)control->linger_ms * 1000000,
    };
    struct engine_outcome outcome;
    struct err err = {0};
    if (engine_run(&options, &outcome, &err) < 0)
        return fail(&err);
    return strcmp(outcome.status, "waiting") == 0 ? EXIT_WAITS : 0;
}

static int
send_signal(const char *folder)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    const char *state = engine_state_path(&arena, fs_join(&arena, folder, "repo"));
    AUTO_JSON *status = engine_status(state, NULL, &err);
    AUTO_JSON *data = json_pack("{s:i}", "answer", 42);
    struct message message = {.kind = "signal",
                              .run = json_get_text(status, "run", ""),
                              .name = "go",
                              .sender = "test",
                              .data = data};
    bool delivered;
    if (!status || engine_send(state, &registry, host_real(), &message, &delivered, &err) < 0)
        return fail(&err);
    return 0;
}

int
main(int argc, char **argv)
{
    struct control *control = control_open(getenv(CONTROL_VARIABLE));
    if (control && control->power)
        power_install(control);
    if (argc > 1 && strcmp(argv[1], "step-process") == 0)
        return step_process_main(&registry, 3);
    if (argc == 3 && strcmp(argv[1], "run") == 0)
        return run(argv[2], control_here());
    if (argc == 3 && strcmp(argv[1], "send") == 0)
        return send_signal(argv[2]);
    fprintf(stderr, "usage: pipeline run|send CASE\n");
    return 2;
}
