// SPDX-License-Identifier: Apache-2.0
// The rollout of one function: its flag, its stages, its lease, and the files in which teams read flags.
// Switched off until a decision moves it; a lease that ran out switches it off without anybody's doing.
#ifndef ATOLL_STEPS_SHARED_ROLLOUT_ROLLOUT_H
#define ATOLL_STEPS_SHARED_ROLLOUT_ROLLOUT_H

#include "base/arena.h"
#include "base/json.h"

enum rollout_state { ROLLOUT_OFF, ROLLOUT_ON, ROLLOUT_ROLLED_BACK };

struct rollout {
    const char *function, *file;
    const char *flag;     // key
    const double *stages; // per cent, rising; the last is 100
    size_t stage_count;
    size_t stage; // 0 = off, else 1 + index of the stage it is at
    enum rollout_state state;
    int64_t lease_s;    // Unix time after which every evaluator serves control
    const char *reason; // of the last decision, may be NULL
};

// Share of subjects that get the treatment, in per cent.
double rollout_percent(const struct rollout *rollout);

// Moves to the next stage; false at the last one or after a roll-back.
bool rollout_advance(struct rollout *rollout, const char *reason);

// Switches it off for good.
void rollout_roll_back(struct rollout *rollout, const char *reason);

// A flag format that teams use.
struct flag_format {
    const char *name;
    const char *extension; // ".flagd.json"
    // Writes the whole file of one flag.
    int (*write)(const struct rollout *rollout, struct buf *out, struct err *err);
    // Reads such a file back; texts and stages live in the arena. ERR_PARSE (the message begins with `name`)
    // for anything that `write` does not make.
    int (*read)(struct arena *arena, struct str text, const char *name, struct rollout *rollout,
                struct err *err);
};
extern const struct flag_format flag_format_flagd;

// All formats, NULL-terminated.
extern const struct flag_format *const flag_formats[];

// The format whose extension a path ends with, or NULL.
const struct flag_format *flag_format_of(const char *path);

// The line of the plain flag file (.atoll/flags) that the guard's header reads: on only at 100 %, with the
// lease. Replaces the flag's line in `before` (may be empty) or adds one.
void rollout_write_plain(const struct rollout *rollout, struct str before, struct buf *out);

#endif
