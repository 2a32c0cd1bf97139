// SPDX-License-Identifier: Apache-2.0
// Events are the append-only history of a state: what happened, in the order of commits. The tables are
// authoritative; an event is written in the transaction that made it true. The events of one transaction
// share one hash, kept on the last of them: the first 16 bytes of SHA-256(hash before || every field of every
// event); up to schema version 2 all 32. Triggers refuse UPDATE and DELETE. They stand in table `event_row`,
// with numbers of words (workflow/word.h) for what repeats; the view `event` shows them as text. The oldest
// transactions may go when nobody needs them (chain_prune): the hash of the last one that went is kept in
// table meta (workflow/anchor.h), and the chain starts there.
#ifndef ATOLL_WORKFLOW_EVENT_H
#define ATOLL_WORKFLOW_EVENT_H

#include "base/arena.h"
#include "base/db.h"
#include "base/hash.h"
#include "base/vec.h"
#include "workflow/word.h"

// One thing that happened.
struct event {
    int64_t run;         // number of the run, 0 = none
    const char *type;    // "step-started", "activity-committed", ...
    const char *step;    // step key, or NULL
    int attempt;         // of the step, 0 = none
    int64_t epoch;       // of the run
    int64_t at_ns;       // wall clock
    const char *details; // compact JSON, or NULL
    // Instead of details, for what happens often: which activity (name and key) or effect (key) it is about,
    // and the first bytes of its result's hash, so that a changed result shows; each NULL for none.
    const char *name, *key;
    const uint8_t *digest; // EVENT_DIGEST_BYTES
};

enum { EVENT_DIGEST_BYTES = 8 };

// The end of the chain and the events of the open transaction.
struct link {
    uint8_t bytes[32]; // zeros before the first event
    size_t len;
};
struct chain {
    struct link head;        // hash of the last committed event
    struct link next;        // what head becomes when the sealed transaction is committed
    VEC(struct event) fresh; // texts in `texts`
    struct arena texts;
    struct words words;
    int unkept; // transactions since a hash was kept in meta, modulo how often that is done
};

// Reads the end of the chain. Cost does not depend on its length. ERR_IO for a chain that ends without a
// hash.
int chain_load(struct chain *chain, struct db *db, struct err *err) MUST_USE;

// Frees the events that were never written.
void chain_release(struct chain *chain);

// Queues an event for the open transaction; texts are copied.
void chain_add(struct chain *chain, const struct event *event);

// Drops queued events beyond the first `count` (a part of the transaction was undone).
void chain_cut(struct chain *chain, size_t count);

// Writes the queued events; the last carries the hash. To be called right before COMMIT.
int chain_seal(struct chain *chain, struct db *db, struct err *err) MUST_USE;

// The sealed transaction was committed, or (false) rolled back.
void chain_settle(struct chain *chain, bool committed);

// Removes the events of whole transactions before event `seq`, all but the latest transaction, and moves the
// anchor; to be called inside a transaction. *removed: how many events went.
int chain_prune(struct db *db, int64_t seq, int64_t *removed, struct err *err) MUST_USE;

// Recomputes all hashes from the anchor on. ERR_IO "event 17: ..." at the first that does not fit.
int chain_verify(struct db *db, struct err *err) MUST_USE;

#endif
