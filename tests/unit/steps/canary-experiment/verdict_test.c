// SPDX-License-Identifier: Apache-2.0
#include "steps/canary-experiment/verdict.h"
#include "tests/unit/unit.h"

#include <math.h>

static struct shadow shadow;
static struct verdict verdict;
static struct arena arena;

// `count` quads that alternate between `ratio` times 1 + spread and 1 - spread.
static void
measure(size_t count, double ratio, double spread)
{
    shadow = (struct shadow){.detail = "", .quads = count, .output_bytes = 17};
    for (size_t i = 0; i < count; i++) {
        shadow.log_ratios[i] = log(ratio) + (i % 2 == 0 ? spread : -spread);
        shadow.control_s[2 * i] = shadow.control_s[2 * i + 1] = 0.2;
        shadow.treatment_s[2 * i] = shadow.treatment_s[2 * i + 1] = 0.2 / ratio;
    }
}

static void
ck_judged(enum decision decision, const char *reason)
{
    shadow_judge(&shadow, 0.01, &arena, &verdict);
    ck_assert_msg(verdict.decision == decision, "%s: %s", decision_name(verdict.decision), verdict.reason);
    ck_assert_msg(strstr(verdict.reason, reason) != NULL, "%s", verdict.reason);
}

START_TEST(faster_advances)
{
    measure(18, 1.3, 0.01);
    ck_assert(shadow_settled(&shadow));
    ck_judged(DECISION_ADVANCE, "faster: 1.300x");
    ck_assert(verdict.speedup.low > 1.2 && verdict.speedup.low < 1.3);
    ck_assert(verdict.speedup.high > 1.3 && verdict.speedup.high < 1.4);
    ck_assert_double_eq_tol(verdict.control_s, 0.2, 1e-12);
    ck_assert_double_eq_tol(verdict.treatment_s, 0.2 / 1.3, 1e-12);
}
END_TEST

START_TEST(slower_rolls_back)
{
    measure(18, 1 / 1.1, 0.02);
    ck_assert(shadow_settled(&shadow));
    ck_judged(DECISION_ROLLBACK, "slower: 0.909x");
    ck_assert(verdict.speedup.high < 1);
    // Also by less than the margin, when that is certain.
    measure(60, 0.995, 0.0005);
    ck_judged(DECISION_ROLLBACK, "slower");
}
END_TEST

START_TEST(too_few_quads_decide_nothing)
{
    measure(17, 2, 0.001);
    ck_assert(!shadow_settled(&shadow));
    ck_judged(DECISION_HOLD, "17 quads measured, 18 are needed");
    measure(17, 0.5, 0.001);
    ck_judged(DECISION_HOLD, "18 are needed");
    measure(0, 1, 0);
    ck_assert(!shadow_settled(&shadow));
    ck_judged(DECISION_HOLD, "0 quads");
    ck_assert(!verdict.speedup.known && verdict.control_s == 0);
}
END_TEST

START_TEST(one_quad_that_is_far_off_in_a_round_does_no_harm)
{
    measure(18, 1.05, 0.005);
    for (size_t i = 0; i < 18; i += 6)
        shadow.log_ratios[i + 1] = i % 12 == 0 ? -0.8 : 0.9;
    ck_assert(shadow_settled(&shadow));
    ck_judged(DECISION_ADVANCE, "faster: 1.05");
}
END_TEST

START_TEST(no_harm_but_no_saving_holds)
{
    measure(120, 1.0001, 0.002);
    ck_assert(!shadow_settled(&shadow));
    ck_judged(DECISION_HOLD, "no harm beyond 1.0 %");
}
END_TEST

START_TEST(noise_holds_undecided)
{
    measure(30, 1.01, 0.05);
    ck_assert(!shadow_settled(&shadow));
    ck_judged(DECISION_HOLD, "undecided within 30 quads");
    ck_assert(verdict.speedup.low < 0.99 && verdict.speedup.high > 1);
    // A wider margin calls the same figures harmless.
    shadow_judge(&shadow, 0.2, &arena, &verdict);
    ck_assert(strstr(verdict.reason, "no harm beyond 20.0 %") != NULL);
    ck_assert_int_eq(verdict.decision, DECISION_HOLD);
}
END_TEST

