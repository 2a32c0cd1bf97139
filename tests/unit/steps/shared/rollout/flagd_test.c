// SPDX-License-Identifier: Apache-2.0
// The shape that flagd evaluates, and the way back.
#include "steps/shared/rollout/rollout.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct err err;
static const double stages[] = {0.29, 1, 7, 100};

static struct rollout
at_stage(size_t stage)
{
    return (struct rollout){.function = "crc",
                            .file = "src/crc.c",
                            .flag = "atoll-crc",
                            .stages = stages,
                            .stage_count = 4,
                            .stage = stage,
                            .state = stage > 0 ? ROLLOUT_ON : ROLLOUT_OFF,
                            .lease_s = 1900000000};
}

static const char *
written(const struct rollout *rollout)
{
    AUTO_BUF out = BUF(1 << 16);
    ck_assert_msg(flag_format_flagd.write(rollout, &out, &err) == 0, "%s", err.message);
    return arena_str(&arena, buf_str(&out));
}

// The flag's own object; borrowed from *file, which the caller drops.
static const json_t *
flag_of(const struct rollout *rollout, json_t **file)
{
    *file = json_read(str_of(written(rollout)), "flag", &err);
    ck_assert_msg(*file != NULL, "%s", err.message);
    ck_assert_str_eq(json_get_text(*file, "$schema", ""), "https://flagd.dev/schema/v0/flags.json");
    json_t *flags = json_object_get(*file, "flags");
    ck_assert_uint_eq(json_object_size(flags), 1);
    return json_object_get(flags, "atoll-crc");
}

static void
ck_targeting(const struct rollout *rollout, const char *expected)
{
    json_t *file;
    const json_t *targeting = json_object_get(flag_of(rollout, &file), "targeting");
    char *text = targeting != NULL ? json_compact(targeting) : NULL;
    ck_assert_str_eq(text != NULL ? text : "none", expected);
    free(text);
    json_decref(file);
}

START_TEST(off_serves_control_without_targeting)
{
    struct rollout rollout = at_stage(0);
    json_t *file;
    const json_t *flag = flag_of(&rollout, &file);
    ck_assert_str_eq(json_get_text(flag, "state", ""), "ENABLED");
    ck_assert_str_eq(json_get_text(flag, "defaultVariant", ""), "control");
    const json_t *variants = json_object_get(flag, "variants");
    ck_assert(json_is_true(json_object_get(variants, "treatment")));
    ck_assert(json_is_false(json_object_get(variants, "control")));
    ck_assert_uint_eq(json_object_size(variants), 2);
    json_decref(file);
    ck_targeting(&rollout, "none");
}
END_TEST

START_TEST(a_share_ends_with_the_lease)
{
    struct rollout rollout = at_stage(3);
    ck_targeting(&rollout, "{\"if\":[{\"<\":[{\"var\":\"$flagd.timestamp\"},1900000000]},"
                           "{\"fractional\":[[\"treatment\",7000],[\"control\",93000]]},\"control\"]}");
}
END_TEST

START_TEST(weights_always_add_up)
{
    static const char *const weights[] = {
        "[\"treatment\",290],[\"control\",99710]", "[\"treatment\",1000],[\"control\",99000]",
        "[\"treatment\",7000],[\"control\",93000]", "[\"treatment\",100000],[\"control\",0]"};
    for (size_t stage = 1; stage <= 4; stage++) {
        struct rollout rollout = at_stage(stage);
        AUTO_JSON *file = json_read(str_of(written(&rollout)), "flag", &err);
        char *text = json_compact(file);
        ck_assert_msg(strstr(text, weights[stage - 1]) != NULL, "%s", text);
        free(text);
    }
}
END_TEST

START_TEST(a_roll_back_disables_with_the_reason)
{
    struct rollout rollout = at_stage(2);
    rollout_roll_back(&rollout, "answers differ: \"a\"\xff");
    json_t *file;
    const json_t *flag = flag_of(&rollout, &file), *metadata = json_object_get(flag, "metadata");
    ck_assert_str_eq(json_get_text(flag, "state", ""), "DISABLED");
    ck_assert_str_eq(json_get_text(metadata, "reason", ""), "answers differ: \"a\"\xef\xbf\xbd");
    json_decref(file);
    ck_targeting(&rollout, "none");
}
END_TEST

