// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/shared/reading/read.h"

static const char console[] =
    "BM_Before/8   1 ns   1 ns  1\n"
    "Run on (2 X 2000 MHz CPU s)\n"
    "-----------------------------------------------------------------\n"
    "Benchmark                       Time             CPU   Iterations\n"
    "-----------------------------------------------------------------\n"
    "BM_Copy/8                    12.5 ns         10.0 ns     56000000 bytes_per_second=1.2G/s\n"
    "BM_Copy/8                    13.5 ns         12.0 ns     56000000\n"
    "BM_Copy/8_mean               13.0 ns         11.0 ns            2\n"
    "BM_Copy/8_stddev             0.50 ns         0.50 ns            2\n"
    "BM_Copy/8_cv                 4.00 %          4.00 %             2\n"
    "BM_Sort<int, 3>/real_time     2.5 ms         1.00 us          280 label\n"
    "BM_Few_median                 7 s            6 s                2\n"
    "BM_Broken                  ERROR OCCURRED: 'no file'\n";

START_TEST(rows_below_the_heading_are_read)
{
    AUTO_READINGS readings = {0};
    read_into("google", COMMAND_AUTO, console, &readings);
    ck_assert_uint_eq(readings.names.count, 3);
    ck_assert_double_eq(value_of(&readings, "BM_Copy/8"), 11);
    ck_assert_double_eq(value_of(&readings, "BM_Sort<int, 3>/real_time"), 2.5e6);
    ck_assert_double_eq(value_of(&readings, "BM_Few_median"), 6e9);
}
END_TEST

START_TEST(the_clock_can_be_chosen)
{
    AUTO_READINGS wall = {0}, cpu = {0};
    read_into("google", COMMAND_WALL, console, &wall);
    read_into("google", COMMAND_CPU, console, &cpu);
    ck_assert_double_eq(value_of(&wall, "BM_Copy/8"), 13);
    ck_assert_double_eq(value_of(&cpu, "BM_Sort<int, 3>/real_time"), 1000);
}
END_TEST

START_TEST(what_is_no_time_is_told)
{
    check_refused("google", "Benchmark Time CPU Iterations\nBM_X 0 ns 0 ns 5\n", "BM_X is 0");
}
END_TEST

UNIT_MAIN("steps/shared/reading/google", rows_below_the_heading_are_read, the_clock_can_be_chosen,
          what_is_no_time_is_told)
