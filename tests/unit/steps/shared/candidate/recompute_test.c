// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/recompute.h"

#include "base/db.h"
#include "base/fs.h"
#include "base/rng.h"
#include "sandbox/duet_record.h"
#include "steps/shared/candidate/candidate.h"
#include "tests/unit/unit.h"

#include <math.h>

static const struct table_set *const tables[] = {&candidate_tables, NULL};
static const struct step_ops *const steps[] = {NULL};
static const struct registry registry = {.steps = steps, .tables = tables};

struct shelf {
    struct arena arena;
    struct err err;
    char *folder, *state;
    struct step step;
};

static void
shelf_init(struct shelf *shelf)
{
    *shelf = (struct shelf){0};
    shelf->folder = fs_temp_dir(&shelf->arena, NULL, "recompute", &shelf->err);
    shelf->state = fs_join(&shelf->arena, shelf->folder, "state.db");
    shelf->step =
        (struct step){.run_id = "run1", .id = "evolve", .arena = &shelf->arena, .host = host_real()};
    shelf->step.journal = journal_open_local(shelf->state, &registry, "evolve", &shelf->err);
    ck_assert_msg(shelf->step.journal != NULL, "%s", shelf->err.message);
}

static void
shelf_release(struct shelf *shelf)
{
    ck_assert_int_eq(fs_remove_tree(shelf->folder, &shelf->err), 0);
    arena_release(&shelf->arena);
}

// A record of `launches` in which the baseline takes `factor` times as long; what the rule says of it.
static struct sequential
make_record(struct buf *record, double factor, size_t launches)
{
    struct sequential test;
    struct rng rng;
    struct batches batches = {.calls = 100, .empty_ns = {900, 1000}};
    const struct sequential_rule rule = {0.005, 0.01, 8};
    rng_init(&rng, 3, (uint64_t)(1000 * factor));
    sequential_init(&test, rule);
    duet_record_begin(record, &rule);
    for (size_t i = 0; i < launches; i++) {
        batches.quads.count = 0;
        double layout = 1 + 0.002 * rng_real(&rng);
        for (size_t q = 0; q < 9; q++) {
            struct batches_quad *quad = vec_push(&batches.quads);
            for (size_t k = 0; k < 4; k++)
                quad->ns[k / 2][k % 2] =
                    (int64_t)((k < 2 ? factor * layout : 1) * 3e5) + (int64_t)rng_below(&rng, 3000);
        }
        sequential_add(&test, batches_log_ratio(&batches));
        duet_record_launch(record, &batches);
    }
    duet_record_end(record, DUET_END_RULE);
    batches_release(&batches);
    return test;
}

// Stores a measurement as a step does.
static void
put(struct shelf *shelf, const char *id, const char *kind, double factor, struct aa aa)
{
    AUTO_BUF record = BUF(1 << 20);
    char raw[65], reason[200] = "";
    struct sequential test = make_record(&record, factor, 10);
    struct sequential_estimate estimate = sequential_estimate(&test);
    bool refused = !aa_is_kind(kind) && aa_refuses(&aa, reason);
    enum sequential_verdict verdict = refused ? SEQUENTIAL_INCONCLUSIVE : sequential_judge(&test);
    ck_assert_int_eq(journal_blob_put(&shelf->step, buf_str(&record), raw, &shelf->err), 0);
    struct measurement measurement = {.kind = kind,
                                      .verdict = sequential_verdict_name(verdict),
                                      .reason = reason,
                                      .raw = raw,
                                      .host = "x86_64 Model A",
                                      .speedup = estimate.speedup,
                                      .low = estimate.low,
                                      .high = estimate.high,
                                      .launches = 10,
                                      .quads = 90,
                                      .load = 1.5,
                                      .steal_pct = 0.25,
                                      .aa = aa};
    ck_assert_int_eq(candidate_store_measurement(&shelf->step, id, &measurement, &shelf->err), 0);
    struct candidate candidate = {
        .mutator = "test", .technique = "edit", .lineage = "test", .stage = STAGE_FULL};
    memcpy(candidate.id, id, strlen(id));
    ck_assert_int_eq(candidate_store(&shelf->step, &candidate, "src/x.c", "twice", "h", &shelf->err), 0);
    ck_assert_int_eq(journal_flush(&shelf->step, &shelf->err), 0);
}

