// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/body.h"

#include "tests/unit/unit.h"

static const char evidence_text[] =
    "{\"verdict\": \"proven\", \"isolation\": \"guard\","
    " \"checks\": [{\"name\": \"holdout\", \"ok\": true, \"detail\": \"40 calls\"},"
    "              {\"name\": \"random\", \"ok\": false, \"detail\": \"call 7\"}],"
    " \"winner\": {\"function\": \"twice\", \"file\": \"src/x.c\", \"candidate\": \"c1\","
    "  \"variant\": \"f00d\", \"speedup\": 3.0, \"speedup_low\": 2.9, \"speedup_high\": 3.1,"
    "  \"evaluations\": 12, \"notes\": [\"one shift\", 7, \"no loop\"],"
    "  \"holdout\": {\"speedup\": 2.5, \"speedup_low\": 2.4, \"speedup_high\": 2.6},"
    "  \"benchmark\": {\"share\": 0.2}}}";

static json_t *
evidence(void)
{
    struct err err;
    json_t *json = json_read(str_of(evidence_text), "evidence", &err);
    ck_assert_msg(json != NULL, "%s", err.message);
    return json;
}

static struct body_parts
parts_of(const json_t *json)
{
    return (struct body_parts){
        .evidence = json,
        .marker = "<!-- marker -->",
        .flag = "atoll-twice",
        .variable = "ATOLL_FLAG_TWICE",
        .rollout_file = ".atoll/rollout/twice.flagd.json",
        .branch = "atoll/twice",
        .base = "main",
        .diff = STR("+ the new line\n"),
        .tests = "`make test` passes with the flag off and on",
    };
}

static void
ck_has(const struct buf *text, const char *part)
{
    ck_assert_msg(strstr(buf_text(text), part) != NULL, "no \"%s\" in:\n%s", part, buf_text(text));
}

START_TEST(figures_come_first_and_the_holdout_is_the_headline)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    body_write(&parts, &text);
    ck_has(&text, "<!-- marker -->");
    ck_has(&text, "holdout inputs, never seen by the search | **2.50x (95 % interval 2.40 to 2.60)**");
    ck_has(&text, "train inputs | 3.00x (95 % interval 2.90 to 3.10)");
    // 20 % of the time at 2.5x.
    ck_has(&text, "predicted saving of the service's CPU | 12.00 % (the function has 20.0 % of it)");
    ck_has(&text, "| this branch | `make test` passes with the flag off and on |\n");
    ck_has(&text, "| candidates measured | 12, isolation level guard |\n");
    ck_assert(strstr(buf_text(&text), "A/A") == NULL); // nothing is known
    buf_clear(&text);
    json_object_set_new(json, "containment",
                        json_pack("{s:i, s:[s, s]}", "landlock_abi", 7, "losses", "net-ns", "tmpfs"));
    body_write(&parts, &text);
    ck_has(&text, "12, isolation level guard, Landlock ABI 7, accepted to be missing: net-ns, tmpfs |\n");
    ck_assert(strstr(buf_text(&text), "speed-up on holdout") < strstr(buf_text(&text), "<details>"));
}
END_TEST

START_TEST(the_pool_of_the_host_is_told)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16);
    json_t *winner = json_object_get(json, "winner");
    json_object_set_new(winner, "aa", json_pack("{s:i, s:i}", "different", 1, "of", 140));
    json_object_set_new(winner, "host", json_string("x86_64 Model A"));
    struct body_parts parts = parts_of(json);
    body_write(&parts, &text);
    ck_has(&text, "| the old version against itself (A/A) | 1 of 140 called different on x86_64 Model A |\n");
    ck_has(&text, "atoll verdict c1\natoll explain c1\n");
}
END_TEST

START_TEST(every_check_and_the_way_back_are_told)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    body_write(&parts, &text);
    ck_has(&text, "| holdout | ok | 40 calls |\n");
    ck_has(&text, "| random | NOT ok | call 7 |\n");
    ck_has(&text, "- one shift\n- no loop\n");
    ck_has(&text, "**switched off**");
    ck_has(&text, "`ATOLL_FLAG_TWICE=on`");
    ck_has(&text, "`.atoll/rollout/twice.flagd.json`");
    ck_has(&text, "git diff main...atoll/twice\n");
    ck_has(&text, "````diff\n+ the new line\n````\n");
}
END_TEST

START_TEST(without_tests_none_are_claimed)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    parts.tests = "";
    body_write(&parts, &text);
    ck_assert(strstr(buf_text(&text), "this branch") == NULL);
}
END_TEST

START_TEST(the_message_names_the_flag_and_the_target)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16), title = BUF(256);
    body_write_title(json, &title);
    ck_assert_str_eq(buf_text(&title), "Make twice 2.5x faster, behind a flag");
    body_write_message(json, "atoll-twice", &text);
    ck_assert(str_starts(buf_str(&text), STR("Make twice 2.5x faster, behind a flag\n\n")));
    ck_has(&text, "chosen by the flag atoll-twice, which is off.");
    ck_has(&text, "Holdout inputs: 2.50x");
    ck_assert(str_ends(buf_str(&text), STR("\n\nAtoll-Target: src/x.c:twice\nAtoll-Variant: f00d\n")));
}
END_TEST

START_TEST(a_record_without_figures_gives_a_text_all_the_same)
{
    AUTO_JSON *json = json_object();
    AUTO_BUF text = BUF(1 << 16), message = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    body_write(&parts, &text);
    body_write_message(json, "atoll-twice", &message);
    ck_has(&text, "predicted saving of the service's CPU | 0.00 %");
    ck_has(&message, "Make  0.0x faster");
}
END_TEST

static void
ck_says(const char *diff, const char *words)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    parts.diff = str_of(diff);
    body_write(&parts, &text);
    ck_has(&text, words);
}

START_TEST(says_when_the_flag_is_read)
{
    ck_says(
        "+++ b/f.c\n+ATOLL_FLAG(f, \"atoll-f\", \"ATOLL_FLAG_F\")\n+#define ATOLL_FLAG_EACH_CALL(function)\n",
        "read by `atoll_flag.h` once in the life of the process.");
    ck_says("+++ b/f.c\n+ATOLL_FLAG_EACH_CALL(f, \"atoll-f\", \"ATOLL_FLAG_F\")\n",
            "read by `atoll_flag.h` on every call.");
}
END_TEST

START_TEST(go_versions_have_the_names_of_go)
{
    AUTO_JSON *json = evidence();
    AUTO_BUF text = BUF(1 << 16), message = BUF(1 << 16);
    struct body_parts parts = parts_of(json);
    json_t *winner = json_object_get(json, "winner");
    json_object_set_new(winner, "file", json_string("tag.go"));
    json_object_set_new(winner, "function", json_string("Table.Get"));
    parts.diff = STR("+++ b/tag.go\n+\tif atollFlag(\"atoll-f\", \"ATOLL_FLAG_F\") {\n");
    body_write(&parts, &text);
    ck_has(&text, "word for word, as `getControl`. The new one, `getTreatment`, ships");
    ck_has(&text, "read by `atoll_flag.go` on every call.");
    body_write_message(json, "atoll-f", &message);
    ck_has(&message, "The old function stays as getControl;");
}
END_TEST

UNIT_MAIN("steps/open-pull-request/body", go_versions_have_the_names_of_go, says_when_the_flag_is_read,
          figures_come_first_and_the_holdout_is_the_headline, the_pool_of_the_host_is_told,
          every_check_and_the_way_back_are_told, without_tests_none_are_claimed,
          the_message_names_the_flag_and_the_target, a_record_without_figures_gives_a_text_all_the_same)
