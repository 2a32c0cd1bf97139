// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/recorder.h"
#include "tests/unit/steps/island-evolve/lab.h"

static const char unit[] =
    "#include <stdint.h>\nuint32_t next(uint32_t x)\n{\n    return x * 2 / 2 + 1;\n}\n";
static const char train[] = "[1]\n[2]\n[70000]\n[9]";

static void
open_recorder(struct lab *lab, struct recorder *recorder, const char *models)
{
    AUTO_JSON *json = json_read(str_of(models), "models", &lab->err);
    ck_assert(json != NULL);
    json_object_set((json_t *)(uintptr_t)lab->step.with, "models", json);
    LAB_OK(lab, recorder_init(recorder, &lab->step, &lab->cascade, "salt",
                              json_object_get(lab->step.with, "models"), &lab->err));
}

// As after a kill: a new process knows nothing but the state.
static void
start_again(struct lab *lab, struct recorder *recorder, const char *models)
{
    cascade_release(&lab->cascade);
    cascade_init(&lab->cascade, &lab->step, &lab->bench, lab->record);
    lab_open_journal(lab);
    open_recorder(lab, recorder, models);
}

START_TEST(test_an_evaluation_is_not_repeated)
{
    struct lab lab;
    struct recorder recorder;
    lab_open(&lab, unit, "next", train, train);
    open_recorder(&lab, &recorder, "[]");
    struct judge judge = recorder_judge(&recorder);
    struct candidate *root = lab_candidate(&lab, NULL, NULL),
                     *wrong = lab_candidate(&lab, "uint32_t next(uint32_t x)\n{\n    return x;\n}", root);
    LAB_OK(&lab, judge.evaluate(judge.context, root, &lab.err));
    LAB_OK(&lab, judge.evaluate(judge.context, wrong, &lab.err));
    ck_assert_str_eq(wrong->reason, "wrong-output");
    ck_assert(lab.cascade.ready);

    start_again(&lab, &recorder, "[]");
    judge = recorder_judge(&recorder);
    struct candidate again = {.parents = {root, NULL}, .text = wrong->text};
    memcpy(again.id, wrong->id, sizeof again.id);
    LAB_OK(&lab, judge.evaluate(judge.context, &again, &lab.err));
    ck_assert(!lab.cascade.ready); // nothing was compiled or run
    ck_assert_str_eq(again.reason, "wrong-output");
    ck_assert_str_eq(again.detail, wrong->detail);
    ck_assert_str_eq(again.code_hash, wrong->code_hash);
    ck_assert_ptr_eq(map_get(&lab.cascade.codes, str_of(again.code_hash)), &again);
    lab_close(&lab);
}
END_TEST

START_TEST(test_what_is_stored)
{
    struct lab lab;
    struct recorder recorder;
    json_t *rows;
    lab_open(&lab, unit, "next", train, train);
    open_recorder(&lab, &recorder, "[]");
    struct judge judge = recorder_judge(&recorder);
    struct candidate *root = lab_candidate(&lab, NULL, NULL),
                     *right = lab_candidate(
                         &lab, "uint32_t next(uint32_t x)\n{\n    return (x & 0x7fffffffu) + 1;\n}", root);
    right->sequence = 1;
    LAB_OK(&lab, judge.evaluate(judge.context, root, &lab.err));
    LAB_OK(&lab, judge.evaluate(judge.context, right, &lab.err));
    LAB_OK(&lab,
           journal_rows(&lab.step, "candidate.of_step", json_pack("[ss]", "run", "evolve"), &rows, &lab.err));
    ck_assert_uint_eq(json_array_size(rows), 2);
    const json_t *row = json_array_get(rows, 1);
    AUTO_BUF text = BUF(4096);
    ck_assert_str_eq(json_get_text(row, "id", ""), right->id);
    ck_assert_str_eq(json_get_text(row, "parent", ""), root->id);
    ck_assert_str_eq(json_get_text(row, "file", ""), "unit.c");
    LAB_OK(&lab, journal_blob_get(&lab.step, json_get_text(row, "source", ""), &text, &lab.err));
    ck_assert(str_eq(buf_str(&text), right->text));
    json_decref(rows);
    ck_assert_double_eq(recorder_seconds(&recorder), 0); // deterministic mode has no clock
    ck_assert_double_eq(right->seconds, 0);
    lab_close(&lab);
}
END_TEST

