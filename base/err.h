// SPDX-License-Identifier: Apache-2.0
// An error value with a chain of context. It lives on the caller's stack, is handed down as the last
// argument (never NULL), and is only meaningful after a function returned -1 or NULL.
// A kind fixes three things: the exit code of the command, whether the engine may retry, and the hint.
#ifndef ATOLL_BASE_ERR_H
#define ATOLL_BASE_ERR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

// ERR_LOST: somebody else killed a process that was needed; the work itself did not fail.
// ERR_WAITING: nothing failed; a step can only go on after a timer or a signal (workflow/journal.h).
// X(kind, name, exit code, retryable, hint)
#define ERR_KINDS(X)                                                                            \
    X(ERR_INTERNAL, "internal", 1, false, "this is a bug in atoll; please report it")           \
    X(ERR_USAGE, "usage", 2, false, "see atoll help")                                           \
    X(ERR_CONFIG, "config", 2, false, "correct the named line and run `atoll validate`")        \
    X(ERR_PARSE, "parse", 1, false, NULL)                                                       \
    X(ERR_LIMIT, "limit", 1, false, NULL)                                                       \
    X(ERR_NOT_FOUND, "not-found", 1, false, NULL)                                               \
    X(ERR_CONFLICT, "conflict", 1, false, "somebody else changed it; look at it and run again") \
    X(ERR_IO, "io", 1, true, NULL)                                                              \
    X(ERR_NET, "net", 1, true, NULL)                                                            \
    X(ERR_TIMEOUT, "timeout", 1, true, NULL)                                                    \
    X(ERR_LOST, "lost", 1, true, NULL)                                                          \
    X(ERR_WAITING, "waiting", 1, false, NULL)                                                   \
    X(ERR_CANCELLED, "cancelled", 1, false, NULL)                                               \
    X(ERR_TARGET, "target", 1, false, NULL)                                                     \
    X(ERR_NO_IMPROVEMENT, "no-improvement", 3, false, NULL)                                     \
    X(ERR_ENVIRONMENT, "environment", 4, false, "`atoll doctor` lists what is missing")         \
    X(ERR_LOCKED, "locked", 5, false, "another `atoll run` holds this state; wait for it or stop it")

enum err_kind {
#define ERR_ENUM(kind, name, exit_code, retryable, hint) kind,
    ERR_KINDS(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    enum err_kind kind;
    int sys;            // errno, 0 when none
    char message[1000]; // one line, cut at the end when longer
};

// Sets kind and message. Returns -1, so that a function can `return err_set(...)`.
int err_set(struct err *err, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

// Like err_set, keeps the current errno and appends ": " and its text.
int err_sys(struct err *err, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

// Puts context in front of the message: "resuming run 7: opening state.db: disk full". Returns -1.
int err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

// The process exit code of a kind.
int err_exit_code(enum err_kind kind);

// Whether a later attempt can succeed without anybody changing anything.
bool err_retryable(enum err_kind kind);

// The kind's name as used in JSON and events ("io"), static.
const char *err_name(enum err_kind kind);

// The kind of a name as printed by err_name; ERR_INTERNAL when unknown.
enum err_kind err_kind_of(const char *name);

// What a user can do about it, static, or NULL.
const char *err_hint(enum err_kind kind);

#endif
