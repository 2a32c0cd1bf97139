// SPDX-License-Identifier: Apache-2.0
#include "tests/attack/suite/trial.h"
#include "base/fs.h"
#include "tests/attack/suite/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIAL_MS = 120000, FLOOD_BYTES = 2 << 20, DESCRIPTION_MAX_BYTES = 1 << 18, QUIET_LOOKS = 10 };

// Whether a process was started from the folder of attacks (or from the file that one of them rewrites), but
// is not the suite or a part of the sandbox.
static bool
is_attack(const struct world *world, const char *process)
{
    char path[300], exe[4200];
    snprintf(path, sizeof(path), "/proc/%s/exe", process);
    ssize_t length = readlink(path, exe, sizeof(exe) - 1);
    if (length <= 0)
        return false;
    exe[length] = 0;
    const char *name = fs_base_name(exe);
    return (str_starts(str_of(exe), str_of(world->programs)) || strcmp(exe, world->tool) == 0) &&
           strcmp(name, "suite") != 0 && strcmp(name, "atoll-cell") != 0;
}

// Kills the attacks that are still alive; how many there were. One that is another process all the time can
// be missed by a look, hardly by ten.
static size_t
sweep(const struct world *world)
{
    size_t found = 0;
    for (size_t again = 0, quiet = 0; again < 400 && quiet < QUIET_LOOKS; again++) {
        size_t now = 0;
        DIR *processes = opendir("/proc");
        for (struct dirent *entry; processes && (entry = readdir(processes));)
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_attack(world, entry->d_name)) {
                kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
                now++;
            }
        if (processes)
            closedir(processes);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        found += now;
        quiet = now == 0 ? quiet + 1 : 0;
        usleep(now == 0 ? 300 : 1000);
    }
    return found;
}

// Waits for the supervisor's report. False when it was killed or stopped, or kept us waiting.
static bool
await(pid_t supervisor, int in, struct report *report, struct outcome *outcome)
{
    int status = 0;
    bool ended = false;
    for (int waited_ms = 0; waited_ms < TRIAL_MS; waited_ms += 20) {
        struct pollfd watched = {in, POLLIN, 0};
        if (poll(&watched, 1, ended ? 0 : 20) > 0 && read(in, report, sizeof(*report)) == sizeof(*report))
            return true;
        // It may have reported between the two; so there is a last look.
        if (ended)
            break;
        ended = waitpid(supervisor, &status, WNOHANG | WUNTRACED) == supervisor;
    }
    snprintf(outcome->text, sizeof(outcome->text), "the supervisor %s",
             WIFSTOPPED(status)    ? "was stopped"
             : WIFSIGNALED(status) ? "was killed"
                                   : "did not report");
    return false;
}

static void
name_end(const struct report *report, char word[24])
{
    const char *error = report->exit_code > 0 ? strerrorname_np(report->exit_code) : NULL;
    const char *signal_name = report->signal > 0 ? sigabbrev_np(report->signal) : NULL;
    if (report->limit[0])
        snprintf(word, 24, "limit:%s", report->limit);
    else if (signal_name)
        snprintf(word, 24, "SIG%s", signal_name);
    else if (report->exit_code == 0)
        snprintf(word, 24, "done");
    else
        snprintf(word, 24, "%s", error ? error : "unknown");
}

static bool
is_proven(const struct row *row, const struct report *report, const struct outcome *outcome)
{
    bool done = report->ran && report->exit_code == 0;
    switch (row->proof) {
    case PROOF_EXIT:
    case PROOF_NEXT:
        return done && !report->limit[0];
    case PROOF_LEAKS:
        return outcome->leaked;
    case PROOF_TOUCHES:
        return outcome->touched;
    case PROOF_LINGERS:
        return outcome->lingers;
    case PROOF_FLOODS:
        return done && report->output_bytes >= FLOOD_BYTES;
    case PROOF_COUNT:
        break;
    }
    return false;
}

static void
judge(const struct trial *trial, const struct report *report, struct buf *before, struct outcome *outcome)
{
    AUTO_BUF after = BUF(DESCRIPTION_MAX_BYTES);
    outcome->lingers = sweep(trial->world) > 0;
    world_describe(trial->world, &after);
    outcome->leaked = report->leaked;
    outcome->touched =
        outcome->touched || report->lost || report->changed || !str_eq(buf_str(before), buf_str(&after));
    outcome->ran = report->ran || outcome->touched;
    if (!report->ran && report->err.message[0])
        snprintf(outcome->text, sizeof(outcome->text), "%s", report->err.message);
    if (report->ran)
        name_end(report, outcome->word);
    outcome->late = report->wall_ns > (int64_t)((trial->row->brief ? BRIEF_MS : LONG_MS) + LATE_MS) * 1000000;
    outcome->proven = is_proven(trial->row, report, outcome);
}

int
trial_run(const struct trial *trial, struct outcome *outcome, struct err *err)
{
    struct report report = {.exit_code = -1};
    AUTO_BUF before = BUF(DESCRIPTION_MAX_BYTES);
    int ends[2];
    *outcome = (struct outcome){.word = "none"};
    if (world_reset(trial->world, err) < 0)
        return -1;
    world_describe(trial->world, &before);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, ERR_IO, "making a pipe");
    fflush(NULL);
    pid_t supervisor = fork();
    if (supervisor < 0)
        return err_sys(err, ERR_IO, "starting a supervisor");
    if (supervisor == 0)
        supervisor_main(trial, ends[1]);
    close(ends[1]);
    outcome->touched = !await(supervisor, ends[0], &report, outcome);
    close(ends[0]);
    kill(supervisor, SIGKILL);
    while (waitpid(supervisor, NULL, 0) < 0 && errno == EINTR)
        ;
    judge(trial, &report, &before, outcome);
    return 0;
}
