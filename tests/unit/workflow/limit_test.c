// SPDX-License-Identifier: Apache-2.0
#include "workflow/limit.h"

#include "tests/unit/unit.h"

static json_t *
begin_call(int64_t start_to_close, int64_t heartbeat, int64_t schedule_to_close)
{
    return json_pack("{s:s, s:{s:I, s:I, s:I}}", "call", "begin", "policy", "start_to_close_ns",
                     (json_int_t)start_to_close, "heartbeat_ns", (json_int_t)heartbeat,
                     "schedule_to_close_ns", (json_int_t)schedule_to_close);
}

START_TEST(without_limits_nothing_is_due)
{
    struct limits limits = {.started_ns = 10, .heard_ns = 10};
    ck_assert_int_eq(limits_first(&limits).due_ns, INT64_MAX);
    AUTO_JSON *plain = json_pack("{s:s}", "call", "begin"), *reply = json_object();
    limits_begin(&limits, plain, reply, 20);
    ck_assert_int_eq(limits_first(&limits).due_ns, INT64_MAX);
    limits_end(&limits);
}
END_TEST

START_TEST(the_earliest_limit_of_the_step_counts)
{
    struct limits limits = {
        .step = {.start_to_close_ns = 100, .heartbeat_ns = 30}, .started_ns = 1000, .heard_ns = 1000};
    struct limit first = limits_first(&limits);
    ck_assert_int_eq(first.due_ns, 1030);
    ck_assert_str_eq(first.what, "heartbeat time-out");
    ck_assert(!first.of_activity);
    limits.heard_ns = 1090;
    first = limits_first(&limits);
    ck_assert_int_eq(first.due_ns, 1100);
    ck_assert_str_eq(first.what, "timeout");
    ck_assert_int_eq(first.span_ns, 100);
    limits.step.schedule_to_close_ns = 500;
    limits.close_ns = 1050;
    ck_assert_str_eq(limits_first(&limits).what, "schedule-to-close");
}
END_TEST

START_TEST(an_activity_has_limits_of_its_own_until_it_ends)
{
    struct limits limits = {.step = {.start_to_close_ns = 1000}, .started_ns = 0};
    AUTO_JSON *call = begin_call(50, 20, 0), *reply = json_object();
    limits_begin(&limits, call, reply, 100);
    struct limit first = limits_first(&limits);
    ck_assert_int_eq(first.due_ns, 120);
    ck_assert_str_eq(first.what, "heartbeat");
    ck_assert(first.of_activity);
    limits.activity.beat_ns = 140;
    ck_assert_int_eq(limits_first(&limits).due_ns, 150);
    ck_assert_str_eq(limits_first(&limits).what, "start-to-close");
    limits_end(&limits);
    ck_assert_int_eq(limits_first(&limits).due_ns, 1000);
    ck_assert(!limits_first(&limits).of_activity);
}
END_TEST

START_TEST(what_is_left_of_schedule_to_close_comes_with_the_reply)
{
    struct limits limits = {0};
    AUTO_JSON *call = begin_call(0, 0, 100), *reply = json_pack("{s:i}", "left_ns", 30),
              *fresh = json_object();
    limits_begin(&limits, call, reply, 1000);
    ck_assert_int_eq(limits_first(&limits).due_ns, 1030);
    ck_assert_str_eq(limits_first(&limits).what, "schedule-to-close");
    limits_begin(&limits, call, fresh, 1000);
    ck_assert_int_eq(limits_first(&limits).due_ns, 1100);
    limits_end(&limits);
}
END_TEST

UNIT_MAIN("workflow/limit", without_limits_nothing_is_due, the_earliest_limit_of_the_step_counts,
          an_activity_has_limits_of_its_own_until_it_ends,
          what_is_left_of_schedule_to_close_comes_with_the_reply)
