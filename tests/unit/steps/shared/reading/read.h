// SPDX-License-Identifier: Apache-2.0
// What the tests of the readers share.
#ifndef ATOLL_TESTS_READING_READ_H
#define ATOLL_TESTS_READING_READ_H

#include "steps/shared/reading/reading.h"
#include "tests/unit/unit.h"

// Reads; fails the test when that fails.
static inline void
read_into(const char *format, enum command_clock clock, const char *text, struct readings *readings)
{
    struct err err;
    ck_assert_msg(reading_read(format, clock, str_of(text), readings, &err) == 0, "%s", err.message);
}

// The time of a name that must be there.
static inline double
value_of(const struct readings *readings, const char *name)
{
    double value = 0;
    ck_assert_msg(readings_value(readings, name, &value), "there is no %s", name);
    return value;
}

// That reading fails, with `part` in the message.
static inline void
check_refused(const char *format, const char *text, const char *part)
{
    AUTO_READINGS readings = {0};
    struct err err;
    ck_assert_int_eq(reading_read(format, COMMAND_AUTO, str_of(text), &readings, &err), -1);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    ck_assert_msg(strstr(err.message, part) != NULL, "%s", err.message);
}

#endif
