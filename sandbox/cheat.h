// SPDX-License-Identifier: Apache-2.0
// The ways to look faster without being it, each with the name that it has in results: in the detail of a
// refused candidate, of a duet, and in the evidence. docs/measuring.md says what stops each.
#ifndef ATOLL_SANDBOX_CHEAT_H
#define ATOLL_SANDBOX_CHEAT_H

// The cell knows these numbers, too (sandbox/cell/refusal.c); it links nothing of ours.
enum cheat {
    CHEAT_NONE,
    CHEAT_WRONG_OUTPUT,
    CHEAT_UNSTEADY_OUTPUT,
    CHEAT_EARLY_EXIT,
    CHEAT_FORGED_RESULT,
    CHEAT_HARNESS_MEMORY,
    CHEAT_HIDDEN_TIME,
    CHEAT_WAITS,
    CHEAT_THREAD,
    CHEAT_CHILD_PROCESS,
    CHEAT_AFFINITY,
    CHEAT_PRIORITY,
    CHEAT_SIGNAL_HANDLER,
    CHEAT_WRITES_INPUT,
    CHEAT_WRITES_OUTSIDE,
    CHEAT_KEEPS_STATE,
    CHEAT_CONSTRUCTOR,
    CHEAT_READS_CLOCK,
    CHEAT_SYSTEM_CALL,
    CHEAT_ASSEMBLER,
    CHEATS
};

// "early-exit" and so on, static; "" for CHEAT_NONE and what is no cheat.
const char *cheat_name(enum cheat cheat);

// What a cheat does, half a sentence, static; "" as above.
const char *cheat_summary(enum cheat cheat);

#endif
