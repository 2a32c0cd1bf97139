// SPDX-License-Identifier: Apache-2.0
// Verdicts computed again from the raw batches that the state keeps, and compared with what it says.
#ifndef ATOLL_STEPS_SHARED_CANDIDATE_RECOMPUTE_H
#define ATOLL_STEPS_SHARED_CANDIDATE_RECOMPUTE_H

#include "base/err.h"
#include "base/json.h"

// The full measurements of a candidate in the latest run that has some of it, or the one measurement, that
// `id` stands for (it may be shortened to what is unique), or all of the latest run when it is NULL:
// {"verdicts": [{"id", "candidate", "run", "step", "kind", "file", "function", "verdict", "speedup", "low",
// "high", "launches", "quads", "alpha", "margin", "log_e", "reason", "host", "load", "steal_pct", "aa":
// {"different", "of"}, "raw_bytes", "same", "problem"}], "same", "discoveries": {"alpha", "compared",
// "different", "hold"}}. Figures are the computed ones; "same" says that the state has the same, bit for bit,
// and "problem" what differs, or null. "discoveries" tells how many of those called different hold when all
// of them together may hold a false one in a hundred (eprocess_reject); A/A comparisons are not among them.
// Owned. ERR_NOT_FOUND.
json_t *verdicts_recompute(const char *state_path, const char *id, struct err *err) MUST_USE;

#endif
