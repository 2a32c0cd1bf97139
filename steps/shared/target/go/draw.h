// SPDX-License-Identifier: Apache-2.0
// Values of Go types drawn at random: made up, changed a little, or at a boundary. All as JSON (value.h).
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_DRAW_H
#define ATOLL_STEPS_SHARED_TARGET_GO_DRAW_H

#include "base/json.h"
#include "base/rng.h"
#include "steps/shared/target/go/type.h"

// What an argument is like.
struct go_habit {
    size_t longest;    // length of a string, slice or map
    int64_t low, high; // of whole numbers
};

struct go_draw {
    const struct go_signature *signature;
    struct rng *rng;
    struct go_habit habit;
};

// A value of type `index`, made up. Owned.
json_t *go_draw_fresh(const struct go_draw *draw, size_t index);

// `value`, of type `index`, with one small change: a byte, a number, an element. Owned.
json_t *go_draw_change(const struct go_draw *draw, size_t index, const json_t *value);

// The boundary value number `number` of type `index`: nil, empty, one, long, all alike, every byte, the ends
// of its range and numbers beyond; of a structure, pointer or array `value` with one part of it there. NULL
// when there are no more. Owned.
json_t *go_draw_boundary(const struct go_draw *draw, size_t index, const json_t *value, size_t number);

// A whole number beyond the range that was seen, number `number` of them, for the first number in `value`;
// NULL when there are no more or no number is in it. Owned.
json_t *go_draw_beyond(const struct go_draw *draw, size_t index, const json_t *value, size_t number);

#endif
