// SPDX-License-Identifier: Apache-2.0
// A language model: a prompt goes in, a reply comes out. Providers:
//   command  runs a shell command with the prompt on stdin and takes its stdout: any agent of the command
//   line.
//            It is the user's own command and has the user's environment and rights.
//   replay   gives recorded replies in order: a JSON Lines file (a string or {"reply": ".."} a line) or a
//   folder
//            (one reply a file, sorted by name).
#ifndef ATOLL_STEPS_SHARED_MODEL_MODEL_H
#define ATOLL_STEPS_SHARED_MODEL_MODEL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "workflow/field.h"

enum { MODEL_REPLY_MAX_BYTES = 256 << 10 };

struct model;
struct model_ops {
    const char *provider;
    // Reads what the settings name. ERR_CONFIG.
    int (*open)(struct model *model, const json_t *settings, struct err *err);
    int (*complete)(struct model *model, size_t number, struct str prompt, struct buf *reply,
                    struct err *err);
};

struct model {
    const struct model_ops *ops;
    struct arena *arena;
    const char *name;
    double weight;
    int64_t timeout_ms;
    const char *directory; // where relative paths and the command start
    const char *command;
    struct str *replies;
    size_t reply_count;
};

extern const struct model_ops model_command, model_replay;

// The keys of one entry of `models:` in a pipeline.
extern const struct field model_fields[];

// Makes a model of an entry {provider, command, file, name, timeout, weight}; everything lives in the arena.
int model_open(struct model *model, struct arena *arena, const char *directory, const json_t *settings,
               struct err *err) MUST_USE;

// Asks for reply `number` (from 0; replay gives the reply of that number). 1 with the reply appended, 0 when
// the model has nothing more to give, -1: ERR_TARGET when this call failed (exit code, empty reply),
// ERR_TIMEOUT, ERR_IO.
int model_complete(struct model *model, size_t number, struct str prompt, struct buf *reply,
                   struct err *err) MUST_USE;

#endif
