// SPDX-License-Identifier: Apache-2.0
// How the state travels between machines that are thrown away: a place outside that keeps chunks, one head,
// and messages from outside. The head is replaced by compare-and-swap only, so that of two writers who
// started from the same head one is told ERR_CONFLICT. Always holds: what a head names is there.
//
//   dir:PATH          a folder that all machines see
//   git:REMOTE#REF    a ref of a git repository; REMOTE is a remote's name, a URL or a path
//
// A call whose answer was lost is looked into before it is reported: a failed swap that took place after all
// succeeds, and so does a message that is there with the same text. Errors: ERR_NOT_FOUND, ERR_CONFLICT,
// ERR_PARSE for what is there and damaged, ERR_LIMIT, ERR_NET and ERR_IO, after which the same call may be
// made again.
#ifndef ATOLL_WORKFLOW_CARRIER_H
#define ATOLL_WORKFLOW_CARRIER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/host.h"

#define CARRIER_CHUNK_BYTES 65536
#define CARRIER_HEAD_MAX_BYTES (4u << 20)
#define CARRIER_LIVE_MAX 32768
#define CARRIER_MESSAGE_MAX_BYTES 65536
#define CARRIER_MESSAGES_MAX 10000
#define CARRIER_ID_MAX 100

struct carrier;
struct carrier_ops; // workflow/carriers/ops.h

// Which head stands there: compared, never read. No text: there is none.
struct carrier_version {
    char text[65];
};

// 64 hex digits of a SHA-256 and a NUL.
struct carrier_hash {
    char text[65];
};

struct carrier_options {
    const char *folder;      // where relative paths begin and whose git repository knows remotes; NULL: here
    const char *cache;       // a folder of the carrier's own, made when missing; only some need it
    const struct host *host; // clock, and the credential in ATOLL_STATE_TOKEN
};

// Opens the carrier of a specification; options are borrowed for the call, the host for good. Returns owned,
// or NULL: ERR_CONFIG names the forms there are. Nothing outside is touched yet.
struct carrier *carrier_open(const char *spec, const struct carrier_options *options,
                             struct err *err) MUST_USE;

// A carrier of other operations. Takes `self`.
struct carrier *carrier_new(const struct carrier_ops *ops, void *self);

// Closes it; NULL is fine.
void carrier_close(struct carrier *carrier);

// Whether a chunk is there. One that is stays for the next quarter of an hour, also when no head names it.
int carrier_has(struct carrier *carrier, const char *hash, bool *there, struct err *err) MUST_USE;

// Stores at most CARRIER_CHUNK_BYTES and gives their SHA-256; twice is fine.
int carrier_put(struct carrier *carrier, struct str content, struct carrier_hash *hash,
                struct err *err) MUST_USE;

// Replaces the content of `content` by a chunk, which has its hash. ERR_NOT_FOUND also when the head that
// named it was replaced long ago: load the head again.
int carrier_get(struct carrier *carrier, const char *hash, struct buf *content, struct err *err) MUST_USE;

// Replaces the content of `head` by the head's text and says which it is; without a head both are empty.
int carrier_load(struct carrier *carrier, struct carrier_version *version, struct buf *head,
                 struct err *err) MUST_USE;

// Replaces the head that stands at `expect` (no text: none may be there) by `head`, which names the `count`
// chunks in `live`, and gives its version. A head's text never comes twice: it holds something random.
// ERR_CONFLICT when another one stands there, ERR_NOT_FOUND when a chunk is missing: put it again. After
// ERR_NET and ERR_IO it is open what stands there: load, and look for that random text.
int carrier_swap(struct carrier *carrier, const struct carrier_version *expect, struct str head,
                 const struct carrier_hash *live, size_t count, struct carrier_version *now,
                 struct err *err) MUST_USE;

// A fresh id of a message; later ones sort behind earlier ones.
void carrier_message_id(const struct host *host, char id[27]);

// Leaves a message (at most CARRIER_MESSAGE_MAX_BYTES) under an id of up to CARRIER_ID_MAX letters, digits,
// '-' and '_'. ERR_CONFLICT when another message has it.
int carrier_message_put(struct carrier *carrier, const char *id, struct str text, struct err *err) MUST_USE;

// Ids of waiting messages sorted by bytes, which is oldest first for those of carrier_message_id; texts and
// array live in the arena. ERR_LIMIT beyond CARRIER_MESSAGES_MAX.
int carrier_message_list(struct carrier *carrier, struct arena *arena, const char ***ids, size_t *count,
                         struct err *err) MUST_USE;

// Replaces the content of `text` by a message.
int carrier_message_get(struct carrier *carrier, const char *id, struct buf *text, struct err *err) MUST_USE;

// Removes a message; a missing one is fine.
int carrier_message_drop(struct carrier *carrier, const char *id, struct err *err) MUST_USE;

#endif
