// SPDX-License-Identifier: Apache-2.0
// What every carrier must do, over every kind of place in places.h.
#include "tests/unit/workflow/carriers/lossy.h"

static const struct carrier_version nothing = {""};

// Runs a check over all places; two carriers of one place are two machines.
static void
each_place(void (*check)(struct carrier *here, struct carrier *there))
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        const char *spec = place_begin(&places[i]);
        if (spec) {
            struct carrier *here = machine(spec, "here"), *there = machine(spec, "there");
            check(here, there);
            carrier_close(here);
            carrier_close(there);
        }
        place_end();
    }
}

static void
ck_head(struct carrier *carrier, const struct carrier_version *version, const char *text)
{
    struct carrier_version found;
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    ok(carrier_load(carrier, &found, &head, &err));
    ck_assert_str_eq(found.text, version->text);
    ck_assert_str_eq(buf_text(&head), text);
}

static void
ck_chunk(struct carrier *carrier, const struct carrier_hash *hash, struct str content)
{
    AUTO_BUF found = BUF(CARRIER_CHUNK_BYTES);
    ok(carrier_get(carrier, hash->text, &found, &err));
    ck_assert(str_eq(buf_str(&found), content));
}

static void
check_empty(struct carrier *here, struct carrier *there)
{
    const struct carrier_hash unknown = {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
    AUTO_BUF text = BUF(1000);
    bool is_there = true;
    const char **ids;
    size_t count = 1;
    ck_head(here, &nothing, "");
    ok(carrier_has(here, unknown.text, &is_there, &err));
    ck_assert(!is_there);
    refused(carrier_get(there, unknown.text, &text, &err), ERR_NOT_FOUND);
    ok(carrier_message_list(here, &arena, &ids, &count, &err));
    ck_assert_uint_eq(count, 0);
    refused(carrier_message_get(here, "none", &text, &err), ERR_NOT_FOUND);
    ok(carrier_message_drop(here, "none", &err));
    refused(carrier_get(here, "../../etc/passwd", &text, &err), ERR_PARSE);
    refused(carrier_has(here, "", &is_there, &err), ERR_PARSE);
}

START_TEST(an_empty_place_has_nothing)
{
    each_place(check_empty);
}
END_TEST

static void
check_chunks(struct carrier *here, struct carrier *there)
{
    (void)there;
    static char large[CARRIER_CHUNK_BYTES + 1];
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)(i * 7 + i / 256);
    const struct str contents[] = {STR("one"), STR(""), STR("\0\r\n\xff"), str_n(large, CARRIER_CHUNK_BYTES)};
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        struct carrier_hash hash;
        bool is_there = false;
        ok(carrier_put(here, contents[i], &hash, &err));
        ok(carrier_put(here, contents[i], &hash, &err));
        ok(carrier_has(here, hash.text, &is_there, &err));
        ck_assert(is_there);
        ck_chunk(here, &hash, contents[i]);
    }
    struct carrier_hash hash;
    refused(carrier_put(here, str_n(large, sizeof(large)), &hash, &err), ERR_LIMIT);
}

START_TEST(keeps_chunks)
{
    each_place(check_chunks);
}
END_TEST

