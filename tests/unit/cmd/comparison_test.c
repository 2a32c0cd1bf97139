// SPDX-License-Identifier: Apache-2.0
#include "cmd/comparison.h"
#include "tests/unit/unit.h"

#include <math.h>

static struct comparison
item(enum comparison_verdict verdict, double ratio, double low, double high)
{
    return (struct comparison){.name = "",
                               .verdict = verdict,
                               .ratio = ratio,
                               .low = low,
                               .high = high,
                               .launches = 14,
                               .seconds = 9.8,
                               .aa = {0, 2}};
}

static struct comparison_report
report_of(const struct comparison *items, size_t count)
{
    return (struct comparison_report){.items = items,
                                      .count = count,
                                      .within = 0.01,
                                      .seconds = 12,
                                      .seconds_left = NAN,
                                      .launch_seconds = 0.5,
                                      .launches_min = 8};
}

static void
check_sentence(struct comparison comparison, const char *expected)
{
    AUTO_BUF out = BUF(1000);
    comparison_sentence(&comparison, 0.01, &out);
    ck_assert_str_eq(buf_text(&out), expected);
}

static void
check_hint(struct comparison_report report, const char *part)
{
    AUTO_BUF out = BUF(1000);
    comparison_hint(&report, &out);
    ck_assert_msg(*part == '\0' ? out.len == 0 : strstr(buf_text(&out), part) != NULL, "%s", buf_text(&out));
}

START_TEST(a_person_understands)
{
    check_sentence(
        item(COMPARISON_SLOWER, 1.021, 1.017, 1.026),
        "B is 2.1 % slower than A (ratio 1.021, 95 % interval 1.017 .. 1.026, 14 launches, 9.8 s)");
    check_sentence(
        item(COMPARISON_FASTER, 0.9702, 0.969, 0.972),
        "B is 3.0 % faster than A (ratio 0.9702, 95 % interval 0.9690 .. 0.9720, 14 launches, 9.8 s)");
    check_sentence(
        item(COMPARISON_SLOWER, 3, 2.9, 3.1),
        "B takes 3.00 times as long as A (ratio 3.000, 95 % interval 2.900 .. 3.100, 14 launches, 9.8 s)");
    check_sentence(
        item(COMPARISON_FASTER, 0.25, 0.2, 0.3),
        "B is 4.00 times as fast as A (ratio 0.250, 95 % interval 0.200 .. 0.300, 14 launches, 9.8 s)");
    check_sentence(
        item(COMPARISON_EQUIVALENT, 1.0004, 0.9951, 1.0052),
        "B is as fast as A within 1 % (ratio 1.000, 95 % interval 0.995 .. 1.005, 14 launches, 9.8 s)");
    check_sentence(item(COMPARISON_INCONCLUSIVE, 1.0, 0, INFINITY),
                   "undecided between A and B (ratio 1.00, 14 launches, 9.8 s)");
    check_sentence(item(COMPARISON_DIFFERS, 1, 0, INFINITY), "B does not do what A does");
}
END_TEST

START_TEST(names_stand_in_front)
{
    struct comparison named = item(COMPARISON_SLOWER, 1.021, 1.017, 1.026);
    named.name = "BenchmarkX";
    named.launches = 1;
    check_sentence(named,
                   "BenchmarkX: B is 2.1 % slower than A (ratio 1.021, 95 % interval 1.017 .. 1.026, 1 "
                   "launch, 9.8 s)");
}
END_TEST

START_TEST(the_worst_decides)
{
    static const struct {
        enum comparison_verdict verdict;
        int code;
    } codes[] = {{COMPARISON_FASTER, 0},
                 {COMPARISON_EQUIVALENT, 0},
                 {COMPARISON_INCONCLUSIVE, 11},
                 {COMPARISON_SLOWER, 10},
                 {COMPARISON_DIFFERS, 12}};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j <= i; j++) {
            const struct comparison items[] = {item(codes[j].verdict, 1, 1, 1),
                                               item(codes[i].verdict, 1, 1, 1),
                                               item(codes[0].verdict, 1, 1, 1)};
            struct comparison_report report = report_of(items, 3);
            ck_assert_int_eq(comparison_worst(&report), codes[i].verdict);
            ck_assert_int_eq(comparison_exit_code(&report), codes[i].code);
        }
}
END_TEST

