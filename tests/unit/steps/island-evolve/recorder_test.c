// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/recorder.h"
#include "steps/shared/candidate/recompute.h"
#include "tests/unit/steps/island-evolve/lab.h"
#include "workflow/engine.h"

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

static const char chain_unit[] =
    "#include <stdint.h>\nuint32_t next(uint32_t x)\n{\n    for (volatile int i = 0; i < 400; i++)\n"
    "        ;\n    return x + 1;\n}\n";
static const struct effort full = {.kind = "train",
                                   .full = true,
                                   .alpha = 0.005,
                                   .launches_min = 4,
                                   .launches_max = 24,
                                   .launch_ns = 5000000};

static struct candidate *
open_timed(struct lab *lab, struct recorder *recorder)
{
    lab_open(lab, chain_unit, "next", train, train);
    open_recorder(lab, recorder, "[]");
    lab->cascade.meter.recorded = false;
    struct candidate *root = lab_candidate(lab, NULL, NULL);
    lab_evaluate(lab, root);
    return lab_candidate(lab, "uint32_t next(uint32_t x)\n{\n    return x + 1;\n}", root);
}

static int64_t
count_of(struct lab *lab, const char *sql)
{
    AUTO_JSON *none = json_array();
    AUTO_JSON *rows = state_query(fs_join(&lab->arena, lab->folder, "state.db"), sql, none, &lab->err);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

START_TEST(test_raw_batches_are_kept_and_the_first_is_an_aa)
{
    struct lab lab;
    struct recorder recorder;
    struct duet_result duet, again;
    struct candidate *candidate = open_timed(&lab, &recorder);
    LAB_OK(&lab, recorder_measure(&recorder, candidate, &lab.bench.train, &full, &duet, &lab.err));
    ck_assert_int_eq(duet.verdict, DUET_FASTER);
    ck_assert_uint_eq(recorder.aa.of, 1);
    struct effort second = full;
    second.kind = "holdout";
    LAB_OK(&lab, recorder_measure(&recorder, candidate, &lab.bench.train, &second, &again, &lab.err));
    ck_assert_uint_eq(recorder.aa.comparisons, 3);
    AUTO_JSON *answer = verdicts_recompute(fs_join(&lab.arena, lab.folder, "state.db"), NULL, &lab.err);
    ck_assert_msg(answer != NULL, "%s", lab.err.message);
    const json_t *verdicts = json_object_get(answer, "verdicts");
    ck_assert_uint_eq(json_array_size(verdicts), 3);
    ck_assert(json_get_bool(answer, "same", false));
    ck_assert_str_eq(json_get_text(json_array_get(verdicts, 0), "kind", ""), "aa1");
    const json_t *first = json_array_get(verdicts, 1);
    ck_assert_str_eq(json_get_text(first, "kind", ""), "train");
    ck_assert(json_get_real(first, "speedup", 0) == duet.speedup &&
              json_get_real(first, "low", 0) == duet.low);
    ck_assert_double_eq(json_get_real(first, "alpha", 0), 0.005);
    ck_assert_str_eq(json_get_text(first, "host", ""), recorder.host);
    ck_assert_uint_gt(strlen(recorder.host), 6);

    // After a kill the pool is the one that the verdict was given with.
    struct aa aa = recorder.aa;
    start_again(&lab, &recorder, "[]");
    LAB_OK(&lab, recorder_measure(&recorder, candidate, &lab.bench.train, &second, &again, &lab.err));
    ck_assert_mem_eq(&recorder.aa, &aa, sizeof aa);
    ck_assert(!lab.cascade.ready);
    lab_close(&lab);
}
END_TEST

// One A/A comparison of one was called different: five more are made, and these say that it was chance.
START_TEST(test_a_small_pool_is_widened_before_it_refuses)
{
    struct lab lab;
    struct recorder recorder;
    struct duet_result duet;
    struct candidate *candidate = open_timed(&lab, &recorder);
    struct machine machine;
    struct aa aa = {0};
    machine_read(NULL, &machine);
    const struct aa_comparison wrong = {machine.cpu, candidate->id, "aa1", true, true};
    LAB_OK(&lab, aa_note(&lab.step, &wrong, &aa, &lab.err));
    LAB_OK(&lab, recorder_measure(&recorder, candidate, &lab.bench.train, &full, &duet, &lab.err));
    ck_assert_uint_eq(recorder.aa.of, 6);
    ck_assert_int_eq(count_of(&lab, "SELECT count(DISTINCT kind) AS n FROM comparison WHERE is_aa"), 6);
    ck_assert_int_eq(duet.verdict, recorder.aa.different == 1 ? DUET_FASTER : DUET_INCONCLUSIVE);
    lab_close(&lab);
}
END_TEST

START_TEST(test_a_bad_pool_refuses_verdicts)
{
    struct lab lab;
    struct recorder recorder;
    struct duet_result duet;
    struct candidate *candidate = open_timed(&lab, &recorder);
    struct machine machine;
    struct aa aa = {0};
    machine_read(NULL, &machine);
    for (int i = 0; i < 3; i++) {
        const char *id = arena_printf(&lab.arena, "c%d", i);
        const struct aa_comparison wrong = {machine.cpu, id, "aa", true, i < 2};
        LAB_OK(&lab, aa_note(&lab.step, &wrong, &aa, &lab.err));
    }
    LAB_OK(&lab, recorder_measure(&recorder, candidate, &lab.bench.train, &full, &duet, &lab.err));
    ck_assert_int_eq(duet.verdict, DUET_INCONCLUSIVE);
    ck_assert(duet.low > 1.5);
    ck_assert_msg(strstr(duet.detail, "2 of 3 A/A"), "%s", duet.detail);
    ck_assert_int_eq(count_of(&lab, "SELECT count(*) AS n FROM evaluation WHERE verdict = 'inconclusive' AND"
                                    " reason LIKE '2 of 3 A/A%' AND aa_of = 3 AND kind = 'train'"),
                     1);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/recorder", test_an_evaluation_is_not_repeated, test_what_is_stored,
          test_a_reply_is_not_asked_for_twice, test_a_model_that_keeps_failing_is_given_up,
          test_replayed_replies_go_on_by_number, test_a_measurement_is_not_repeated,
          test_raw_batches_are_kept_and_the_first_is_an_aa, test_a_small_pool_is_widened_before_it_refuses,
          test_a_bad_pool_refuses_verdicts)