static json_t *
recompute(struct shelf *shelf, const char *id)
{
    json_t *answer = verdicts_recompute(shelf->state, id, &shelf->err);
    ck_assert_msg(answer != NULL, "%s", shelf->err.message);
    return answer;
}

static const json_t *
verdict_at(const json_t *answer, size_t index)
{
    return json_array_get(json_object_get(answer, "verdicts"), index);
}

START_TEST(the_same_comes_out)
{
    struct shelf shelf;
    shelf_init(&shelf);
    put(&shelf, "aaaa000000000001", "aa", 1, (struct aa){0, 1, 1});
    put(&shelf, "aaaa000000000001", "train", 1.2, (struct aa){0, 1, 2});
    put(&shelf, "bbbb000000000002", "train", 1.0001, (struct aa){0, 1, 3});
    put(&shelf, "bbbb000000000002", "holdout", 0.5, (struct aa){1, 2, 4}); // refused
    journal_close_local(shelf.step.journal);
    AUTO_JSON *all = recompute(&shelf, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "verdicts")), 4);
    ck_assert(json_get_bool(all, "same", false));
    ck_assert_str_eq(json_get_text(verdict_at(all, 0), "kind", ""), "aa");
    ck_assert_str_eq(json_get_text(verdict_at(all, 1), "verdict", ""), "faster");
    ck_assert_str_eq(json_get_text(verdict_at(all, 1), "function", ""), "twice");
    ck_assert_double_eq(json_get_real(verdict_at(all, 1), "alpha", 0), 0.005);
    ck_assert(fabs(json_get_real(verdict_at(all, 1), "speedup", 0) / 1.2 - 1) < 0.02);
    ck_assert_str_eq(json_get_text(verdict_at(all, 2), "verdict", ""), "equivalent");
    ck_assert_str_eq(json_get_text(verdict_at(all, 3), "verdict", ""), "inconclusive");
    ck_assert_msg(strstr(json_get_text(verdict_at(all, 3), "reason", ""), "1 of 2 A/A"), "no reason");
    ck_assert_int_eq(json_get_int(json_object_get(verdict_at(all, 3), "aa"), "of", 0), 2);
    // Of three, one is called different; the refused one is not called anything.
    const json_t *found = json_object_get(all, "discoveries");
    ck_assert_int_eq(json_get_int(found, "compared", 0), 3);
    ck_assert_int_eq(json_get_int(found, "different", 0), 1);
    ck_assert_int_eq(json_get_int(found, "hold", 0), 1);

    AUTO_JSON *one = recompute(&shelf, "bbbb");
    ck_assert_uint_eq(json_array_size(json_object_get(one, "verdicts")), 2);
    AUTO_JSON *single = recompute(&shelf, json_get_text(verdict_at(all, 3), "id", ""));
    ck_assert_uint_eq(json_array_size(json_object_get(single, "verdicts")), 1);
    ck_assert_ptr_null(verdicts_recompute(shelf.state, "cccc", &shelf.err));
    ck_assert_int_eq(shelf.err.kind, ERR_NOT_FOUND);
    ck_assert_ptr_null(verdicts_recompute(shelf.state, "aa'--", &shelf.err));
    ck_assert_int_eq(shelf.err.kind, ERR_USAGE);
    shelf_release(&shelf);
}
END_TEST

