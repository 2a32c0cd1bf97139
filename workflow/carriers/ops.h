// SPDX-License-Identifier: Apache-2.0
// What a carrier is made of: one const table, listed in workflow/carrier.c. Arguments were checked by
// workflow/carrier.c, which also checks what comes back; an operation does its work once and reports what it
// knows.
#ifndef ATOLL_WORKFLOW_CARRIERS_OPS_H
#define ATOLL_WORKFLOW_CARRIERS_OPS_H

#include "workflow/carrier.h"

struct carrier_ops {
    const char *scheme; // in front of the colon
    const char *form;   // for messages: "dir:PATH"
    // `place` is what stands behind the colon. Returns owned, or NULL.
    void *(*open)(const char *place, const struct carrier_options *options, struct err *err);
    void (*close)(void *self);
    int (*has)(void *self, const char *hash, bool *there, struct err *err);
    int (*put)(void *self, const char *hash, struct str content, struct err *err);
    // At most CARRIER_CHUNK_BYTES; ERR_NOT_FOUND, ERR_LIMIT.
    int (*get)(void *self, const char *hash, struct buf *content, struct err *err);
    int (*load)(void *self, struct carrier_version *version, struct buf *head, struct err *err);
    // Which head stands there now, without loading it.
    int (*look)(void *self, struct carrier_version *version, struct err *err);
    // Sets `now` before it tries.
    int (*swap)(void *self, const struct carrier_version *expect, struct str head,
                const struct carrier_hash *live, size_t count, struct carrier_version *now, struct err *err);
    int (*message_put)(void *self, const char *id, struct str text, struct err *err);
    // Gives ids to `add`, in any order; -1 from it ends the list.
    int (*message_list)(void *self, int (*add)(void *context, const char *id, struct err *err), void *context,
                        struct err *err);
    int (*message_get)(void *self, const char *id, struct buf *text, struct err *err);
    int (*message_drop)(void *self, const char *id, struct err *err);
};

// The carriers there are.
extern const struct carrier_ops carrier_dir, carrier_git;

#endif
