// SPDX-License-Identifier: Apache-2.0
// Publishing a state through a carrier, so that it survives the machine, and fetching it again. What is
// published is a snapshot in chunks and a head (workflow/head.h); a publication uploads the chunks that
// changed. Nothing here blocks who writes the state: it may run in another process, which hands back `struct
// published`. A head that somebody else put there is never replaced.
#ifndef ATOLL_WORKFLOW_PUBLICATION_H
#define ATOLL_WORKFLOW_PUBLICATION_H

#include "base/json.h"
#include "workflow/carrier.h"
#include "workflow/head.h"

#define PUBLISHED_OPEN_MAX 4

// The head that this machine goes on from. Zeroed: none. A plain value: it may be stored and sent.
struct published {
    struct carrier_version version;
    char lineage[HEAD_NAME_MAX + 1];
    int64_t generation;
    char write[HEAD_WRITE_SIZE];
    char previous[HEAD_PREVIOUS_MAX][HEAD_WRITE_SIZE];
    size_t previous_count;
    char open[PUBLISHED_OPEN_MAX][HEAD_WRITE_SIZE]; // writes since then whose answers were lost
    size_t open_count;
};

// As JSON, owned; and back from JSON of this program's own (ERR_PARSE). Null stands for none.
json_t *published_json(const struct published *published);
int published_read(const json_t *json, struct published *published, struct err *err) MUST_USE;

// What is to be published.
struct publication {
    const char *state_path;
    const char *lineage; // letters, digits, '-' and '_'; must be that of the head that is replaced
    const char *owner;   // who works on it from now on, unique to this process; "" gives the lease up
    int64_t until_ns;    // wall time at which others may take it over
};

// What a publication did.
struct publication_cost {
    size_t chunks, uploaded; // of the snapshot; of them not there before
    int64_t bytes, uploaded_bytes;
};

// Takes a snapshot of a state and makes it the head in place of `base`, which becomes the new one; `cost` may
// be NULL. ERR_CONFLICT when somebody else's head stands there: this machine's work since `base` is not
// published, and never will be. After ERR_NET and ERR_IO it may be tried again with the same `base`, which
// remembers what is open.
int publication_make(struct carrier *carrier, const struct publication *what, struct published *base,
                     struct publication_cost *cost, struct err *err) MUST_USE;

// Loads and reads the head: 1, or 0 when there is none (`base` is zeroed then). Chunks live in the arena.
int publication_look(struct carrier *carrier, struct arena *arena, struct head *head, struct published *base,
                     struct err *err) MUST_USE;

// Fetches the published state into a place without one, or over one when `replace` is set; the caller holds
// its lease (workflow/lease.h). ERR_NOT_FOUND when nothing was published. On any error what stood there
// stands there still. `head` (may be NULL) and `base` say what was fetched; the head's chunks are not given.
int publication_fetch(struct carrier *carrier, const char *state_path, bool replace, struct head *head,
                      struct published *base, struct err *err) MUST_USE;

#endif
