// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/candidate.h"

#include "base/db.h"
#include "base/fs.h"
#include "tests/unit/unit.h"

#include <stdio.h>

START_TEST(test_stages)
{
    for (int i = STAGE_PARSE; i <= STAGE_FULL; i++)
        ck_assert_int_eq(stage_parse(stage_name((enum stage)i)), i);
    ck_assert_int_eq(stage_parse("nonsense"), STAGE_PARSE);
}
END_TEST

START_TEST(test_right_or_not)
{
    struct candidate candidate = {.stage = STAGE_QUICK};
    ck_assert(candidate_is_right(&candidate));
    candidate.reason = "wrong-output";
    ck_assert(!candidate_is_right(&candidate));
    candidate = (struct candidate){.stage = STAGE_CODE};
    ck_assert(!candidate_is_right(&candidate));
}
END_TEST

START_TEST(test_result_round_trip)
{
    AUTO_ARENA arena = {0};
    struct candidate in = {.stage = STAGE_DIFFERENTIAL,
                           .reason = "wrong-output",
                           .code_bytes = 77,
                           .speedup = 0,
                           .seconds = 0.25};
    struct candidate out = {.speedup = 9};
    snprintf(in.code_hash, sizeof in.code_hash, "abc");
    snprintf(in.detail, sizeof in.detail, "for 1 expected 2, got 3");
    AUTO_JSON *result = candidate_result(&in);
    candidate_apply_result(&out, result, &arena);
    ck_assert_int_eq(out.stage, STAGE_DIFFERENTIAL);
    ck_assert_str_eq(out.reason, "wrong-output");
    ck_assert_str_eq(out.detail, "for 1 expected 2, got 3");
    ck_assert_str_eq(out.code_hash, "abc");
    ck_assert_uint_eq(out.code_bytes, 77);
    ck_assert_double_eq(out.speedup, 0);
    ck_assert_double_eq(out.seconds, 0.25);
    in = (struct candidate){.stage = STAGE_QUICK, .speedup = 2.5, .low = 0, .high = 1e308 * 10};
    AUTO_JSON *measured = candidate_result(&in);
    candidate_apply_result(&out, measured, &arena);
    ck_assert_ptr_null(out.reason);
    ck_assert_double_eq(out.speedup, 2.5);
    ck_assert_double_eq(out.high, 0); // no bound
}
END_TEST

static void
fill(struct db *db, struct err *err)
{
    for (const char *const *migration = candidate_tables.migrations; *migration != NULL; migration++)
        ck_assert_int_eq(db_exec(db, *migration, err), 0);
    ck_assert_int_eq(db_exec(db,
                             "CREATE TABLE blob(hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;"
                             "INSERT INTO blob VALUES('h1', CAST('int f(void);' AS BLOB));",
                             err),
                     0);
}

static void
put(struct db *db, const char *params, struct err *err)
{
    const char *sql = NULL;
    for (const struct table_statement *s = candidate_tables.statements; s->name != NULL; s++)
        if (strcmp(s->name, params[0] == 'e' ? "evaluation.put" : "candidate.put") == 0)
            sql = s->sql;
    AUTO_JSON *json = json_read(str_of(params + 1), "params", err);
    ck_assert_ptr_nonnull(json);
    ck_assert_msg(db_run(db, sql, json, err) == 0, "%s", err->message);
}

START_TEST(test_statements_store_and_replace)
{
    AUTO_ARENA arena = {0};
    struct err err;
    char *folder = fs_temp_dir(&arena, NULL, "candidate", &err);
    struct db *db = db_open(fs_join(&arena, folder, "state.db"), DB_WRITE, &err);
    ck_assert_ptr_nonnull(db);
    fill(db, &err);
    put(db,
        "c[\"r1\",\"evolve\",\"aaaa1\",1,\"f.c\",\"f\",\"h1\",\"root\",null,0,0,0,\"tabulate\",\"table\","
        "\"tabulate\","
        "\"note\",\"code\",10,\"quick\",null,null,2.5,null,null,0.1]",
        &err);
    put(db,
        "c[\"r1\",\"evolve\",\"aaaa1\",1,\"f.c\",\"f\",\"h1\",\"root\",null,0,0,0,\"tabulate\",\"table\","
        "\"tabulate\","
        "\"note\",\"code\",10,\"full\",\"overfit\",\"text\",2.5,null,null,0.1]",
        &err);
    put(db,
        "e[\"r1\",\"evolve\",\"aaaa1\",\"quick\",\"inconclusive\",2.5,null,null,2,0.1,0.2,\"[0.9]\",null,"
        "null,"
        "40,null,1.5,0.1,0,0]",
        &err);
    AUTO_JSON *rows = db_rows(db, "SELECT stage, reason FROM candidate", NULL, &err);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "reason", ""), "overfit");
    AUTO_JSON *measured = db_rows(db, "SELECT kind FROM evaluation", NULL, &err);
    ck_assert_uint_eq(json_array_size(measured), 1);
    db_close(db);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

UNIT_MAIN("candidate/candidate", test_stages, test_right_or_not, test_result_round_trip,
          test_statements_store_and_replace)
