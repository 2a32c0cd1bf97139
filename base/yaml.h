// SPDX-License-Identifier: Apache-2.0
// YAML 1.2, read into a tree that keeps every position, and written in block style. One document; keys are
// scalars; no tags but !!str; `<<` is an ordinary key; an alias gives the anchored node itself. Refused:
// duplicate keys, NUL, more than 1 MiB, 64 levels, or 100000 nodes with aliases expanded.
#ifndef ATOLL_BASE_YAML_H
#define ATOLL_BASE_YAML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

// A place in a file; line and column count from 1, columns in characters.
struct yaml_mark {
    const char *file;
    unsigned line, column;
};

struct yaml_node;
struct yaml_pair {
    struct str key; // terminated
    struct yaml_mark mark;
    struct yaml_node *value;
};

struct yaml_node {
    enum yaml_kind kind;
    struct yaml_mark mark;
    struct str text;          // of a scalar, terminated
    bool quoted;              // a scalar that is text whatever it looks like
    struct yaml_pair *pairs;  // of a map, in order
    struct yaml_node **items; // of a list
    size_t count;             // of pairs or items
    size_t weight;            // nodes in it, aliases expanded
    unsigned height;          // levels below it, aliases expanded
};

// Reads one document; everything lives in the arena, `file` is copied. An empty document is an empty plain
// scalar. NULL: ERR_PARSE "FILE:LINE:COLUMN: what is wrong".
struct yaml_node *yaml_read(struct arena *arena, struct str text, const char *file, struct err *err) MUST_USE;

// The value of a key, or NULL when absent or `node` is NULL or no map.
struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

// Whether it is a plain scalar that means null: empty, ~ or null. NULL counts.
bool yaml_is_null(const struct yaml_node *node);

// The tree as JSON: plain scalars by the core schema of YAML 1.2 (null, booleans, integers, reals), the rest
// as text. Returns owned.
json_t *yaml_to_json(const struct yaml_node *node);

// Appends JSON as block style YAML, keys in their order, texts quoted where they would be read as something
// else, several lines as a literal block. ERR_LIMIT when `out` is full.
int yaml_write(const json_t *json, struct buf *out, struct err *err) MUST_USE;

#endif
