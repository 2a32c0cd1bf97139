// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/tree.h"

#include "base/fs.h"

#include <string.h>

#define MAX_COMPONENTS 6
#define MAX_CHAIN 64 // files of the same end that are looked at

static void *
S_value_of(size_t index)
{
    return (void *)((uintptr_t)index + 1);
}

static uint32_t
S_index_of(void *value)
{
    return value ? (uint32_t)((uintptr_t)value - 1) : TREE_NONE;
}

static bool
S_is_hidden(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL;
}

// Where the last `count` components of a path start; the whole path when it has fewer, which *complete says.
static size_t
S_end_of(struct str path, unsigned count, bool *complete)
{
    size_t at = path.len;
    *complete = false;
    for (unsigned i = 0; i < count; i++) {
        ptrdiff_t slash = str_rfind_byte(str_head(path, at), '/');
        if (slash < 0) {
            *complete = true;
            return 0;
        }
        at = (size_t)slash;
    }
    return at + 1;
}

static void
S_add_file(struct tree *tree, const char *path, enum definition_language language)
{
    uint32_t file = (uint32_t)tree->files.count;
    *vec_push(&tree->files) = (struct tree_file){.path = path, .language = language};
    struct str text = str_of(path);
    bool complete = false;
    for (unsigned count = 1; count <= MAX_COMPONENTS && !complete; count++) {
        size_t start = S_end_of(text, count, &complete);
        void **slot = map_slot(&tree->suffixes, str_from(text, start));
        uint32_t next = S_index_of(*slot);
        *slot = S_value_of(tree->links.count);
        *vec_push(&tree->links) = (struct tree_link){.file = file, .next = next};
    }
}

int
tree_open(struct tree *tree, const char *root, const char *skip, struct err *err)
{
    *tree = (struct tree){0};
    tree->root = arena_dup(&tree->arena, root);
    struct fs_list list;
    if (fs_walk(&tree->arena, root, &list, err) < 0) {
        tree_release(tree);
        return err_wrap(err, "listing the sources of %s", root);
    }
    struct str skipped = {0};
    size_t root_len = strlen(root);
    if (skip && strncmp(skip, root, root_len) == 0 && skip[root_len] == '/')
        skipped = str_of(arena_printf(&tree->arena, "%s/", skip + root_len + 1));
    for (size_t i = 0; i < list.count; i++) {
        enum definition_language language = definition_language_of(str_of(list.paths[i]));
        bool below_skip = skipped.len > 0 && str_starts(str_of(list.paths[i]), skipped);
        if (language != LANGUAGE_NONE && !S_is_hidden(list.paths[i]) && !below_skip)
            S_add_file(tree, list.paths[i], language);
    }
    return 0;
}

void
tree_release(struct tree *tree)
{
    vec_release(&tree->files);
    vec_release(&tree->definitions);
    vec_release(&tree->links);
    map_release(&tree->suffixes);
    map_release(&tree->by_file);
    map_release(&tree->by_name);
    arena_release(&tree->arena);
}

struct str
tree_normal_path(struct arena *arena, struct str path)
{
    char *out = arena_alloc(arena, path.len + 2);
    size_t len = 0;
    bool absolute = path.len > 0 && path.ptr[0] == '/';
    while (path.ptr) {
        struct str part = str_cut(&path, '/');
        ptrdiff_t version = str_find(part, STR("@v"));
        if (version > 0)
            part = str_head(part, (size_t)version);
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..") && len > 0) {
            ptrdiff_t slash = str_rfind_byte(str_n(out, len), '/');
            len = slash < 0 ? 0 : (size_t)slash;
            continue;
        }
        if (len > 0 || absolute)
            out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    return str_n(out, len);
}

// Bytes of the longest common end of two paths that consists of whole components.
static size_t
S_common_end(struct str a, struct str b)
{
    size_t equal = 0, whole = 0;
    while (equal < a.len && equal < b.len && a.ptr[a.len - 1 - equal] == b.ptr[b.len - 1 - equal]) {
        if (a.ptr[a.len - 1 - equal] == '/')
            whole = equal;
        equal++;
    }
    bool a_ends = equal == a.len || a.ptr[a.len - 1 - equal] == '/';
    bool b_ends = equal == b.len || b.ptr[b.len - 1 - equal] == '/';
    return a_ends && b_ends ? equal : whole;
}

