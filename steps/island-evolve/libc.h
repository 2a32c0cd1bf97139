// SPDX-License-Identifier: Apache-2.0
// Loops over bytes that a function of the C library can do: what the families of them share.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_LIBC_H
#define ATOLL_STEPS_ISLAND_EVOLVE_LIBC_H

#include "steps/island-evolve/stride.h"

enum { LIBC_SITES_MAX = 64 };

struct libc_site {
    struct node loop;
    const char *text; // what takes the place of the loop
    const char *name; // of the library's function
};

struct libc_sites {
    struct libc_site items[LIBC_SITES_MAX];
    size_t count;
};

// Adds a site; more than LIBC_SITES_MAX are left out.
void libc_add(struct libc_sites *sites, struct node loop, const char *name, const char *text);

// Where the elements begin, as C text: `p + i`, or `p` when the loop's own header sets i to 0 or the pointer
// itself moves.
const char *libc_start(const struct shape *shape, const struct stride *stride, struct str base,
                       const struct mover *mover);

// How many elements there are from `start`, as C text of an unsigned type.
const char *libc_amount(const struct shape *shape, const struct stride *stride, const char *start,
                        struct str base, const struct mover *mover);

// Whether nothing reads what the loop counts with after it.
bool libc_ends_here(const struct shape *shape, const struct stride *stride);

// Whether an expression has the same value in every round and reads no memory.
bool libc_is_invariant(const struct shape *shape, struct node loop, struct node expression);

// Adds copies (memcpy, memmove), fills (memset) and comparisons (memcmp) that a counted loop does.
void libc_find_block(const struct shape *shape, const struct stride *stride, struct libc_sites *sites);

#endif
