// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "steps/shared/ledger/ledger.h"
#include "tests/unit/unit.h"
#include "workflow/journal.h"

static const struct table_set *const tables[] = {&table_ledger, NULL};
static const struct step_ops *const steps[] = {NULL};
static const struct registry registry = {.steps = steps, .tables = tables};

static struct arena arena;
static struct err err;
static char *folder, *state;
static struct step step;

static void
open_step(const char *run, const char *id)
{
    if (folder == NULL) {
        folder = fs_temp_dir(&arena, NULL, "ledger", &err);
        ck_assert_msg(folder != NULL, "%s", err.message);
        state = fs_join(&arena, folder, "state.db");
    }
    step = (struct step){.run_id = run, .id = id, .arena = &arena, .host = host_real()};
    step.journal = journal_open_local(state, &registry, id, &err);
    ck_assert_msg(step.journal != NULL, "%s", err.message);
}

static void
close_step(void)
{
    journal_close_local(step.journal);
}

static void
finish(void)
{
    close_step();
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    arena_release(&arena);
}

static void
note(const char *file, const char *function, const char *variant, enum ledger_event event, json_t *details)
{
    struct ledger_entry entry = {file, function, variant, event, details};
    ck_assert_msg(ledger_note(&step, &entry, &err) == 0, "%s", err.message);
    json_decref(details);
}

static json_t *
rows_of(const char *file, const char *function)
{
    json_t *rows;
    ck_assert_msg(ledger_rows(&step, file, function, &rows, &err) == 0, "%s", err.message);
    return rows;
}

START_TEST(entries_outlive_the_step)
{
    int64_t now_s = host_real()->wall_ns(NULL) / 1000000000;
    open_step("run-1", "evolve");
    note("a.c", "f", NULL, LEDGER_TRIED, json_pack("{s:i}", "evaluations", 40));
    note("a.c", "f", "beef", LEDGER_FOUND, NULL);
    close_step();
    open_step("run-2", "publish");
    note("a.c", "f", "beef", LEDGER_SHIPPED, NULL);
    AUTO_JSON *rows = rows_of("a.c", "f");
    ck_assert_uint_eq(json_array_size(rows), 3);
    const json_t *tried = json_array_get(rows, 0), *shipped = json_array_get(rows, 2);
    ck_assert_str_eq(json_get_text(tried, "event", ""), "tried");
    ck_assert_str_eq(json_get_text(tried, "variant", "?"), "");
    ck_assert_str_eq(json_get_text(tried, "file", ""), "a.c");
    ck_assert_str_eq(json_get_text(tried, "function", ""), "f");
    ck_assert_str_eq(json_get_text(tried, "run", ""), "run-1");
    ck_assert_str_eq(json_get_text(tried, "step", ""), "evolve");
    ck_assert_int_eq(json_get_int(json_object_get(tried, "details"), "evaluations", 0), 40);
    int64_t at = json_get_int(tried, "at", 0);
    ck_assert(at >= now_s && at <= now_s + 30);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 1), "event", ""), "found");
    ck_assert_str_eq(json_get_text(shipped, "event", ""), "shipped");
    ck_assert_str_eq(json_get_text(shipped, "variant", ""), "beef");
    ck_assert_str_eq(json_get_text(shipped, "run", ""), "run-2");
    ck_assert_uint_eq(json_object_size(json_object_get(shipped, "details")), 0);
    finish();
}
END_TEST

START_TEST(a_repeated_attempt_adds_nothing)
{
    open_step("run-1", "canary");
    note("a.c", "f", "beef", LEDGER_RETIRED, json_pack("{s:s}", "reason", "slow"));
    close_step();
    open_step("run-1", "canary");
    note("a.c", "f", "beef", LEDGER_RETIRED, json_pack("{s:s}", "reason", "slow"));
    AUTO_JSON *rows = rows_of("a.c", "f");
    ck_assert_uint_eq(json_array_size(rows), 1);
    close_step();
    // Another run, another step, another variant, another event: entries of their own.
    open_step("run-2", "canary");
    note("a.c", "f", "beef", LEDGER_RETIRED, NULL);
    close_step();
    open_step("run-1", "other");
    note("a.c", "f", "beef", LEDGER_RETIRED, NULL);
    note("a.c", "f", "cafe", LEDGER_RETIRED, NULL);
    note("a.c", "f", "beef", LEDGER_CLOSED, NULL);
    AUTO_JSON *all = rows_of("a.c", "f");
    ck_assert_uint_eq(json_array_size(all), 5);
    finish();
}
END_TEST

