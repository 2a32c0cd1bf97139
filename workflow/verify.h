// SPDX-License-Identifier: Apache-2.0
// What must hold in a state that nothing damaged: the file is whole, the events are chained, blobs have their
// hashes, and the tables agree with each other. Reads only, and works beside a supervisor.
#ifndef ATOLL_WORKFLOW_VERIFY_H
#define ATOLL_WORKFLOW_VERIFY_H

#include "base/err.h"
#include "base/json.h"

// All that is wrong with a state: [{"check", "what", "problem"}], empty for a good one; of one check at most
// VERIFY_ROWS_MAX. `check` names the invariant, `what` the row. Returns owned; NULL when the file can't be
// opened: ERR_NOT_FOUND, ERR_ENVIRONMENT when newer, ERR_IO.
#define VERIFY_ROWS_MAX 100
json_t *state_problems(const char *path, struct err *err) MUST_USE;

#endif
