// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/model/model.h"

#include <string.h>

static const struct model_ops *const providers[] = {&model_command, &model_replay, NULL};
static const char *const provider_names[] = {"command", "replay", NULL};

const struct field model_fields[] = {
    {.name = "provider",
     .type = FIELD_TEXT,
     .required = true,
     .choices = provider_names,
     .summary = "command (prompt on stdin, reply on stdout) or replay (recorded replies)"},
    {.name = "command", .type = FIELD_TEXT, .summary = "shell command of provider command"},
    {.name = "file",
     .type = FIELD_TEXT,
     .summary = "JSON Lines file or folder of replies of provider replay"},
    {.name = "name", .type = FIELD_TEXT, .summary = "how it is called in reports; default: the provider"},
    {.name = "timeout", .type = FIELD_DURATION, .otherwise = "\"2m\"", .summary = "limit of one call"},
    {.name = "weight",
     .type = FIELD_REAL,
     .otherwise = "1",
     .min = 0.01,
     .max = 100,
     .summary = "how eagerly the search asks it before it knows what it is worth"},
    {.name = NULL},
};

int
model_open(struct model *model, struct arena *arena, const char *directory, const json_t *settings,
           struct err *err)
{
    const char *provider = json_get_text(settings, "provider", "command");
    *model = (struct model){
        .arena = arena,
        .name = arena_dup(arena, json_get_text(settings, "name", provider)),
        .weight = json_get_real(settings, "weight", 1),
        .timeout_ms = (int64_t)(json_get_real(settings, "timeout", 120) * 1000),
        .directory = directory,
    };
    for (const struct model_ops *const *ops = providers; *ops != NULL; ops++)
        if (strcmp((*ops)->provider, provider) == 0)
            model->ops = *ops;
    if (model->ops == NULL)
        return err_set(err, ERR_CONFIG, "there is no model provider \"%s\" (command, replay)", provider);
    return model->ops->open(model, settings, err);
}

int
model_complete(struct model *model, size_t number, struct str prompt, struct buf *reply, struct err *err)
{
    int status = model->ops->complete(model, number, prompt, reply, err);
    return status < 0 ? err_wrap(err, "model %s", model->name) : status;
}
