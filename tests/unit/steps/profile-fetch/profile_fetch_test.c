// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/profile_fetch.h"

#include "base/db.h"
#include "steps/shared/hotspot/hotspot_table.h"
#include "tests/unit/steps/profile-fetch/report_fixture.h"
#include "workflow/journal.h"

// A journal in memory, in the place of workflow/journal.c.
static struct {
    struct map results; // name and key -> json_t
    json_t *blobs, *rows;
    int stores, commits, puts;
} book;

int
journal_begin(struct step *step, const char *name, const char *key, const json_t *input, json_t **result,
              struct err *err)
{
    (void)err;
    ck_assert_ptr_nonnull(input);
    json_t *known = map_get(&book.results, str_of(arena_printf(step->arena, "%s/%s", name, key)));
    *result = known ? json_incref(known) : NULL;
    return known ? 1 : 0;
}

int
journal_commit(struct step *step, const char *name, const char *key, const json_t *result, struct err *err)
{
    (void)err;
    book.commits++;
    map_set(&book.results, str_of(arena_printf(step->arena, "%s/%s", name, key)), json_deep_copy(result));
    return 0;
}

int
journal_blob_put(struct step *step, struct str content, char hash[65], struct err *err)
{
    (void)step;
    (void)err;
    snprintf(hash, 65, "blob%d", book.puts++);
    json_object_set_new(book.blobs, hash, json_bytes(content));
    return 0;
}

int
journal_blob_get(struct step *step, const char *hash, struct buf *content, struct err *err)
{
    (void)step;
    if (!json_bytes_into(json_object_get(book.blobs, hash), content))
        return err_set(err, ERR_NOT_FOUND, "no blob %s", hash);
    return 0;
}

int
journal_store(struct step *step, const char *statement, json_t *params, struct err *err)
{
    (void)step;
    (void)err;
    ck_assert_str_eq(statement, "hotspot.insert");
    book.stores++;
    json_array_append_new(book.rows, params);
    return 0;
}

static json_t *
run_step(struct rig *rig, const char *with_text, struct err *err)
{
    AUTO_JSON *with = json_read(str_of(with_text), "with", err);
    ck_assert_msg(with != NULL, "%s", err->message);
    AUTO_JSON *outputs = json_object();
    if (!book.rows) {
        book.rows = json_array();
        book.blobs = json_object();
    }
    struct step step = {.run_id = "r1",
                        .id = "profile",
                        .with = with,
                        .repository = rig->folder,
                        .scratch = "/scratch",
                        .mode = "normal",
                        .attempt = 1,
                        .arena = &rig->arena,
                        .outputs = outputs};
    return step_profile_fetch.run(&step, err) == 0 ? json_incref(outputs) : NULL;
}

START_TEST(fetches_and_reports)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    struct err err = {0};
    fixture_file(&rig.arena, rig.folder, "a.folded", "normalize_tag 60\n");
    fixture_file(&rig.arena, rig.folder, "b.folded", "fibonacci 40\n");
    AUTO_JSON *outputs =
        run_step(&rig,
                 "{\"source\": [\"*.folded\"], \"format\": \"auto\", \"top\": 5, \"assume-speedup\": 2,"
                 " \"cost\": {\"fleet_cores\": 10, \"core_year_usd\": 100, \"elasticity\": 0.5}}",
                 &err);
    ck_assert_msg(outputs != NULL, "%s", err.message);
    rig_check(outputs, true, "600 normalize_tag src/tag.c:10-13, 400 fibonacci src/fibonacci.c:1-1");
    ck_assert_double_eq(json_get_real(rig_hotspot(outputs, "normalize_tag"), "saving_usd_per_year", 0), 150);
    ck_assert_int_eq(book.puts, 2);
    ck_assert_int_eq(book.commits, 2);
    ck_assert_int_eq(book.stores, 2);
    const json_t *row = json_array_get(book.rows, 0);
    ck_assert_uint_eq(json_array_size(row), 12);
    ck_assert_str_eq(json_string_value(json_array_get(row, 3)), "normalize_tag");
    for (const struct field *output = step_profile_fetch.outputs; output->name; output++)
        ck_assert_msg(json_object_get(outputs, output->name) != NULL, "%s", output->name);
    ck_assert_uint_gt(json_object_size(outputs), 0);
}
END_TEST

