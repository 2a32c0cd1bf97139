// SPDX-License-Identifier: Apache-2.0
// Memory that lives as long as a step or a request: allocated piece by piece, released at once. Running out
// aborts the process: state replays. Memory comes zeroed and aligned for any type.
#ifndef ATOLL_BASE_ARENA_H
#define ATOLL_BASE_ARENA_H

#include "base/err.h"
#include "base/str.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;
};

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))
// A local arena that is released at the end of its scope.
#define AUTO_ARENA __attribute__((cleanup(arena_release))) struct arena

// Makes an empty arena; `(struct arena){0}` is one too.
void arena_init(struct arena *arena);

// Frees everything that came from it; the arena is empty and usable again.
void arena_release(struct arena *arena);

// `size` zeroed bytes, borrowed from the arena.
void *arena_alloc(struct arena *arena, size_t size);

// `count` zeroed elements; aborts on overflow.
void *arena_array(struct arena *arena, size_t count, size_t size);

// A terminated copy of a view.
char *arena_str(struct arena *arena, struct str text);

// A terminated copy of a string.
char *arena_dup(struct arena *arena, const char *text);

// A formatted string.
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
