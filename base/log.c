// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static log_sink current_sink;
static void *current_context;

void
log_set_sink(log_sink sink, void *context)
{
    current_sink = sink;
    current_context = context;
}

const char *
log_level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

static void
emit(enum log_level level, const char *format, va_list args)
{
    if (!current_sink)
        return;
    char text[2001];
    vsnprintf(text, sizeof(text), format, args);
    current_sink(current_context, level, text);
}

void
log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_DEBUG, format, args);
    va_end(args);
}

void
log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_INFO, format, args);
    va_end(args);
}

void
log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_WARN, format, args);
    va_end(args);
}

void
log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_ERROR, format, args);
    va_end(args);
}
