// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/model/model.h"

#include "base/clock.h"
#include "base/fs.h"
#include "tests/unit/unit.h"

static int
open_with(struct model *model, struct arena *arena, const char *directory, const char *settings,
          struct err *err)
{
    AUTO_JSON *json = json_read(str_of(settings), "settings", err);
    ck_assert_ptr_nonnull(json);
    return model_open(model, arena, directory, json, err);
}

START_TEST(test_command)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    ck_assert_int_eq(
        open_with(&model, &arena, "/", "{\"provider\": \"command\", \"command\": \"tr a-z A-Z; pwd\"}", &err),
        0);
    ck_assert_str_eq(model.name, "command");
    ck_assert_int_eq(model.timeout_ms, 120000);
    ck_assert_int_eq(model_complete(&model, 0, STR("prompt "), &reply, &err), 1);
    ck_assert_str_eq(buf_text(&reply), "PROMPT /\n");
}
END_TEST

START_TEST(test_command_fails)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    ck_assert_int_eq(
        open_with(&model, &arena, "/", "{\"name\": \"m\", \"command\": \"echo no key >&2; exit 3\"}", &err),
        0);
    ck_assert_int_eq(model_complete(&model, 0, STR("p"), &reply, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(err.message, "model m"));
    ck_assert_ptr_nonnull(strstr(err.message, "exit code 3"));
    ck_assert_ptr_nonnull(strstr(err.message, "no key"));
    ck_assert_int_eq(open_with(&model, &arena, "/", "{\"command\": \"cat >/dev/null\"}", &err), 0);
    ck_assert_int_eq(model_complete(&model, 0, STR("p"), &reply, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "empty"));
    ck_assert_uint_eq(reply.len, 0);
}
END_TEST

START_TEST(test_command_takes_too_long)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    ck_assert_int_eq(open_with(&model, &arena, "/", "{\"command\": \"sleep 30\", \"timeout\": 0.2}", &err),
                     0);
    int64_t begun_ns = clock_mono_ns();
    ck_assert_int_eq(model_complete(&model, 0, STR("p"), &reply, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TIMEOUT);
    ck_assert_int_lt(clock_mono_ns() - begun_ns, 10 * CLOCK_S_NS);
}
END_TEST

START_TEST(test_command_is_killed_from_outside)
{
    static const char *const settings[] = {"{\"command\": \"kill -9 $$\"}",
                                           "{\"command\": \"sh -c 'kill -9 $$'; exit $?\"}"};
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(open_with(&model, &arena, "/", settings[i], &err), 0);
        ck_assert_int_eq(model_complete(&model, 0, STR("p"), &reply, &err), -1);
        ck_assert_int_eq(err.kind, ERR_LOST);
    }
}
END_TEST

START_TEST(test_long_replies_are_cut)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1 << 20);
    struct model model;
    struct err err;
    ck_assert_int_eq(
        open_with(&model, &arena, "/", "{\"command\": \"head -c 400000 /dev/zero | tr '\\\\0' x\"}", &err),
        0);
    ck_assert_int_eq(model_complete(&model, 0, STR("p"), &reply, &err), 1);
    ck_assert_uint_eq(reply.len, MODEL_REPLY_MAX_BYTES);
}
END_TEST

START_TEST(test_replay_of_lines)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    char *folder = fs_temp_dir(&arena, NULL, "model", &err);
    ck_assert_ptr_nonnull(folder);
    const char *path = fs_join(&arena, folder, "replies.jsonl");
    ck_assert_int_eq(fs_write(path, STR("\"one\"\n\n{\"reply\": \"two\"}\n"), &err), 0);
    ck_assert_int_eq(
        open_with(&model, &arena, folder, "{\"provider\": \"replay\", \"file\": \"replies.jsonl\"}", &err),
        0);
    // By number, so that a resumed search goes on where it was.
    ck_assert_int_eq(model_complete(&model, 1, STR(""), &reply, &err), 1);
    ck_assert_str_eq(buf_text(&reply), "two");
    buf_clear(&reply);
    ck_assert_int_eq(model_complete(&model, 0, STR(""), &reply, &err), 1);
    ck_assert_str_eq(buf_text(&reply), "one");
    ck_assert_int_eq(model_complete(&model, 2, STR(""), &reply, &err), 0);
    ck_assert_int_eq(fs_write(path, STR("\"one\"\n{\"replies\": 3}\n"), &err), 0);
    ck_assert_int_eq(
        open_with(&model, &arena, folder, "{\"provider\": \"replay\", \"file\": \"replies.jsonl\"}", &err),
        -1);
    ck_assert_ptr_nonnull(strstr(err.message, "replies.jsonl:2"));
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

START_TEST(test_replay_of_a_folder)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF reply = BUF(1000);
    struct model model;
    struct err err;
    char *folder = fs_temp_dir(&arena, NULL, "model", &err);
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "r/2.txt"), STR("second"), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "r/1.txt"), STR("first"), &err), 0);
    ck_assert_int_eq(open_with(&model, &arena, folder, "{\"provider\": \"replay\", \"file\": \"r\"}", &err),
                     0);
    ck_assert_int_eq(model_complete(&model, 0, STR(""), &reply, &err), 1);
    ck_assert_str_eq(buf_text(&reply), "first");
    ck_assert_int_eq(model_complete(&model, 2, STR(""), &reply, &err), 0);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

START_TEST(test_settings)
{
    AUTO_ARENA arena = {0};
    struct model model;
    struct err err;
    ck_assert_int_eq(open_with(&model, &arena, "/", "{\"provider\": \"oracle\"}", &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFIG);
    ck_assert_int_eq(open_with(&model, &arena, "/", "{\"provider\": \"command\"}", &err), -1);
    ck_assert_int_eq(open_with(&model, &arena, "/", "{\"provider\": \"replay\"}", &err), -1);
    ck_assert_int_eq(
        open_with(&model, &arena, "/", "{\"provider\": \"replay\", \"file\": \"no/such\"}", &err), -1);
}
END_TEST

UNIT_MAIN("model/model", test_command, test_command_fails, test_command_takes_too_long,
          test_command_is_killed_from_outside, test_long_replies_are_cut, test_replay_of_lines,
          test_replay_of_a_folder, test_settings)
