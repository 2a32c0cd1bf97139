// SPDX-License-Identifier: Apache-2.0
// The head of a state that travels (workflow/carrier.h): which snapshot is the newest, who works on it. JSON,
// at most CARRIER_HEAD_MAX_BYTES:
//
//   {"format": 1,
//    "lineage": "2f1c..",          which state this is, the same for all its life
//    "generation": 12,             counts publications, from 1
//    "schema": 3,                  of the engine's tables (workflow/migration.h)
//    "size": 1234944,              bytes of the snapshot
//    "sha256": "..",               of the whole snapshot
//    "chunks": ["..", ...],        SHA-256 of each CARRIER_CHUNK_BYTES in order, the last may be shorter
//    "lease": {"owner": "..", "until_ns": 1700000000000000000},    or null: nobody works on it
//    "write": "..",                32 random hex digits: no two heads are equal
//    "previous": ["..", ...]}      `write` of the heads before, newest first, at most HEAD_PREVIOUS_MAX
//
// Whoever wrote a head and did not hear of it finds his `write` in the head or in `previous`. Members that
// are not listed are left alone; a larger format is refused.
#ifndef ATOLL_WORKFLOW_HEAD_H
#define ATOLL_WORKFLOW_HEAD_H

#include "workflow/carrier.h"

#define HEAD_FORMAT 1
#define HEAD_NAME_MAX 200
#define HEAD_WRITE_SIZE 33
#define HEAD_PREVIOUS_MAX 16
#define SNAPSHOT_MAX_BYTES ((int64_t)CARRIER_LIVE_MAX * CARRIER_CHUNK_BYTES)

struct head {
    char lineage[HEAD_NAME_MAX + 1]; // letters, digits, '-' and '_'
    int64_t generation, schema, size_bytes;
    char sum[65];
    struct carrier_hash *chunks; // in an arena
    size_t chunk_count;
    char owner[HEAD_NAME_MAX + 1]; // "" when nobody works on it
    int64_t until_ns;              // wall time
    char write[HEAD_WRITE_SIZE];
    char previous[HEAD_PREVIOUS_MAX][HEAD_WRITE_SIZE];
    size_t previous_count;
};

// Reads a head; nothing in it is believed before it was checked. ERR_PARSE, ERR_LIMIT for a snapshot beyond
// SNAPSHOT_MAX_BYTES, ERR_ENVIRONMENT for a newer format.
int head_read(struct arena *arena, struct str text, struct head *head, struct err *err) MUST_USE;

// Appends the JSON of a head.
void head_write(const struct head *head, struct buf *out);

// A fresh `write`.
void head_new_write(char write[HEAD_WRITE_SIZE]);

// Whether a head is `write`'s own, or was built upon it.
bool head_is_write(const struct head *head, const char *write);
bool head_is_after(const struct head *head, const char *write);

// Whether somebody else works on the state at a wall time: the lease has another owner and has not run out.
bool head_is_held(const struct head *head, const char *owner, int64_t now_ns);

#endif
