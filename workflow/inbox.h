// SPDX-License-Identifier: Apache-2.0
// Messages to a state from other processes: signals, approvals, requests to cancel or pause. Only the owner
// of the lease writes a state, so everybody else leaves a message: a file ID.json in a folder, made whole
// under a name that nobody else has (ID is a ULID, so names sort by time). The owner takes it into table
// `signal`, keyed by its id, commits, and only then removes the file: a message is delivered once, whoever is
// killed when.
#ifndef ATOLL_WORKFLOW_INBOX_H
#define ATOLL_WORKFLOW_INBOX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/host.h"
#include "base/json.h"
#include "workflow/secret.h"

#define INBOX_MESSAGE_MAX_BYTES ((size_t)64 << 10)

// One message. All borrowed.
struct message {
    const char *id;     // ULID
    const char *kind;   // "signal", "cancel", "pause", "unpause"
    const char *run;    // id of the run, NULL for a pause
    const char *name;   // of the signal, "" for the others
    const char *sender; // who sent it, as they say
    int64_t sent_ns;    // wall clock of the sender
    const json_t *data; // or NULL
};

// The signal that approves step `step` of a run.
const char *message_approval_name(struct arena *arena, const char *step);

// A message as JSON text, owned; and the other way: texts live in the arena, `data` is owned by *json, which
// the caller drops. ERR_PARSE names what is missing.
char *message_write(const struct message *message);
int message_read(struct str text, const char *id, struct arena *arena, struct message *message, json_t **json,
                 struct err *err) MUST_USE;

// Gives a message a fresh id and the time, and its text without secrets, owned. NULL: ERR_USAGE, or ERR_LIMIT
// for a long one.
char *message_seal(const struct message *message, const struct host *host, const struct secrets *secrets,
                   char id[27], struct err *err) MUST_USE;

// The inbox folder of a state file; lives in the arena.
const char *inbox_folder(struct arena *arena, const char *state_path);

// Puts a text as FOLDER/ID.json; makes the folder. When it returns, the message survives a crash.
// ERR_CONFLICT when that id is there already.
int inbox_put(const char *folder, const char *id, struct str text, struct err *err) MUST_USE;

// Ids of the messages, oldest first; array and texts live in the arena. A missing folder is an empty one.
int inbox_list(const char *folder, struct arena *arena, const char ***ids, size_t *count,
               struct err *err) MUST_USE;

// Replaces the content of `text`. ERR_NOT_FOUND, ERR_LIMIT.
int inbox_read(const char *folder, const char *id, struct buf *text, struct err *err) MUST_USE;

// Removes a message; one that is gone is fine.
int inbox_drop(const char *folder, const char *id, struct err *err) MUST_USE;

#endif
