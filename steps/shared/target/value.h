// SPDX-License-Identifier: Apache-2.0
// A decoded call: one value a parameter, and below it one a member of each element. It is what captured calls
// are read into, what fresh calls are made of, and what is shown to people; cells take its encoding
// (sandbox/cell_abi.h).
#ifndef ATOLL_STEPS_SHARED_TARGET_VALUE_H
#define ATOLL_STEPS_SHARED_TARGET_VALUE_H

#include "base/buf.h"
#include "steps/shared/target/signature.h"

struct value {
    uint64_t number;     // a number's bits; elements of a buffer or array; the capacity of an output
    struct str content;  // plain elements; of a text without its NUL. Borrowed or the arena's
    struct value *parts; // elements with members: number times as many values as there are members
};

// Whether elements consist of members.
bool value_is_composite(const struct parameter *parameter);

// Whether elements are pointers themselves: their one member has no name, and they are what it is.
bool value_is_unnamed(const struct parameter *parameter);

// Whether there is one element that stands for itself in JSON: a struct by value, a pointer to one.
bool value_is_single(const struct parameter *parameter);

// How many elements of members a value has: 1 for a struct by value, the arguments of a setup.
size_t value_elements(const struct parameter *parameter, const struct value *value);

// Bytes of one element of a buffer: 1 for a plain text.
size_t value_element_bytes(const struct parameter *parameter);

// Decodes as many values as the list has from the front of *rest. What the call is too short for is zero or
// empty; false then. Content is borrowed from *rest.
bool value_read_list(struct arena *arena, const struct parameter *list, size_t count, struct str *rest,
                     struct value *values);

// Encodes a list of values. Counts are taken from the buffers.
void value_write_list(const struct parameter *list, size_t count, const struct value *values,
                      struct buf *out);

// The element count that a CELL_COUNT or a buffer that shares a count has, from its list.
uint64_t value_count_of(const struct parameter *list, const struct value *values, size_t index);

// A list of values as JSON, in the form that captured.h reads: an array for the parameters of a call, an
// object by name for members (`by_name`). Owned.
json_t *value_list_json(const struct parameter *list, size_t count, const struct value *values, bool by_name);

// The element of a plain buffer at `at`: its bits, sign-extended; a float as a double. And back: appended in
// its own width.
uint64_t value_element_at(const struct parameter *parameter, const char *at);
void value_add_element(const struct parameter *parameter, uint64_t bits, struct buf *out);

// Where the JSON of a list of values stands, for messages.
struct value_place {
    const char *name; // "calls.jsonl:7"
    const char *path; // in front of names: "", "request.items[2]."
};

// Reads a list from JSON: an array (parameters) or an object by name (members). ERR_PARSE says which value
// does not fit its type, or which count its buffer. Everything lives in the arena.
int value_list_from_json(struct arena *arena, const struct value_place *place, const struct parameter *list,
                         size_t count, const json_t *json, struct value *values, struct err *err) MUST_USE;

#endif
