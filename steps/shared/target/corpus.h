// SPDX-License-Identifier: Apache-2.0
// Inputs of a target: captured calls, encoded for cells (sandbox/cell_abi.h), split into train and holdout by distinct
// value, and fresh ones drawn from a generator that learned lengths and byte classes from the captured calls.
#ifndef ATOLL_STEPS_SHARED_TARGET_CORPUS_H
#define ATOLL_STEPS_SHARED_TARGET_CORPUS_H

#include "base/rng.h"
#include "sandbox/cell.h"
#include "steps/shared/target/function.h"

// Encoded calls in one growable block.
struct corpus {
    struct buf bytes;
    size_t *offsets; // count + 1
    size_t count, capacity;
};

// Empty corpus of at most `max_bytes`; release it with corpus_release.
void corpus_init(struct corpus *corpus, size_t max_bytes);
void corpus_release(struct corpus *corpus);

// The corpus as a cell takes it; valid until the next change.
struct cell_inputs corpus_inputs(const struct corpus *corpus);

// Appends one call given as a JSON array of arguments (one a parameter; null for what is derived). Buffers: string,
// {"b64": ".."} or array of numbers. `name` stands in front of errors (file:line).
int corpus_add_json(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
                    const char *name, struct err *err) MUST_USE;

// Call `index` as a JSON array of arguments. Owned.
json_t *corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature);

// Appends call `index` of `from`.
void corpus_append(struct corpus *corpus, const struct corpus *from, size_t index);

// Reads captured calls (JSON Lines, {"args": [..], "count": 1}) and splits them by distinct value: every third distinct
// call, chosen by hash of its encoding, is holdout. Calls are weighted by `count` (repeated up to 8 times in train).
// Errors name file and line.
int corpus_read_calls(struct str text, const char *file, const struct signature *signature, struct corpus *train,
                      struct corpus *holdout, struct err *err) MUST_USE;

// A corpus as a blob and back (count, offsets, bytes).
void corpus_pack(const struct corpus *corpus, struct buf *out);
int corpus_unpack(struct str packed, struct corpus *corpus, struct err *err) MUST_USE;

// What was learned of the captured calls: per buffer length quantiles and byte histogram / number ranges, per scalar a
// range and common values. JSON, readable, stands in the benchmark file. Owned.
json_t *corpus_distribution(const struct corpus *corpus, const struct signature *signature);

// Appends `count` fresh calls like the distribution (mutated resamples of `like`, new lengths, new bytes), drawn by rng.
int corpus_generate(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                    const struct corpus *like, struct rng *rng, size_t count, struct err *err) MUST_USE;

// Appends boundary calls: empty, one element, capacity 0 / 1 / exact, all bytes equal, every byte value, extremes and
// neighbours of powers of two of scalars inside their range, lengths around powers of two up to the largest seen and
// twice it.
int corpus_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                    struct rng *rng, struct err *err) MUST_USE;

#endif
