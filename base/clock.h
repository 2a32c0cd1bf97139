// SPDX-License-Identifier: Apache-2.0
// Clocks of the machine and times as text. Code that a replay must repeat asks `struct host` for the time
// instead.
#ifndef ATOLL_BASE_CLOCK_H
#define ATOLL_BASE_CLOCK_H

#include "base/str.h"

#define CLOCK_MS_NS INT64_C(1000000)
#define CLOCK_S_NS INT64_C(1000000000)

// Unix time.
int64_t clock_wall_ns(void);

// Time since some start; never runs backwards.
int64_t clock_mono_ns(void);

// "2026-11-21T06:50:20.123Z" of a Unix time.
void clock_iso8601(int64_t wall_ns, char out[32]);

// A span for people, rounded down: "850ns", "12.3us", "45.6ms", "4.2s", "1m 05s", "2h 05m", "3d 04h". 24
// bytes suffice.
void clock_human(int64_t span_ns, char *out, size_t size);

// Reads such a time, UTC ("Z") or with an offset ("+01:00"), fractions of a second optional; a date alone is
// its midnight UTC. A day that is not in the calendar, a leap second, and what 64 bits of ns can't hold are
// none. False leaves *wall_ns.
bool clock_parse_iso8601(struct str text, int64_t *wall_ns);

// Reads a whole number with a unit (ns us ms s m h d): "30s", "5m", "500ms". False leaves *ns.
bool clock_parse_duration(struct str text, int64_t *ns);

#endif
