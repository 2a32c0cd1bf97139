// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct kind {
    const char *name;
    int exit_code;
    bool retryable;
    const char *hint;
} kinds[] = {
#define ERR_ROW(kind, name, exit_code, retryable, hint) [kind] = {name, exit_code, retryable, hint},
    ERR_KINDS(ERR_ROW)
#undef ERR_ROW
};

// Takes the text through a copy: it may contain the old message.
static void
set_message(struct err *err, const char *text)
{
    char line[sizeof(err->message)];
    snprintf(line, sizeof(line), "%s", text);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    memcpy(err->message, line, sizeof(line));
}

int
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err->kind = kind;
    err->sys = 0;
    set_message(err, text);
    return -1;
}

int
err_sys(struct err *err, enum err_kind kind, const char *format, ...)
{
    int sys = errno;
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char reason[128];
    err_set(err, kind, "%s: %s", text, strerror_r(sys, reason, sizeof(reason)));
    err->sys = sys;
    return -1;
}

int
err_wrap(struct err *err, const char *format, ...)
{
    char text[2 * sizeof(err->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(err->message), format, args);
    va_end(args);
    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, ": %s", err->message);
    set_message(err, text);
    return -1;
}

int
err_exit_code(enum err_kind kind)
{
    return kinds[kind].exit_code;
}

bool
err_retryable(enum err_kind kind)
{
    return kinds[kind].retryable;
}

const char *
err_name(enum err_kind kind)
{
    return kinds[kind].name;
}

enum err_kind
err_kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (enum err_kind)i;
    return ERR_INTERNAL;
}

const char *
err_hint(enum err_kind kind)
{
    return kinds[kind].hint;
}
