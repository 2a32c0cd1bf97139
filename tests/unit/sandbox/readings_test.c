// SPDX-License-Identifier: Apache-2.0
#include "sandbox/readings.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

START_TEST(median_by_name_in_order)
{
    AUTO_READINGS readings = {0};
    struct err err;
    double value;
    ck_assert_int_eq(readings_add(&readings, STR("b"), 5, &err), 0);
    ck_assert_int_eq(readings_add(&readings, STR("a"), 1, &err), 0);
    ck_assert_int_eq(readings_add(&readings, STR("b"), 9, &err), 0);
    ck_assert_int_eq(readings_add(&readings, STR("b"), 6, &err), 0);
    ck_assert_uint_eq(readings.names.count, 2);
    ck_assert_str_eq(readings_name(&readings, 0), "b");
    ck_assert_str_eq(readings_name(&readings, 1), "a");
    ck_assert(readings_value(&readings, "b", &value));
    ck_assert_double_eq(value, 6);
    ck_assert(!readings_value(&readings, "c", &value));
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
    static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    AUTO_READINGS readings = {0};
    struct err err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(readings_add(&readings, STR("x"), bad[i], &err), -1);
        ck_assert_int_eq(err.kind, ERR_PARSE);
        ck_assert_ptr_nonnull(strstr(err.message, "time of x"));
    }
    ck_assert_int_eq(readings_add(&readings, STR(""), 1, &err), -1);
    static char name[READINGS_NAME_MAX_BYTES + 1];
    ck_assert_int_eq(readings_add(&readings, str_n(name, sizeof(name)), 1, &err), -1);
    ck_assert_int_eq(readings_add(&readings, str_n("a\0b", 3), 1, &err), -1);
    ck_assert_int_eq(readings_add(&readings, STR("\x1b[32ma"), 1, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "colours"));
    ck_assert_uint_eq(readings.names.count, 0);
}
END_TEST

START_TEST(too_many_names_are_refused)
{
    AUTO_READINGS readings = {0};
    struct err err;
    char name[32];
    for (int i = 0; i < READINGS_NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        ck_assert_int_eq(readings_add(&readings, str_of(name), 1, &err), 0);
    }
    ck_assert_int_eq(readings_add(&readings, STR("one more"), 1, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_int_eq(readings_add(&readings, STR("n7"), 1, &err), 0);
}
END_TEST

UNIT_MAIN("sandbox/readings", median_by_name_in_order, what_is_no_time_is_refused, too_many_names_are_refused)
