// SPDX-License-Identifier: Apache-2.0
// Delta debugging (Zeller & Hildebrandt 2002) of a variant against the baseline's text: what differs falls
// apart into hunks of lines; hunks that can go without loss go back to the baseline's lines.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_MINIMISE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_MINIMISE_H

#include "base/arena.h"
#include "base/buf.h"

// Where two texts differ: lines [old_first, old_end) of the baseline stand as [new_first, new_end) in the
// variant.
struct hunk {
    size_t old_first, old_end, new_first, new_end;
};

// The hunks between two texts, by a longest common subsequence of lines. At most 4000 lines each are
// compared; longer texts give one hunk. The array lives in the arena.
struct hunk *minimise_hunks(struct arena *arena, struct str baseline, struct str variant, size_t *count);

// Writes the variant with only those hunks whose `kept` is set.
void minimise_apply(struct str baseline, struct str variant, const struct hunk *hunks, size_t count,
                    const bool *kept, struct buf *out);

// Says whether a text is still good: 1 yes, 0 no, -1 error.
typedef int (*minimise_test)(void *context, struct str text, struct err *err);

// Drops hunks while the text stays good, by ddmin with complements, in at most `tests_max` tests. `out` gets
// the smallest good text (the variant itself when nothing can go). Returns the number of hunks that are left,
// or -1.
int minimise(struct str baseline, struct str variant, unsigned tests_max, minimise_test test, void *context,
             struct buf *out, struct err *err) MUST_USE;

#endif
