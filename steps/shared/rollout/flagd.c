// SPDX-License-Identifier: Apache-2.0
// flagd's flag definition (https://flagd.dev/schema/v0/flags.json). The treatment stands first and the
// weights always add up to the same sum, so that a subject that has the treatment keeps it when the share
// grows; past the lease the targeting falls through to the default variant, control.
#include "steps/shared/rollout/rollout.h"

#define WEIGHT_SUM 100000

static json_t *
targeting(const struct rollout *rollout)
{
    int on = (int)(rollout_percent(rollout) * (WEIGHT_SUM / 100));
    return json_pack("{s:[{s:[{s:s}, I]}, {s:[[s, i], [s, i]]}, s]}", "if", "<", "var", "$flagd.timestamp",
                     (json_int_t)rollout->lease_s, "fractional", "treatment", on, "control", WEIGHT_SUM - on,
                     "control");
}

static int
write_flagd(const struct rollout *rollout, struct buf *out, struct err *err)
{
    const char *state = rollout->state == ROLLOUT_ROLLED_BACK ? "DISABLED" : "ENABLED";
    json_t *stages = json_array();
    for (size_t i = 0; i < rollout->stage_count; i++)
        json_array_append_new(stages, json_real(rollout->stages[i]));
    json_t *flag =
        json_pack("{s:s, s:{s:b, s:b}, s:s, s:{s:s, s:s, s:i, s:f, s:I}}", "state", state, "variants",
                  "treatment", 1, "control", 0, "defaultVariant", "control", "metadata", "function",
                  rollout->function, "file", rollout->file, "stage", (int)rollout->stage, "percent",
                  rollout_percent(rollout), "lease", (json_int_t)rollout->lease_s);
    if (flag == NULL)
        return err_set(err, ERR_INTERNAL, "the flag definition could not be put together");
    json_t *metadata = json_object_get(flag, "metadata");
    char *compact = json_compact(stages);
    json_set_text(metadata, "stages", compact); // flagd's metadata holds scalars only
    free(compact);
    json_decref(stages);
    if (rollout->reason != NULL)
        json_set_text(metadata, "reason", rollout->reason);
    if (rollout_percent(rollout) > 0)
        json_object_set_new(flag, "targeting", targeting(rollout));
    AUTO_JSON *file = json_pack("{s:s, s:{s:o}}", "$schema", "https://flagd.dev/schema/v0/flags.json",
                                "flags", rollout->flag, flag);
    char *text = json_pretty(file);
    buf_puts(out, text);
    buf_putc(out, '\n');
    free(text);
    return buf_check(out, "the rollout file", err);
}

const struct flag_format flag_format_flagd = {
    .name = "flagd", .extension = ".flagd.json", .write = write_flagd};

const struct flag_format *const flag_formats[] = {&flag_format_flagd, NULL};
