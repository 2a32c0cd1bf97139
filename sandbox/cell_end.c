// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell_end.h"
#include "sandbox/cell_environment.h"

#include <string.h>

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
