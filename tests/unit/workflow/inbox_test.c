// SPDX-License-Identifier: Apache-2.0
#include "workflow/inbox.h"

#include "tests/unit/workflow/fake_steps.h"

static const struct message full = {
    .kind = "signal", .run = "R", .name = "go \"now\"", .sender = "zoë", .sent_ns = 1795243820123456789};

static struct message
read_back(struct arena *arena, const char *text, const char *id, json_t **json)
{
    struct err err = {0};
    struct message message;
    ck_assert_msg(message_read(str_of(text), id, arena, &message, json, &err) == 0, "%s", err.message);
    return message;
}

START_TEST(a_message_survives_the_way)
{
    AUTO_ARENA arena = {0};
    struct message sent = full;
    AUTO_JSON *data = json_pack("{s:[i,n], s:s}", "list", 1, "text", "a\nb");
    sent.data = data;
    char *text = message_write(&sent);
    ck_assert_ptr_null(strchr(text, '\n'));
    json_t *json;
    struct message got = read_back(&arena, text, "ID", &json);
    AUTO_JSON *held = json;
    ck_assert_str_eq(got.id, "ID");
    ck_assert_str_eq(got.kind, sent.kind);
    ck_assert_str_eq(got.run, sent.run);
    ck_assert_str_eq(got.name, sent.name);
    ck_assert_str_eq(got.sender, sent.sender);
    ck_assert_int_eq(got.sent_ns, sent.sent_ns);
    ck_assert(json_equal(got.data, data));
    free(text);
}
END_TEST

START_TEST(a_pause_is_for_no_run_and_brings_nothing)
{
    AUTO_ARENA arena = {0};
    char *text = message_write(&(struct message){.kind = "pause", .name = "", .sender = "me", .sent_ns = 7});
    json_t *json;
    struct message got = read_back(&arena, text, "ID", &json);
    AUTO_JSON *held = json;
    ck_assert_ptr_null(got.run);
    ck_assert_ptr_null(got.data);
    free(text);
}
END_TEST

START_TEST(what_is_not_utf_8_can_not_be_sent)
{
    struct message wrong = full;
    wrong.name = "\xff";
    ck_assert_ptr_null(message_write(&wrong));
    wrong = full;
    wrong.sender = "\xc3(";
    ck_assert_ptr_null(message_write(&wrong));
}
END_TEST

START_TEST(a_message_that_lacks_something_is_refused)
{
    static const char *const cases[][2] = {
        {"", "message"},
        {"{", "message"},
        {"[]", "no version that this atoll knows"},
        {"{\"version\":1}", "no kind that this atoll knows"},
        {"{\"version\":2,\"kind\":\"pause\"}", "no version that this atoll knows"},
        {"{\"version\":1,\"kind\":\"paus\",\"run\":\"R\",\"name\":\"n\"}", "no kind that this atoll knows"},
        {"{\"version\":1,\"kind\":\"signal\",\"name\":\"n\"}", "no run"},
        {"{\"version\":1,\"kind\":\"signal\",\"run\":null,\"name\":\"n\"}", "no run"},
        {"{\"version\":1,\"kind\":\"cancel\"}", "no run"},
        {"{\"version\":1,\"kind\":\"signal\",\"run\":\"R\"}", "no name"},
        {"{\"version\":1,\"kind\":\"signal\",\"run\":\"R\",\"name\":\"\"}", "no name"},
        {"{\"version\":1,\"kind\":7,\"run\":\"R\",\"name\":\"n\"}", "no kind that this atoll knows"},
    };
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        struct message message;
        json_t *json = NULL;
        ck_assert_msg(message_read(str_of(cases[i][0]), "ID", &arena, &message, &json, &err) == -1, "%s",
                      cases[i][0]);
        ck_assert_ptr_null(json);
        ck_assert_int_eq(err.kind, ERR_PARSE);
        ck_assert_msg(strstr(err.message, cases[i][1]) != NULL, "%s: %s", cases[i][0], err.message);
    }
}
END_TEST

START_TEST(the_inbox_keeps_messages_in_order_until_dropped)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(INBOX_MESSAGE_MAX_BYTES);
    struct err err = {0};
    const char **ids;
    size_t count;
    fake_folder(&arena);
    const char *folder = inbox_folder(&arena, "s/state.db");
    ck_assert_int_eq(inbox_list(folder, &arena, &ids, &count, &err), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(inbox_put(folder, "02", STR("two"), &err), 0);
    ck_assert_int_eq(inbox_put(folder, "01", STR("one"), &err), 0);
    ck_assert_int_eq(inbox_put(folder, "02", STR("other"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    // What is no message, or not whole yet, is not listed.
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, ".atoll-1.tmp"), STR("half"), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "sub/03.json"), STR("{}"), &err), 0);
    ck_assert_int_eq(inbox_list(folder, &arena, &ids, &count, &err), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(ids[0], "01");
    ck_assert_str_eq(ids[1], "02");
    ck_assert_int_eq(inbox_read(folder, "02", &text, &err), 0);
    ck_assert_str_eq(buf_text(&text), "two");
    ck_assert_int_eq(inbox_drop(folder, "02", &err), 0);
    ck_assert_int_eq(inbox_drop(folder, "02", &err), 0);
    ck_assert_int_eq(inbox_read(folder, "02", &text, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(inbox_list(folder, &arena, &ids, &count, &err), 0);
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(a_message_has_a_largest_size)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(INBOX_MESSAGE_MAX_BYTES), large = BUF(INBOX_MESSAGE_MAX_BYTES + 2);
    struct err err = {0};
    fake_folder(&arena);
    for (size_t i = 0; i < INBOX_MESSAGE_MAX_BYTES; i++)
        buf_puts(&large, "x");
    ck_assert_int_eq(inbox_put("in", "fits", buf_str(&large), &err), 0);
    ck_assert_int_eq(inbox_read("in", "fits", &text, &err), 0);
    buf_puts(&large, "x");
    ck_assert_int_eq(inbox_put("in", "large", buf_str(&large), &err), 0);
    ck_assert_int_eq(inbox_read("in", "large", &text, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

UNIT_MAIN("workflow/inbox", a_message_survives_the_way, a_pause_is_for_no_run_and_brings_nothing,
          what_is_not_utf_8_can_not_be_sent, a_message_that_lacks_something_is_refused,
          the_inbox_keeps_messages_in_order_until_dropped, a_message_has_a_largest_size)
