// SPDX-License-Identifier: Apache-2.0
#include "workflow/event.h"

#include "workflow/anchor.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES 16

// After how many transactions a hash is kept in meta anew (workflow/anchor.h); each time is a page to write.
#define KEEP_EVERY 64

int
chain_load(struct chain *chain, struct db *db, struct err *err)
{
    memset(chain, 0, sizeof(*chain));
    struct link kept;
    int has_kept = anchor_head(db, &kept, err);
    if (has_kept < 0 || anchor_start(db, &chain->head, err) < 0)
        return -1;
    struct db_stmt *stmt = db_prepare(db, "SELECT hash FROM event_row ORDER BY seq DESC LIMIT 1", err);
    if (!stmt)
        return -1;
    int row = db_step(stmt, err);
    if (row == 0 && has_kept)
        return err_set(err, ERR_IO, "the events are gone; the state was changed by hand");
    if (row <= 0)
        return row;
    bool whole = link_of(db_blob(stmt, 0), &chain->head);
    db_reset(stmt);
    return whole ? 0
                 : err_set(err, ERR_IO, "the event chain ends without a hash; the state was changed by hand");
}

static void
empty(struct chain *chain)
{
    chain->fresh.count = 0;
    arena_release(&chain->texts);
}

void
chain_release(struct chain *chain)
{
    empty(chain);
    vec_release(&chain->fresh);
    words_forget(&chain->words);
}

static const char *
copy(struct arena *arena, const char *text)
{
    return text ? arena_dup(arena, text) : NULL;
}

void
chain_add(struct chain *chain, const struct event *event)
{
    struct event *own = vec_push(&chain->fresh);
    struct arena *arena = &chain->texts;
    *own = *event;
    own->type = copy(arena, event->type);
    own->step = copy(arena, event->step);
    own->details = copy(arena, event->details);
    own->name = copy(arena, event->name);
    own->key = copy(arena, event->key);
    if (event->digest)
        own->digest = memcpy(arena_alloc(arena, EVENT_DIGEST_BYTES), event->digest, EVENT_DIGEST_BYTES);
}

void
chain_cut(struct chain *chain, size_t count)
{
    if (count < chain->fresh.count)
        chain->fresh.count = count;
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

static struct str
digest_of(const struct event *event)
{
    return str_n((const char *)event->digest, event->digest ? EVENT_DIGEST_BYTES : 0);
}

// What it is about, set apart from details by a length that no text has.
static void
add_subject(struct hasher *hasher, const struct event *event)
{
    add_number(hasher, -2);
    add_text(hasher, str_of(event->name));
    add_text(hasher, str_of(event->key));
    add_text(hasher, digest_of(event));
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
    if (event->key)
        add_subject(hasher, event);
    else
        add_text(hasher, str_of(event->details));
}

static void
bind_text(struct db_stmt *stmt, int index, struct str text)
{
    if (text.ptr)
        db_lend_text(stmt, index, text);
}

static void
bind_blob(struct db_stmt *stmt, int index, struct str bytes)
{
    if (bytes.ptr)
        db_lend_blob(stmt, index, bytes);
}

// Numbers of the words of an event, 0 for none.
struct numbers {
    int64_t type, step, name;
};

static int
number(struct chain *chain, struct db *db, const char *word, int64_t *number, struct err *err)
{
    *number = 0;
    return word ? words_number(&chain->words, db, word, number, err) : 0;
}

static int
number_words(struct chain *chain, struct db *db, const struct event *event, struct numbers *numbers,
             struct err *err)
{
    if (number(chain, db, event->type, &numbers->type, err) < 0 ||
        number(chain, db, event->step, &numbers->step, err) < 0)
        return -1;
    return number(chain, db, event->name, &numbers->name, err);
}

static int
insert(struct chain *chain, struct db *db, const struct event *event, const struct link *link,
       struct err *err)
{
    struct numbers numbers;
    if (number_words(chain, db, event, &numbers, err) < 0)
        return -1;
    struct db_stmt *stmt = db_prepare(
        db,
        "INSERT INTO event_row(run, type, step, attempt, epoch, at_ns, name, key, digest, details, hash)"
        " VALUES(?,?,nullif(?,0),?,?,?,nullif(?,0),?,?,?,?)",
        err);
    if (!stmt)
        return -1;
    db_bind_int(stmt, 1, event->run);
    db_bind_int(stmt, 2, numbers.type);
    db_bind_int(stmt, 3, numbers.step);
    db_bind_int(stmt, 4, event->attempt);
    db_bind_int(stmt, 5, event->epoch);
    db_bind_int(stmt, 6, event->at_ns);
    db_bind_int(stmt, 7, numbers.name);
    bind_text(stmt, 8, str_of(event->key));
    bind_blob(stmt, 9, digest_of(event));
    bind_text(stmt, 10, event->key ? str_of(NULL) : str_of(event->details));
    if (link)
        bind_blob(stmt, 11, str_n((const char *)link->bytes, link->len));
    return db_step(stmt, err) < 0 ? -1 : 0;
}

// The link that a transaction's events make behind `before`; takes the hasher that they went into.
static struct link
finish(struct hasher *hasher)
{
    struct hash sum;
    struct link link = {.len = KEPT_BYTES};
    hasher_finish(hasher, &sum);
    memcpy(link.bytes, sum.bytes, KEPT_BYTES);
    return link;
}

int
chain_seal(struct chain *chain, struct db *db, struct err *err)
{
    chain->next = chain->head;
    if (chain->fresh.count == 0)
        return 0;
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, chain->head.bytes, chain->head.len);
    VEC_EACH (struct event, event, &chain->fresh)
        add_event(hasher, event);
    chain->next = finish(hasher);
    for (size_t i = 0; i < chain->fresh.count; i++) {
        bool last = i + 1 == chain->fresh.count;
        if (insert(chain, db, &chain->fresh.items[i], last ? &chain->next : NULL, err) < 0)
            return err_wrap(err, "writing an event");
    }
    return chain->unkept == 0 ? anchor_keep(db, &chain->next, err) : 0;
}

