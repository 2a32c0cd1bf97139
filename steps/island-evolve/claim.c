// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/claim.h"

#include "base/buf.h"

#define WRONG_MAX 2
#define KEY_MAX_BYTES 512

static void
write_key(struct buf *key, const char *mutator, const char *words)
{
    struct str text = str_of(words);
    ptrdiff_t improved = str_find(text, STR(CLAIM_IMPROVED));
    buf_printf(key, "%s %" STR_FMT, mutator, STR_ARG(improved < 0 ? text : str_head(text, (size_t)improved)));
}

void
claim_note_wrong(struct map *wrong, const char *mutator, const char *words)
{
    AUTO_BUF key = BUF(KEY_MAX_BYTES);
    write_key(&key, mutator, words);
    void **count = map_slot(wrong, buf_str(&key));
    *count = (void *)((uintptr_t)*count + 1);
}

bool
claim_is_hopeless(const struct map *wrong, const char *mutator, const char *words)
{
    AUTO_BUF key = BUF(KEY_MAX_BYTES);
    if (wrong == NULL)
        return false;
    write_key(&key, mutator, words);
    return (uintptr_t)map_get(wrong, buf_str(&key)) >= WRONG_MAX;
}
