// SPDX-License-Identifier: Apache-2.0
// What each function of a profile costs. Flat: the leaf is this function (pprof's rule: the innermost inlined
// one). Cumulative: the function is anywhere on the stack, counted once however often it recurs. Own: what a
// faster version could save, a partition of the profile: each sample belongs to the innermost function of the
// repository on its stack, so that library code counts for its caller; a file-local function called from its
// own file counts for its caller when the compiler inlined it or when it is a helper of a few lines. Where
// there are no stacks but calls (callgrind), own is flat plus the calls into helpers and into functions that
// never come back into the repository, and the members of a recursive cycle share the cumulative cost of the
// cycle.
#ifndef ATOLL_STEPS_PROFILE_FETCH_TALLY_H
#define ATOLL_STEPS_PROFILE_FETCH_TALLY_H

#include "steps/profile-fetch/locate.h"

struct tally_node {
    struct str symbol, name;   // as the profile has it first; as the source has it
    const struct place *place; // of the first function merged here
    struct str file;           // of the repository, else of the profile
    int64_t flat, cumulative, own;
    double own_count; // samples behind `own`
    size_t seen;      // last sample that had it, plus 1
};
struct tally_caller {
    uint32_t caller, callee; // nodes
    int64_t value;
};
struct tally_line {
    uint32_t node, line;
    int64_t value; // of `own`
};
struct tally_file {
    int64_t flat, cumulative;
    size_t seen;
};

struct tally {
    VEC(struct tally_node) nodes; // functions of equal name and file are one node
    VEC(struct tally_caller) callers;
    VEC(struct tally_line) lines; // of nodes in the repository, where their file is the line's
    struct tally_file *files;     // one for each file of the tree; in the arena
    uint32_t *node_of;            // of each function of the profile; in the arena
    struct map node_ids, caller_ids, line_ids;
    int64_t total;    // sum of |value|
    double count;     // samples
    double effective; // Kish's effective sample size: less than `count` when values differ
    double located;   // share of `total` that belongs to the repository
};

// Counts. Everything borrowed lives in `arena`, the profile or the tree. ERR_PARSE when values exceed 64
// bits.
int tally_count(struct tally *tally, struct arena *arena, const struct profile *profile,
                const struct tree *tree, const struct place *places, struct err *err) MUST_USE;

// Frees everything.
void tally_release(struct tally *tally);

// The part of the call tally that works on arcs; called by tally_count. Fills cumulative and adds to own.
void tally_arcs(struct tally *tally, const struct profile *profile);

// Adds to what a caller spends in a callee.
void tally_add_caller(struct tally *tally, uint32_t caller, uint32_t callee, int64_t value);

// a + b, at most the largest number.
int64_t tally_sum(int64_t a, int64_t b);

#endif
