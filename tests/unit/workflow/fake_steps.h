// SPDX-License-Identifier: Apache-2.0
// Steps for tests of the engine. What they do outside of the state they write to a log file, one line each,
// appended in one write, so that a test can count from outside. A test binary is its own step process:
// FAKE_MAIN.
#ifndef ATOLL_TESTS_FAKE_STEPS_H
#define ATOLL_TESTS_FAKE_STEPS_H

#include "base/clock.h"
#include "base/fs.h"
#include "tests/unit/unit.h"
#include "workflow/engine.h"
#include "workflow/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Appends a line to a file.
static inline void
fake_log(const char *path, const char *line)
{
    char text[300];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        abort();
    close(fd);
}

static inline void
fake_sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0)
        ;
}

// How many lines of a file are exactly `line`; with NULL, all lines.
static inline int
fake_count(const char *path, const char *line)
{
    AUTO_BUF text = BUF(16 << 20);
    struct err err;
    if (fs_read(path, 16 << 20, &text, &err) < 0)
        return 0;
    int count = 0;
    struct str rest = buf_str(&text);
    while (rest.ptr && rest.len > 0) {
        struct str one = str_cut(&rest, '\n');
        count += !line || str_is(one, line);
    }
    return count;
}

// Waits until a file is there; NULL waits for nothing.
static inline void
fake_gate(const char *path)
{
    while (path && !fs_exists(path))
        fake_sleep_ms(5);
}

struct fake_job {
    struct step *step;
    const char *log;
    const char *line;
    int64_t number, sleep_ms;
};

// The body of an activity: logs, squares its number.
static inline int
fake_square(void *context, json_t **result, struct err *err)
{
    struct fake_job *job = context;
    (void)err;
    fake_log(job->log, job->line);
    fake_sleep_ms(job->sleep_ms);
    *result = json_integer(job->number * job->number);
    return 0;
}

static inline int
fake_work(struct step *step, struct err *err)
{
    int64_t count = step_int(step, "count"), sum = 0;
    const char *log = step_path(step, "log");
    for (int64_t i = 0; i < count; i++) {
        const char *key = arena_printf(step->arena, "%d", (int)i);
        struct fake_job job = {step, log, arena_printf(step->arena, "%s %d", step->id, (int)i), i,
                               step_int(step, "sleep-ms")};
        json_t *result;
        AUTO_JSON *input = json_integer(i);
        if (journal_store(step, "square.insert", json_pack("[sI]", step->id, (json_int_t)i), err) < 0 ||
            journal_activity(step, "square", key, input, fake_square, &job, &result, err) < 0)
            return -1;
        sum += json_integer_value(result);
        json_decref(result);
        step_progress(step, NULL, "%d of %d", (int)i + 1, (int)count);
    }
    step_output(step, "sum", json_integer(sum));
    return 0;
}

// The world outside, a file: an effect is there when its line is.
static inline int
fake_look_up(void *context, json_t **result, struct err *err)
{
    struct fake_job *job = context;
    (void)err;
    fake_sleep_ms(job->sleep_ms);
    if (fake_count(job->log, job->line) == 0)
        return 0;
    *result = json_string("found");
    return 1;
}

static inline int
fake_act(void *context, json_t **result, struct err *err)
{
    struct fake_job *job = context;
    (void)err;
    fake_log(job->log, job->line);
    fake_sleep_ms(job->sleep_ms);
    fake_gate(step_path(job->step, "gate"));
    *result = json_string("made");
    return 0;
}

static inline int
fake_ship(struct step *step, struct err *err)
{
    static const struct journal_effect effect = {fake_look_up, fake_act};
    for (int64_t i = 0; i < step_int(step, "count"); i++) {
        const char *key = arena_printf(step->arena, "%s/%d", step_text(step, "key"), (int)i);
        struct fake_job job = {step, step_path(step, "log"), arena_printf(step->arena, "effect %s", key), i,
                               step_int(step, "sleep-ms")};
        AUTO_JSON *intent = json_integer(i);
        json_t *result;
        if (journal_effect(step, key, intent, &effect, &job, &result, err) < 0)
            return -1;
        step_output(step, "how", result);
    }
    return 0;
}

