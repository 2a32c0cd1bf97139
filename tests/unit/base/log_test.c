// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"
#include "tests/unit/unit.h"

struct record {
    unsigned count;
    enum log_level level;
    char text[4000];
};

static void
keep(void *context, enum log_level level, const char *text)
{
    struct record *record = context;
    record->count++;
    record->level = level;
    strncpy(record->text, text, sizeof(record->text) - 1);
}

START_TEST(is_silent_without_a_sink)
{
    log_error("nobody %s", "listens");
    static struct record record;
    log_set_sink(keep, &record);
    log_set_sink(NULL, NULL);
    log_error("nobody listens");
    ck_assert_uint_eq(record.count, 0);
}
END_TEST

START_TEST(hands_level_and_text_to_the_sink)
{
    static struct record record;
    log_set_sink(keep, &record);
    log_debug("a %d", 1);
    ck_assert(record.level == LOG_LEVEL_DEBUG && strcmp(record.text, "a 1") == 0);
    log_info("b %s", "x");
    ck_assert(record.level == LOG_LEVEL_INFO && strcmp(record.text, "b x") == 0);
    log_warn("100%%");
    ck_assert(record.level == LOG_LEVEL_WARN && strcmp(record.text, "100%") == 0);
    log_error("d");
    ck_assert(record.level == LOG_LEVEL_ERROR && strcmp(record.text, "d") == 0);
    ck_assert_uint_eq(record.count, 4);
}
END_TEST

START_TEST(cuts_long_messages)
{
    static struct record record;
    log_set_sink(keep, &record);
    log_info("%3000d", 1);
    ck_assert_uint_eq(strlen(record.text), 2000);
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_str_eq(log_level_name(LOG_LEVEL_DEBUG), "debug");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_INFO), "info");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_WARN), "warn");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_ERROR), "error");
}
END_TEST

UNIT_MAIN("base/log", is_silent_without_a_sink, hands_level_and_text_to_the_sink, cuts_long_messages,
          levels_have_names)
