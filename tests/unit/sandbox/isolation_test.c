// SPDX-License-Identifier: Apache-2.0
#include "sandbox/isolation.h"
#include "sandbox/launcher.h"
#include "tests/unit/unit.h"

START_TEST(names_round_trip)
{
    static const char *const names[] = {"none", "guard", "fence", "cell"};
    for (int i = ISOLATION_NONE; i <= ISOLATION_CELL; i++) {
        enum isolation_level level = ISOLATION_NONE;
        ck_assert_str_eq(isolation_name((enum isolation_level)i), names[i]);
        ck_assert(isolation_parse(names[i], &level));
        ck_assert_int_eq(level, i);
    }
    enum isolation_level level = ISOLATION_GUARD;
    ck_assert(!isolation_parse("strict", &level));
    ck_assert(!isolation_parse("", &level));
    ck_assert_int_eq(level, ISOLATION_GUARD);
}
END_TEST

START_TEST(probe_is_consistent)
{
    struct isolation_probe probe;
    isolation_probe(&probe);
    ck_assert_int_ge(probe.landlock_abi, 0);
    ck_assert_int_eq(probe.level >= ISOLATION_GUARD, probe.seccomp);
    ck_assert_int_eq(probe.level >= ISOLATION_FENCE, probe.seccomp && probe.landlock_abi >= 3);
}
END_TEST

START_TEST(less_than_required_is_an_error)
{
    struct err err;
    ck_assert_ptr_null(launcher_new("/nowhere/atoll-cell", ISOLATION_CELL, &err));
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
    ck_assert_msg(strstr(err.message, "cell is required"), "%s", err.message);
}
END_TEST

UNIT_MAIN("sandbox/isolation", names_round_trip, probe_is_consistent, less_than_required_is_an_error)
