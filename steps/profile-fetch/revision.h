// SPDX-License-Identifier: Apache-2.0
// Whether the source that was profiled is the source at HEAD.
#ifndef ATOLL_STEPS_PROFILE_FETCH_REVISION_H
#define ATOLL_STEPS_PROFILE_FETCH_REVISION_H

#include "steps/profile-fetch/hotspot.h"

// Fills in commit and profile_commit: HEAD, and the first of the request's commit and the 40-digit words of
// the profile that is a commit of the repository. Leaves them NULL where there is none.
void revision_find(struct hotspot_context *context);

// Adds to `warnings` when the profile was taken at another commit and a hotspot's file differs between the
// two, or when the request's commit is unknown.
void revision_warn(const struct hotspot_context *context, const json_t *hotspots, json_t *warnings);

#endif
