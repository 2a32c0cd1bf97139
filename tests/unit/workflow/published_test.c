// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/unit.h"
#include "workflow/publication.h"

START_TEST(goes_to_json_and_back)
{
    struct published before = {.version = {"v1"}, .lineage = "abc", .generation = 7, .write = "w0"}, after;
    struct err err;
    before.previous_count = 2;
    memcpy(before.previous[0], "p0", 3);
    memcpy(before.previous[1], "p1", 3);
    before.open_count = 1;
    memcpy(before.open[0], "o0", 3);
    AUTO_JSON *json = published_json(&before);
    ck_assert_int_eq(published_read(json, &after, &err), 0);
    ck_assert_mem_eq(&before, &after, sizeof(before));
}
END_TEST

START_TEST(nothing_published_is_null)
{
    struct published none = {0}, after = {.generation = 9};
    struct err err;
    AUTO_JSON *json = published_json(&none);
    ck_assert(json_is_null(json));
    ck_assert_int_eq(published_read(json, &after, &err), 0);
    ck_assert_mem_eq(&none, &after, sizeof(none));
    ck_assert_int_eq(published_read(NULL, &after, &err), 0);
}
END_TEST

START_TEST(refuses_what_it_did_not_write)
{
    static const char *const texts[] = {
        "{}",
        "{\"version\": 1, \"lineage\": \"\", \"write\": \"\", \"previous\": [], \"open\": []}",
        "{\"version\": \"\", \"lineage\": \"\", \"write\": \"0123456789012345678901234567890123\","
        " \"previous\": [], \"open\": []}",
        "{\"version\": \"\", \"lineage\": \"\", \"write\": \"\", \"previous\": [7], \"open\": []}",
        "{\"version\": \"\", \"lineage\": \"\", \"write\": \"\", \"previous\": [], \"open\":"
        " [\"1\", \"2\", \"3\", \"4\", \"5\"]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct published after;
        struct err err;
        AUTO_JSON *json = json_read(str_of(texts[i]), "test", &err);
        ck_assert_ptr_nonnull(json);
        ck_assert_int_eq(published_read(json, &after, &err), -1);
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
}
END_TEST

UNIT_MAIN("workflow/published", goes_to_json_and_back, nothing_published_is_null,
          refuses_what_it_did_not_write)
