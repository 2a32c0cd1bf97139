// SPDX-License-Identifier: Apache-2.0
// resume ATOLL FOLDER [ROUNDS]: how long `atoll run` takes from exec to the first command of the step that it
// goes on with, in turn with a history of 1,000 and of 50,000 events; each start finds what a kill -9 left.
// And the memory of the idle supervisor and its step process.
#include "base/clock.h"
#include "base/fs.h"
#include "base/stats.h"
#include "workflow/run.h"
#include "workflow/server.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 99, CALLS_A_COMMIT = 100 };

extern char **environ;

static const char pipeline[] =
    "version: 1\n"
    "name: resume\n"
    "steps:\n"
    "  - {id: first, uses: shell, with: {run: 'true'}}\n"
    "  - id: second\n"
    "    uses: shell\n"
    "    needs: first\n"
    "    with: {run: 'date +%s%N >$BENCH/new; mv $BENCH/new $BENCH/now; exec sleep 600'}\n";

static void
die(const char *what, const struct err *err)
{
    fprintf(stderr, "resume: %s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

// ---- a run that is killed while its second step is idle

static pid_t
start(const char *atoll)
{
    char *argv[] = {(char *)(uintptr_t)atoll, "run",          "--quiet", "--repository", ".", "--state",
                    "state/state.db",         "pipeline.yml", NULL};
    pid_t pid;
    char *here = getcwd(NULL, 0);
    if (!here || setenv("BENCH", here, 1) < 0)
        die("getcwd", NULL);
    free(here);
    if (posix_spawn(&pid, atoll, NULL, NULL, argv, environ) != 0)
        die(atoll, NULL);
    return pid;
}

static void
stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

// When the command of the second step began to run, by the wall clock.
static int64_t
wait_for_second_ns(pid_t pid)
{
    struct err err;
    for (int i = 0; i < 60000; i++) {
        AUTO_BUF text = BUF(100);
        int64_t at_ns;
        if (fs_exists("now") && fs_read("now", 100, &text, &err) == 0 &&
            str_to_i64(str_trim(buf_str(&text)), &at_ns))
            return at_ns;
        if (waitpid(pid, NULL, WNOHANG) == pid)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fprintf(stderr, "resume: the second step did not start\n");
    exit(1);
}

// A field of a file below /proc in KiB.
static long
kilobytes(pid_t pid, const char *file, const char *field)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    long found = 0;
    while (stream && fgets(line, sizeof(line), stream))
        if (strncmp(line, field, strlen(field)) == 0)
            found = strtol(line + strlen(field) + 1, NULL, 10);
    if (stream)
        fclose(stream);
    return found;
}

static pid_t
child_of(pid_t pid)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *stream = fopen(path, "re");
    if (stream && !fgets(text, sizeof(text), stream))
        text[0] = '\0';
    if (stream)
        fclose(stream);
    return (pid_t)strtol(text, NULL, 10);
}

// ---- a history

static json_t *
call_of(const char *name, int64_t number)
{
    char key[24];
    snprintf(key, sizeof(key), "%lld", (long long)number);
    json_t *call = json_pack("{s:s, s:s, s:s}", "call", name, "name", "evaluate", "key", key);
    if (*name == 'b')
        json_object_set_new(call, "input", json_string("0123456789abcdef"));
    else
        json_object_set_new(call, "result", json_pack("{s:I}", "number", (json_int_t)number));
    return call;
}

static void
apply(const struct server *server, json_t *call)
{
    struct err err;
    AUTO_FRAME frame = {.json = call, .tail = BUF(100)};
    AUTO_BUF tail = BUF(100);
    json_t *reply;
    bool fenced;
    if (server_apply(server, &frame, &reply, &tail, &fenced, &err) < 0)
        die("applying a call", &err);
    json_decref(reply);
}

// Adds two events an activity to the run, and ends without closing, as a killed process does.
static void
fill(int64_t events)
{
    struct err err;
    static const struct registry none;
    struct run run;
    struct state *state = state_open("state/state.db", &none, host_real(), &err);
    AUTO_JSON *rows =
        state ? state_rows(state, "SELECT id FROM run ORDER BY number DESC LIMIT 1", json_array(), &err)
              : NULL;
    if (!rows || run_load(state, json_get_text(json_array_get(rows, 0), "id", ""), &run, &err) < 0)
        die("opening the state", &err);
    struct server server = {
        .state = state, .run = run.number, .epoch = run.epoch, .step = "second", .attempt = 1};
    for (int64_t i = 0; i < events / 2; i += CALLS_A_COMMIT) {
        if (state_begin(state, &err) < 0)
            die("filling the state", &err);
        for (int64_t j = i; j < i + CALLS_A_COMMIT && j < events / 2; j++) {
            apply(&server, call_of("begin", j));
            apply(&server, call_of("commit", j));
        }
        if (state_commit(state, &err) < 0)
            die("filling the state", &err);
    }
    _exit(0);
}

static void
make_history(const char *atoll, const char *folder, int64_t events)
{
    struct err err;
    (void)!fs_remove_tree(folder, &err);
    if (fs_mkdirs(folder, &err) < 0)
        die(folder, &err);
    if (chdir(folder) < 0)
        die(folder, NULL);
    if (fs_write("pipeline.yml", str_of(pipeline), &err) < 0)
        die("pipeline.yml", &err);
    pid_t pid = start(atoll);
    wait_for_second_ns(pid);
    stop(pid);
    int status = 1;
    if ((pid = fork()) == 0)
        fill(events);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("filling the state", NULL);
}

// ---- measuring

struct memory {
    long supervisor, supervisor_share, step, step_share; // KiB; a share counts what several use once
};

static double
resume_ms(const char *atoll, const char *folder, struct memory *memory)
{
    if (chdir(folder) < 0 || unlink("now") < 0)
        die(folder, NULL);
    int64_t begin_ns = clock_wall_ns();
    pid_t pid = start(atoll);
    double ms = (double)(wait_for_second_ns(pid) - begin_ns) / 1e6;
    pid_t child = child_of(pid);
    *memory = (struct memory){kilobytes(pid, "status", "VmRSS:"), kilobytes(pid, "smaps_rollup", "Pss:"),
                              kilobytes(child, "status", "VmRSS:"), kilobytes(child, "smaps_rollup", "Pss:")};
    stop(pid);
    return ms;
}

int
main(int argc, char **argv)
{
    static double values[2][ROUNDS_MAX], ratios[ROUNDS_MAX];
    static const int64_t sizes[] = {1000, 50000};
    int64_t rounds = 21;
    if (argc < 3 || (argc > 3 && !str_to_i64(str_of(argv[3]), &rounds)) || rounds < 1 ||
        rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: resume ATOLL FOLDER [ROUNDS]\n");
        return 2;
    }
    AUTO_ARENA arena = {0};
    struct memory memory = {0};
    const char *folders[2];
    for (int i = 0; i < 2; i++) {
        folders[i] = arena_printf(&arena, "%s/resume-%d", argv[2], (int)sizes[i]);
        make_history(argv[1], folders[i], sizes[i]);
    }
    for (int64_t round = 0; round < rounds; round++) {
        for (int i = 0; i < 2; i++)
            values[i][round] = resume_ms(argv[1], folders[i], &memory);
        ratios[round] = values[1][round] / values[0][round];
    }
    for (int i = 0; i < 2; i++) {
        double median = stats_median(values[i], (size_t)rounds);
        printf("resume with %6d events %20s median %7.1f ms (%.1f to %.1f)\n", (int)sizes[i], "", median,
               values[i][0], values[i][rounds - 1]);
    }
    printf("the longer over the shorter %17s median %7.2f\n", "", stats_median(ratios, (size_t)rounds));
    printf("memory of atoll run, one idle step %10s %7.1f MB resident (%.1f with shared pages divided)\n", "",
           (double)memory.supervisor / 1024, (double)memory.supervisor_share / 1024);
    printf("memory of its step process %18s %7.1f MB resident (%.1f with shared pages divided)\n", "",
           (double)memory.step / 1024, (double)memory.step_share / 1024);
    return 0;
}
