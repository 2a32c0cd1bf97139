// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell_end.h"
#include "sandbox/cell_environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define CALL_REGISTER "\nrax "
#else
#define CALL_REGISTER "\nr8 "
#endif

enum { DESCRIBED_MAX_BYTES = 1 << 15 };

static const char *const fault_names[] = {
    [CELL_OK] = "ok",
    [CELL_CRASHED] = "crashed",
    [CELL_TIMED_OUT] = "timed-out",
    [CELL_LOAD_FAILED] = "load-failed",
    [CELL_SANITIZER] = "sanitizer",
};

const char *
cell_fault_name(enum cell_fault fault)
{
    return fault_names[fault];
}

// Whether the program's own output is a sanitizer's report; then that is the best description there is. A
// managed program says "runtime error" of its own panics.
static bool
is_report(const struct launch_result *ended, bool managed)
{
    struct str text = buf_str(&ended->output);
    if (managed)
        return ended->exit_code == CELL_SANITIZER_EXIT;
    return ended->exit_code == CELL_SANITIZER_EXIT || str_find(text, STR("ERROR: AddressSanitizer")) >= 0 ||
           str_find(text, STR("runtime error: ")) >= 0;
}

// What a managed program says about its end: the line of its output that names a panic or a fatal error.
static struct str
last_words(const struct launch_result *ended, bool managed)
{
    struct str rest = buf_str(&ended->output);
    while (managed && rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, STR("panic: ")) || str_starts(line, STR("fatal error: ")))
            return str_head(line, DESCRIBED_MAX_BYTES);
    }
    return STR("");
}

// What a managed program was trapped at (policy_seal): Go's runtime, which does not know that signal, ends
// with a report of the registers, and one of them holds the number of the system call.
static enum cheat
trapped(const struct launch_result *ended, bool managed)
{
    struct str text = buf_str(&ended->output);
    ptrdiff_t at = managed ? str_find(text, STR("SIGSYS: bad system call\n")) : -1;
    if (at < 0 || (at > 0 && text.ptr[at - 1] != '\n'))
        return CHEAT_NONE;
    const char *found = strstr(text.ptr + at, CALL_REGISTER);
    switch (found ? strtol(found + sizeof(CALL_REGISTER) - 1, NULL, 16) : -1) {
    case SYS_sched_setaffinity:
        return CHEAT_AFFINITY;
    case SYS_setpriority:
    case SYS_sched_setscheduler:
    case SYS_sched_setparam:
    case SYS_sched_setattr:
        return CHEAT_PRIORITY;
    default:
        return CHEAT_CHILD_PROCESS;
    }
}

enum cell_fault
cell_end_judge(const struct launch_result *ended, bool managed, struct buf *text, enum cheat *cheat)
{
    struct str words = last_words(ended, managed);
    if (is_report(ended, managed)) {
        buf_add_str(text, str_head(str_trim(buf_str(&ended->output)), DESCRIBED_MAX_BYTES));
        return CELL_SANITIZER;
    }
    if (ended->limit && strcmp(ended->limit, "cpu") == 0) {
        buf_puts(text, "CPU time limit reached");
        return CELL_TIMED_OUT;
    }
    *cheat = trapped(ended, managed);
    if (*cheat != CHEAT_NONE) {
        buf_printf(text, "%s: %s", cheat_name(*cheat), cheat_summary(*cheat));
        return CELL_CRASHED;
    }
    *cheat = words.len > 0 || ended->signal ? CHEAT_NONE : CHEAT_EARLY_EXIT;
    if (words.len > 0)
        buf_add_str(text, words);
    else if (ended->signal)
        buf_printf(text, "signal %d (%s)", ended->signal, strsignal(ended->signal));
    else
        buf_printf(text, "%s: exited with code %d instead of returning", cheat_name(*cheat),
                   ended->exit_code);
    if (ended->limit && strcmp(ended->limit, "memory") == 0)
        buf_puts(text, " at its memory limit");
    return CELL_CRASHED;
}
