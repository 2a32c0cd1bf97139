// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/shared/reading/read.h"

static const char google[] =
    "{\"context\": {\"num_cpus\": 2}, \"benchmarks\": ["
    "{\"name\": \"BM_A/8\", \"run_type\": \"iteration\", \"real_time\": 12.5, \"cpu_time\": 10, "
    "\"time_unit\": \"ns\"},"
    "{\"name\": \"BM_A/8\", \"real_time\": 14.5, \"cpu_time\": 12, \"time_unit\": \"ns\"},"
    "{\"name\": \"BM_A/8_mean\", \"run_type\": \"aggregate\", \"real_time\": 13, \"cpu_time\": 11, "
    "\"time_unit\": \"ns\"},"
    "{\"name\": \"BM_B/real_time\", \"real_time\": 2, \"cpu_time\": 1, \"time_unit\": \"us\"},"
    "{\"name\": \"BM_C\", \"error_occurred\": true, \"error_message\": \"no\"}]}\n";

static const char hyperfine[] = "{\"results\": [{\"command\": \"./x\", \"mean\": 0.3, \"median\": 0.25, "
                                "\"user\": 0.1, \"system\": 0.05}]}";

START_TEST(google_benchmark)
{
    AUTO_READINGS readings = {0}, wall = {0};
    read_into("google", COMMAND_AUTO, google, &readings);
    read_into("google", COMMAND_WALL, google, &wall);
    ck_assert_uint_eq(readings.names.count, 2);
    ck_assert_double_eq(value_of(&readings, "BM_A/8"), 11);
    ck_assert_double_eq(value_of(&readings, "BM_B/real_time"), 2000);
    ck_assert_double_eq(value_of(&wall, "BM_A/8"), 13.5);
}
END_TEST

START_TEST(hyperfine_results)
{
    AUTO_READINGS readings = {0}, cpu = {0};
    read_into("auto", COMMAND_AUTO, hyperfine, &readings);
    read_into("auto", COMMAND_CPU, hyperfine, &cpu);
    ck_assert_double_eq_tol(value_of(&readings, "./x"), 2.5e8, 1);
    ck_assert_double_eq_tol(value_of(&cpu, "./x"), 1.5e8, 1);
}
END_TEST

START_TEST(other_json_has_no_times)
{
    AUTO_READINGS readings = {0};
    read_into("google", COMMAND_AUTO, "{\"benchmarks\": 3, \"results\": {}}", &readings);
    ck_assert_uint_eq(readings.names.count, 0);
}
END_TEST

START_TEST(what_is_no_time_is_told)
{
    check_refused("google", "{\"benchmarks\": [{\"name\": \"x\", \"cpu_time\": 0}]}", "benchmarks[0]");
    check_refused("google", "{\"benchmarks\": [{\"name\": \"x\", \"cpu_time\": 1, \"time_unit\": \"h\"}]}",
                  "time_unit is \"h\"");
    check_refused("google", "{\"benchmarks\": [{}]}", "benchmarks[0]");
    check_refused("google", "{\"results\": [{\"command\": \"x\"}]}", "results[0]");
    check_refused("google", "{\"benchmarks\": [", "its JSON");
}
END_TEST

UNIT_MAIN("steps/shared/reading/json", google_benchmark, hyperfine_results, other_json_has_no_times,
          what_is_no_time_is_told)
