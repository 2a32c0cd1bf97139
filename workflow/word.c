// SPDX-License-Identifier: Apache-2.0
#include "workflow/word.h"

// 1 with *number, 0 when the table does not have it.
static int
find(struct db *db, const char *word, int64_t *number, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "SELECT id FROM word WHERE text = ?", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(word));
    int row = db_step(stmt, err);
    if (row > 0) {
        *number = db_int(stmt, 0);
        db_reset(stmt);
    }
    return row;
}

static int
add(struct db *db, const char *word, int64_t *number, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "INSERT INTO word(text) VALUES(?)", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(word));
    if (db_step(stmt, err) < 0)
        return -1;
    *number = db_last_id(db);
    return 0;
}

int
words_number(struct words *words, struct db *db, const char *word, int64_t *number, struct err *err)
{
    void **slot = map_slot(&words->numbers, str_of(word));
    if (!*slot) {
        int found = find(db, word, number, err);
        if (found < 0 || (found == 0 && add(db, word, number, err) < 0))
            return -1;
        *slot = (void *)(intptr_t)*number;
    }
    *number = (int64_t)(intptr_t)*slot;
    return 0;
}

void
words_forget(struct words *words)
{
    map_release(&words->numbers);
}
