// SPDX-License-Identifier: Apache-2.0
// The text of `perf script`: a header line a sample ("COMM PID TIME: PERIOD EVENT:"), then one line a frame,
// leaf first ("ADDRESS SYMBOL+0xOFFSET (OBJECT)"), then a blank line; without call chains the only frame
// stands on the header's line. `-F +srcline` puts "FILE:LINE" below each frame; inlined frames have the
// object "inlined". A recording of several events is read for one, the first that measures processor time,
// else the first; samples of the others are counted as skipped.
#ifndef ATOLL_STEPS_PROFILE_FETCH_PERF_SCRIPT_H
#define ATOLL_STEPS_PROFILE_FETCH_PERF_SCRIPT_H

#include "steps/profile-fetch/profile.h"

// Adds the samples of the text. `name` stands in front of errors ("name:12: ...", ERR_PARSE; ERR_LIMIT when
// it is too large). After an error the profile may hold a part of the samples.
int perf_script_read(struct str data, const char *name, struct profile *profile, struct err *err) MUST_USE;

// Whether a line looks like a sample's header.
bool perf_script_is_header(struct str line);

#endif
