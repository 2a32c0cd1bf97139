// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MINUTE_S INT64_C(60)
#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)

static int64_t
read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * CLOCK_S_NS + now.tv_nsec;
}

int64_t
clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void
clock_iso8601(int64_t wall_ns, char out[32])
{
    int64_t part_ns = wall_ns % CLOCK_S_NS;
    if (part_ns < 0)
        part_ns += CLOCK_S_NS;
    time_t seconds = (time_t)((wall_ns - part_ns) / CLOCK_S_NS);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t used = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + used, 32 - used, ".%03dZ", (int)(part_ns / CLOCK_MS_NS));
}

void
clock_human(int64_t span_ns, char *out, size_t size)
{
    const char *sign = span_ns < 0 ? "-" : "";
    uint64_t ns = span_ns < 0 ? -(uint64_t)span_ns : (uint64_t)span_ns;
    uint64_t s = ns / CLOCK_S_NS;
    if (ns < 1000)
        snprintf(out, size, "%s%" PRIu64 "ns", sign, ns);
    else if (ns < 1000000)
        snprintf(out, size, "%s%" PRIu64 ".%" PRIu64 "us", sign, ns / 1000, ns / 100 % 10);
    else if (s < 1)
        snprintf(out, size, "%s%" PRIu64 ".%" PRIu64 "ms", sign, ns / 1000000, ns / 100000 % 10);
    else if (s < MINUTE_S)
        snprintf(out, size, "%s%" PRIu64 ".%" PRIu64 "s", sign, s, ns / 100000000 % 10);
    else if (s < HOUR_S)
        snprintf(out, size, "%s%" PRIu64 "m %02" PRIu64 "s", sign, s / MINUTE_S, s % MINUTE_S);
    else if (s < DAY_S)
        snprintf(out, size, "%s%" PRIu64 "h %02" PRIu64 "m", sign, s / HOUR_S, s % HOUR_S / MINUTE_S);
    else
        snprintf(out, size, "%s%" PRIu64 "d %02" PRIu64 "h", sign, s / DAY_S, s % DAY_S / HOUR_S);
}

bool
clock_parse_duration(struct str text, int64_t *ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"ms", CLOCK_MS_NS},
                 {"s", CLOCK_S_NS},
                 {"m", MINUTE_S * CLOCK_S_NS},
                 {"h", HOUR_S * CLOCK_S_NS},
                 {"d", DAY_S * CLOCK_S_NS}};
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    int64_t count, span;
    if (!str_to_i64(str_head(text, digits), &count))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!str_is(str_from(text, digits), units[i].name))
            continue;
        if (__builtin_mul_overflow(count, units[i].ns, &span))
            return false;
        *ns = span;
        return true;
    }
    return false;
}