START_TEST(obstacles_come_before_figures)
{
    static const struct {
        enum obstacle obstacle;
        enum decision decision;
        const char *reason;
    } expected[] = {
        {OBSTACLE_NO_TRAFFIC, DECISION_HOLD, "no captured traffic: why"},
        {OBSTACLE_TOO_SHORT, DECISION_HOLD, "too little CPU time to compare: why"},
        {OBSTACLE_CONTROL_FAILS, DECISION_HOLD, "fails with the flag off: why"},
        {OBSTACLE_CONTROL_VARIES, DECISION_HOLD, "two runs with the flag off: why"},
        {OBSTACLE_TREATMENT_FAILS, DECISION_ROLLBACK, "fails with the flag on: why"},
        {OBSTACLE_OUTPUT_DIFFERS, DECISION_ROLLBACK, "answers differ with the flag on: why"},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        measure(30, 3, 0.001);
        shadow.obstacle = expected[i].obstacle;
        shadow.detail = "why";
        ck_assert(shadow_settled(&shadow));
        ck_judged(expected[i].decision, expected[i].reason);
    }
}
END_TEST

START_TEST(equal_sides_seldom_look_different)
{
    // A fixed sequence of noise around 1: looking after every quad finds nothing in 19 of 20 experiments.
    unsigned x = 1, wrong = 0, experiments = 400;
    for (unsigned e = 0; e < experiments; e++) {
        shadow = (struct shadow){.detail = ""};
        while (shadow.quads < 90 && !shadow_settled(&shadow)) {
            double sum = 0;
            for (int i = 0; i < 12; i++) {
                x = x * 1664525u + 1013904223u;
                sum += (double)(x >> 8) / (1 << 24) - 0.5;
            }
            shadow.log_ratios[shadow.quads++] = 0.02 * sum;
        }
        wrong += shadow_settled(&shadow);
    }
    ck_assert_msg(wrong <= experiments / 20, "%u of %u", wrong, experiments);
}
END_TEST

START_TEST(json_keeps_every_figure)
{
    measure(21, 1.2, 0.03);
    shadow.obstacle = OBSTACLE_CONTROL_VARIES;
    shadow.detail = "line 3";
    shadow.control_s[13] = 0.75;
    struct shadow before = shadow;
    AUTO_JSON *json = shadow_json(&shadow);
    shadow_from_json(json, &arena, &shadow);
    ck_assert_int_eq(shadow.obstacle, OBSTACLE_CONTROL_VARIES);
    ck_assert_str_eq(shadow.detail, "line 3");
    ck_assert_uint_eq(shadow.quads, 21);
    ck_assert_uint_eq(shadow.output_bytes, 17);
    ck_assert(memcmp(shadow.log_ratios, before.log_ratios, sizeof(before.log_ratios)) == 0);
    ck_assert(memcmp(shadow.control_s, before.control_s, sizeof(before.control_s)) == 0);
    ck_assert(memcmp(shadow.treatment_s, before.treatment_s, sizeof(before.treatment_s)) == 0);
}
END_TEST

START_TEST(json_of_too_many_quads_is_cut)
{
    AUTO_JSON *json = json_pack("{s:[]}", "log_ratios");
    for (int i = 0; i < QUADS_MAX + 5; i++)
        json_array_append_new(json_object_get(json, "log_ratios"), json_real(0.1));
    shadow_from_json(json, &arena, &shadow);
    ck_assert_uint_eq(shadow.quads, QUADS_MAX);
}
END_TEST

START_TEST(decisions_have_names)
{
    ck_assert_str_eq(decision_name(DECISION_ADVANCE), "advance");
    ck_assert_str_eq(decision_name(DECISION_ROLLBACK), "rollback");
    ck_assert_str_eq(decision_name(DECISION_HOLD), "hold");
}
END_TEST

UNIT_MAIN("steps/canary-experiment/verdict", faster_advances, slower_rolls_back, too_few_quads_decide_nothing,
          one_quad_that_is_far_off_in_a_round_does_no_harm, no_harm_but_no_saving_holds,
          noise_holds_undecided, obstacles_come_before_figures, equal_sides_seldom_look_different,
          json_keeps_every_figure, json_of_too_many_quads_is_cut, decisions_have_names)
