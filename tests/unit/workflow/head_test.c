// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "tests/unit/unit.h"
#include "workflow/head.h"

#define SUM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define WRITE "0123456789abcdef0123456789abcdef"

static struct err err;

static const struct head *
sample(void)
{
    static struct carrier_hash chunks[] = {{SUM}, {SUM}};
    static struct head head = {.lineage = "a-b_1",
                               .generation = 7,
                               .schema = 2,
                               .size_bytes = CARRIER_CHUNK_BYTES + 1,
                               .sum = SUM,
                               .chunks = chunks,
                               .chunk_count = 2,
                               .owner = "host:12 \xc3\xa4",
                               .until_ns = 1000,
                               .write = WRITE,
                               .previous = {"f123456789abcdef0123456789abcdef"},
                               .previous_count = 1};
    return &head;
}

START_TEST(comes_back_as_it_was_written)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES), again = BUF(CARRIER_HEAD_MAX_BYTES);
    struct head head;
    head_write(sample(), &text);
    ck_assert_msg(head_read(&arena, buf_str(&text), &head, &err) == 0, "%s", err.message);
    ck_assert_str_eq(head.lineage, "a-b_1");
    ck_assert_int_eq(head.generation, 7);
    ck_assert_int_eq(head.schema, 2);
    ck_assert_int_eq(head.size_bytes, CARRIER_CHUNK_BYTES + 1);
    ck_assert_uint_eq(head.chunk_count, 2);
    ck_assert_str_eq(head.chunks[1].text, SUM);
    ck_assert_str_eq(head.owner, "host:12 \xc3\xa4");
    ck_assert_int_eq(head.until_ns, 1000);
    ck_assert(head_is_write(&head, WRITE));
    ck_assert(!head_is_write(&head, ""));
    ck_assert(!head_is_after(&head, WRITE));
    ck_assert(head_is_after(&head, "f123456789abcdef0123456789abcdef"));
    head_write(&head, &again);
    ck_assert_str_eq(buf_text(&again), buf_text(&text));
}
END_TEST

// One member of the sample is another value; `value` NULL takes it away.
static void
ck_refuses(const char *key, const char *value, enum err_kind kind)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    struct head head;
    head_write(sample(), &text);
    AUTO_JSON *json = json_read(buf_str(&text), "head", &err);
    if (value)
        json_object_set_new(json, key, json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
    else
        json_object_del(json, key);
    char *changed = json_compact(json);
    ck_assert_msg(head_read(&arena, str_of(changed), &head, &err) < 0, "%s", changed);
    ck_assert_msg(err.kind == kind, "%s: %s: %s", changed, err_name(err.kind), err.message);
    free(changed);
}

START_TEST(believes_nothing)
{
    static const char *const members[] = {"format", "lineage", "generation", "schema",   "size",
                                          "sha256", "chunks",  "lease",      "previous", "write"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        ck_refuses(members[i], NULL, ERR_PARSE);
        ck_refuses(members[i], "1.5", ERR_PARSE);
        ck_refuses(members[i], "{}", ERR_PARSE);
        ck_refuses(members[i], "\"\"", ERR_PARSE);
        ck_refuses(members[i], "-1", ERR_PARSE);
    }
    ck_refuses("format", "2", ERR_ENVIRONMENT);
    ck_refuses("format", "0", ERR_PARSE);
    ck_refuses("size", "9223372036854775807", ERR_LIMIT);
    ck_refuses("size", "2147483649", ERR_LIMIT);
    ck_refuses("size", "65536", ERR_PARSE);  // one chunk
    ck_refuses("size", "131073", ERR_PARSE); // three
    ck_refuses("size", "0", ERR_PARSE);
    ck_refuses("schema", "4294967297", ERR_PARSE);
    ck_refuses("lineage", "\"../../x\"", ERR_PARSE);
    ck_refuses("lineage", "\"a\\u0000b\"", ERR_PARSE);
    ck_refuses("sha256", "\"" SUM "0\"", ERR_PARSE);
    ck_refuses("sha256", "\"G0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"", ERR_PARSE);
    ck_refuses("chunks", "[\"" SUM "\", \"../../../../../../../../../../../etc/passwd\"]", ERR_PARSE);
    ck_refuses("chunks", "[\"" SUM "\", 1]", ERR_PARSE);
    ck_refuses("lease", "{\"owner\": \"a\"}", ERR_PARSE);
    ck_refuses("lease", "{\"owner\": \"a\\nb\", \"until_ns\": 1}", ERR_PARSE);
    ck_refuses("lease", "{\"owner\": \"\", \"until_ns\": 1}", ERR_PARSE);
    ck_refuses("previous", "[\"\"]", ERR_PARSE);
    ck_refuses("previous", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", ERR_PARSE); // more than there may be
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    struct head head;
    head_write(sample(), &text);
    for (size_t len = 0; len + 2 < text.len; len += 7)
        ck_assert_int_eq(head_read(&arena, str_head(buf_str(&text), len), &head, &err), -1);
    AUTO_BUF large = BUF(CARRIER_HEAD_MAX_BYTES + 1);
    void *room = buf_extend(&large, CARRIER_HEAD_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(room);
    memset(room, ' ', CARRIER_HEAD_MAX_BYTES + 1);
    ck_assert_int_eq(head_read(&arena, buf_str(&large), &head, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(a_lease_is_anothers_until_it_runs_out)
{
    struct head head = *sample();
    ck_assert(head_is_held(&head, "me", 999));
    ck_assert(!head_is_held(&head, "me", 1000));
    ck_assert(!head_is_held(&head, head.owner, 999));
    head.owner[0] = 0;
    ck_assert(!head_is_held(&head, "me", 999));
}
END_TEST

UNIT_MAIN("workflow/head", comes_back_as_it_was_written, believes_nothing, refuses_what_is_no_json,
          a_lease_is_anothers_until_it_runs_out)
