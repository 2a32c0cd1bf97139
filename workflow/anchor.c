// SPDX-License-Identifier: Apache-2.0
#include "workflow/anchor.h"

#include <string.h>

#define START_KEY "event-anchor"
#define HEAD_KEY "event-head"

enum { SHORT_BYTES = 16 };

bool
link_of(struct str hash, struct link *link)
{
    if (hash.len != SHORT_BYTES && hash.len != sizeof(link->bytes))
        return false;
    *link = (struct link){.len = hash.len};
    memcpy(link->bytes, hash.ptr, hash.len);
    return true;
}

static int
digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(struct str text, struct link *link)
{
    char bytes[sizeof(link->bytes)];
    if (text.len % 2 != 0 || text.len > 2 * sizeof(bytes))
        return false;
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = digit_of(text.ptr[2 * i]), low = digit_of(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (char)(high << 4 | low);
    }
    return link_of(str_n(bytes, text.len / 2), link);
}

// 1, 0 when the key is missing.
static int
read_link(struct db *db, const char *key, struct link *link, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "SELECT value FROM meta WHERE key = ?", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(key));
    int row = db_step(stmt, err);
    if (row <= 0)
        return row;
    bool whole = read_hex(db_text(stmt, 0), link);
    db_reset(stmt);
    return whole ? 1 : err_set(err, ERR_IO, "%s of the chain of events is no hash", key);
}

int
anchor_start(struct db *db, struct link *start, struct err *err)
{
    int found = read_link(db, START_KEY, start, err);
    if (found == 0)
        *start = (struct link){.len = sizeof(start->bytes)};
    return found < 0 ? -1 : 0;
}

int
anchor_head(struct db *db, struct link *head, struct err *err)
{
    return read_link(db, HEAD_KEY, head, err);
}

int
anchor_keep(struct db *db, const struct link *head, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db,
                                      "INSERT INTO meta(key, value) VALUES('" HEAD_KEY "', lower(hex(?)))"
                                      " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                                      err);
    if (!stmt)
        return -1;
    db_bind_blob(stmt, 1, str_n((const char *)head->bytes, head->len));
    return db_step(stmt, err) < 0 ? -1 : 0;
}

// ---- removing the oldest events

// The text of the trigger that refuses to remove events.
static int
read_guard(struct db *db, struct arena *arena, const char **sql, struct err *err)
{
    struct db_stmt *stmt = db_prepare(
        db, "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'event_row_no_delete'", err);
    if (!stmt)
        return -1;
    int row = db_step(stmt, err);
    if (row < 0)
        return -1;
    *sql = row ? arena_str(arena, db_text(stmt, 0)) : NULL;
    db_reset(stmt);
    return row ? 0 : err_set(err, ERR_IO, "the trigger that keeps events is missing");
}

// The end of the last transaction before event `seq`, the latest one excepted; 0 = there is none.
static int
find_cut(struct db *db, int64_t seq, int64_t *cut, struct err *err)
{
    *cut = 0;
    struct db_stmt *stmt = db_prepare(db,
                                      "SELECT coalesce(max(seq), 0) FROM event_row WHERE hash IS NOT NULL"
                                      " AND seq < ? AND seq < (SELECT max(seq) FROM event_row)",
                                      err);
    if (!stmt)
        return -1;
    db_bind_int(stmt, 1, seq);
    int row = db_step(stmt, err);
    if (row < 0)
        return -1;
    *cut = db_int(stmt, 0);
    db_reset(stmt);
    return 0;
}

// The cut becomes the start, and the latest event the one that must be there: the one that was may go.
static int
move_anchors(struct db *db, const json_t *cut, struct err *err)
{
    static const char upsert[] = " ON CONFLICT(key) DO UPDATE SET value = excluded.value";
    AUTO_ARENA arena = {0};
    const char *start = arena_printf(&arena,
                                     "INSERT INTO meta(key, value) SELECT '" START_KEY "', lower(hex(hash))"
                                     " FROM event_row WHERE seq = ?%s",
                                     upsert);
    const char *head = arena_printf(&arena,
                                    "INSERT INTO meta(key, value) SELECT '" HEAD_KEY "', lower(hex(hash))"
                                    " FROM event_row WHERE seq = (SELECT max(seq) FROM event_row)%s",
                                    upsert);
    return db_run(db, start, cut, err) < 0 ? -1 : db_run(db, head, NULL, err);
}

int
chain_prune(struct db *db, int64_t seq, int64_t *removed, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *guard;
    int64_t cut;
    *removed = 0;
    if (find_cut(db, seq, &cut, err) < 0 || read_guard(db, &arena, &guard, err) < 0)
        return -1;
    if (cut == 0)
        return 0;
    AUTO_JSON *params = json_pack("[I]", (json_int_t)cut);
    if (move_anchors(db, params, err) < 0 || db_exec(db, "DROP TRIGGER event_row_no_delete", err) < 0 ||
        db_run(db, "DELETE FROM event_row WHERE seq <= ?", params, err) < 0)
        return -1;
    *removed = db_changes(db);
    return db_exec(db, guard, err);
}
