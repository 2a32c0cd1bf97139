// SPDX-License-Identifier: Apache-2.0
// The step `profile-fetch`: profiles in, the repository's hot functions out. What was fetched is kept as
// blobs (activity `fetch`), so a later attempt asks no server again; what was found is activity `hotspots`,
// stored with its rows in table `hotspot`.
#ifndef ATOLL_STEPS_PROFILE_FETCH_PROFILE_FETCH_H
#define ATOLL_STEPS_PROFILE_FETCH_PROFILE_FETCH_H

#include "steps/profile-fetch/report.h"
#include "workflow/step.h"

extern const struct step_ops step_profile_fetch;

// The request that the step's inputs describe (the command line uses the same names); lists and texts live in
// `arena` and in `with`. ERR_CONFIG for a cost without its members or a speed-up that is none.
int profile_fetch_request(struct arena *arena, const json_t *with, const char *repository,
                          struct profile_request *request, struct err *err) MUST_USE;

#endif
