// SPDX-License-Identifier: Apache-2.0
// The figures that one run of a benchmark program printed: times by the benchmark's name, in any one unit.
// Names keep the order in which they came first; a name that came several times has the median of its times.
#ifndef ATOLL_SANDBOX_READINGS_H
#define ATOLL_SANDBOX_READINGS_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

enum { READINGS_NAMES_MAX = 4096, READINGS_VALUES_MAX = 1 << 20, READINGS_NAME_MAX_BYTES = 1024 };

struct reading {
    const char *name;
    VEC(double) values;
};

struct readings {
    struct arena arena;
    struct map names; // of struct reading
    size_t values;    // of all names
};

#define AUTO_READINGS __attribute__((cleanup(readings_release))) struct readings

// Frees all; `(struct readings){0}` is empty.
void readings_release(struct readings *readings);

// Adds a time. ERR_PARSE, with the name in it, for a time that is not above 0 and finite, and for a name that
// is empty, longer than READINGS_NAME_MAX_BYTES or holds control characters; ERR_LIMIT for too many.
int readings_add(struct readings *readings, struct str name, double value, struct err *err) MUST_USE;

// The name that came as number `index`, below readings->names.count; borrowed.
const char *readings_name(const struct readings *readings, size_t index);

// The median time of a name. False when it did not come.
bool readings_value(const struct readings *readings, const char *name, double *value);

#endif
