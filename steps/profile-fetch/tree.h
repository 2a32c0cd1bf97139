// SPDX-License-Identifier: Apache-2.0
// The source files of a repository's work tree: found by the end of a path as a profile knows it, and by a
// function that they define. Files are read and scanned when first asked for; what is hidden (".atoll",
// ".git") or lies below `skip` is not part of it.
#ifndef ATOLL_STEPS_PROFILE_FETCH_TREE_H
#define ATOLL_STEPS_PROFILE_FETCH_TREE_H

#include "base/map.h"
#include "base/vec.h"
#include "steps/profile-fetch/definition.h"

#define TREE_NONE UINT32_MAX
#define TREE_MAX_FILE_BYTES ((size_t)8 << 20) // larger files are not scanned
#define TREE_HELPER_LINES 8
#define TREE_MAX_MATCHES 16

struct tree_file {
    const char *path; // relative
    enum definition_language language;
    bool scanned;
    uint32_t lines; // 0 until scanned
};
struct tree_definition {
    struct str name;
    uint32_t file, line, line_end;
    bool local;    // other files cannot call it
    bool helper;   // local, a few lines, not recursive: as good as a part of its caller
    uint32_t next; // the definition of the same name in another file, or TREE_NONE
};
struct tree_link {
    uint32_t file, next;
};
struct tree {
    struct arena arena;
    const char *root;
    VEC(struct tree_file) files;
    VEC(struct tree_definition) definitions;
    VEC(struct tree_link) links; // chains of files with the same end of path
    struct map suffixes;         // end of path, up to 6 components -> link + 1
    struct map by_file;          // file and name -> definition + 1
    struct map by_name;          // name -> last found C definition + 1
    bool scanned;                // all C files
};

// Files that end as a path does, the longest common end first.
struct tree_match {
    uint32_t file;
    bool whole;        // the file's whole path, or the whole of the path asked for, is the common end
    size_t root_bytes; // what of the path asked for stands in front of the file's path; 0 when not whole
};

// Lists the source files below `root`. `skip` (absolute, may be NULL) is left out. Nothing is to be
// released after an error.
int tree_open(struct tree *tree, const char *root, const char *skip, struct err *err) MUST_USE;

// Frees everything.
void tree_release(struct tree *tree);

// A path of a profile in one form: no ".", "..", double slashes, module versions ("x@v1.2.3"). Lives in the
// arena.
struct str tree_normal_path(struct arena *arena, struct str path);

// The files with the longest common end with `path` (normal form), at most TREE_MAX_MATCHES. Returns their
// number.
size_t tree_match(const struct tree *tree, struct str path, struct tree_match matches[TREE_MAX_MATCHES]);

// The definition of a function in a file, or NULL; borrowed until the next call.
const struct tree_definition *tree_find(struct tree *tree, uint32_t file, struct str name);

// The first definition of a function in any C file, or NULL; the others follow by `next`. Borrowed until the
// next call.
const struct tree_definition *tree_find_anywhere(struct tree *tree, struct str name);

#endif
