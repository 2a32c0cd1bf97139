// SPDX-License-Identifier: Apache-2.0
#include "steps/wait/wait.h"

#include "base/clock.h"
#include "tests/unit/steps/attempt.h"
#include "workflow/engine.h"

#include <time.h>

// Sends to the attempt's run; `data` is JSON text or NULL.
static void
send_it(struct attempt *attempt, struct workshop *w, const char *name, const char *sender, const char *data)
{
    bool delivered;
    AUTO_JSON *json = data != NULL ? json_read(str_of(data), "data", &w->err) : NULL;
    const struct message message = {
        .kind = "signal", .run = "local", .name = name, .sender = sender, .data = json};
    OK(engine_send(fs_join(&w->arena, w->folder, "state.db"), &attempt->registry, host_real(), &message,
                   &delivered, &w->err),
       &w->err);
    ck_assert(delivered);
}

// Runs the step; it must wait.
static void
waits(struct attempt *attempt, struct workshop *w)
{
    ck_assert_int_eq(attempt_run(attempt, w), -1);
    ck_assert_msg(w->err.kind == ERR_WAITING, "%s", w->err.message);
    ck_assert_uint_eq(json_object_size(attempt->step.outputs), 0);
}

static void
fails(struct attempt *attempt, struct workshop *w, enum err_kind kind, const char *message)
{
    ck_assert_int_eq(attempt_run(attempt, w), -1);
    ck_assert_int_eq(w->err.kind, kind);
    ck_assert_msg(strstr(w->err.message, message) != NULL, "%s", w->err.message);
}

static void
ends(struct attempt *attempt, struct workshop *w)
{
    ck_assert_msg(attempt_run(attempt, w) == 0, "%s", w->err.message);
}

// When the only wait of the state is due.
static int64_t
due_of(struct workshop *w)
{
    AUTO_JSON *rows =
        state_query(fs_join(&w->arena, w->folder, "state.db"), "SELECT due_ns FROM wait", NULL, &w->err);
    ck_assert_msg(rows != NULL, "%s", w->err.message);
    ck_assert_uint_eq(json_array_size(rows), 1);
    return json_get_int(json_array_get(rows, 0), "due_ns", 0);
}

START_TEST(a_span_counts_from_the_first_attempt)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"for\": 0.3}");
    int64_t before_ns = clock_wall_ns();
    waits(&attempt, &w);
    int64_t due_ns = due_of(&w);
    ck_assert_int_ge(due_ns, before_ns + 300 * CLOCK_MS_NS);
    ck_assert_int_le(due_ns, clock_wall_ns() + 300 * CLOCK_MS_NS);
    while (clock_wall_ns() < due_ns)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    attempt.step.attempt = 2;
    ends(&attempt, &w);
    char due[32];
    clock_iso8601(due_ns, due);
    ck_assert_str_eq(attempt_text(&attempt, "due"), due);
    ck_assert_str_eq(attempt_text(&attempt, "summary"), arena_printf(&w.arena, "waited until %s", due));
}
END_TEST

START_TEST(a_time_that_passed_ends_at_once)
{
    static const char *const times[][2] = {
        {"2020-01-01T12:00:00+02:00", "2020-01-01T10:00:00.000Z"},
        {"1970-01-01", "1970-01-01T00:00:00.000Z"},
        {"1950-06-01T00:00:00Z", "1950-06-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        AUTO_WORKSHOP w;
        workshop_init(&w);
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_wait, arena_printf(&w.arena, "{\"until\": \"%s\"}", times[i][0]));
        ends(&attempt, &w);
        ck_assert_str_eq(attempt_text(&attempt, "due"), times[i][1]);
    }
}
END_TEST

START_TEST(a_time_to_come_is_waited_for)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"until\": \"2200-01-01T00:00:00Z\"}");
    waits(&attempt, &w);
    ck_assert_int_eq(due_of(&w), INT64_C(7258118400) * CLOCK_S_NS);
}
END_TEST

START_TEST(a_span_without_end_does_not_overflow)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"for\": 9e18}");
    waits(&attempt, &w);
    ck_assert_int_gt(due_of(&w), clock_wall_ns());
}
END_TEST

START_TEST(a_signal_gives_what_it_brought)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"signal\": \"deploy\", \"timeout\": 86400}");
    waits(&attempt, &w);
    send_it(&attempt, &w, "deployed", "me", NULL);
    waits(&attempt, &w);
    send_it(&attempt, &w, "deploy", "zoe", "{\"version\": 3}");
    ends(&attempt, &w);
    ck_assert_str_eq(attempt_text(&attempt, "sender"), "zoe");
    ck_assert_str_eq(attempt_text(&attempt, "summary"), "signal \"deploy\" from zoe");
    ck_assert_int_eq(json_get_int(json_object_get(attempt.step.outputs, "data"), "version", 0), 3);
    int64_t sent_ns;
    ck_assert(clock_parse_iso8601(str_of(attempt_text(&attempt, "sent")), &sent_ns));
    ck_assert_int_le(sent_ns, clock_wall_ns());
}
END_TEST

START_TEST(a_signal_may_bring_nothing)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"signal\": \"deploy\"}");
    send_it(&attempt, &w, "deploy", "zoe", NULL);
    ends(&attempt, &w);
    ck_assert(json_is_null(json_object_get(attempt.step.outputs, "data")));
    ck_assert_int_eq(due_of(&w), 0);
}
END_TEST

