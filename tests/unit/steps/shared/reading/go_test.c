// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/shared/reading/read.h"

static const char plain[] =
    "goos: linux\n"
    "goarch: amd64\n"
    "pkg: example.com/tags\n"
    "cpu: Some CPU @ 2.0GHz\n"
    "BenchmarkNormalize-8   \t 1000000\t      1234 ns/op\t  45.5 MB/s\t 12 B/op\t 1 allocs/op\n"
    "BenchmarkNormalize-8   \t 1000000\t      1236.5 ns/op\n"
    "BenchmarkMerge/short=1-8 \t 50\t  0.25 ns/op\r\n"
    "BenchmarkWords-8 \t 50\t  77 words/op\t 3.0e+02 ns/op\n"
    "--- BENCH: BenchmarkNormalize-8\n"
    "BenchmarkLog-8\n"
    "PASS\n"
    "pkg: example.com/merge\n"
    "BenchmarkNormalize-8 10 5 ns/op\n"
    "ok  \texample.com/tags\t2.345s\n";

START_TEST(result_lines_are_read)
{
    AUTO_READINGS readings = {0};
    read_into("go", COMMAND_AUTO, plain, &readings);
    ck_assert_uint_eq(readings.names.count, 4);
    ck_assert_double_eq(value_of(&readings, "example.com/tags.BenchmarkNormalize-8"), 1235.25);
    ck_assert_double_eq(value_of(&readings, "example.com/tags.BenchmarkMerge/short=1-8"), 0.25);
    ck_assert_double_eq(value_of(&readings, "example.com/tags.BenchmarkWords-8"), 300);
    ck_assert_double_eq(value_of(&readings, "example.com/merge.BenchmarkNormalize-8"), 5);
}
END_TEST

START_TEST(without_a_package_names_are_bare)
{
    AUTO_READINGS readings = {0};
    read_into("go", COMMAND_CPU, "BenchmarkX 1 2 ns/op", &readings);
    ck_assert_double_eq(value_of(&readings, "BenchmarkX"), 2);
}
END_TEST

START_TEST(what_is_no_time_is_told)
{
    check_refused("go", "BenchmarkX 10 fast ns/op\n", "\"fast\" ns/op");
    check_refused("go", "BenchmarkX 10 0 ns/op\n", "BenchmarkX is 0");
    check_refused("go", "BenchmarkX 10 inf ns/op\n", "BenchmarkX");
}
END_TEST

UNIT_MAIN("steps/shared/reading/go", result_lines_are_read, without_a_package_names_are_bare,
          what_is_no_time_is_told)
