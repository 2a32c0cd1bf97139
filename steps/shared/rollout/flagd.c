// SPDX-License-Identifier: Apache-2.0
// flagd's flag definition (https://flagd.dev/schema/v0/flags.json). The treatment stands first and the
// weights always add up to the same sum, so that a subject that has the treatment keeps it when the share
// grows; past the lease the targeting falls through to the default variant, control.
#include "steps/shared/rollout/rollout.h"

#include <math.h>
#include <string.h>

#define WEIGHT_SUM 100000

static json_t *
targeting(const struct rollout *rollout)
{
    int on = (int)lround(rollout_percent(rollout) * WEIGHT_SUM / 100);
    return json_pack("{s:[{s:[{s:s}, I]}, {s:[[s, i], [s, i]]}, s]}", "if", "<", "var", "$flagd.timestamp",
                     (json_int_t)rollout->lease_s, "fractional", "treatment", on, "control", WEIGHT_SUM - on,
                     "control");
}

// flagd's metadata holds scalars only, so the stages are JSON in a text.
static json_t *
metadata(const struct rollout *rollout)
{
    AUTO_BUF stages = BUF(1 << 16);
    buf_putc(&stages, '[');
    for (size_t i = 0; i < rollout->stage_count; i++)
        buf_printf(&stages, "%s%.10g", i > 0 ? "," : "", rollout->stages[i]);
    buf_putc(&stages, ']');
    json_t *json = json_pack("{s:s, s:s, s:i, s:f, s:I, s:s}", "function", rollout->function, "file",
                             rollout->file, "stage", (int)rollout->stage, "percent", rollout_percent(rollout),
                             "lease", (json_int_t)rollout->lease_s, "stages", buf_text(&stages));
    if (rollout->reason != NULL)
        json_set_text(json, "reason", rollout->reason);
    return json;
}

static int
write_flagd(const struct rollout *rollout, struct buf *out, struct err *err)
{
    const char *state = rollout->state == ROLLOUT_ROLLED_BACK ? "DISABLED" : "ENABLED";
    json_t *flag = json_pack("{s:s, s:{s:b, s:b}, s:s, s:o}", "state", state, "variants", "treatment", 1,
                             "control", 0, "defaultVariant", "control", "metadata", metadata(rollout));
    if (rollout_percent(rollout) > 0)
        json_object_set_new(flag, "targeting", targeting(rollout));
    AUTO_JSON *file = json_pack("{s:s, s:{s:o}}", "$schema", "https://flagd.dev/schema/v0/flags.json",
                                "flags", rollout->flag, flag);
    if (file == NULL)
        return err_set(err, ERR_INTERNAL, "the flag definition could not be put together");
    char *text = json_pretty(file);
    buf_puts(out, text);
    buf_putc(out, '\n');
    free(text);
    return buf_check(out, "the rollout file", err);
}

// Rising per cents that end with 100.
static int
read_stages(struct arena *arena, const char *text, const char *name, struct rollout *rollout, struct err *err)
{
    AUTO_JSON *list = json_read(str_of(text), name, err);
    if (list == NULL)
        return -1;
    size_t count = json_array_size(list);
    double *stages = ARENA_ARRAY(arena, double, count + 1);
    for (size_t i = 0; i < count; i++) {
        stages[i] = json_number_value(json_array_get(list, i));
        if (!(stages[i] > (i > 0 ? stages[i - 1] : 0)) || stages[i] > 100)
            return err_set(err, ERR_PARSE, "%s: metadata.stages must be rising per cents, not %s", name,
                           text);
    }
    rollout->stages = stages;
    rollout->stage_count = count;
    return count > 0 ? 0 : err_set(err, ERR_PARSE, "%s: metadata.stages is missing or empty", name);
}

static int
read_state(const json_t *flag, const char *name, struct rollout *rollout, struct err *err)
{
    const char *state = json_get_text(flag, "state", "");
    int64_t stage = json_get_int(json_object_get(flag, "metadata"), "stage", -1);
    if (stage < 0 || stage > (int64_t)rollout->stage_count)
        return err_set(err, ERR_PARSE, "%s: metadata.stage must be 0 to %zu", name, rollout->stage_count);
    rollout->stage = (size_t)stage;
    if (strcmp(state, "DISABLED") == 0)
        rollout->state = ROLLOUT_ROLLED_BACK;
    else if (strcmp(state, "ENABLED") == 0)
        rollout->state = stage > 0 ? ROLLOUT_ON : ROLLOUT_OFF;
    else
        return err_set(err, ERR_PARSE, "%s: state must be ENABLED or DISABLED, not \"%s\"", name, state);
    return 0;
}

static int
read_flagd(struct arena *arena, struct str text, const char *name, struct rollout *rollout, struct err *err)
{
    AUTO_JSON *file = json_read(text, name, err);
    if (file == NULL)
        return -1;
    json_t *flags = json_object_get(file, "flags");
    void *first = json_object_iter(flags);
    if (first == NULL || json_object_size(flags) != 1)
        return err_set(err, ERR_PARSE, "%s: one flag is expected below \"flags\"", name);
    const json_t *flag = json_object_iter_value(first), *about = json_object_get(flag, "metadata");
    const char *reason = json_get_text(about, "reason", NULL);
    *rollout = (struct rollout){
        .flag = arena_dup(arena, json_object_iter_key(first)),
        .function = arena_dup(arena, json_get_text(about, "function", "")),
        .file = arena_dup(arena, json_get_text(about, "file", "")),
        .reason = reason != NULL ? arena_dup(arena, reason) : NULL,
        .lease_s = json_get_int(about, "lease", 0),
    };
    if (read_stages(arena, json_get_text(about, "stages", "[]"), name, rollout, err) != 0)
        return -1;
    return read_state(flag, name, rollout, err);
}

const struct flag_format flag_format_flagd = {
    .name = "flagd", .extension = ".flagd.json", .write = write_flagd, .read = read_flagd};
