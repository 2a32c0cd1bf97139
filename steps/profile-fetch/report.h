// SPDX-License-Identifier: Apache-2.0
// The hot functions of a repository, from profiles to one JSON object. The step and `atoll profile` give the
// same.
#ifndef ATOLL_STEPS_PROFILE_FETCH_REPORT_H
#define ATOLL_STEPS_PROFILE_FETCH_REPORT_H

#include "base/json.h"
#include "steps/profile-fetch/cost.h"
#include "steps/profile-fetch/source.h"

struct profile_request {
    const char *repository; // work tree
    const char *skip;       // absolute path of a folder in it that is not its source, or NULL
    const char *format;     // NULL or "auto": by content
    size_t top;             // at most so many hotspots
    double min_share;       // 0..1; colder functions are left out
    // NULL or ended by NULL. Path patterns of fnmatch(3), where * matches a slash too; functions by name, or
    // FILE:NAME.
    const char *const *include, *const *exclude, *const *functions;
    struct cost_rates rates;
    const char *commit;    // of the profiled program, NULL when unknown
    double assume_speedup; // 1.25: what a saving is computed for
};

// What the command line and the step start from: top 10, share 1 %, speed-up 1.25, everything else open.
struct profile_request profile_request_of(const char *repository);

// Loads and merges all sources (NULL-terminated; relative paths from `folder`, NULL for the working
// directory) and reports them. Returns an owned object: {"hotspots": [..], "items": [..], "files": [..],
// "samples", "kind", "format", "measure", "located_share", "commit", "profile_commit", "warnings": [..],
// "summary"}; a hotspot is described in docs of the step. NULL on errors, each with the file and its line or
// byte.
json_t *profile_report(const struct profile_request *request, const char *const *sources, const char *folder,
                       struct err *err) MUST_USE;

// The same for sources that are loaded already.
json_t *profile_report_of(const struct profile_request *request, const struct source_list *sources,
                          struct err *err) MUST_USE;

#endif