static void
check_swap(struct carrier *here, struct carrier *there)
{
    struct carrier_version first, second, third, lost;
    struct carrier_hash chunks[2],
        missing = {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
    ok(carrier_put(here, STR("a"), &chunks[0], &err));
    ok(carrier_put(here, STR("b"), &chunks[1], &err));
    ok(carrier_swap(here, &nothing, STR("head 1"), chunks, 2, &first, &err));
    ck_head(here, &first, "head 1");
    refused(carrier_swap(there, &nothing, STR("head x"), NULL, 0, &lost, &err), ERR_CONFLICT);
    ck_head(there, &first, "head 1");
    ck_chunk(there, &chunks[0], STR("a"));
    ck_chunk(there, &chunks[1], STR("b"));
    bool is_there = false;
    ok(carrier_has(there, chunks[1].text, &is_there, &err));
    ck_assert(is_there); // the second machine uploads only what is new
    ok(carrier_put(there, STR("c"), &chunks[0], &err));
    ok(carrier_swap(there, &first, STR("head 2"), chunks, 2, &second, &err));
    ck_assert_str_ne(first.text, second.text);
    refused(carrier_swap(here, &first, STR("head y"), NULL, 0, &lost, &err), ERR_CONFLICT);
    ck_head(here, &second, "head 2");
    ck_chunk(here, &chunks[0], STR("c"));
    refused(carrier_swap(here, &second, STR("head z"), &missing, 1, &lost, &err), ERR_NOT_FOUND);
    ck_head(there, &second, "head 2");
    ok(carrier_swap(here, &second, STR("head 3"), NULL, 0, &third, &err));
    ck_head(there, &third, "head 3");
    refused(carrier_swap(there, &nothing, STR("head w"), NULL, 0, &lost, &err), ERR_CONFLICT);
}

START_TEST(swaps_only_the_head_that_was_seen)
{
    each_place(check_swap);
}
END_TEST

static void
check_limits(struct carrier *here, struct carrier *there)
{
    (void)there;
    struct carrier_version now;
    AUTO_BUF large = BUF(CARRIER_HEAD_MAX_BYTES + 1);
    void *room = buf_extend(&large, CARRIER_HEAD_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(room);
    memset(room, 'x', CARRIER_HEAD_MAX_BYTES + 1);
    refused(carrier_swap(here, &nothing, buf_str(&large), NULL, 0, &now, &err), ERR_LIMIT);
    struct carrier_hash bad = {"../../../../tmp/x"};
    refused(carrier_swap(here, &nothing, STR("h"), &bad, 1, &now, &err), ERR_PARSE);
    ck_head(here, &nothing, "");
    ok(carrier_swap(here, &nothing, str_head(buf_str(&large), CARRIER_HEAD_MAX_BYTES), NULL, 0, &now, &err));
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    ok(carrier_load(here, &now, &head, &err));
    ck_assert_uint_eq(head.len, CARRIER_HEAD_MAX_BYTES);
    refused(carrier_message_put(here, "m", buf_str(&large), &err), ERR_LIMIT);
}

START_TEST(has_limits)
{
    each_place(check_limits);
}
END_TEST

static void
check_messages(struct carrier *here, struct carrier *there)
{
    static const char *const bad[] = {"", ".", "..", "a/b", "../x", "a.lock", "a b", "\xc3\xa4", "@{"};
    char first[27], second[27], too_long[CARRIER_ID_MAX + 2];
    AUTO_BUF text = BUF(CARRIER_MESSAGE_MAX_BYTES);
    const char **ids;
    size_t count;
    carrier_message_id(host_real(), first);
    do
        carrier_message_id(host_real(), second);
    while (strncmp(first, second, 10) == 0); // in the same millisecond their order is open
    ok(carrier_message_put(there, second, STR("later"), &err));
    ok(carrier_message_put(there, first, STR(""), &err));
    ok(carrier_message_put(there, first, STR(""), &err)); // the same again is the same message
    refused(carrier_message_put(here, first, STR("other"), &err), ERR_CONFLICT);
    ok(carrier_message_list(here, &arena, &ids, &count, &err));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(ids[0], first);
    ck_assert_str_eq(ids[1], second);
    ok(carrier_message_get(here, first, &text, &err));
    ck_assert_str_eq(buf_text(&text), "");
    ok(carrier_message_get(here, second, &text, &err));
    ck_assert_str_eq(buf_text(&text), "later");
    ok(carrier_message_drop(here, first, &err));
    ok(carrier_message_drop(there, first, &err));
    ok(carrier_message_list(there, &arena, &ids, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_head(here, &nothing, ""); // they never touch the head
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(carrier_message_put(here, bad[i], STR("x"), &err), ERR_USAGE);
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = 0;
    refused(carrier_message_put(here, too_long, STR("x"), &err), ERR_USAGE);
    ok(carrier_message_put(here, too_long + 1, STR("x"), &err));
    refused(carrier_message_drop(here, "../head", &err), ERR_USAGE);
}

START_TEST(delivers_messages_once_made)
{
    each_place(check_messages);
}
END_TEST

// ---- answers that are lost ----

// The call takes place, its answer is lost.
static void
check_lost(struct carrier *here, struct carrier *there)
{
    struct lossy lossy = {.inner = here, .done = true, .lose = 1};
    struct carrier *carrier = carrier_new(&lossy_ops, &lossy);
    struct carrier_version first, second, lost;
    struct carrier_hash chunk;
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    refused(carrier_put(carrier, STR("a"), &chunk, &err), ERR_NET);
    ok(carrier_put(carrier, STR("a"), &chunk, &err));
    lossy.lose = 1;
    ok(carrier_swap(carrier, &nothing, STR("head 1"), &chunk, 1, &first, &err));
    ck_head(there, &first, "head 1");
    lossy.lose = 2; // the look afterwards as well: now only a later load can tell
    refused(carrier_swap(carrier, &first, STR("head 2"), &chunk, 1, &lost, &err), ERR_NET);
    ok(carrier_load(carrier, &second, &text, &err));
    ck_assert_str_eq(buf_text(&text), "head 2");
    lossy.lose = 1;
    refused(carrier_load(carrier, &second, &text, &err), ERR_NET);
    ok(carrier_load(carrier, &second, &text, &err));
    lossy.lose = 1;
    ok(carrier_message_put(carrier, "m", STR("text"), &err));
    lossy.lose = 1;
    refused(carrier_message_drop(carrier, "m", &err), ERR_NET);
    ok(carrier_message_drop(carrier, "m", &err));
    refused(carrier_message_get(there, "m", &text, &err), ERR_NOT_FOUND);
    carrier_close(carrier);
}

START_TEST(finds_what_took_place_though_the_answer_was_lost)
{
    each_place(check_lost);
}
END_TEST

// The call never takes place.
static void
check_broken(struct carrier *here, struct carrier *there)
{
    struct lossy lossy = {.inner = here};
    struct carrier *carrier = carrier_new(&lossy_ops, &lossy);
    struct carrier_version first, lost;
    ok(carrier_swap(carrier, &nothing, STR("head 1"), NULL, 0, &first, &err));
    lossy.lose = 1;
    refused(carrier_swap(carrier, &first, STR("head 2"), NULL, 0, &lost, &err), ERR_NET);
    ck_head(there, &first, "head 1");
    lossy.lose = 1;
    refused(carrier_message_put(carrier, "m", STR("text"), &err), ERR_NET);
    AUTO_BUF text = BUF(1000);
    refused(carrier_message_get(there, "m", &text, &err), ERR_NOT_FOUND);
    carrier_close(carrier);
}

START_TEST(reports_what_did_not_take_place)
{
    each_place(check_broken);
}
END_TEST

START_TEST(names_the_forms_of_a_specification)
{
    root = fs_temp_dir(&arena, NULL, "atoll-carrier-", &err);
    ok(fs_write(fs_join(&arena, root, "file"), STR("x"), &err));
    static const struct {
        const char *spec, *says;
    } cases[] = {
        {"", "a carrier is dir:PATH or git:REMOTE#REF"},
        {"s3://bucket", "no carrier is called \"s3\""},
        {"state", "no carrier is called \"state\""},
        {"dir:", "write dir:PATH"},
        {"dir:file", "not a folder"},
        {"git:", "git:origin#refs/atoll/state"},
        {"git:origin", "write git:REMOTE#REF"},
        {"git:#refs/atoll/state", "write git:REMOTE#REF"},
        {"git:origin#", "write git:REMOTE#REF"},
        {"git:origin#state", "full name of a ref"},
        {"git:origin#refs/../x", "full name of a ref"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct carrier_options options = {root, fs_join(&arena, root, "cache"), host_real()};
        ck_assert_ptr_null(carrier_open(cases[i].spec, &options, &err));
        ck_assert_int_eq(err.kind, ERR_CONFIG);
        ck_assert_msg(strstr(err.message, cases[i].says) != NULL, "%s: %s", cases[i].spec, err.message);
    }
    place_end();
}
END_TEST

UNIT_MAIN("workflow/carriers/conformance", an_empty_place_has_nothing, keeps_chunks,
          swaps_only_the_head_that_was_seen, has_limits, delivers_messages_once_made,
          finds_what_took_place_though_the_answer_was_lost, reports_what_did_not_take_place,
          names_the_forms_of_a_specification)