START_TEST(what_does_not_come_in_time_fails_the_step)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT signal, approval;
    attempt_init(&signal, &w, &step_wait, "{\"signal\": \"deploy\", \"timeout\": 0}");
    fails(&signal, &w, ERR_TIMEOUT, "the signal \"deploy\" did not come within 0ns");
    // It stays so: a signal that comes now is too late.
    send_it(&signal, &w, "deploy", "me", NULL);
    fails(&signal, &w, ERR_TIMEOUT, "did not come");
    AUTO_WORKSHOP v;
    workshop_init(&v);
    attempt_init(&approval, &v, &step_wait, "{\"approval\": [\"zoe\"], \"timeout\": 0}");
    fails(&approval, &v, ERR_TIMEOUT, "nobody approved within 0ns");
}
END_TEST

START_TEST(an_approval_is_a_plain_yes_of_who_may_give_it)
{
    static const struct {
        const char *who, *sender, *data, *message; // NULL: it goes on
    } cases[] = {
        {"[]", "anybody", "{\"approved\":true}", NULL},
        {"[\"zoe\",\"max\"]", "max", "{\"approved\":true,\"reason\":\"fine\"}", NULL},
        {"[\"zoe\"]", "zoe", "{\"approved\":false}", "zoe refused"},
        {"[\"zoe\"]", "zoe", "{\"approved\":false,\"reason\":\"too risky\"}", "zoe refused: too risky"},
        {"[\"zoe\"]", "zoe", "{\"approved\":\"no\"}", "zoe refused"},
        {"[\"zoe\"]", "zoe", "true", "zoe refused"},
        {"[\"zoe\"]", "zoe", NULL, "zoe refused"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_WORKSHOP w;
        workshop_init(&w);
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_wait, arena_printf(&w.arena, "{\"approval\": %s}", cases[i].who));
        waits(&attempt, &w);
        if (strcmp(cases[i].who, "[]") != 0) {
            send_it(&attempt, &w, "approve s", "eve", "{\"approved\":true}");
            waits(&attempt, &w);
        }
        send_it(&attempt, &w, "approve s", cases[i].sender, cases[i].data);
        if (cases[i].message != NULL) {
            fails(&attempt, &w, ERR_TARGET, cases[i].message);
            continue;
        }
        ends(&attempt, &w);
        ck_assert_str_eq(attempt_text(&attempt, "summary"),
                         arena_printf(&w.arena, "approved by %s", cases[i].sender));
    }
}
END_TEST

START_TEST(what_can_not_be_meant_is_found_before_anything_runs)
{
    static const struct {
        const char *with, *message; // NULL: it is good
    } cases[] = {
        {"{\"for\": \"30s\"}", NULL},
        {"{\"signal\": \"x\", \"timeout\": \"1h\"}", NULL},
        {"{\"approval\": []}", NULL},
        {"{\"until\": \"2026-12-24\"}", NULL},
        {"{\"until\": \"${{ vars.when }}\"}", NULL},
        {"{\"for\": null, \"until\": \"2026-12-24\"}", NULL},
        {"{}", "not 0 of them"},
        {"{\"timeout\": \"1h\"}", "not 0 of them"},
        {"{\"for\": \"1s\", \"signal\": \"x\"}", "not 2 of them"},
        {"{\"for\": \"1s\", \"until\": \"2026-12-24\", \"signal\": \"x\", \"approval\": []}",
         "not 4 of them"},
        {"{\"for\": \"1s\", \"timeout\": \"1h\"}", "a timer ends by itself"},
        {"{\"until\": \"2026-12-24\", \"timeout\": \"1h\"}", "a timer ends by itself"},
        {"{\"until\": \"Christmas\"}", "until: \"Christmas\" is no time"},
        {"{\"until\": \"2026-12-24T18:00\"}", "is no time"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        AUTO_JSON *with = json_read(str_of(cases[i].with), "with", &err);
        int result = step_wait.check("/", with, &err);
        ck_assert_msg((result == 0) == (cases[i].message == NULL), "%s", cases[i].with);
        if (result == 0)
            continue;
        ck_assert_int_eq(err.kind, ERR_CONFIG);
        ck_assert_msg(strstr(err.message, cases[i].message) != NULL, "%s", err.message);
    }
}
END_TEST

START_TEST(a_time_from_an_expression_is_looked_at_when_it_runs)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_wait, "{\"until\": \"Christmas\"}");
    fails(&attempt, &w, ERR_CONFIG, "until: \"Christmas\" is no time");
}
END_TEST

START_TEST(a_dry_run_says_for_what)
{
    static const char *const cases[][2] = {
        {"{\"for\": \"30s\"}", "waits for a time"},
        {"{\"until\": \"2026-12-24\"}", "waits until 2026-12-24"},
        {"{\"signal\": \"go\"}", "waits for the signal \"go\""},
        {"{\"approval\": [\"zoe\"]}", "waits for an approval (`atoll approve`)"},
    };
    AUTO_ARENA arena = {0};
    struct err err;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_JSON *with = json_read(str_of(cases[i][0]), "with", &err);
        ck_assert_str_eq(step_wait.plan(&arena, with), cases[i][1]);
    }
}
END_TEST

UNIT_MAIN("steps/wait", a_span_counts_from_the_first_attempt, a_time_that_passed_ends_at_once,
          a_time_to_come_is_waited_for, a_span_without_end_does_not_overflow, a_signal_gives_what_it_brought,
          a_signal_may_bring_nothing, what_does_not_come_in_time_fails_the_step,
          an_approval_is_a_plain_yes_of_who_may_give_it, what_can_not_be_meant_is_found_before_anything_runs,
          a_time_from_an_expression_is_looked_at_when_it_runs, a_dry_run_says_for_what)
