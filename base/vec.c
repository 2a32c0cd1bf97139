// SPDX-License-Identifier: Apache-2.0
#include "base/vec.h"

#include <stdlib.h>

void *
vec_grow(void *items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return items;
    size_t grown = *capacity < 4 ? 8 : *capacity * 2;
    if (grown < need)
        grown = need;
    size_t total;
    if (__builtin_mul_overflow(grown, size, &total))
        abort();
    char *bytes = realloc(items, total);
    if (!bytes)
        abort();
    memset(bytes + *capacity * size, 0, (grown - *capacity) * size);
    *capacity = grown;
    return bytes;
}

void
vec_free(void *items)
{
    free(items);
}
