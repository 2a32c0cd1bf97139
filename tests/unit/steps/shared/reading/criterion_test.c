// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/shared/reading/read.h"

static const char console[] =
    "Benchmarking fib 20: Warming up for 3.0000 s\n"
    "fib 20                  time:   [26.029 us 26.251 us 26.505 us]\n"
    "                        change: [-1.2% +0.1% +2.0%] (p = 0.90 > 0.05)\n"
    "                        No change in performance detected.\n"
    "Found 5 outliers among 100 measurements (5.00%)\n"
    "tags/normalize/a rather long parameter\n"
    "                        time:   [1.0 ms 1.5 ms 2.0 ms]\n"
    "                        thrpt:  [1 MiB/s 2 MiB/s 3 MiB/s]\n"
    "                 change:\n"
    "                        time:   [-3.4% -2.0% -1.0%] (p = 0.00 < 0.05)\n"
    "merge                   time:   [990.0 ps 1.1 ns 1.2 ns]\n"
    "crc                     time:   [1.0 \xc2\xb5s 2.0 \xc2\xb5s 3.0 \xc2\xb5s]\r\n"
    "what time: [it is]\n";

START_TEST(estimates_are_read)
{
    AUTO_READINGS readings = {0};
    read_into("criterion", COMMAND_AUTO, console, &readings);
    ck_assert_uint_eq(readings.names.count, 4);
    ck_assert_double_eq_tol(value_of(&readings, "fib 20"), 26251, 1e-6);
    ck_assert_double_eq_tol(value_of(&readings, "tags/normalize/a rather long parameter"), 1.5e6, 1e-6);
    ck_assert_double_eq_tol(value_of(&readings, "merge"), 1.1, 1e-9);
    ck_assert_double_eq_tol(value_of(&readings, "crc"), 2000, 1e-9);
}
END_TEST

START_TEST(what_is_no_time_is_told)
{
    check_refused("criterion", "x time: [0 ns 0 ns 0 ns]\n", "time of x is 0");
    check_refused("criterion", "time: [1 ns 1 ns 1 ns]\n", "name has 0 bytes");
}
END_TEST

UNIT_MAIN("steps/shared/reading/criterion", estimates_are_read, what_is_no_time_is_told)
