// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/shared/reading/read.h"

#include "steps/shared/reading/format.h"

static const char *const outputs[] = {
    "BenchmarkX 1 2 ns/op\n",
    "Benchmark Time CPU Iterations\nBM_X 3 ns 2 ns 5\n",
    "x   time: [1 ns 2 ns 3 ns]\n",
    " {\"benchmarks\": [{\"name\": \"x\", \"cpu_time\": 2, \"real_time\": 3}]}",
};

START_TEST(auto_finds_the_format)
{
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        AUTO_READINGS readings = {0};
        read_into("auto", COMMAND_AUTO, outputs[i], &readings);
        ck_assert_uint_eq(readings.names.count, 1);
        ck_assert_double_eq(value_of(&readings, readings_name(&readings, 0)), 2);
    }
}
END_TEST

START_TEST(a_format_reads_its_own)
{
    static const char *const formats[] = {"go", "google", "criterion"};
    for (size_t format = 0; format < 3; format++)
        for (size_t i = 0; i < 3; i++) {
            AUTO_READINGS readings = {0};
            read_into(formats[format], COMMAND_AUTO, outputs[i], &readings);
            ck_assert_uint_eq(readings.names.count, format == i);
        }
}
END_TEST

START_TEST(every_format_is_offered)
{
    ck_assert_str_eq(reading_formats[0], "auto");
    for (size_t i = 0; reading_formats[i] != NULL; i++) {
        AUTO_READINGS readings = {0};
        read_into(reading_formats[i], COMMAND_AUTO, "nothing of use\n\n", &readings);
        ck_assert_uint_eq(readings.names.count, 0);
    }
}
END_TEST

START_TEST(words_are_cut)
{
    struct str rest = STR("  one\ttwo  ");
    ck_assert(str_is(format_word(&rest), "one"));
    ck_assert(str_is(format_word(&rest), "two"));
    ck_assert_uint_eq(format_word(&rest).len, 0);
    ck_assert_uint_eq(format_word(&rest).len, 0);
}
END_TEST

START_TEST(units_are_known)
{
    double ns = 0;
    ck_assert(format_unit_ns(STR("ps"), &ns) && ns == 1e-3);
    ck_assert(format_unit_ns(STR("\xce\xbcs"), &ns) && ns == 1e3);
    ck_assert(format_unit_ns(STR("s"), &ns) && ns == 1e9);
    ck_assert(!format_unit_ns(STR("%"), &ns) && !format_unit_ns(STR(""), &ns));
}
END_TEST

START_TEST(real_time_is_said)
{
    ck_assert(format_is_real_time(STR("BM_X/8/real_time")));
    ck_assert(format_is_real_time(STR("BM_X/manual_time")));
    ck_assert(!format_is_real_time(STR("BM_real_time")));
}
END_TEST

UNIT_MAIN("steps/shared/reading/reading", auto_finds_the_format, a_format_reads_its_own,
          every_format_is_offered, words_are_cut, units_are_known, real_time_is_said)
