// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include "base/hash.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

void
map_release(struct map *map)
{
    for (size_t i = 0; i < map->count; i++)
        free((char *)(uintptr_t)map->entries[i].key.ptr);
    free(map->entries);
    free(map->slots);
    *map = (struct map){0};
}

// The slot that holds the key, or the free one where it belongs. There is always a free slot.
static uint32_t *
find_slot(const struct map *map, struct str key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];
        if (*slot == 0)
            return slot;
        const struct map_entry *entry = &map->entries[*slot - 1];
        if (entry->hash == hash && str_eq(entry->key, key))
            return slot;
    }
}

static const struct map_entry *
find(const struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    uint32_t slot = *find_slot(map, key, hash_quick(key.ptr, key.len));
    return slot ? &map->entries[slot - 1] : NULL;
}

void *
map_get(const struct map *map, struct str key)
{
    const struct map_entry *entry = find(map, key);
    return entry ? entry->value : NULL;
}

bool
map_has(const struct map *map, struct str key)
{
    return find(map, key) != NULL;
}

void
map_set(struct map *map, struct str key, void *value)
{
    *map_slot(map, key) = value;
}

static void
grow_slots(struct map *map)
{
    map->slot_count = map->slot_count ? map->slot_count * 2 : 16;
    if (map->slot_count > UINT32_MAX)
        abort();
    free(map->slots);
    map->slots = calloc(map->slot_count, sizeof(*map->slots));
    if (!map->slots)
        abort();
    for (size_t i = 0; i < map->count; i++)
        *find_slot(map, map->entries[i].key, map->entries[i].hash) = (uint32_t)i + 1;
}

static struct str
copy_key(struct str key)
{
    char *copy = calloc(1, key.len + 1);
    if (!copy)
        abort();
    if (key.len > 0)
        memcpy(copy, key.ptr, key.len);
    return str_n(copy, key.len); // NOLINT(clang-analyzer-unix.Malloc): the map owns it
}

void **
map_slot(struct map *map, struct str key)
{
    if (map->count >= map->slot_count / 2)
        grow_slots(map);
    uint64_t hash = hash_quick(key.ptr, key.len);
    uint32_t *slot = find_slot(map, key, hash);
    if (*slot == 0) {
        map->entries = vec_grow(map->entries, &map->capacity, map->count + 1, sizeof(*map->entries));
        map->entries[map->count++] = (struct map_entry){.key = copy_key(key), .hash = hash};
        *slot = (uint32_t)map->count;
    }
    return &map->entries[*slot - 1].value;
}
