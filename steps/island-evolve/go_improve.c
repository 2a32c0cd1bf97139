// SPDX-License-Identifier: Apache-2.0
// go-improve: what keeps the meaning and pays wherever it fits, at once, with each kind of room for what
// grows. Alone, some of these steps gain nothing.
#include "steps/island-evolve/chain.h"
#include "steps/island-evolve/go_mutate.h"

#include <stdio.h>

enum { ROOMS = 6, CHANGES_MAX = 12 };

// Applies a mutator's first site until there is none, or as often as there were sites.
static int
apply_all(struct chain *chain, const struct mutator_ops *ops, size_t step, struct err *err)
{
    size_t count = ops->sites(&chain->mutation) / step;
    int changes = 0;

    for (size_t i = 0; i < count && changes < CHANGES_MAX; i++) {
        int done = chain_apply(chain, ops, 0, err);
        if (done < 0)
            return -1;
        if (done == 0)
            break;
        changes++;
    }
    return changes;
}

static int
improve(struct chain *chain, size_t room, struct err *err)
{
    static const struct mutator_ops *const sure[] = {&mutate_go_convert, &mutate_go_append,
                                                     &mutate_go_tabulate_code, &mutate_go_tabulate_call};
    int changes = chain_apply(chain, &mutate_go_slice_table, 0, err);

    for (size_t i = 0; i < sizeof sure / sizeof *sure && changes >= 0; i++) {
        int done = apply_all(chain, sure[i], 1, err);
        changes = done < 0 ? -1 : changes + done;
    }
    if (changes < 0)
        return -1;
    int sized = chain_apply(chain, &mutate_go_presize, room, err);
    if (sized == 0 && room > 0)
        return 0; // the same as with the first kind
    return sized < 0 ? -1 : changes + sized;
}

static size_t
sites(const struct mutation *mutation)
{
    return mutate_go_presize.sites(mutation) + mutate_go_slice_table.sites(mutation) +
                       mutate_go_tabulate_code.sites(mutation) + mutate_go_tabulate_call.sites(mutation) >
                   0
               ? ROOMS
               : 0;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    __attribute__((cleanup(chain_end))) struct chain chain = chain_start(mutation);

    int changes = improve(&chain, index, err);
    if (changes <= 1) // one change is tried alone anyway
        return changes < 0 ? -1 : 0;
    chain_write(&chain, variant);
    snprintf(note, 160, "%d improvements at once, room of kind %zu", changes, index + 1);
    return !variant->full;
}

const struct mutator_ops mutate_go_improve = {
    .name = "go-improve",
    .summary = "tables, room and whole copies wherever they fit, at once",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
