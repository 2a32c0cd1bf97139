// SPDX-License-Identifier: Apache-2.0
// Objects of variants that were compiled before, by what they were compiled from: a search measures its best
// candidates several times, and a proof compares each with the baseline in check after check. An object is
// given out only while every header that it was compiled with is as it was (size, time and inode).
//
// The folder must be out of reach of what compiles: objects are copied in and out, never linked, so that
// nobody can change one that is kept. Bounded: the oldest make room. Whatever fails counts as a miss.
#ifndef ATOLL_STEPS_SHARED_TARGET_OBJECT_CACHE_H
#define ATOLL_STEPS_SHARED_TARGET_OBJECT_CACHE_H

#include "base/hash.h"

#include <stdbool.h>

struct object_cache;

struct object_cache_counts {
    size_t hits, misses, objects, bytes;
};

// Keeps at most `max_bytes` of objects in `folder` (absolute), which is made when the first one comes.
struct object_cache *object_cache_new(const char *folder, size_t max_bytes);

// Removes the folder. NULL is fine.
void object_cache_free(struct object_cache *cache);

// Writes the object of `key` to `path`. False when it is not there or a header changed.
bool object_cache_take(struct object_cache *cache, const struct hash *key, const char *path);

// Keeps a copy of the object at `path`. `rule` is the file of what it depends on, as compilers write it for
// make; relative names in it are below `directory`. `source` is what the key stands for and is not watched.
void object_cache_keep(struct object_cache *cache, const struct hash *key, const char *path, const char *rule,
                       const char *directory, const char *source);

// What it did so far, and holds now.
struct object_cache_counts object_cache_counts(const struct object_cache *cache);

#endif
