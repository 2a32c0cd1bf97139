// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/island.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
archipelago_init(struct archipelago *ring, unsigned count, unsigned archive_max, struct candidate *root)
{
    *ring =
        (struct archipelago){.count = count, .archive_max = archive_max, .baseline_bytes = root->code_bytes};
    ring->islands = calloc(count, sizeof(*ring->islands));
    if (ring->islands == NULL)
        abort();
    for (unsigned i = 0; i < count; i++)
        *vec_push(&ring->islands[i].elites) = root;
}

void
archipelago_release(struct archipelago *ring)
{
    for (unsigned i = 0; i < ring->count; i++)
        vec_release(&ring->islands[i].elites);
    free(ring->islands);
    *ring = (struct archipelago){0};
}

static int
size_step(const struct archipelago *ring, const struct candidate *candidate)
{
    if (ring->baseline_bytes == 0 || candidate->code_bytes == 0)
        return 0;
    double step = log((double)candidate->code_bytes / (double)ring->baseline_bytes) / log(1.5);
    return (int)lround(fmax(-3, fmin(step, 6)));
}

static bool
same_cell(const struct archipelago *ring, const struct candidate *a, const struct candidate *b)
{
    return strcmp(a->technique, b->technique) == 0 && size_step(ring, a) == size_step(ring, b);
}

// Puts it where it belongs by speed; of equals the older stays in front.
static void
insert(struct island *island, struct candidate *candidate)
{
    *vec_push(&island->elites) = candidate;
    for (size_t i = island->elites.count - 1; i > 0; i--) {
        struct candidate **at = &island->elites.items[i];
        if (at[-1]->speedup >= at[0]->speedup)
            return;
        struct candidate *slower = at[-1];
        at[-1] = at[0];
        at[0] = slower;
    }
}

static void
take_out(struct island *island, size_t index)
{
    size_t after = island->elites.count - index - 1;
    memmove(&island->elites.items[index], &island->elites.items[index + 1],
            after * sizeof(*island->elites.items));
    island->elites.count--;
}

bool
island_offer(struct archipelago *ring, unsigned number, struct candidate *candidate)
{
    struct island *island = &ring->islands[number];
    for (size_t i = 0; i < island->elites.count; i++) {
        struct candidate *elite = island->elites.items[i];
        if (elite == candidate)
            return false;
        if (!same_cell(ring, elite, candidate))
            continue;
        if (candidate->speedup <= elite->speedup)
            return false;
        take_out(island, i);
        break;
    }
    insert(island, candidate);
    if (island->elites.count <= ring->archive_max)
        return true;
    bool stays = island->elites.items[island->elites.count - 1] != candidate;
    island->elites.count--;
    return stays;
}

void
archipelago_migrate(struct archipelago *ring)
{
    struct candidate *travellers[64];
    unsigned count = ring->count < 64 ? ring->count : 64;
    for (unsigned i = 0; i < count; i++)
        travellers[i] = island_best(ring, i);
    for (unsigned i = 0; i < count; i++)
        (void)island_offer(ring, (i + 1) % ring->count, travellers[i]);
}

struct candidate *
island_parent(const struct archipelago *ring, unsigned number, struct rng *rng)
{
    const struct island *island = &ring->islands[number];
    if (rng_below(rng, 5) == 0)
        return island->elites.items[rng_below(rng, island->elites.count)];
    double total = 0;
    for (size_t r = 0; r < island->elites.count; r++)
        total += 1.0 / (1.0 + (double)r);
    double left = rng_real(rng) * total;
    for (size_t r = 0; r < island->elites.count; r++) {
        left -= 1.0 / (1.0 + (double)r);
        if (left <= 0)
            return island->elites.items[r];
    }
    return island->elites.items[0];
}

struct candidate *
island_mate(const struct archipelago *ring, unsigned number, const struct candidate *parent, struct rng *rng)
{
    const struct island *island = &ring->islands[number];
    for (int i = 0; i < 4; i++) {
        struct candidate *mate = island->elites.items[rng_below(rng, island->elites.count)];
        if (mate != parent && mate->parents[0] != NULL)
            return mate;
    }
    struct candidate *stranger = island_best(ring, (number + 1) % ring->count);
    return stranger != parent && stranger->parents[0] != NULL ? stranger : NULL;
}

struct candidate *
island_best(const struct archipelago *ring, unsigned number)
{
    return ring->islands[number].elites.items[0];
}

struct candidate *
archipelago_best(const struct archipelago *ring)
{
    struct candidate *best = island_best(ring, 0);
    for (unsigned i = 1; i < ring->count; i++)
        if (island_best(ring, i)->speedup > best->speedup)
            best = island_best(ring, i);
    return best;
}