START_TEST(test_a_reply_is_not_asked_for_twice)
{
    struct lab lab;
    struct recorder recorder;
    double seconds;
    lab_open(&lab, unit, "next", train, train);
    const char *log = fs_join(&lab.arena, lab.folder, "log");
    const char *models = arena_printf(
        &lab.arena, "[{\"provider\": \"command\", \"command\": \"echo x >> %s; cat; wc -l < %s\"}]", log,
        log);
    open_recorder(&lab, &recorder, models);
    struct authors authors = recorder_authors(&recorder);
    AUTO_BUF first = BUF(1000), second = BUF(1000), third = BUF(1000), calls = BUF(1000);
    ck_assert_uint_eq(authors.count, 1);
    ck_assert_int_eq(authors.reply(authors.context, 0, "0/1/0", STR("a "), &first, &seconds, &lab.err), 1);
    ck_assert_str_eq(buf_text(&first), "a 1\n");
    start_again(&lab, &recorder, models);
    authors = recorder_authors(&recorder);
    ck_assert_int_eq(authors.reply(authors.context, 0, "0/1/0", STR("a "), &second, &seconds, &lab.err), 1);
    ck_assert_str_eq(buf_text(&second), "a 1\n");
    ck_assert_int_eq(authors.reply(authors.context, 0, "1/1/0", STR("b "), &third, &seconds, &lab.err), 1);
    ck_assert_str_eq(buf_text(&third), "b 2\n");
    LAB_OK(&lab, fs_read(log, 1000, &calls, &lab.err));
    ck_assert_str_eq(buf_text(&calls), "x\nx\n");
    lab_close(&lab);
}
END_TEST

START_TEST(test_a_model_that_keeps_failing_is_given_up)
{
    struct lab lab;
    struct recorder recorder;
    double seconds;
    AUTO_BUF reply = BUF(1000);
    lab_open(&lab, unit, "next", train, train);
    open_recorder(&lab, &recorder, "[{\"provider\": \"command\", \"command\": \"exit 1\"}]");
    struct authors authors = recorder_authors(&recorder);
    ck_assert_int_eq(authors.reply(authors.context, 0, "0", STR(""), &reply, &seconds, &lab.err), 1);
    ck_assert_int_eq(authors.reply(authors.context, 0, "1", STR(""), &reply, &seconds, &lab.err), 1);
    ck_assert_int_eq(authors.reply(authors.context, 0, "2", STR(""), &reply, &seconds, &lab.err), 0);
    ck_assert_uint_eq(reply.len, 0);
    lab_close(&lab);
}
END_TEST

START_TEST(test_replayed_replies_go_on_by_number)
{
    struct lab lab;
    struct recorder recorder;
    double seconds;
    AUTO_BUF first = BUF(1000), second = BUF(1000), end = BUF(1000);
    lab_open(&lab, unit, "next", train, train);
    const char *file = fs_join(&lab.arena, lab.folder, "replies.jsonl");
    LAB_OK(&lab, fs_write(file, STR("\"one\"\n\"two\"\n"), &lab.err));
    const char *models = "[{\"provider\": \"replay\", \"file\": \"replies.jsonl\"}]";
    open_recorder(&lab, &recorder, models);
    struct authors authors = recorder_authors(&recorder);
    ck_assert_int_eq(authors.reply(authors.context, 0, "0", STR(""), &first, &seconds, &lab.err), 1);
    start_again(&lab, &recorder, models);
    authors = recorder_authors(&recorder);
    ck_assert_int_eq(authors.reply(authors.context, 0, "0", STR(""), &first, &seconds, &lab.err), 1);
    ck_assert_int_eq(authors.reply(authors.context, 0, "1", STR(""), &second, &seconds, &lab.err), 1);
    ck_assert_str_eq(buf_text(&second), "two");
    ck_assert_int_eq(authors.reply(authors.context, 0, "2", STR(""), &end, &seconds, &lab.err), 0);
    lab_close(&lab);
}
END_TEST

START_TEST(test_a_measurement_is_not_repeated)
{
    struct lab lab;
    struct recorder recorder;
    struct duet_result first, second;
    lab_open(&lab, unit, "next", train, train);
    open_recorder(&lab, &recorder, "[]");
    struct candidate *root = lab_candidate(&lab, NULL, NULL),
                     *right = lab_candidate(
                         &lab, "uint32_t next(uint32_t x)\n{\n    return (x & 0x7fffffffu) + 1;\n}", root);
    const struct effort effort = {.kind = "train", .launches_min = 1, .launches_max = 1};
    lab_evaluate(&lab, root);
    LAB_OK(&lab, recorder_measure(&recorder, right, &lab.bench.train, &effort, &first, &lab.err));
    start_again(&lab, &recorder, "[]");
    LAB_OK(&lab, recorder_measure(&recorder, right, &lab.bench.train, &effort, &second, &lab.err));
    ck_assert(!lab.cascade.ready);
    ck_assert_double_eq(second.speedup, first.speedup);
    ck_assert_double_eq(second.low, first.low);
    ck_assert_int_eq(second.verdict, first.verdict);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/recorder", test_an_evaluation_is_not_repeated, test_what_is_stored,
          test_a_reply_is_not_asked_for_twice, test_a_model_that_keeps_failing_is_given_up,
          test_replayed_replies_go_on_by_number, test_a_measurement_is_not_repeated)
