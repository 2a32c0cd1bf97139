// SPDX-License-Identifier: Apache-2.0
// Shell command lines in the sandbox, and processes of the machine by name.
#ifndef ATOLL_TESTS_SANDBOX_SHELL_H
#define ATOLL_TESTS_SANDBOX_SHELL_H

#include "tests/unit/sandbox/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

// Runs a shell command line under BUILD, with the scratch folder writable.
struct shell {
    struct fixture f;
    struct launch_result result;
    struct launch_limits limits;
    const char *read_paths[2];
    size_t output_max_bytes;
};

static inline void
shell_init(struct shell *shell)
{
    *shell = (struct shell){.limits = {.wall_ms = 60000}};
    fixture_init(&shell->f);
}

// At just this level; false, with nothing to release, when this machine does not give it.
static inline bool
shell_at(struct shell *shell, enum isolation_level level)
{
    *shell = (struct shell){.limits = {.wall_ms = 60000}};
    return fixture_at(&shell->f, level);
}

static inline void
shell_run(struct shell *shell, const char *command)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const char *const write_paths[] = {shell->f.folder, NULL};
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .cwd = shell->f.folder,
                               .read_paths = shell->read_paths,
                               .write_paths = write_paths,
                               .output_max_bytes = shell->output_max_bytes,
                               .limits = shell->limits};
    launch_result_release(&shell->result);
    OK(launcher_run(shell->f.launcher, &spec, &shell->result, &shell->f.err), &shell->f.err);
}

static inline void
shell_release(struct shell *shell)
{
    launch_result_release(&shell->result);
    fixture_release(&shell->f);
}

static inline void
sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

// A living process of this name (at most 15 characters) on the machine, or 0.
static inline pid_t
find_process(const char *name)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    AUTO_BUF wanted = BUF(100);
    buf_printf(&wanted, " (%s) ", name);
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], text[512] = "";
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        int fd = open(path, O_RDONLY);
        if (fd < 0)
            continue;
        (void)!read(fd, text, sizeof(text) - 1);
        close(fd);
        const char *at = strstr(text, buf_text(&wanted));
        if (at && at[wanted.len] != 'Z' && at[wanted.len] != 'X')
            found = (pid_t)strtol(text, NULL, 10);
    }
    closedir(proc);
    return found;
}

static inline bool
runs(const char *name)
{
    return find_process(name) > 0;
}

// Waits, 10 s at most, until such a process lives (or none does); whether that came.
static inline bool
becomes(const char *name, bool alive)
{
    for (int i = 0; i < 1000; i++) {
        if (runs(name) == alive)
            return true;
        sleep_ms(10);
    }
    return false;
}

// A name that no other test, of this run or another, gives a process; in the arena. At most 15 characters.
static inline char *
own_name(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%.8s%d", prefix, (int)getpid());
}

// A test name that calls name_at(level) for each level.
#define AT_EACH_LEVEL(name)                                                                   \
    START_TEST(name)                                                                          \
    {                                                                                         \
        for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++) \
            name##_at(level);                                                                 \
    }                                                                                         \
    END_TEST

#endif
