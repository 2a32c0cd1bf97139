// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "tests/unit/unit.h"

#include <time.h>

START_TEST(clocks_run)
{
    ck_assert_int_le(llabs(clock_wall_ns() / CLOCK_S_NS - (int64_t)time(NULL)), 2);
    int64_t before = clock_mono_ns();
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    int64_t elapsed_ns = clock_mono_ns() - before;
    ck_assert_int_ge(elapsed_ns, 2000000);
    ck_assert_int_lt(elapsed_ns, 20 * CLOCK_S_NS);
}
END_TEST

START_TEST(writes_iso_8601)
{
    static const struct {
        int64_t wall_ns;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {-1, "1969-12-31T23:59:59.999Z"},
                 {INT64_C(1795243820123999999), "2026-11-21T06:50:20.123Z"},
                 {INT64_C(1709251199000000000), "2024-02-29T23:59:59.000Z"},
                 {INT64_MAX, "2262-04-11T23:47:16.854Z"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        clock_iso8601(cases[i].wall_ns, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(writes_spans_for_people)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {{0, "0ns"},
                 {999, "999ns"},
                 {1000, "1.0us"},
                 {12345, "12.3us"},
                 {1000000, "1.0ms"},
                 {999999, "999.9us"},
                 {45678901, "45.6ms"},
                 {999999999, "999.9ms"},
                 {CLOCK_S_NS, "1.0s"},
                 {59999 * CLOCK_MS_NS, "59.9s"},
                 {65 * CLOCK_S_NS, "1m 05s"},
                 {3599 * CLOCK_S_NS, "59m 59s"},
                 {(2 * 3600 + 5 * 60 + 59) * CLOCK_S_NS, "2h 05m"},
                 {(3 * 86400 + 4 * 3600 + 3599) * CLOCK_S_NS, "3d 04h"},
                 {-65 * CLOCK_S_NS, "-1m 05s"},
                 {INT64_MIN, "-106751d 23h"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[24];
        clock_human(cases[i].ns, text, sizeof(text));
        ck_assert_str_eq(text, cases[i].text);
    }
    char small[4];
    clock_human(65 * CLOCK_S_NS, small, sizeof(small));
    ck_assert_str_eq(small, "1m ");
}
END_TEST

START_TEST(reads_durations)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {{"7ns", 7},
                 {"3us", 3000},
                 {"500ms", 500 * CLOCK_MS_NS},
                 {"30s", 30 * CLOCK_S_NS},
                 {"5m", 300 * CLOCK_S_NS},
                 {"2h", 7200 * CLOCK_S_NS},
                 {"1d", 86400 * CLOCK_S_NS},
                 {"0s", 0},
                 {"9223372036s", INT64_C(9223372036000000000)},
                 {"9223372036854775807ns", INT64_MAX}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        ck_assert_msg(clock_parse_duration(str_of(cases[i].text), &ns), "%s", cases[i].text);
        ck_assert_int_eq(ns, cases[i].ns);
    }
    static const char *const bad[] = {
        "",    "5",    "s",     "-5s",  "+5s",         "5 s",     "5S",
        "5sx", "1.5h", "1h30m", "0x5s", "9223372037s", "106752d", "9223372036854775808ns"};
    int64_t ns = 42;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!clock_parse_duration(str_of(bad[i]), &ns), "%s", bad[i]);
    ck_assert_int_eq(ns, 42);
    ck_assert(clock_parse_duration(str_n("10smile", 3), &ns) && ns == 10 * CLOCK_S_NS);
}
END_TEST

START_TEST(reads_iso_8601)
{
    static const struct {
        const char *text;
        int64_t wall_ns;
    } cases[] = {{"1970-01-01T00:00:00Z", 0},
                 {"1970-01-01", 0},
                 {"1969-12-31T23:59:59.999Z", -CLOCK_MS_NS},
                 {"2026-11-21T06:50:20.123Z", INT64_C(1795243820123000000)},
                 {"2026-11-21 06:50:20z", INT64_C(1795243820000000000)},
                 {"2026-11-21T07:50:20+01:00", INT64_C(1795243820000000000)},
                 {"2026-11-20T23:20:20-07:30", INT64_C(1795243820000000000)},
                 {"2026-11-21T06:50:20.123456789Z", INT64_C(1795243820123456789)},
                 {"2026-11-21T06:50:20.1234567899Z", INT64_C(1795243820123456789)},
                 {"2024-02-29T23:59:59Z", INT64_C(1709251199000000000)},
                 {"2262-04-11T23:47:16.854775807Z", INT64_MAX}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t wall_ns = 42;
        ck_assert_msg(clock_parse_iso8601(str_of(cases[i].text), &wall_ns), "%s", cases[i].text);
        ck_assert_msg(wall_ns == cases[i].wall_ns, "%s is %lld", cases[i].text, (long long)wall_ns);
    }
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
    static const char *const bad[] = {"",
                                      "tomorrow",
                                      "2026",
                                      "2026-11",
                                      "2026-11-21T",
                                      "2026-11-21T06:50Z",
                                      "2026-11-21T06:50:20",
                                      "2026-11-21T06:50:20.Z",
                                      "2026-11-21T06:50:20,1Z",
                                      "2026-11-21T06:50:20ZZ",
                                      "2026-11-21T06:50:20+01",
                                      "2026-11-21T06:50:20+0100",
                                      "2026-11-21T06:50:20+01:00x",
                                      "2026-11-21T06:50:20+24:00",
                                      "2026-11-21T06:50:20+00:60",
                                      "2026-11-21T06:50:20+-1:00",
                                      "2026-11-21T06:50:20 Z",
                                      " 2026-11-21",
                                      "2026-11-21 ",
                                      "2026-1-2",
                                      "2026- 1- 2",
                                      "+026-11-21",
                                      "26-11-21",
                                      "2026-00-01",
                                      "2026-13-01",
                                      "2026-11-00",
                                      "2026-11-31",
                                      "2026-02-29",
                                      "2100-02-29",
                                      "2026-11-21T24:00:00Z",
                                      "2026-11-21T06:60:00Z",
                                      "2016-12-31T23:59:60Z",
                                      "2026-11-21T6:50:20Z",
                                      "2262-04-11T23:47:16.854775808Z",
                                      "2263-01-01",
                                      "9999-12-31T23:59:59Z",
                                      "0001-01-01",
                                      "1700000000",
                                      "2026-11-21T06:50:20.0000000000000000000000000Z"};
    int64_t wall_ns = 42;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!clock_parse_iso8601(str_of(bad[i]), &wall_ns), "%s", bad[i]);
    ck_assert(!clock_parse_iso8601(str_n("2026-11-21\0x", 12), &wall_ns));
    ck_assert_int_eq(wall_ns, 42);
}
END_TEST

START_TEST(reads_what_it_writes)
{
    for (int64_t wall_ns = -INT64_C(2000000000000000000); wall_ns < INT64_C(9000000000000000000);
         wall_ns += INT64_C(98765432109000000)) {
        char text[32];
        int64_t again_ns;
        clock_iso8601(wall_ns, text);
        ck_assert_msg(clock_parse_iso8601(str_of(text), &again_ns), "%s", text);
        ck_assert_int_eq(again_ns, wall_ns);
    }
}
END_TEST

UNIT_MAIN("base/clock", clocks_run, writes_iso_8601, writes_spans_for_people, reads_durations, reads_iso_8601,
          refuses_what_is_no_time, reads_what_it_writes)
