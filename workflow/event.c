// SPDX-License-Identifier: Apache-2.0
#include "workflow/event.h"

#include <stdlib.h>
#include <string.h>

int
chain_load(struct chain *chain, struct db *db, struct err *err)
{
    memset(chain, 0, sizeof(*chain));
    struct db_stmt *stmt = db_prepare(db, "SELECT hash FROM event ORDER BY seq DESC LIMIT 1", err);
    if (!stmt)
        return -1;
    int row = db_step(stmt, err);
    if (row <= 0)
        return row;
    struct str hash = db_blob(stmt, 0);
    bool whole = hash.len == sizeof(chain->head.bytes);
    if (whole)
        memcpy(chain->head.bytes, hash.ptr, hash.len);
    db_reset(stmt);
    return whole ? 0
                 : err_set(err, ERR_IO, "the event chain ends without a hash; the state was changed by hand");
}

static void
drop(struct event *event)
{
    free((char *)event->type);
    free((char *)event->step);
    free((char *)event->details);
}

static char *
copy(const char *text)
{
    if (!text)
        return NULL;
    char *own = strdup(text);
    if (!own)
        abort();
    return own;
}

void
chain_release(struct chain *chain)
{
    chain_cut(chain, 0);
    vec_release(&chain->fresh);
}

void
chain_add(struct chain *chain, const struct event *event)
{
    struct event *own = vec_push(&chain->fresh);
    *own = *event;
    own->type = copy(event->type);
    own->step = copy(event->step);
    own->details = copy(event->details);
}

void
chain_cut(struct chain *chain, size_t count)
{
    while (chain->fresh.count > count)
        drop(&chain->fresh.items[--chain->fresh.count]);
}

static void
add_number(struct hasher *hasher, int64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    hasher_add(hasher, bytes, sizeof(bytes));
}

// A length in front keeps fields apart; absent text has length -1.
static void
add_text(struct hasher *hasher, struct str text)
{
    add_number(hasher, text.ptr ? (int64_t)text.len : -1);
    hasher_add(hasher, text.ptr ? text.ptr : "", text.len);
}

static void
add_event(struct hasher *hasher, const struct event *event)
{
    add_number(hasher, event->run);
    add_text(hasher, str_of(event->type));
    add_text(hasher, str_of(event->step));
    add_number(hasher, event->attempt);
    add_number(hasher, event->epoch);
    add_number(hasher, event->at_ns);
    add_text(hasher, str_of(event->details));
}

static void
bind_text(struct db_stmt *stmt, int index, const char *text)
{
    if (text)
        db_bind_text(stmt, index, str_of(text));
    else
        db_bind_null(stmt, index);
}

static int
insert(struct db *db, const struct event *event, const struct hash *hash, struct err *err)
{
    struct db_stmt *stmt = db_prepare(
        db,
        "INSERT INTO event(run, type, step, attempt, epoch, at_ns, details, hash) VALUES(?,?,?,?,?,?,?,?)",
        err);
    if (!stmt)
        return -1;
    db_bind_int(stmt, 1, event->run);
    bind_text(stmt, 2, event->type);
    bind_text(stmt, 3, event->step);
    db_bind_int(stmt, 4, event->attempt);
    db_bind_int(stmt, 5, event->epoch);
    db_bind_int(stmt, 6, event->at_ns);
    bind_text(stmt, 7, event->details);
    if (hash)
        db_bind_blob(stmt, 8, str_n((const char *)hash->bytes, sizeof(hash->bytes)));
    else
        db_bind_null(stmt, 8);
    return db_step(stmt, err) < 0 ? -1 : 0;
}

int
chain_seal(struct chain *chain, struct db *db, struct err *err)
{
    chain->next = chain->head;
    if (chain->fresh.count == 0)
        return 0;
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, chain->head.bytes, sizeof(chain->head.bytes));
    VEC_EACH (struct event, event, &chain->fresh)
        add_event(hasher, event);
    hasher_finish(hasher, &chain->next);
    for (size_t i = 0; i < chain->fresh.count; i++) {
        bool last = i + 1 == chain->fresh.count;
        if (insert(db, &chain->fresh.items[i], last ? &chain->next : NULL, err) < 0)
            return err_wrap(err, "writing an event");
    }
    return 0;
}

void
chain_settle(struct chain *chain, bool committed)
{
    if (committed)
        chain->head = chain->next;
    chain_cut(chain, 0);
}

// The current row as an event whose texts live in the arena.
static struct event
read_event(struct db_stmt *stmt, struct arena *arena)
{
    return (struct event){
        .run = db_int(stmt, 1),
        .type = arena_str(arena, db_text(stmt, 2)),
        .step = db_is_null(stmt, 3) ? NULL : arena_str(arena, db_text(stmt, 3)),
        .attempt = (int)db_int(stmt, 4),
        .epoch = db_int(stmt, 5),
        .at_ns = db_int(stmt, 6),
        .details = db_is_null(stmt, 7) ? NULL : arena_str(arena, db_text(stmt, 7)),
    };
}

// Ends a transaction's hash at a row that carries one, and starts the next. -1 when they differ.
static int
check_hash(struct hasher **hasher, struct str stored, int64_t seq, struct err *err)
{
    struct hash computed;
    hasher_finish(*hasher, &computed);
    *hasher = hasher_new();
    hasher_add(*hasher, computed.bytes, sizeof(computed.bytes));
    if (!str_eq(stored, str_n((const char *)computed.bytes, sizeof(computed.bytes))))
        return err_set(err, ERR_IO, "event %lld: the chain of hashes is broken here or before",
                       (long long)seq);
    return 0;
}

static int
verify_rows(struct db_stmt *stmt, struct hasher **hasher, struct err *err)
{
    bool open = false;
    int row;
    while ((row = db_step(stmt, err)) > 0) {
        AUTO_ARENA arena = {0};
        struct event event = read_event(stmt, &arena);
        add_event(*hasher, &event);
        open = db_is_null(stmt, 8);
        if (!open && check_hash(hasher, db_blob(stmt, 8), db_int(stmt, 0), err) < 0) {
            db_reset(stmt);
            return -1;
        }
    }
    if (row == 0 && open)
        return err_set(err, ERR_IO, "the last event has no hash: events were removed");
    return row;
}

int
chain_verify(struct db *db, struct err *err)
{
    struct db_stmt *stmt = db_prepare(
        db, "SELECT seq, run, type, step, attempt, epoch, at_ns, details, hash FROM event ORDER BY seq", err);
    if (!stmt)
        return -1;
    struct hasher *hasher = hasher_new();
    static const struct hash zero;
    hasher_add(hasher, zero.bytes, sizeof(zero.bytes));
    int result = verify_rows(stmt, &hasher, err);
    hasher_free(hasher);
    return result;
}
