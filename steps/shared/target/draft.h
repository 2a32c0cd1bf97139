// SPDX-License-Identifier: Apache-2.0
// A call under construction: drawn from a distribution, or taken from another call and changed. What shares a
// count or has a fixed one gets its length when the call is written, and every element becomes one that its
// type can hold.
#ifndef ATOLL_STEPS_SHARED_TARGET_DRAFT_H
#define ATOLL_STEPS_SHARED_TARGET_DRAFT_H

#include "steps/shared/target/distribution.h"

enum { DRAFT_PATH_MAX = CELL_DEPTH_MAX };

struct draft {
    const struct signature *signature;
    const json_t *distribution;
    struct rng *rng;
    struct arena arena; // of one call
    struct buf scratch;
    struct value values[SIGNATURE_PARAMETERS_MAX];
};

// A value of the draft and the list that it is in.
struct draft_site {
    const struct parameter *list;
    size_t count;
    struct value *values;
    size_t index;
    const json_t *learned; // of the list
};

// An empty draft; everything but the draft itself is borrowed. Release it.
void draft_init(struct draft *draft, const struct signature *signature, const json_t *distribution,
                struct rng *rng);
void draft_release(struct draft *draft);

// Draws a call from the distribution.
void draft_draw(struct draft *draft);

// Draws a call that has something at a path of indices, one a level: elements on the way are drawn by chance,
// and there is at least one.
struct draft_site draft_draw_with(struct draft *draft, const size_t *path, size_t depth);

// Takes a call of `like`, which is not empty, and changes it, here and there by parts of another one.
void draft_mutate(struct draft *draft, const struct corpus *like);

// Takes call `index` as it is.
void draft_take(struct draft *draft, const struct corpus *from, size_t index);

// The site of a path in the call that is there, through elements drawn by chance; no values when there is
// none on the way.
struct draft_site draft_site_at(struct draft *draft, const size_t *path, size_t depth);

// Gives a composite buffer `length` elements: cut, or drawn.
void draft_resize(struct draft *draft, const struct draft_site *site, uint64_t length);

// Gives a plain value the content of the scratch buffer.
void draft_set(struct draft *draft, struct value *value, const struct parameter *parameter);

// How many elements a buffer of a list will get; the longest length to try of a buffer.
uint64_t draft_element_count(const struct draft_site *site, size_t index);
uint64_t draft_longest(const struct parameter *parameter, const json_t *learned);

// Appends the call. ERR_LIMIT when the corpus is full.
int draft_write(struct draft *draft, struct corpus *corpus, struct err *err) MUST_USE;

#endif
