// SPDX-License-Identifier: Apache-2.0
// pprof's profile.proto, decoded by hand (https://github.com/google/pprof, proto/profile.proto). Repeated
// numbers come packed or one by one; unknown fields are skipped; line[0] of a location is the innermost
// inlined function, the last one the function that holds the code. The value read is default_sample_type,
// else the last sample type.
#ifndef ATOLL_STEPS_PROFILE_FETCH_PPROF_H
#define ATOLL_STEPS_PROFILE_FETCH_PPROF_H

#include "steps/profile-fetch/profile.h"

// Adds the samples of an unpacked profile. `name` stands in front of errors ("name: byte 12: ...", ERR_PARSE;
// ERR_LIMIT when it is too large). After an error the profile may hold a part of the samples.
int pprof_read(struct str data, const char *name, struct profile *profile, struct err *err) MUST_USE;

#endif
