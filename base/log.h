// SPDX-License-Identifier: Apache-2.0
// Messages for whoever watches: libraries log through the sink and never print. Without a sink nothing
// happens.
#ifndef ATOLL_BASE_LOG_H
#define ATOLL_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

// Takes one message without a line end; `text` is borrowed for the call.
typedef void (*log_sink)(void *context, enum log_level level, const char *text);

// Sets the process's sink, once at start before any thread; NULL turns logging off.
void log_set_sink(log_sink sink, void *context);

// "debug", "info", "warn", "error"; static.
const char *log_level_name(enum log_level level);

// Log a formatted message (cut at 2,000 bytes) at a level.
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
