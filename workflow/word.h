// SPDX-License-Identifier: Apache-2.0
// Words that events say again and again (types, step keys, names of activities) stand in table `word` once;
// an event holds their numbers. A word is never changed and never removed.
#ifndef ATOLL_WORKFLOW_WORD_H
#define ATOLL_WORKFLOW_WORD_H

#include "base/db.h"
#include "base/map.h"

// Numbers that are known already. `(struct words){0}` knows none.
struct words {
    struct map numbers;
};

// The number of a word, which is added when it is new, in the open transaction. Never 0.
int words_number(struct words *words, struct db *db, const char *word, int64_t *number,
                 struct err *err) MUST_USE;

// Forgets what is known: the transaction that added words was rolled back.
void words_forget(struct words *words);

#endif