void
chain_settle(struct chain *chain, bool committed)
{
    if (committed) {
        chain->head = chain->next;
        if (chain->fresh.count > 0)
            chain->unkept = (chain->unkept + 1) % KEEP_EVERY;
    } else {
        words_forget(&chain->words);
    }
    empty(chain);
}

static const char *
text_at(struct db_stmt *stmt, int column, struct arena *arena)
{
    return db_is_null(stmt, column) ? NULL : arena_str(arena, db_text(stmt, column));
}

// The current row as an event whose texts live in the arena.
static struct event
read_event(struct db_stmt *stmt, struct arena *arena)
{
    struct str digest = db_blob(stmt, 9);
    return (struct event){
        .run = db_int(stmt, 1),
        .type = text_at(stmt, 2, arena),
        .step = text_at(stmt, 3, arena),
        .attempt = (int)db_int(stmt, 4),
        .epoch = db_int(stmt, 5),
        .at_ns = db_int(stmt, 6),
        .name = text_at(stmt, 7, arena),
        .key = text_at(stmt, 8, arena),
        .digest = digest.len == EVENT_DIGEST_BYTES ? (const uint8_t *)arena_str(arena, digest) : NULL,
        .details = text_at(stmt, 10, arena),
    };
}

// A verification under way.
struct walk {
    struct hasher *hasher;
    struct link kept; // a hash that the chain must have, while it was not found; len 0 else
};

// Ends a transaction's hash at a row that carries one, and starts the next. -1 when they differ.
static int
check_hash(struct walk *walk, struct str stored, int64_t seq, struct err *err)
{
    struct hash computed;
    struct link link;
    hasher_finish(walk->hasher, &computed);
    walk->hasher = hasher_new();
    hasher_add(walk->hasher, stored.ptr, stored.len);
    if (!link_of(stored, &link) || memcmp(link.bytes, computed.bytes, link.len) != 0)
        return err_set(err, ERR_IO, "event %lld: the chain of hashes is broken here or before",
                       (long long)seq);
    if (link.len == walk->kept.len && memcmp(link.bytes, walk->kept.bytes, link.len) == 0)
        walk->kept.len = 0;
    return 0;
}

static int
verify_rows(struct db_stmt *stmt, struct walk *walk, struct err *err)
{
    bool open = false;
    int row;
    while ((row = db_step(stmt, err)) > 0) {
        AUTO_ARENA arena = {0};
        struct event event = read_event(stmt, &arena);
        add_event(walk->hasher, &event);
        open = db_is_null(stmt, 11);
        if (!open && check_hash(walk, db_blob(stmt, 11), db_int(stmt, 0), err) < 0) {
            db_reset(stmt);
            return -1;
        }
    }
    if (row == 0 && open)
        return err_set(err, ERR_IO, "the last event has no hash: events were removed");
    if (row == 0 && walk->kept.len > 0)
        return err_set(err, ERR_IO, "the last events were removed");
    return row;
}

int
chain_verify(struct db *db, struct err *err)
{
    struct walk walk = {0};
    struct link start;
    if (anchor_start(db, &start, err) < 0 || anchor_head(db, &walk.kept, err) < 0)
        return -1;
    struct db_stmt *stmt =
        db_prepare(db,
                   "SELECT e.seq, e.run, t.text, s.text, e.attempt, e.epoch, e.at_ns, n.text, e.key, "
                   "e.digest, e.details, e.hash"
                   " FROM event_row e LEFT JOIN word t ON t.id = e.type LEFT JOIN word s ON s.id = e.step"
                   " LEFT JOIN word n ON n.id = e.name ORDER BY e.seq",
                   err);
    if (!stmt)
        return -1;
    walk.hasher = hasher_new();
    hasher_add(walk.hasher, start.bytes, start.len);
    int result = verify_rows(stmt, &walk, err);
    hasher_free(walk.hasher);
    return result;
}
