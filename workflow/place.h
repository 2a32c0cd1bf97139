// SPDX-License-Identifier: Apache-2.0
// Where a byte of a YAML scalar stands in its file. The value and the file's text differ by quotes, escapes,
// folding and indentation; a place walks over both at once.
#ifndef ATOLL_WORKFLOW_PLACE_H
#define ATOLL_WORKFLOW_PLACE_H

#include "base/arena.h"
#include "base/yaml.h"

// A file's text with the offsets of its lines.
struct place_file {
    struct str text;
    size_t *lines;
    size_t line_count;
};

// A walk over one scalar; offsets only grow.
struct place {
    const struct place_file *file;
    const struct yaml_node *node;
    size_t offset;         // in the value
    size_t raw;            // in the file
    struct yaml_mark mark; // of raw
    char quote;            // ' or " or 0
    bool lost;             // value and file do not match: the node's own place is all that is known
};

// Indexes a text, which is borrowed.
void place_file_init(struct place_file *file, struct arena *arena, struct str text);

// Stands at the first byte of a scalar's value.
void place_start(struct place *place, const struct place_file *file, const struct yaml_node *node);

// Moves on to byte `offset` of the value and says where that stands; an earlier offset gives the present
// place.
struct yaml_mark place_at(struct place *place, size_t offset);

#endif