START_TEST(targets_are_kept_apart)
{
    open_step("run-1", "evolve");
    note("a.c", "f", "beef", LEDGER_FOUND, NULL);
    note("b.c", "f", "beef", LEDGER_FOUND, NULL);
    note("a.c", "g", "beef", LEDGER_FOUND, NULL);
    AUTO_JSON *rows = rows_of("b.c", "f"), *none = rows_of("b.c", "g");
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "file", ""), "b.c");
    ck_assert_uint_eq(json_array_size(none), 0);
    finish();
}
END_TEST

START_TEST(every_event_can_be_stored)
{
    static const char *const names[] = {"tried", "found", "shipped", "closed", "retired"};
    open_step("run-1", "any");
    for (int event = LEDGER_TRIED; event <= LEDGER_RETIRED; event++) {
        ck_assert_str_eq(ledger_event_name((enum ledger_event)event), names[event]);
        note("a.c", "f", "", (enum ledger_event)event, NULL);
    }
    AUTO_JSON *rows = rows_of("a.c", "f");
    ck_assert_uint_eq(json_array_size(rows), 5);
    finish();
}
END_TEST

START_TEST(commits_that_were_pushed_are_known)
{
    open_step("run-1", "publish");
    note("a.c", "f", "beef", LEDGER_SHIPPED, json_pack("{s:s}", "commit", "0123"));
    note("a.c", "f", "", LEDGER_TRIED, NULL);
    note("a.c", "g", "beef", LEDGER_SHIPPED, json_pack("{s:s}", "commit", "4567"));
    AUTO_JSON *rows = rows_of("a.c", "f"), *none = rows_of("a.c", "h");
    ck_assert(ledger_knows_commit(rows, "0123"));
    ck_assert(!ledger_knows_commit(rows, "4567"));
    ck_assert(!ledger_knows_commit(rows, "012"));
    ck_assert(!ledger_knows_commit(none, "0123"));
    finish();
}
END_TEST

// What stands in "details" of the standing entry, "" when nothing stands.
static const char *
standing(enum ledger_event event, const char *variant)
{
    AUTO_JSON *rows = rows_of("a.c", "f");
    const json_t *entry = ledger_standing(rows, event, variant);
    return arena_dup(&arena, json_get_text(json_object_get(entry, "details"), "reason", ""));
}

START_TEST(an_event_stands_until_the_variant_is_shipped_again)
{
    open_step("run-1", "publish");
    ck_assert_str_eq(standing(LEDGER_RETIRED, "beef"), "");
    note("a.c", "f", "beef", LEDGER_SHIPPED, NULL);
    note("a.c", "f", "beef", LEDGER_RETIRED, json_pack("{s:s}", "reason", "slow"));
    ck_assert_str_eq(standing(LEDGER_RETIRED, "beef"), "slow");
    ck_assert_str_eq(standing(LEDGER_RETIRED, "cafe"), "");
    ck_assert_str_eq(standing(LEDGER_RETIRED, NULL), "slow");
    ck_assert_str_eq(standing(LEDGER_CLOSED, NULL), "");
    close_step();
    open_step("run-2", "publish");
    note("a.c", "f", "cafe", LEDGER_SHIPPED, NULL);
    ck_assert_str_eq(standing(LEDGER_RETIRED, "beef"), "slow");
    ck_assert_str_eq(standing(LEDGER_RETIRED, NULL), "");
    note("a.c", "f", "beef", LEDGER_SHIPPED, NULL);
    ck_assert_str_eq(standing(LEDGER_RETIRED, "beef"), "");
    finish();
}
END_TEST

UNIT_MAIN("steps/shared/ledger/ledger", entries_outlive_the_step, a_repeated_attempt_adds_nothing,
          targets_are_kept_apart, every_event_can_be_stored, commits_that_were_pushed_are_known,
          an_event_stands_until_the_variant_is_shipped_again)
