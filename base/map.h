// SPDX-License-Identifier: Apache-2.0
// An open-addressing map from text to a pointer. Keys are copied. Iteration is in insertion order, so that
// what is printed from a map does not depend on a hash.
#ifndef ATOLL_BASE_MAP_H
#define ATOLL_BASE_MAP_H

#include "base/str.h"

struct map_entry {
    struct str key; // owned, terminated
    void *value;    // borrowed
    uint64_t hash;
};
struct map {
    struct map_entry *entries; // insertion order
    size_t count, capacity;
    uint32_t *slots; // index + 1 into entries, 0 = free
    size_t slot_count;
};

#define AUTO_MAP __attribute__((cleanup(map_release))) struct map

// Frees keys and table; values are the caller's. The map is empty and usable again. `(struct map){0}` is a
// map.
void map_release(struct map *map);

// The value of a key, or NULL.
void *map_get(const struct map *map, struct str key);

// Whether the key is there.
bool map_has(const struct map *map, struct str key);

// Sets the value of a key, replacing any earlier one.
void map_set(struct map *map, struct str key, void *value);

// The address of the key's value, added with NULL when absent; valid until the next map_set or map_slot.
void **map_slot(struct map *map, struct str key);

#endif