START_TEST(of_several_runs_the_latest)
{
    struct shelf shelf;
    shelf_init(&shelf);
    put(&shelf, "aaaa000000000001", "train", 1.2, (struct aa){0, 1, 2});
    shelf.step.run_id = "run2";
    put(&shelf, "aaaa000000000001", "train", 1.3, (struct aa){0, 1, 2});
    put(&shelf, "aaaa100000000001", "train", 1.4, (struct aa){0, 1, 2});
    journal_close_local(shelf.step.journal);
    AUTO_JSON *one = recompute(&shelf, "aaaa0");
    ck_assert_uint_eq(json_array_size(json_object_get(one, "verdicts")), 1);
    ck_assert_str_eq(json_get_text(verdict_at(one, 0), "run", ""), "run2");
    AUTO_JSON *all = recompute(&shelf, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "verdicts")), 2);
    ck_assert_ptr_null(verdicts_recompute(shelf.state, "aaaa", &shelf.err));
    ck_assert_msg(strstr(shelf.err.message, "several"), "%s", shelf.err.message);
    shelf_release(&shelf);
}
END_TEST

// Changes the state behind everybody's back.
static void
tamper(struct shelf *shelf, const char *sql)
{
    struct db *db = db_open(shelf->state, DB_WRITE, &shelf->err);
    ck_assert_msg(db != NULL && db_exec(db, sql, &shelf->err) == 0, "%s", shelf->err.message);
    db_close(db);
}

START_TEST(a_changed_byte_is_noticed)
{
    // What is changed, and which complaint there must be.
    static const struct {
        const char *sql, *problem;
    } cases[] = {
        {"UPDATE blob SET content = CAST(substr(content, 1, 99) || x'11' || substr(content, 101) AS BLOB)"
         " WHERE hash = (SELECT raw FROM evaluation)",
         "another hash"},
        {"DELETE FROM blob", "not in the state"},
        {"UPDATE evaluation SET verdict = 'equivalent'", "the state says verdict \"equivalent\""},
        {"UPDATE evaluation SET speedup = speedup * (1 + 2e-16)", "the state says speedup"},
        {"UPDATE evaluation SET low = NULL", "the state says low null"},
        {"UPDATE evaluation SET high = high + 1", "the state says high"},
        {"UPDATE evaluation SET launches = 11", "the state says launches 11"},
        {"UPDATE evaluation SET quads = 7", "the state says quads 7"},
        {"UPDATE evaluation SET aa_different = 1", "the state says verdict \"faster\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct shelf shelf;
        shelf_init(&shelf);
        put(&shelf, "aaaa000000000001", "train", 1.2, (struct aa){0, 1, 2});
        journal_close_local(shelf.step.journal);
        tamper(&shelf, cases[i].sql);
        AUTO_JSON *answer = recompute(&shelf, "aaaa");
        const char *problem = json_get_text(verdict_at(answer, 0), "problem", "");
        ck_assert_msg(strstr(problem, cases[i].problem), "%s: %s", cases[i].sql, problem);
        ck_assert(!json_get_bool(answer, "same", true) &&
                  !json_get_bool(verdict_at(answer, 0), "same", true));
        shelf_release(&shelf);
    }
}
END_TEST

START_TEST(an_earlier_state_has_none)
{
    struct shelf shelf;
    shelf_init(&shelf);
    journal_close_local(shelf.step.journal);
    tamper(&shelf, "DROP INDEX evaluation_raw; ALTER TABLE evaluation DROP COLUMN raw");
    ck_assert_ptr_null(verdicts_recompute(shelf.state, NULL, &shelf.err));
    ck_assert_int_eq(shelf.err.kind, ERR_NOT_FOUND);
    ck_assert_msg(strstr(shelf.err.message, "no measurement with raw batches in"), "%s", shelf.err.message);
    shelf_release(&shelf);
}
END_TEST

UNIT_MAIN("candidate/recompute", the_same_comes_out, of_several_runs_the_latest, a_changed_byte_is_noticed,
          an_earlier_state_has_none)
