// SPDX-License-Identifier: Apache-2.0
// What every measurement attack shares. Each file defines f, a candidate that wants to look faster than
// honest.c; here are the work that both are asked for and the cell's protocol around f (cell_abi.h).
// tests/unit/sandbox/cheat_test.c runs each through a duet, with its safeguards and without them.
#ifndef ATOLL_TESTS_ATTACK_MEASURE_H
#define ATOLL_TESTS_ATTACK_MEASURE_H

#include "sandbox/cell_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// How often the honest function goes over its text, and how often a cheat has to.
enum { SLOW = 400, FAST = 10 };

int64_t f(const char *text, size_t length);

// A hash of the text, worked out so many times.
static __attribute__((noinline, unused)) int64_t
answer(const char *text, size_t length, int passes)
{
    uint64_t hash = 0;
    for (volatile int pass = 0; pass < passes; pass++) {
        hash = 5381;
        for (size_t i = 0; i < length; i++)
            hash = hash * 33 + (unsigned char)text[i];
    }
    return (int64_t)hash;
}

const struct cell_parameter atoll_parameters[] = {
    {.kind = CELL_TEXT, .of = -1, .size = 1}, {.kind = CELL_COUNT, .of = 0, .size = 8}, {.kind = CELL_END}};
const int32_t atoll_result_kind = CELL_SCALAR;

void atoll_batch(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results);
void atoll_empty(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results);

void
atoll_batch(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results)
{
    for (size_t i = 0; i < count; i++, slots += stride)
        results[i].i = f(slots[0].p, slots[1].u);
}

void
atoll_empty(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results)
{
    for (size_t i = 0; i < count; i++, slots += stride)
        results[i].i = slots[0].i;
}

// Where a mapping of this process begins and ends whose line in its maps has both words; the one after
// *start. False when there is none.
static inline bool
next_mapping(const char *word, const char *access, uintptr_t *start, uintptr_t *end)
{
    char line[512];
    uintptr_t after = *start;
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    while (maps && !found && fgets(line, sizeof(line), maps))
        found = strstr(line, word) && strstr(line, access) &&
                sscanf(line, "%lx-%lx", (unsigned long *)start, (unsigned long *)end) == 2 && *start > after;
    if (maps)
        fclose(maps);
    return found;
}

// Replaces an address wherever the harness's program keeps it. True when it did somewhere.
static inline bool
replace_pointer(uintptr_t from, uintptr_t to)
{
    static const char *const kinds[] = {" r--p ", " rw-p "};
    bool done = false;
    for (size_t kind = 0; kind < 2; kind++)
        for (uintptr_t start = 0, end; next_mapping("/atoll-cell", kinds[kind], &start, &end);) {
            bool writable = false;
            for (uintptr_t *at = (uintptr_t *)start; at < (uintptr_t *)end; at++) {
                if (*at != from)
                    continue;
                writable = writable || mprotect((void *)start, end - start, PROT_READ | PROT_WRITE) == 0;
                if (writable)
                    *at = to;
                done = done || writable;
            }
        }
    return done;
}

#endif
