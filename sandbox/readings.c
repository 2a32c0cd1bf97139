// SPDX-License-Identifier: Apache-2.0
#include "sandbox/readings.h"
#include "base/stats.h"

#include <math.h>

void
readings_release(struct readings *readings)
{
    for (size_t i = 0; i < readings->names.count; i++) {
        struct reading *reading = readings->names.entries[i].value;
        vec_release(&reading->values);
    }
    map_release(&readings->names);
    arena_release(&readings->arena);
    readings->values = 0;
}

static bool
is_printable(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
            return false;
    return true;
}

int
readings_add(struct readings *readings, struct str name, double value, struct err *err)
{
    if (name.len == 0 || name.len > READINGS_NAME_MAX_BYTES)
        return err_set(err, ERR_PARSE, "a benchmark's name has %zu bytes; 1 to %d are right", name.len,
                       READINGS_NAME_MAX_BYTES);
    if (!is_printable(name))
        return err_set(err, ERR_PARSE,
                       "a benchmark's name holds control characters; are colours switched off?");
    if (!isfinite(value) || value <= 0)
        return err_set(err, ERR_PARSE, "the time of %" STR_FMT " is %g; a time is above 0",
                       STR_ARG(str_head(name, 100)), value);
    struct reading *reading = map_get(&readings->names, name);
    if ((reading == NULL && readings->names.count >= READINGS_NAMES_MAX) ||
        readings->values >= READINGS_VALUES_MAX)
        return err_set(err, ERR_LIMIT, "there are more than %d benchmarks or %d times", READINGS_NAMES_MAX,
                       READINGS_VALUES_MAX);
    if (reading == NULL) {
        reading = ARENA_NEW(&readings->arena, struct reading);
        reading->name = arena_str(&readings->arena, name);
        map_set(&readings->names, name, reading);
    }
    *vec_push(&reading->values) = value;
    readings->values++;
    return 0;
}

const char *
readings_name(const struct readings *readings, size_t index)
{
    const struct reading *reading = readings->names.entries[index].value;
    return reading->name;
}

bool
readings_value(const struct readings *readings, const char *name, double *value)
{
    struct reading *reading = map_get(&readings->names, str_of(name));
    if (reading == NULL)
        return false;
    *value = stats_median(reading->values.items, reading->values.count);
    return true;
}
