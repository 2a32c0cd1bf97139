// SPDX-License-Identifier: Apache-2.0
// What table meta knows of the chain of events (workflow/event.h): the hash that its oldest transaction goes
// on from, and one that it must have, so that a chain that lost its end, or all, does not look like a whole
// one.
#ifndef ATOLL_WORKFLOW_ANCHOR_H
#define ATOLL_WORKFLOW_ANCHOR_H

#include "workflow/event.h"

// A hash of the file as a link; false for one of another length.
bool link_of(struct str hash, struct link *link);

// What the oldest transaction goes on from: 32 zeros unless events were removed. ERR_IO for what is no hash.
int anchor_start(struct db *db, struct link *start, struct err *err) MUST_USE;

// The hash that was kept last: 1, or 0 for none. ERR_IO for what is no hash.
int anchor_head(struct db *db, struct link *head, struct err *err) MUST_USE;

// Keeps a hash that the chain has from now on; to be called inside the transaction that writes it.
int anchor_keep(struct db *db, const struct link *head, struct err *err) MUST_USE;

#endif
