// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/rollout/rollout.h"
#include "tests/unit/unit.h"

static const double stages[] = {1, 5, 100};

static struct rollout
fresh(void)
{
    return (struct rollout){"f", "f.c", "atoll-f", stages, 3, 0, ROLLOUT_OFF, 2000000000, NULL};
}

static void
ck_plain(const struct rollout *rollout, const char *before, const char *after)
{
    AUTO_BUF out = BUF(4096);
    rollout_write_plain(rollout, str_of(before), &out);
    ck_assert_str_eq(buf_text(&out), after);
}

START_TEST(stages_are_climbed_one_by_one)
{
    struct rollout rollout = fresh();
    ck_assert(rollout_percent(&rollout) == 0);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(rollout_advance(&rollout, "good"));
        ck_assert_int_eq(rollout.state, ROLLOUT_ON);
        ck_assert_uint_eq(rollout.stage, i + 1);
        ck_assert(rollout_percent(&rollout) == stages[i]);
        ck_assert_str_eq(rollout.reason, "good");
    }
    ck_assert(!rollout_advance(&rollout, "more"));
    ck_assert_uint_eq(rollout.stage, 3);
    ck_assert_str_eq(rollout.reason, "good");
}
END_TEST

START_TEST(a_roll_back_is_final)
{
    struct rollout rollout = fresh();
    ck_assert(rollout_advance(&rollout, "good"));
    rollout_roll_back(&rollout, "bad");
    ck_assert_int_eq(rollout.state, ROLLOUT_ROLLED_BACK);
    ck_assert_uint_eq(rollout.stage, 0);
    ck_assert(rollout_percent(&rollout) == 0);
    ck_assert(!rollout_advance(&rollout, "again"));
    ck_assert_str_eq(rollout.reason, "bad");
}
END_TEST

START_TEST(a_share_needs_the_state_on)
{
    struct rollout rollout = fresh();
    rollout.stage = 2;
    ck_assert(rollout_percent(&rollout) == 0);
    rollout.state = ROLLOUT_ON;
    ck_assert(rollout_percent(&rollout) == 5);
    rollout.stage = 4; // beyond the last
    ck_assert(rollout_percent(&rollout) == 0);
}
END_TEST

START_TEST(the_plain_file_begins_with_what_it_is)
{
    struct rollout rollout = fresh();
    ck_plain(&rollout, "",
             "# Flags that atoll_flag.h reads; name this file in ATOLL_FLAG_FILE.\natoll-f = off\n");
}
END_TEST

START_TEST(the_plain_file_is_on_at_the_last_stage_only)
{
    struct rollout rollout = fresh();
    rollout.state = ROLLOUT_ON;
    rollout.stage = 2;
    ck_plain(&rollout, "x = on\n", "x = on\natoll-f = off\n");
    rollout.stage = 3;
    ck_plain(&rollout, "x = on\n", "x = on\natoll-f = on until 2000000000\n");
    rollout_roll_back(&rollout, "bad");
    ck_plain(&rollout, "atoll-f = on until 2000000000\n", "atoll-f = off\n");
}
END_TEST

START_TEST(other_lines_of_the_plain_file_stay)
{
    struct rollout rollout = fresh();
    ck_plain(&rollout, "# a = b\n\natoll-f-2 = on\n  atoll-f=on\nlast = off",
             "# a = b\n\natoll-f-2 = on\natoll-f = off\nlast = off\n");
    // A flag that stands twice is written once; a word without '=' is no line of the flag.
    ck_plain(&rollout, "atoll-f = on\natoll-f\natoll-f = on\n", "atoll-f = off\natoll-f\n");
}
END_TEST

START_TEST(formats_are_found_by_extension)
{
    ck_assert_ptr_eq(flag_format_of(".atoll/rollout/f.flagd.json"), &flag_format_flagd);
    ck_assert_ptr_null(flag_format_of("f.json"));
    ck_assert_ptr_null(flag_format_of(""));
}
END_TEST

UNIT_MAIN("steps/shared/rollout/rollout", stages_are_climbed_one_by_one, a_roll_back_is_final,
          a_share_needs_the_state_on, the_plain_file_begins_with_what_it_is,
          the_plain_file_is_on_at_the_last_stage_only, other_lines_of_the_plain_file_stay,
          formats_are_found_by_extension)