// Logs, then fails as it is told: by kind, signal, exit, or not at all from attempt `until` on.
static inline int
fake_trouble(struct step *step, struct err *err)
{
    fake_log(step_path(step, "log"), arena_printf(step->arena, "%s attempt %d", step->id, step->attempt));
    fake_sleep_ms(step_int(step, "sleep-ms"));
    int64_t until = step_int(step, "until");
    if (until > 0 && step->attempt >= until)
        return 0;
    const char *how = step_text(step, "how");
    if (strcmp(how, "crash") == 0)
        raise(SIGABRT);
    if (strcmp(how, "killed") == 0)
        raise(SIGKILL);
    if (strcmp(how, "exit") == 0)
        _exit(7);
    return err_set(err, err_kind_of(how), "trouble %s", how);
}

static inline int
fake_echo(struct step *step, struct err *err)
{
    (void)err;
    printf("hello from %s\n", step->id);
    fflush(stdout);
    step_warn(step, "about %s", step->id);
    step_output(step, "value", json_incref(json_object_get(step->with, "value")));
    step_output(step, "items", json_incref(json_object_get(step->with, "items")));
    if (step_text(step, "log"))
        fake_log(step_path(step, "log"), arena_printf(step->arena, "%s echoes", step->id));
    return 0;
}

// Logs, waits until `due` (how: timer) or for the signal `key` (how: signal) or an approval by `items`, logs
// again. When nothing came in time it fails, unless it has a `value`.
static inline int
fake_wait(struct step *step, struct err *err)
{
    const char *how = step_text(step, "how"), *log = step_path(step, "log");
    int64_t due_ns = step_int(step, "due");
    json_t *data = NULL;
    fake_log(log, arena_printf(step->arena, "%s begins", step->id));
    int got =
        strcmp(how, "timer") == 0 ? journal_sleep_until(step, "w", due_ns, err)
        : strcmp(how, "signal") == 0
            ? journal_wait_signal(step, "w", step_text(step, "key"), due_ns, &data, err)
            : journal_wait_approval(step, "w", json_object_get(step->with, "items"), due_ns, &data, err);
    if (got < 0)
        return -1;
    if (got == 0 && strcmp(how, "timer") != 0 && !step_text(step, "value"))
        return err_set(err, ERR_TIMEOUT, "nothing came");
    AUTO_JSON *held = data;
    fake_log(log, arena_printf(step->arena, "%s goes on", step->id));
    fake_gate(step_path(step, "gate"));
    const json_t *came = json_object_get(held, "data");
    if (strcmp(how, "approval") == 0 && !json_get_bool(came, "approved", false))
        return err_set(err, ERR_TARGET, "%s refused", json_get_text(held, "sender", ""));
    step_output(step, "value", came ? json_incref((json_t *)(uintptr_t)came) : json_null());
    return 0;
}

// Does not end by itself, nor by SIGTERM, nor does a process that it started. Logs both process ids.
static inline int
fake_stubborn(struct step *step, struct err *err)
{
    (void)err;
    signal(SIGTERM, SIG_IGN);
    pid_t child = fork();
    if (child < 0)
        abort();
    fake_log(step_path(step, "log"), arena_printf(step->arena, "%d", (int)getpid()));
    for (;;)
        pause();
}

static const struct field fake_inputs[] = {
    {.name = "log", .type = FIELD_TEXT, .summary = "File to append to."},
    {.name = "key", .type = FIELD_TEXT, .otherwise = "\"key\"", .summary = "Prefix of effect keys."},
    {.name = "how", .type = FIELD_TEXT, .otherwise = "\"io\"", .summary = "How to fail."},
    {.name = "count", .type = FIELD_INT, .otherwise = "1", .summary = "How many."},
    {.name = "until", .type = FIELD_INT, .otherwise = "0", .summary = "First attempt that succeeds."},
    {.name = "sleep-ms", .type = FIELD_INT, .otherwise = "0", .summary = "How long."},
    {.name = "due", .type = FIELD_INT, .otherwise = "0", .summary = "Wall clock in ns."},
    {.name = "gate", .type = FIELD_TEXT, .summary = "File to wait for."},
    {.name = "value", .type = FIELD_ANY, .summary = "What to give back."},
    {.name = "items", .type = FIELD_ANY, .summary = "What to give back."},
    {.name = NULL},
};

