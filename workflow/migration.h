// SPDX-License-Identifier: Apache-2.0
// The schema of the state and how it came about: the engine's own tables and those of the table sets, each a
// list of migrations of which the first N are recorded as done in table `migration`. A list only ever grows
// at its end.
#ifndef ATOLL_WORKFLOW_MIGRATION_H
#define ATOLL_WORKFLOW_MIGRATION_H

#include "base/db.h"
#include "workflow/step.h"

// Refuses a file that knows more migrations than this program (ERR_ENVIRONMENT, names both versions). Reads
// only. `registry` may be NULL: then only the engine's tables are looked at.
int migration_check(struct db *db, const struct registry *registry, struct err *err) MUST_USE;

// Refuses a file whose engine tables are older than what this program reads (ERR_ENVIRONMENT, says what
// brings them up to date).
int migration_check_current(struct db *db, struct err *err) MUST_USE;

// migration_check, then runs what is missing in one transaction. `at_ns` is recorded.
int migration_apply(struct db *db, const struct registry *registry, int64_t at_ns, struct err *err) MUST_USE;

// The schema version that this program writes.
int migration_version(void);

#endif