START_TEST(metadata_holds_scalars_only)
{
    struct rollout rollout = at_stage(2);
    json_t *file;
    json_t *metadata = json_object_get(flag_of(&rollout, &file), "metadata");
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
        ck_assert_msg(json_is_string(value) || json_is_number(value) || json_is_boolean(value), "%s", key);
    ck_assert_int_eq(json_get_int(metadata, "stage", 0), 2);
    ck_assert(json_get_real(metadata, "percent", 0) == 1);
    ck_assert_int_eq(json_get_int(metadata, "lease", 0), 1900000000);
    ck_assert_str_eq(json_get_text(metadata, "stages", ""), "[0.29,1,7,100]");
    ck_assert_str_eq(json_get_text(metadata, "function", ""), "crc");
    json_decref(file);
}
END_TEST

START_TEST(what_was_written_is_read_back)
{
    for (size_t stage = 0; stage <= 5; stage++) {
        struct rollout before = at_stage(stage % 5), after;
        before.reason = stage == 1 ? "good" : NULL;
        if (stage == 5)
            rollout_roll_back(&before, "bad");
        const char *text = written(&before);
        ck_assert_msg(flag_format_flagd.read(&arena, str_of(text), "f", &after, &err) == 0, "%s",
                      err.message);
        ck_assert_str_eq(after.function, "crc");
        ck_assert_str_eq(after.file, "src/crc.c");
        ck_assert_str_eq(after.flag, "atoll-crc");
        ck_assert_uint_eq(after.stage, before.stage);
        ck_assert_int_eq(after.state, before.state);
        ck_assert_int_eq(after.lease_s, before.lease_s);
        ck_assert_uint_eq(after.stage_count, 4);
        for (size_t i = 0; i < 4; i++)
            ck_assert(after.stages[i] == stages[i]);
        if (before.reason != NULL)
            ck_assert_str_eq(after.reason, before.reason);
        else
            ck_assert_ptr_null(after.reason);
        ck_assert_str_eq(written(&after), text);
    }
}
END_TEST

// The file of stage 2 with `from` replaced by `to`.
static void
ck_unreadable(const char *from, const char *to, const char *message)
{
    struct rollout rollout = at_stage(2);
    const char *text = written(&rollout), *at = strstr(text, from);
    ck_assert_msg(at != NULL, "%s", text);
    text = arena_printf(&arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    int status = flag_format_flagd.read(&arena, str_of(text), "r.flagd.json", &rollout, &err);
    ck_assert_msg(status == -1, "read: %s", text);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    ck_assert_msg(strstr(err.message, message) != NULL && strstr(err.message, "r.flagd.json") == err.message,
                  "%s", err.message);
}

START_TEST(what_is_not_ours_is_refused)
{
    ck_unreadable("{", "", "r.flagd.json:");
    ck_unreadable("\"flags\"", "\"flag\"", "one flag is expected");
    ck_unreadable("\"atoll-crc\": {", "\"other\": {}, \"atoll-crc\": {", "one flag is expected");
    ck_unreadable("ENABLED", "MAYBE", "state must be ENABLED or DISABLED, not \"MAYBE\"");
    ck_unreadable("\"stage\": 2", "\"stage\": 5", "metadata.stage must be 0 to 4");
    ck_unreadable("\"stage\": 2", "\"stage\": -1", "metadata.stage must be 0 to 4");
    ck_unreadable("\"stage\": 2", "\"stage\": \"2\"", "metadata.stage must be 0 to 4");
    ck_unreadable(",7,", ",0.5,", "rising per cents");
    ck_unreadable(",100]", ",101]", "rising per cents");
    ck_unreadable("[0.29", "[0", "rising per cents");
    ck_unreadable("\"stages\"", "\"steps\"", "missing or empty");
    ck_unreadable(",100]", ",100", "r.flagd.json");
}
END_TEST

UNIT_MAIN("steps/shared/rollout/flagd", off_serves_control_without_targeting, a_share_ends_with_the_lease,
          weights_always_add_up, a_roll_back_disables_with_the_reason, metadata_holds_scalars_only,
          what_was_written_is_read_back, what_is_not_ours_is_refused)
