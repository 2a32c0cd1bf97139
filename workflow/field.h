// SPDX-License-Identifier: Apache-2.0
// The shape of a mapping in a pipeline file: one table serves validation, the JSON Schema, the reference
// manual and completion. A table ends with an entry whose name is NULL.
#ifndef ATOLL_WORKFLOW_FIELD_H
#define ATOLL_WORKFLOW_FIELD_H

#include <stdbool.h>
#include <stddef.h>

enum field_type {
    FIELD_TEXT,     // string; scalars of other types are taken as their text
    FIELD_INT,      // whole number between min and max (no limits when both are 0)
    FIELD_REAL,     // number between min and max (no limits when both are 0)
    FIELD_BOOL,     // true or false
    FIELD_DURATION, // "30s", "5m", "2h", "1d"; reaches the step as seconds (real)
    FIELD_SIZE, // "512K", "64M", "2G" (powers of 1024) or a number of bytes; reaches the step as bytes (int)
    FIELD_LIST, // list of text, or of mappings when `members` is set; a single scalar is a list of one
    FIELD_MAP,  // mapping of text to any scalar
    FIELD_OBJECT, // mapping of the shape `members`
    FIELD_ANY,    // anything
};

struct field {
    const char *name;
    enum field_type type;
    bool required;
    const char *otherwise;       // default as JSON text ("10", "\"auto\""), NULL = absent
    const char *summary;         // one sentence for help, schema and manual
    const struct field *members; // FIELD_OBJECT, FIELD_LIST of mappings
    const char *const *choices;  // FIELD_TEXT: allowed words, NULL-terminated; NULL = any
    double min, max;             // FIELD_INT, FIELD_REAL
};

#endif
