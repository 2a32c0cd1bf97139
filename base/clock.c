// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
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

// Whether a text begins with a shape, in which 0 stands for any digit. strptime alone also takes "2026-1- 2".
static bool
has_shape(const char *text, const char *shape)
{
    for (; *shape; shape++, text++)
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

// "Z" or "+01:00" as seconds east of UTC.
static bool
parse_offset(const char *text, int64_t *offset_s)
{
    *offset_s = 0;
    if ((*text == 'Z' || *text == 'z') && text[1] == '\0')
        return true;
    if ((*text != '+' && *text != '-') || !has_shape(text + 1, "00:00") || text[6] != '\0')
        return false;
    int64_t hours = (text[1] - '0') * 10 + text[2] - '0', minutes = (text[4] - '0') * 10 + text[5] - '0';
    *offset_s = (hours * 60 + minutes) * MINUTE_S * (*text == '-' ? -1 : 1);
    return hours < 24 && minutes < 60;
}

// "18:00:00.5+01:00", what stands behind a date.
static bool
parse_time(const char *text, struct tm *time, int64_t *offset_s, int64_t *part_ns)
{
    if (!has_shape(text, "00:00:00"))
        return false;
    const char *rest = strptime(text, "%H:%M:%S", time);
    if (!rest || (*rest == '.' && !has_shape(rest, ".0")))
        return false;
    if (*rest == '.') {
        int64_t digit_ns = CLOCK_S_NS;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++)
            *part_ns += (*rest - '0') * (digit_ns /= 10);
    }
    return parse_offset(rest, offset_s);
}

bool
clock_parse_iso8601(struct str text, int64_t *wall_ns)
{
    char copy[40];
    struct tm utc = {0};
    int64_t offset_s = 0, part_ns = 0, at_ns;
    if (text.len == 0 || text.len >= sizeof(copy) || str_find_byte(text, '\0') >= 0)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    const char *rest = has_shape(copy, "0000-00-00") ? strptime(copy, "%Y-%m-%d", &utc) : NULL;
    if (!rest || (*rest != '\0' && *rest != 'T' && *rest != ' '))
        return false;
    if (*rest && !parse_time(rest + 1, &utc, &offset_s, &part_ns))
        return false;
    // A day that its month does not have comes back as one of the next month.
    struct tm said = utc;
    int64_t at_s = (int64_t)timegm(&utc) - offset_s;
    if (utc.tm_mday != said.tm_mday || utc.tm_sec != said.tm_sec ||
        __builtin_mul_overflow(at_s, CLOCK_S_NS, &at_ns) || __builtin_add_overflow(at_ns, part_ns, &at_ns))
        return false;
    *wall_ns = at_ns;
    return true;
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
