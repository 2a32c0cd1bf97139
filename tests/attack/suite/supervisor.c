// SPDX-License-Identifier: Apache-2.0
#include "tests/attack/suite/supervisor.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECRET_FD = 50, OUTPUT_MAX_BYTES = 1 << 16, BARE_MS = 30000 };
enum {
    MEMORY_BYTES = 128 << 20,
    FILE_BYTES = 8 << 20,
    DISK_BYTES = 32 << 20,
    PROCESSES = 40,
    OPEN_FILES = 64
};

static char memory[64] = PLANTED "-memory\n";

static void
plant_descriptor(void)
{
    static const char text[] = PLANTED "-descriptor\n";
    int fd = memfd_create("secret", 0);
    if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
        dup2(fd, SECRET_FD) < 0)
        _exit(1);
    close(fd);
}

// What of this process another one could change.
static void
describe_self(struct buf *out)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof(cpus), &cpus);
    buf_printf(out, "%d CPUs, priority %d, scheduler %d, io %ld, %s", CPU_COUNT(&cpus),
               getpriority(PRIO_PROCESS, 0), sched_getscheduler(0), syscall(SYS_ioprio_get, 1L, 0L), memory);
    for (int resource = 0; resource < 16; resource++) {
        struct rlimit limit = {0};
        getrlimit((__rlimit_resource_t)resource, &limit);
        buf_printf(out, " %llu/%llu", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
    }
    AUTO_BUF score = BUF(64);
    struct err ignored;
    if (fs_read("/proc/self/oom_score_adj", 32, &score, &ignored) == 0)
        buf_printf(out, " %s", buf_text(&score));
}

// A word of the table with its placeholder replaced.
static const char *
expand(const struct world *world, const char *word)
{
    const struct {
        const char *name;
        const char *value;
    } places[] = {
        {"{pid}", arena_printf(world->arena, "%ld", (long)getpid())},
        {"{address}", arena_printf(world->arena, "%llu", (unsigned long long)(uintptr_t)memory)},
        {"{fd}", arena_printf(world->arena, "%d", SECRET_FD)},
        {"{tcp}", arena_printf(world->arena, "%u", world->tcp_port)},
        {"{udp}", arena_printf(world->arena, "%u", world->udp_port)},
        {"{docker}", world->docker_socket},
        {"{abstract}", world->abstract_name},
        {"{victim}", world->victim},
        {"{scratch}", world->scratch},
        {"{tool}", world->tool},
        {"{helper}", world->helper},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (str_starts(str_of(word), str_of(places[i].name)))
            return arena_printf(world->arena, "%s%s", places[i].value, word + strlen(places[i].name));
    return word;
}

static void
take_end(struct report *report, int status, struct str output)
{
    report->ran = true;
    report->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    report->leaked = report->leaked || str_find(output, STR(PLANTED)) >= 0;
}

_Noreturn static void
become(const struct trial *trial, const char *const *argv, int output)
{
    dup2(output, STDOUT_FILENO);
    if (chdir(trial->world->scratch) == 0)
        execv(argv[0], (char *const *)argv);
    _exit(127);
}

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Without any sandbox: fork and exec, with all that this process has.
static void
run_bare(const struct trial *trial, const char *const *argv, struct report *report)
{
    int ends[2], status = 0;
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    fcntl(ends[1], F_SETFL, 0);
    pid_t pid = fork();
    if (pid == 0)
        become(trial, argv, ends[1]);
    close(ends[1]);
    int64_t until_ms = now_ms() + BARE_MS;
    for (bool ended = false; pid > 0;) {
        char bytes[16384];
        ssize_t got = read(ends[0], bytes, sizeof(bytes));
        if (got > 0) {
            size_t room = output.max - output.len;
            buf_add(&output, bytes, (size_t)got < room ? (size_t)got : room);
            report->output_bytes += (uint64_t)got;
            continue;
        }
        if (ended || now_ms() > until_ms)
            break;
        ended = waitpid(pid, &status, WNOHANG) == pid;
        poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, ended ? 0 : 5);
    }
    close(ends[0]);
    take_end(report, status, buf_str(&output));
}

static void
take_result(struct report *report, const struct launch_result *result)
{
    report->ran = true;
    report->exit_code = result->exit_code;
    report->signal = result->signal;
    report->output_bytes = result->output.len;
    report->wall_ns = result->wall_ns;
    report->leaked = report->leaked || str_find(buf_str(&result->output), STR(PLANTED)) >= 0;
    snprintf(report->limit, sizeof(report->limit), "%s", result->limit ? result->limit : "");
}

static void
run_contained(const struct trial *trial, struct launcher *launcher, const char *const *argv,
              struct report *report)
{
    const struct world *world = trial->world;
    const char *const read_paths[] = {world->programs, world->tool, world->helper, NULL};
    const char *const write_paths[] = {world->scratch, NULL};
    struct launch_spec spec = {.profile = trial->profile,
                               .argv = argv,
                               .cwd = world->scratch,
                               .read_paths = read_paths,
                               .write_paths = write_paths,
                               .output_max_bytes = OUTPUT_MAX_BYTES,
                               .limits = {.wall_ms = trial->row->brief ? BRIEF_MS : LONG_MS,
                                          .memory_bytes = MEMORY_BYTES,
                                          .file_bytes = FILE_BYTES,
                                          .disk_bytes = DISK_BYTES,
                                          .processes = PROCESSES,
                                          .open_files = OPEN_FILES}};
    struct launch_result result;
    report->ran = false;
    if (launcher_run(launcher, &spec, &result, &report->err) == 0) {
        take_result(report, &result);
        launch_result_release(&result);
        return;
    }
    report->lost = report->err.kind == ERR_LOST;
}

static void
run_once(const struct trial *trial, struct launcher *launcher, const char *const *argv, struct report *report)
{
    if (launcher)
        run_contained(trial, launcher, argv, report);
    else
        run_bare(trial, argv, report);
}

static void
run_row(const struct trial *trial, struct report *report)
{
    const struct world *world = trial->world;
    const char *argv[ROW_WORDS_MAX + 2] = {NULL};
    size_t count = 0;
    for (; trial->row->words[count]; count++)
        argv[count] = expand(world, trial->row->words[count]);
    argv[0] = fs_join(world->arena, world->programs, argv[0]);
    struct launcher *launcher = NULL;
    if (trial->level != ISOLATION_NONE) {
        struct isolation_demand demand = {
            .require = trial->level, .most = trial->level, .degraded = TRIAL_DEGRADED};
        char *cell = fs_join(world->arena, world->programs, "atoll-cell");
        launcher = launcher_new_at(cell, &demand, &report->err);
        if (!launcher)
            return;
    }
    run_once(trial, launcher, argv, report);
    if (trial->row->proof == PROOF_NEXT && report->ran && report->exit_code == 0) {
        argv[count] = "find";
        run_once(trial, launcher, argv, report);
    }
    launcher_free(launcher);
}

_Noreturn void
supervisor_main(const struct trial *trial, int out)
{
    struct report report = {.exit_code = -1};
    AUTO_BUF before = BUF(4096);
    AUTO_BUF after = BUF(4096);
    plant_descriptor();
    describe_self(&before);
    run_row(trial, &report);
    describe_self(&after);
    report.changed = !str_eq(buf_str(&before), buf_str(&after));
    _exit(write(out, &report, sizeof(report)) == sizeof(report) ? 0 : 1);
}