START_TEST(hints_say_what_would_decide)
{
    struct comparison open = item(COMPARISON_INCONCLUSIVE, 1.01, 0.99, 1.031);
    struct comparison_report report = report_of(&open, 1);
    report.seconds_left = 20;
    check_hint(report, "about 20 s more would decide: --max-seconds 38; or ask for less: --within 4%");
    report.seconds_left = INFINITY;
    check_hint(report, "too near the margin to tell: --within 4%");
    report.cancelled = true;
    check_hint(report, "interrupted");
    report.refused = true;
    check_hint(report, "differs from itself");
    report.trouble = "the CPU changed";
    check_hint(report, "the CPU changed");
    struct comparison few = item(COMPARISON_INCONCLUSIVE, 1, 0, INFINITY);
    few.launches = 3;
    report = report_of(&few, 1);
    report.launch_seconds = 10;
    check_hint(report, "at least 8 launches, here about 104 s: --max-seconds 104");
    report.launch_seconds = NAN;
    check_hint(report, "more time is needed");
    struct comparison clear = item(COMPARISON_SLOWER, 2, 1.9, 2.1);
    check_hint(report_of(&clear, 1), "");
}
END_TEST

START_TEST(json_of_one_has_exactly_these_members)
{
    struct comparison one = item(COMPARISON_SLOWER, 1.25, 1.125, 1.5);
    struct comparison_report report = report_of(&one, 1);
    AUTO_JSON *json = comparison_json(&report);
    char *text = json_compact(json);
    ck_assert_str_eq(text,
                     "{\"verdict\":\"slower\",\"ratio\":1.25,\"low\":1.125,\"high\":1.5,\"launches\":14,"
                     "\"seconds\":12.0,\"aa\":{\"different\":0,\"of\":2}}");
    free(text);
}
END_TEST

START_TEST(json_without_bounds_has_null)
{
    struct comparison one = item(COMPARISON_INCONCLUSIVE, 1, 0, INFINITY);
    one.launches = 0;
    struct comparison_report report = report_of(&one, 1);
    AUTO_JSON *json = comparison_json(&report);
    ck_assert(json_is_null(json_object_get(json, "ratio")));
    ck_assert(json_is_null(json_object_get(json, "low")));
    ck_assert(json_is_null(json_object_get(json, "high")));
}
END_TEST

START_TEST(json_of_many_has_all)
{
    struct comparison items[] = {item(COMPARISON_EQUIVALENT, 1, 0.99, 1.01),
                                 item(COMPARISON_SLOWER, 1.25, 1.125, 1.5)};
    items[0].name = "a";
    items[0].launches = 20;
    items[1].name = "b";
    items[1].aa.different = 1;
    struct comparison_report report = report_of(items, 2);
    AUTO_JSON *json = comparison_json(&report);
    const json_t *list = json_object_get(json, "benchmarks"), *aa = json_object_get(json, "aa");
    ck_assert_str_eq(json_get_text(json, "verdict", ""), "slower");
    ck_assert_double_eq(json_get_real(json, "ratio", 0), 1.25);
    ck_assert_int_eq(json_get_int(json, "launches", 0), 20);
    ck_assert_int_eq(json_get_int(aa, "different", 0), 1);
    ck_assert_int_eq(json_get_int(aa, "of", 0), 4);
    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_str_eq(json_get_text(json_array_get(list, 0), "name", ""), "a");
    ck_assert_str_eq(json_get_text(json_array_get(list, 0), "verdict", ""), "equivalent");
    ck_assert_uint_eq(json_object_size(json_array_get(list, 1)), 8);
}
END_TEST

UNIT_MAIN("cmd/comparison", a_person_understands, names_stand_in_front, the_worst_decides,
          hints_say_what_would_decide, json_of_one_has_exactly_these_members, json_without_bounds_has_null,
          json_of_many_has_all)
