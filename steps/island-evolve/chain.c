// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/chain.h"

#include "steps/island-evolve/mutate.h"

enum { VARIANT_MAX_BYTES = 1 << 20, CHANGES_MAX = 12 };

struct chain
chain_start(const struct mutation *mutation)
{
    return (struct chain){.mutation = *mutation};
}

void
chain_end(struct chain *chain)
{
    syntax_free(chain->syntax);
    chain->syntax = NULL;
}

void
chain_write(const struct chain *chain, struct buf *variant)
{
    const struct mutation *m = &chain->mutation;

    buf_add(variant, syntax_text(m->syntax).ptr + m->variant_start, m->variant_end - m->variant_start);
}

int
chain_replace(struct chain *chain, struct str variant, struct err *err)
{
    struct mutation *m = &chain->mutation;
    struct syntax *syntax = syntax_new_spliced(m->syntax, m->variant_start, m->variant_end, variant, err);

    if (syntax == NULL)
        return -1;
    struct function function;
    if (function_find(m->arena, syntax, m->function.name, &function, err) < 0) {
        syntax_free(syntax);
        return 0;
    }
    syntax_free(chain->syntax);
    chain->syntax = syntax;
    m->syntax = syntax;
    m->function = function;
    m->variant_end = m->variant_start + variant.len;
    return 1;
}

int
chain_apply(struct chain *chain, const struct mutator_ops *ops, size_t index, struct err *err)
{
    AUTO_BUF variant = BUF(VARIANT_MAX_BYTES);

    int done = ops->apply(&chain->mutation, index, &variant, chain->note, err);
    return done <= 0 ? done : chain_replace(chain, buf_str(&variant), err);
}

int
chain_improve(struct chain *chain, size_t rows, struct err *err)
{
    static const struct mutator_ops *const sure[] = {&mutate_slice_table,    &mutate_tabulate_loop,
                                                     &mutate_tabulate_power, &mutate_recursion_to_loop,
                                                     &mutate_tabulate_byte,  &mutate_libc};
    int changes = 0;

    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++) {
        // Once a loop is sliced, what is left of it must not be sliced again; the others leave nothing to do.
        bool slices = sure[i] == &mutate_slice_table;
        size_t rounds = sure[i]->sites(&chain->mutation) / (slices ? MUTATE_SLICE_CHOICES : 1);
        for (size_t round = 0; round < rounds && changes < CHANGES_MAX; round++) {
            size_t index = slices ? round * MUTATE_SLICE_CHOICES + (rows == 16) : 0;
            int done = chain_apply(chain, sure[i], index, err);
            if (done < 0)
                return -1;
            if (done == 0)
                break;
            changes++;
        }
    }
    return changes;
}
