// SPDX-License-Identifier: Apache-2.0
// The hotspots of a tally: the repository's functions by what a faster version could save.
#ifndef ATOLL_STEPS_PROFILE_FETCH_HOTSPOT_H
#define ATOLL_STEPS_PROFILE_FETCH_HOTSPOT_H

#include "steps/profile-fetch/report.h"
#include "steps/profile-fetch/tally.h"

// What a report is made from; everything borrowed.
struct hotspot_context {
    const struct profile_request *request;
    struct arena *arena;
    const struct profile *profile;
    struct tree *tree;
    const struct tally *tally;
    const char *commit;         // HEAD, NULL without a git repository
    const char *profile_commit; // that the profile was taken at, NULL when unknown
};

// The hottest functions, hottest first, as an owned array of {"name" (unique), "function", "symbol", "file",
// "line", "line_end", "language", "kind", "share" (own), "share_low", "share_high", "flat_share",
// "cumulative_share", "samples", "usd_per_year", "usd_per_year_low", "usd_per_year_high",
// "saving_usd_per_year", "usd_reason", "lines": [{"line", "share"}], "callers": [{"function", "file",
// "share"}], "commit"}. Adds to `warnings` what a reader should know.
json_t *hotspot_list(const struct hotspot_context *context, json_t *warnings);

// Whether include and exclude let functions of a file be listed.
bool hotspot_listed(const struct profile_request *request, const char *path);

// A value as a share of the total, rounded to 6 digits. Returns owned.
json_t *hotspot_share(const struct tally *tally, int64_t value);

#endif