static const struct step_ops fake_step_work = {
    .name = "work", .summary = "Squares numbers.", .inputs = fake_inputs, .run = fake_work};
static const struct step_ops fake_step_ship = {
    .name = "ship", .summary = "Has effects.", .inputs = fake_inputs, .run = fake_ship};
static const struct step_ops fake_step_trouble = {
    .name = "trouble", .summary = "Fails.", .inputs = fake_inputs, .run = fake_trouble};
static const struct step_ops fake_step_echo = {
    .name = "echo", .summary = "Gives back.", .inputs = fake_inputs, .run = fake_echo};
static const struct step_ops fake_step_wait = {
    .name = "wait", .summary = "Waits.", .inputs = fake_inputs, .run = fake_wait};
// Like echo; a time-out ends it for good.
static const struct step_ops fake_step_final = {.name = "final",
                                                .summary = "Gives back, or never will.",
                                                .inputs = fake_inputs,
                                                .run = fake_echo,
                                                .final_kinds = 1U << ERR_TIMEOUT};
static const struct step_ops fake_step_stubborn = {
    .name = "stubborn", .summary = "Goes on and on.", .inputs = fake_inputs, .run = fake_stubborn};
static const struct step_ops *const fake_steps[] = {
    &fake_step_work, &fake_step_ship,  &fake_step_trouble,  &fake_step_echo,
    &fake_step_wait, &fake_step_final, &fake_step_stubborn, NULL};

static const char *const fake_migrations[] = {
    "CREATE TABLE square(step TEXT NOT NULL, number INTEGER NOT NULL, UNIQUE(step, number)) STRICT",
    "CREATE INDEX square_number ON square(number)",
    NULL,
};
static const struct table_statement fake_statements[] = {
    {"square.insert", "INSERT INTO square(step, number) VALUES(?1, ?2) ON CONFLICT DO NOTHING"},
    {"square.insert-once", "INSERT INTO square(step, number) VALUES(?1, ?2)"},
    {"square.count", "SELECT count(*) AS n FROM square WHERE step = ?1"},
    {NULL, NULL},
};
static const struct table_set fake_squares = {"square", fake_migrations, fake_statements, NULL};
static const struct table_set *const fake_tables[] = {&fake_squares, NULL};
static const struct registry fake_registry = {fake_steps, fake_tables};

static char fake_folder_path[4096];

static inline void
fake_clean(void)
{
    struct err ignored;
    (void)!fs_remove_tree(fake_folder_path, &ignored);
}

// A folder of its own for a test, the working directory from then on; removed when the test's process ends.
static inline char *
fake_folder(struct arena *arena)
{
    struct err err;
    char *folder = fs_temp_dir(arena, NULL, "atoll-engine-", &err);
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(chdir(folder), 0);
    snprintf(fake_folder_path, sizeof(fake_folder_path), "%s", folder);
    atexit(fake_clean);
    return folder;
}

// Options for a pipeline text in that folder; the binary itself is the step process.
static inline struct engine_options
fake_options(const char *folder, const char *pipeline)
{
    static const char *const argv[] = {"test", "step-process", NULL};
    return (struct engine_options){
        .repository = folder,
        .pipeline_text = str_of(pipeline),
        .registry = &fake_registry,
        .host = host_real(),
        .self_path = "/proc/self/exe",
        .self_argv = argv,
        .cell_path = "/bin/false",
    };
}

#define FAKE_MAIN(suite_name, ...)                                            \
    int main(int argc, char **argv)                                           \
    {                                                                         \
        if (argc > 1 && strcmp(argv[1], "step-process") == 0)                 \
            return step_process_main(&fake_registry, 3);                      \
        const TTest *const tests[] = {__VA_ARGS__};                           \
        return unit_run(suite_name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
