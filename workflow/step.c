// SPDX-License-Identifier: Apache-2.0
#include "workflow/step.h"

#include "base/fs.h"
#include "workflow/connection.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES ((size_t)4 << 10)

void
step_output(struct step *step, const char *name, json_t *value)
{
    json_object_set_new(step->outputs, name, value);
}

const char *
step_text(const struct step *step, const char *name)
{
    return json_get_text(step->with, name, NULL);
}

int64_t
step_int(const struct step *step, const char *name)
{
    return json_get_int(step->with, name, 0);
}

double
step_real(const struct step *step, const char *name)
{
    return json_get_real(step->with, name, 0);
}

bool
step_bool(const struct step *step, const char *name)
{
    return json_get_bool(step->with, name, false);
}

const char *
step_path(const struct step *step, const char *name)
{
    const char *path = step_text(step, name);
    return path ? fs_join(step->arena, step->repository, path) : NULL;
}

// Sends one line, with `details` (taken) or NULL.
static void PRINTF_LIKE(4, 0)
    tell(struct step *step, const char *call, json_t *details, const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];
    vsnprintf(line, sizeof(line), format, args);
    json_t *note = json_pack("{s:s}", "call", call);
    json_set_text(note, "text", line);
    if (details)
        json_object_set_new(note, "details", details);
    if (step->journal)
        connection_tell(step->journal, note);
    else
        json_decref(note);
}

void
step_progress(struct step *step, json_t *details, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(step, "progress", details, format, args);
    va_end(args);
}

void
step_warn(struct step *step, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(step, "warn", NULL, format, args);
    va_end(args);
}