START_TEST(fetches_once)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    struct err err = {0};
    static const char with[] = "{\"source\": \"a.folded\"}",
                      other[] = "{\"source\": \"a.folded\", \"top\": 1}";
    fixture_file(&rig.arena, rig.folder, "a.folded", "normalize_tag 60\nfibonacci 40\n");
    AUTO_JSON *first = run_step(&rig, with, &err);
    ck_assert_int_eq(fs_remove_tree(fs_join(&rig.arena, rig.folder, "a.folded"), &err), 0);
    AUTO_JSON *second = run_step(&rig, with, &err);
    ck_assert(json_equal(first, second));
    ck_assert_int_eq(book.commits, 2);
    AUTO_JSON *third = run_step(&rig, other, &err);
    ck_assert_msg(third != NULL, "%s", err.message);
    rig_check(third, false, "600 normalize_tag");
    ck_assert_int_eq(book.puts, 1);
}
END_TEST

START_TEST(refuses_bad_inputs)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    struct err err = {0};
    ck_assert_ptr_null(run_step(&rig, "{\"source\": []}", &err));
    ck_assert_int_eq(err.kind, ERR_CONFIG);
    ck_assert_ptr_null(run_step(&rig, "{\"source\": \"x\", \"cost\": {\"fleet_cores\": 1}}", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "cost: give fleet_cores and core_year_usd"));
    ck_assert_ptr_null(run_step(&rig, "{\"source\": \"x\", \"assume-speedup\": 0.5}", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "assume-speedup is at least 1"));
    ck_assert_ptr_null(run_step(
        &rig, "{\"source\": \"x\", \"cost\": {\"fleet_cores\": 1, \"core_year_usd\": 1, \"elasticity\": 2}}",
        &err));
    ck_assert_ptr_nonnull(strstr(err.message, "elasticity is between 0 and 1"));
    ck_assert_ptr_null(run_step(&rig, "{\"source\": \"none.pb\"}", &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    fixture_file(&rig.arena, rig.folder, "bad.folded", "a;b\n");
    ck_assert_ptr_null(run_step(&rig, "{\"source\": \"bad.folded\", \"format\": \"folded\"}", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "bad.folded:1: expected"));
    ck_assert_int_eq(book.stores, 0);
}
END_TEST

START_TEST(plans)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_JSON *file = json_read(STR("{\"source\": [\"a.pb\", \"b.pb\"]}"), "with", &err);
    ck_assert_str_eq(step_profile_fetch.plan(&arena, file), "read a.pb, b.pb; nothing leaves the machine");
    AUTO_JSON *url = json_read(STR("{\"source\": \"https://h.example/p\"}"), "with", &err);
    ck_assert_str_eq(step_profile_fetch.plan(&arena, url),
                     "read https://h.example/p; only the request for the profile leaves the machine");
}
END_TEST

START_TEST(stores_rows)
{
    AUTO_ARENA arena = {0};
    struct err err;
    char *folder = fixture_folder(&arena);
    struct db *db = db_open(fs_join(&arena, folder, "state.db"), DB_WRITE, &err);
    ck_assert_ptr_nonnull(db);
    for (const char *const *each = table_hotspot.migrations; *each; each++)
        ck_assert_msg(db_exec(db, *each, &err) == 0, "%s", err.message);
    AUTO_JSON *row =
        json_pack("[s,s,i,s,s,i,f,f,f,i,n,s]", "r1", "p", 1, "f", "a.c", 3, 0.5, 0.4, 0.6, 100, "{}");
    for (int i = 0; i < 2; i++)
        ck_assert_msg(db_run(db, table_hotspot.statements[0].sql, row, &err) == 0, "%s", err.message);
    AUTO_JSON *run = json_pack("[s]", "r1");
    AUTO_JSON *rows = db_rows(db, table_hotspot.statements[1].sql, run, &err);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "function", ""), "f");
    db_close(db);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

UNIT_MAIN("steps/profile-fetch/profile_fetch", fetches_and_reports, fetches_once, refuses_bad_inputs, plans,
          stores_rows)
