// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cheat.h"

static const struct {
    const char *name, *summary;
} cheats[CHEATS] = {
    [CHEAT_NONE] = {"", ""},
    [CHEAT_WRONG_OUTPUT] = {"wrong-output", "other output than the baseline"},
    [CHEAT_UNSTEADY_OUTPUT] = {"unsteady-output", "other output for the same inputs"},
    [CHEAT_EARLY_EXIT] = {"early-exit", "ends the process instead of returning"},
    [CHEAT_FORGED_RESULT] = {"forged-result", "answers in the harness's place, from inside of a call"},
    [CHEAT_HARNESS_MEMORY] = {"harness-memory", "changes the harness that measures it"},
    [CHEAT_HIDDEN_TIME] = {"hidden-time", "hides time from the clock that is read in its process"},
    [CHEAT_WAITS] = {"waits", "waits instead of computing"},
    [CHEAT_THREAD] = {"thread", "starts a thread"},
    [CHEAT_CHILD_PROCESS] = {"child-process", "starts a process"},
    [CHEAT_AFFINITY] = {"affinity", "changes on which CPUs something runs"},
    [CHEAT_PRIORITY] = {"priority", "changes how something is scheduled"},
    [CHEAT_SIGNAL_HANDLER] = {"signal-handler", "handles signals"},
    [CHEAT_WRITES_INPUT] = {"writes-input", "writes to input that it may only read"},
    [CHEAT_WRITES_OUTSIDE] = {"writes-outside", "writes outside of its buffers"},
    [CHEAT_KEEPS_STATE] = {"keeps-state", "keeps something from call to call"},
    [CHEAT_CONSTRUCTOR] = {"constructor", "runs when it is loaded"},
    [CHEAT_READS_CLOCK] = {"reads-clock", "looks at a clock"},
    [CHEAT_SYSTEM_CALL] = {"system-call", "reaches outside of the function"},
    [CHEAT_ASSEMBLER] = {"assembler", "holds what no reviewer can follow"},
};

const char *
cheat_name(enum cheat cheat)
{
    return cheat < CHEATS ? cheats[cheat].name : "";
}

const char *
cheat_summary(enum cheat cheat)
{
    return cheat < CHEATS ? cheats[cheat].summary : "";
}
