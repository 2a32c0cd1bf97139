// SPDX-License-Identifier: Apache-2.0
#include "cmd/summary.h"

#include "base/fs.h"
#include "tests/unit/unit.h"

// What is printed of a run whose only step is open-pull-request with these outputs.
static const char *
summary_of(struct arena *arena, const char *outputs)
{
    struct err err;
    struct terminal terminal = {.width = 80};
    AUTO_JSON *json = json_read(str_of(outputs), "outputs", &err);
    AUTO_JSON *status = json_pack("{s:s, s:s, s:[{s:s, s:O}]}", "run", "01R", "status", "succeeded", "steps",
                                  "uses", "open-pull-request", "outputs", json);
    AUTO_BUF text = BUF(1 << 20);
    char *folder = fs_temp_dir(arena, NULL, "summary-", &err);
    ck_assert_ptr_nonnull(folder);
    const char *path = fs_join(arena, folder, "stdout");
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    summary_print(&terminal, status);
    fflush(stdout);
    ck_assert_int_eq(fs_read(path, 1 << 20, &text, &err), 0);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    return arena_str(arena, buf_str(&text));
}

START_TEST(a_request_that_a_person_closed_is_named)
{
    AUTO_ARENA arena = {0};
    const char *text = summary_of(&arena, "{\"function\": \"f\", \"status\": \"closed-by-person\","
                                          "\"summary\": \"a person closed this pull request\"}");
    ck_assert_msg(strstr(text, "  f: a person closed this pull request\n") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "branch") == NULL, "%s", text);
}
END_TEST

UNIT_MAIN("cmd/summary", a_request_that_a_person_closed_is_named)
