// SPDX-License-Identifier: Apache-2.0
// What the readers of formats share. Each appends what it finds; finding nothing is no error.
#ifndef ATOLL_STEPS_SHARED_READING_FORMAT_H
#define ATOLL_STEPS_SHARED_READING_FORMAT_H

#include "sandbox/command_duet.h"

// The readers, by format.
int format_read_go(struct str output, enum command_clock clock, struct readings *readings,
                   struct err *err) MUST_USE;
int format_read_google(struct str output, enum command_clock clock, struct readings *readings,
                       struct err *err) MUST_USE;
int format_read_json(struct str output, enum command_clock clock, struct readings *readings,
                     struct err *err) MUST_USE;
int format_read_criterion(struct str output, enum command_clock clock, struct readings *readings,
                          struct err *err) MUST_USE;

// Takes the next word (no blanks in it) off the front; empty at the end.
struct str format_word(struct str *rest);

// How many ns a unit has ("ps", "ns", "us", "ms", "s"; the micro sign in its two forms); false for any other.
bool format_unit_ns(struct str unit, double *ns);

// Whether benchmark `name` measures real time: it says so in a part of its name (Google Benchmark's
// UseRealTime, UseManualTime).
bool format_is_real_time(struct str name);

#endif
