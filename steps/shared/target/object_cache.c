// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/object_cache.h"

#include "base/arena.h"
#include "base/fs.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OBJECT_MAX_BYTES = 64 << 20, RULE_MAX_BYTES = 4 << 20 };

struct entry {
    struct hash key, headers; // headers: of what their states were
    size_t bytes;
    char *dependencies; // paths, each with a NUL behind it, an empty one at the end; owned
    char name[65];
};

struct object_cache {
    struct arena arena;
    const char *folder;
    size_t max_bytes;
    struct object_cache_counts counts;
    VEC(struct entry) entries; // oldest first
};

struct object_cache *
object_cache_new(const char *folder, size_t max_bytes)
{
    struct object_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        abort();
    cache->folder = arena_dup(&cache->arena, folder);
    cache->max_bytes = max_bytes;
    return cache;
}

void
object_cache_free(struct object_cache *cache)
{
    struct err ignored;

    if (cache == NULL)
        return;
    VEC_EACH (struct entry, entry, &cache->entries)
        free(entry->dependencies);
    vec_release(&cache->entries);
    if (fs_exists(cache->folder))
        (void)!fs_remove_tree(cache->folder, &ignored);
    arena_release(&cache->arena);
    free(cache);
}

struct object_cache_counts
object_cache_counts(const struct object_cache *cache)
{
    return cache->counts;
}

// ---- headers
// ----------------------------------------------------------------------------------------------------

// The next name of a rule for make, unescaped; false at its end.
static bool
next_name(struct str *rest, struct buf *name)
{
    buf_clear(name);
    while (rest->len > 0) {
        char c = rest->ptr[0];
        bool more = rest->len > 1;
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (c == '\\' && more && rest->ptr[1] == '\n')
            blank = true;
        else if ((c == '\\' && more && (rest->ptr[1] == ' ' || rest->ptr[1] == '#')) ||
                 (c == '$' && more && rest->ptr[1] == '$')) {
            *rest = str_from(*rest, 1);
            c = rest->ptr[0];
        }
        if (blank && name->len > 0)
            return true;
        if (!blank)
            buf_putc(name, c);
        *rest = str_from(*rest, c == '\\' && blank ? 2 : 1);
    }
    return name->len > 0;
}

// The names that a rule depends on, made absolute, each with a NUL behind it; `source` is left out.
static bool
read_rule(const char *path, const char *directory, const char *source, struct buf *names)
{
    struct err ignored;
    AUTO_BUF text = BUF(RULE_MAX_BYTES), name = BUF(1 << 16);

    if (fs_read(path, RULE_MAX_BYTES, &text, &ignored) != 0)
        return false;
    struct str rest = buf_str(&text);
    ptrdiff_t colon = str_find(rest, STR(": "));
    if (colon < 0)
        return false;
    rest = str_from(rest, (size_t)colon + 1);
    while (next_name(&rest, &name)) {
        if (str_is(buf_str(&name), source))
            continue;
        if (name.ptr[0] != '/')
            buf_printf(names, "%s/", directory);
        buf_add(names, buf_text(&name), name.len + 1);
    }
    buf_putc(names, '\0');
    return !names->full && !name.full;
}

// How the files stand, in one hash. False when one is gone.
static bool
states_of(const char *names, struct hash *states)
{
    struct hasher *hasher = hasher_new();
    bool there = true;

    for (; *names != '\0' && there; names += strlen(names) + 1) {
        struct stat info;
        there = stat(names, &info) == 0;
        if (!there)
            break;
        const int64_t facts[] = {(int64_t)info.st_dev, (int64_t)info.st_ino, (int64_t)info.st_size,
                                 (int64_t)info.st_mtim.tv_sec, (int64_t)info.st_mtim.tv_nsec};
        hasher_add(hasher, names, strlen(names) + 1);
        hasher_add(hasher, facts, sizeof facts);
    }
    hasher_finish(hasher, states);
    return there;
}

// ---- objects
// ----------------------------------------------------------------------------------------------------

// Scratch files need no durability.
static bool
copy(const char *from, const char *to, size_t *bytes)
{
    struct err ignored;
    AUTO_BUF object = BUF(OBJECT_MAX_BYTES);

    if (fs_read(from, OBJECT_MAX_BYTES, &object, &ignored) != 0)
        return false;
    FILE *file = fopen(to, "wbe");
    if (file == NULL)
        return false;
    *bytes = object.len;
    bool ok = fwrite(object.ptr, 1, object.len, file) == object.len;
    return fclose(file) == 0 && ok;
}

static char *
path_of(struct arena *arena, const struct object_cache *cache, const struct entry *entry)
{
    return arena_printf(arena, "%s/%s.o", cache->folder, entry->name);
}

static void
drop(struct object_cache *cache, size_t index)
{
    AUTO_ARENA arena = {0};
    struct entry *entry = &cache->entries.items[index];

    unlink(path_of(&arena, cache, entry));
    free(entry->dependencies);
    cache->counts.bytes -= entry->bytes;
    cache->counts.objects--;
    memmove(entry, entry + 1, (cache->entries.count - index - 1) * sizeof *entry);
    cache->entries.count--;
}

// The place of a key, or the number of entries.
static size_t
find(const struct object_cache *cache, const struct hash *key)
{
    size_t i = 0;

    while (i < cache->entries.count && memcmp(&cache->entries.items[i].key, key, sizeof *key) != 0)
        i++;
    return i;
}

bool
object_cache_take(struct object_cache *cache, const struct hash *key, const char *path)
{
    AUTO_ARENA arena = {0};
    struct hash now;
    size_t bytes, index = find(cache, key);
    bool there = index < cache->entries.count;

    if (there) {
        const struct entry *entry = &cache->entries.items[index];
        there = states_of(entry->dependencies, &now) && memcmp(&now, &entry->headers, sizeof now) == 0 &&
                copy(path_of(&arena, cache, entry), path, &bytes);
        if (!there)
            drop(cache, index);
    }
    cache->counts.hits += there;
    cache->counts.misses += !there;
    return there;
}

void
object_cache_keep(struct object_cache *cache, const struct hash *key, const char *path, const char *rule,
                  const char *directory, const char *source)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF names = BUF(RULE_MAX_BYTES);
    struct err ignored;
    struct entry entry = {.key = *key};

    hash_hex(key, entry.name);
    if (find(cache, key) < cache->entries.count || fs_mkdirs(cache->folder, &ignored) != 0 ||
        !read_rule(rule, directory, source, &names) || !states_of(names.ptr, &entry.headers) ||
        !copy(path, path_of(&arena, cache, &entry), &entry.bytes))
        return;
    entry.dependencies = buf_take(&names);
    *vec_push(&cache->entries) = entry;
    cache->counts.bytes += entry.bytes;
    cache->counts.objects++;
    while (cache->counts.bytes > cache->max_bytes)
        drop(cache, 0);
}