size_t
tree_match(const struct tree *tree, struct str path, struct tree_match matches[TREE_MAX_MATCHES])
{
    uint32_t link = TREE_NONE;
    for (unsigned count = MAX_COMPONENTS; count > 0 && link == TREE_NONE; count--) {
        bool complete;
        struct str end = str_from(path, S_end_of(path, count, &complete));
        link = S_index_of(map_get(&tree->suffixes, end));
    }
    size_t found = 0, longest = 1;
    struct tree_match whole_file = {.file = TREE_NONE};
    for (unsigned i = 0; link != TREE_NONE && i < MAX_CHAIN; i++) {
        uint32_t file = tree->links.items[link].file;
        link = tree->links.items[link].next;
        struct str candidate = str_of(tree->files.items[file].path);
        size_t common = S_common_end(path, candidate);
        if (common < longest)
            continue;
        if (common > longest)
            found = 0;
        longest = common;
        bool whole = common == candidate.len || common == path.len;
        if (found < TREE_MAX_MATCHES)
            matches[found++] = (struct tree_match){
                .file = file, .whole = whole, .root_bytes = common == candidate.len ? path.len - common : 0};
        // A file whose whole path is the end is the one, and there is only one.
        if (common == candidate.len)
            whole_file = (struct tree_match){.file = file, .whole = true, .root_bytes = path.len - common};
    }
    if (whole_file.file != TREE_NONE && strlen(tree->files.items[whole_file.file].path) == longest) {
        matches[0] = whole_file;
        return 1;
    }
    return found;
}

struct collector {
    struct tree *tree;
    uint32_t file;
};

static struct str
S_file_key(struct arena *arena, uint32_t file, struct str name)
{
    char *key = arena_alloc(arena, name.len + sizeof(file));
    memcpy(key, &file, sizeof(file));
    if (name.len > 0)
        memcpy(key + sizeof(file), name.ptr, name.len);
    return str_n(key, name.len + sizeof(file));
}

// The first definition of a name in a file counts.
static void
S_collect(void *context, const struct definition *found)
{
    struct collector *collector = context;
    struct tree *tree = collector->tree;
    AUTO_ARENA scratch = {0};
    void **slot = map_slot(&tree->by_file, S_file_key(&scratch, collector->file, found->name));
    if (*slot)
        return;
    uint32_t index = (uint32_t)tree->definitions.count;
    *slot = S_value_of(index);
    struct tree_definition definition = {.name = str_n(arena_str(&tree->arena, found->name), found->name.len),
                                         .file = collector->file,
                                         .line = found->line,
                                         .line_end = found->line_end,
                                         .local = found->local,
                                         .helper = found->local && !found->recursive &&
                                                   found->line_end - found->line < TREE_HELPER_LINES,
                                         .next = TREE_NONE};
    if (tree->files.items[collector->file].language == LANGUAGE_C) {
        void **first = map_slot(&tree->by_name, found->name);
        definition.next = S_index_of(*first);
        *first = S_value_of(index);
    }
    *vec_push(&tree->definitions) = definition;
}

// Files that cannot be read or are too large define nothing.
static void
S_scan(struct tree *tree, uint32_t file)
{
    struct tree_file *entry = &tree->files.items[file];
    if (entry->scanned)
        return;
    entry->scanned = true;
    AUTO_ARENA scratch = {0};
    AUTO_BUF text = BUF(TREE_MAX_FILE_BYTES);
    struct err ignored;
    if (fs_read(fs_join(&scratch, tree->root, entry->path), TREE_MAX_FILE_BYTES, &text, &ignored) < 0)
        return;
    struct collector collector = {.tree = tree, .file = file};
    entry->lines = definition_scan(&scratch, buf_str(&text), entry->language, S_collect, &collector);
}

const struct tree_definition *
tree_find(struct tree *tree, uint32_t file, struct str name)
{
    S_scan(tree, file);
    AUTO_ARENA scratch = {0};
    uint32_t index = S_index_of(map_get(&tree->by_file, S_file_key(&scratch, file, name)));
    return index == TREE_NONE ? NULL : &tree->definitions.items[index];
}

const struct tree_definition *
tree_find_anywhere(struct tree *tree, struct str name)
{
    if (!tree->scanned) {
        tree->scanned = true;
        for (size_t i = 0; i < tree->files.count; i++)
            if (tree->files.items[i].language == LANGUAGE_C)
                S_scan(tree, (uint32_t)i);
    }
    uint32_t index = S_index_of(map_get(&tree->by_name, name));
    return index == TREE_NONE ? NULL : &tree->definitions.items[index];
}
