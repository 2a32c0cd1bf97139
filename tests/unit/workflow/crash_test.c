// SPDX-License-Identifier: Apache-2.0
// Kills the supervisor, a step process or both at random moments, goes on, and counts from outside: what was
// committed is never done again, effects happen once, and what was in flight is repeated at most once a kill
// and worker.
#include "base/rng.h"
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"

#include <dirent.h>

#define KILLS 36
#define WORKERS 2

static const char pipeline[] =
    "version: 1\n"
    "name: crash\n"
    "steps:\n"
    "  - {id: list, uses: echo, with: {items: [{name: a}, {name: b}, {name: c}]}}\n"
    "  - {id: each, uses: work, for-each: \"${{ steps.list.outputs.items }}\",\n"
    "     with: {count: 30, sleep-ms: 12, log: log}}\n"
    "  - {id: ship, uses: ship, with: {count: 30, sleep-ms: 12, key: one, log: world}}\n"
    "  - {id: send, uses: ship, needs: each, with: {count: 30, sleep-ms: 12, key: two, log: world}}\n"
    "  - {id: end, uses: work, needs: [ship, send], with: {count: 40, sleep-ms: 12, log: log}}\n";

static pid_t
start(const struct engine_options *options)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) {
        setpgid(pid, pid);
        return pid;
    }
    setpgid(0, 0);
    struct engine_outcome outcome;
    struct err err = {0};
    _exit(engine_run(options, &outcome, &err) == 0 ? 0 : 1);
}

// The value of a field of /proc/PID/status, or -1.
static long
status_number(const char *pid, const char *field)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 16);
    struct err err;
    if (fs_read(arena_printf(&arena, "/proc/%s/status", pid), 1 << 16, &text, &err) < 0)
        return -1;
    const char *found = strstr(buf_text(&text), field);
    return found ? strtol(found + strlen(field), NULL, 10) : -1;
}

// How many processes work in the test's folder, this one and zombies left out. With `parent`, only its
// children, and *one is one of them.
static int
processes(const char *folder, pid_t parent, pid_t *one)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(proc));) {
        long pid = strtol(entry->d_name, NULL, 10);
        char link[300], cwd[4096];
        snprintf(link, sizeof(link), "/proc/%.200s/cwd", entry->d_name);
        ssize_t len = pid > 0 && pid != (long)getpid() ? readlink(link, cwd, sizeof(cwd)) : 0;
        if (len <= 0 || !str_eq(str_n(cwd, (size_t)len), str_of(folder)))
            continue;
        if (parent && status_number(entry->d_name, "PPid:") != (long)parent)
            continue;
        *one = (pid_t)pid;
        count++;
    }
    closedir(proc);
    return count;
}

// What the state says is committed, as the lines that the bodies logged: {"line": how often it was logged so
// far}.
static void
remember_committed(const char *state_path, json_t *committed)
{
    struct err err = {0};
    AUTO_JSON *rows =
        state_query(state_path,
                    "SELECT step || ' ' || key AS line FROM activity WHERE committed_ns IS NOT NULL"
                    " UNION ALL SELECT 'effect ' || key FROM effect WHERE status = 'confirmed'",
                    NULL, &err);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *line = json_get_text(row, "line", "");
        int count = fake_count(*line == 'e' && line[1] == 'f' ? "world" : "log", line);
        ck_assert_int_ge(count, 1);
        if (!json_object_get(committed, line))
            json_object_set_new(committed, line, json_integer(count));
    }
}

static void
assert_never_repeated(const json_t *committed)
{
    const char *line;
    json_t *count;
    json_object_foreach((json_t *)committed, line, count)
    {
        const char *log = *line == 'e' && line[1] == 'f' ? "world" : "log";
        ck_assert_msg(fake_count(log, line) == json_integer_value(count), "%s was committed and done again",
                      line);
    }
}

static void
assert_no_orphan(const char *folder)
{
    pid_t one = 0;
    int64_t patience = clock_mono_ns() + 20000000000;
    while (processes(folder, 0, &one) > 0 && clock_mono_ns() < patience)
        fake_sleep_ms(2);
    ck_assert_msg(processes(folder, 0, &one) == 0, "process %d outlived its supervisor", (int)one);
}

// Until something more was done, or (one time in four) hardly at all; then some milliseconds more.
static void
wait_a_while(struct rng *rng)
{
    int more = (int)rng_below(rng, 4) * 3;
    int before = fake_count("log", NULL) + fake_count("world", NULL);
    int64_t patience = clock_mono_ns() + 500000000;
    while (fake_count("log", NULL) + fake_count("world", NULL) < before + more && clock_mono_ns() < patience)
        fake_sleep_ms(1);
    fake_sleep_ms((int64_t)rng_below(rng, 12));
}

// Ends this life of the engine in one of three ways. False when it had already ended by itself.
static bool
kill_somebody(const char *folder, pid_t engine, uint64_t how)
{
    pid_t step = 0;
    if (how > 0 && processes(folder, engine, &step) > 0)
        kill(step, SIGKILL);
    if (how < 2)
        kill(-engine, SIGKILL);
    int status;
    if (how == 2) {
        fake_sleep_ms(5);
        kill(engine, SIGKILL);
    }
    waitpid(engine, &status, 0);
    return WIFSIGNALED(status);
}

START_TEST(what_was_committed_survives_every_kill)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(folder, pipeline);
    options.parallel = WORKERS;
    const char *state_path = engine_state_path(&arena, folder);
    AUTO_JSON *committed = json_object();
    struct rng rng;
    rng_init(&rng, 7, 0);
    int kills = 0;
    for (bool alive = true; alive && kills < KILLS; kills++) {
        pid_t engine = start(&options);
        wait_a_while(&rng);
        alive = kill_somebody(folder, engine, rng_below(&rng, 3));
        struct err err = {0};
        assert_no_orphan(folder);
        if (!fs_exists(state_path) || state_verify(state_path, &err) < 0)
            ck_assert_msg(!fs_exists(state_path) || err.kind != ERR_IO, "%s", err.message);
        else
            remember_committed(state_path, committed);
    }
    ck_assert_int_ge(kills, 15);
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_msg(engine_run(&options, &outcome, &err) == 0, "%s", err.message);
    assert_never_repeated(committed);
    ck_assert_int_eq(fake_count("world", NULL), 60);
    int all = fake_count("log", NULL);
    ck_assert_int_ge(all, 130);
    ck_assert_int_le(all, 130 + kills * WORKERS);
    AUTO_JSON *runs = state_query(state_path, "SELECT status FROM run", NULL, &err);
    ck_assert_int_eq((int)json_array_size(runs), 1);
    AUTO_JSON *rows = state_query(state_path, "SELECT count(*) AS n FROM square", NULL, &err);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "n", 0), 130);
    ck_assert_msg(state_verify(state_path, &err) == 0, "%s", err.message);
}
END_TEST

FAKE_MAIN("workflow/crash", what_was_committed_survives_every_kill)
