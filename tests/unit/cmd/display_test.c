// SPDX-License-Identifier: Apache-2.0
#include "cmd/display.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

static int64_t
an_hour(void *context)
{
    (void)context;
    return 3600 * CLOCK_S_NS;
}

// The line for a progress event of step "evolve[f]" with these details, 65.9 s after it started.
static const char *
line_of(struct arena *arena, size_t steps_ended, const char *details, const char *text)
{
    struct err err;
    const struct host host = {.mono_ns = an_hour};
    struct terminal terminal = {.width = 80};
    AUTO_JSON *json = details != NULL ? json_read(str_of(details), "details", &err) : NULL;
    struct display display = {.terminal = &terminal,
                              .host = &host,
                              .steps_ended = steps_ended,
                              .step_started_ns = 3600 * CLOCK_S_NS - 65900 * CLOCK_MS_NS};
    struct engine_event event = {.type = "progress", .step = "evolve[f]", .text = text, .details = json};
    AUTO_BUF line = BUF(1000);
    display_progress(&display, &event, &line);
    return arena_str(arena, buf_str(&line));
}

START_TEST(a_search_shows_its_islands_and_its_budget)
{
    AUTO_ARENA arena = {0};
    ck_assert_str_eq(
        line_of(&arena, 2,
                "{\"phase\": \"search\", \"of\": 400, \"evaluations\": 123, \"best\": 2.104,"
                "\"islands\": [1.0, 2.104, 1.5], \"seconds_left\": 48.7}",
                "f: 123 evaluations"),
        "2 done, evolve[f]: best 2.10x, islands 1.00 2.10 1.50, 123 of 400 evaluations, 48.0s left "
        "(1m 05s)");
    ck_assert_str_eq(line_of(&arena, 0, "{\"evaluations\": 1, \"islands\": [1]}", ""),
                     "evolve[f]: best 1.00x, islands 1.00, 1 evaluations (1m 05s)");
}
END_TEST

START_TEST(other_steps_show_what_they_say)
{
    AUTO_ARENA arena = {0};
    ck_assert_str_eq(line_of(&arena, 0, NULL, "checking tests"), "evolve[f]: checking tests (1m 05s)");
    ck_assert_str_eq(line_of(&arena, 1, "{\"phase\": \"verdict\", \"best\": 2}", "f: verdict"),
                     "1 done, evolve[f]: f: verdict (1m 05s)");
}
END_TEST

UNIT_MAIN("cmd/display", a_search_shows_its_islands_and_its_budget, other_steps_show_what_they_say)
