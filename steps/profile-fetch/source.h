// SPDX-License-Identifier: Apache-2.0
// Where profiles come from: a file, a pattern of files, an archive or a compressed file, an http(s) URL. What
// was fetched is kept as it came; unpacking happens when it is read.
#ifndef ATOLL_STEPS_PROFILE_FETCH_SOURCE_H
#define ATOLL_STEPS_PROFILE_FETCH_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "steps/profile-fetch/profile.h"

#define SOURCE_MAX_BYTES ((size_t)64 << 20) // of one file or answer, as it came
#define SOURCE_MAX_COUNT 1024

struct source {
    const char *name; // path, or URL without credentials and query
    struct buf data;  // as it came
};
struct source_list {
    struct arena arena;
    VEC(struct source) items;
    size_t bytes; // of all items
};

#define AUTO_SOURCE_LIST __attribute__((cleanup(source_list_release))) struct source_list

// Frees everything; `(struct source_list){0}` is an empty list.
void source_list_release(struct source_list *list);

// Fetches what `where` names and adds it. `folder`: what relative paths start from, NULL for the working
// directory. ERR_NOT_FOUND when no file matches, ERR_LIMIT when too large, ERR_NET for a URL that does not
// answer 200.
int source_load(struct source_list *list, const char *where, const char *folder, struct err *err) MUST_USE;

// Adds a source with a copy of its content, e.g. from the state. ERR_LIMIT when too large.
int source_add(struct source_list *list, const char *name, struct str data, struct err *err) MUST_USE;

// Reads a source into the profile: each profile of an archive, else the one it is. `format` as in
// format_read.
int source_read(const struct source *source, const char *format, struct profile *profile,
                struct err *err) MUST_USE;

#endif
