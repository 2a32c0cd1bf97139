// SPDX-License-Identifier: Apache-2.0
// The target ledger: what happened to a function over all runs, so that later runs do not offer again what a
// person declined or what was rolled back. It stands in table `target_ledger` of the state; a row is
// written once for (target, variant, event, run, step), so a repeated attempt adds nothing.
#ifndef ATOLL_STEPS_SHARED_LEDGER_LEDGER_H
#define ATOLL_STEPS_SHARED_LEDGER_LEDGER_H

#include "workflow/step.h"

enum ledger_event {
    LEDGER_TRIED,   // a search ran
    LEDGER_FOUND,   // a faster variant was proven
    LEDGER_SHIPPED, // a pull request was opened, or a stage of its rollout reached
    LEDGER_CLOSED,  // a person closed the pull request
    LEDGER_RETIRED, // rolled back
};

struct ledger_entry {
    const char *file, *function;
    const char *variant; // hash of the variant's text; "" when the event is about the target as such
    enum ledger_event event;
    const json_t *details; // object or NULL; borrowed
};

// Migrations and statements; static.
extern const struct table_set table_ledger;

// The event's word in the table ("tried"), static.
const char *ledger_event_name(enum ledger_event event);

// Writes an entry for this run and step, at the recorded wall time of its first attempt; committed on return.
int ledger_note(struct step *step, const struct ledger_entry *entry, struct err *err) MUST_USE;

// All entries of a target, oldest first: [{"file", "function", "variant", "event", "run", "step", "at"
// (Unix seconds), "details": {..}}]. *rows is owned by the caller.
int ledger_rows(struct step *step, const char *file, const char *function, json_t **rows,
                struct err *err) MUST_USE;

// The newest of a target's entries with this event, unless the same variant was shipped after it; NULL when
// there is none. A NULL variant looks at all of them. Borrows from `rows`.
const json_t *ledger_standing(const json_t *rows, enum ledger_event event, const char *variant) MUST_USE;

// Whether one of a target's entries says that atoll pushed this commit ("commit" of its details).
bool ledger_knows_commit(const json_t *rows, const char *commit) MUST_USE;

#endif
