// SPDX-License-Identifier: Apache-2.0
// Inside of a draft: one list of values, of parameters or of a struct's members, and what is known about it.
#ifndef ATOLL_STEPS_SHARED_TARGET_DRAFT_LEVEL_H
#define ATOLL_STEPS_SHARED_TARGET_DRAFT_LEVEL_H

#include "steps/shared/target/draft.h"

struct draft_level {
    struct draft *draft;
    const struct parameter *list;
    size_t count;
    const json_t *learned;
    bool uniform; // elements of any bytes
};

// The parameters; the members of parameter or member `index` of a list; what was learned of it.
struct draft_level draft_level_top(struct draft *draft);
struct draft_level draft_level_below(const struct draft_level *level, size_t index);
const json_t *draft_level_learned_of(const struct draft_level *level, size_t index);

// Whether it is a text that may change: its content is the text alone until the call is written, its number
// the room.
bool draft_level_has_room(const struct parameter *parameter);

// Draws a length for buffer `index`; draws all values of a list.
uint64_t draft_level_length_of(const struct draft_level *level, size_t index);
void draft_level_draw_list(const struct draft_level *level, struct value *values);

// Gives a composite value an own copy of its first `from` elements, as many as fit in `count`; those that
// lack are drawn. `inner` is its members' level.
void draft_level_set_elements(const struct draft_level *inner, struct value *value, uint64_t from,
                              uint64_t count);

// Puts a plain value's content into the scratch buffer.
void draft_level_load(struct draft *draft, const struct value *value);

// Makes a buffer exactly `count` elements long, repeating or cutting what is there.
void draft_content_resize(struct buf *content, const struct parameter *parameter, uint64_t count);

#endif
