// SPDX-License-Identifier: Apache-2.0
// Inputs of a target: captured calls, encoded for cells (sandbox/cell_abi.h), split into train and holdout by
// distinct value, and fresh ones drawn from a generator that learned lengths and byte classes from the
// captured calls.
#ifndef ATOLL_STEPS_SHARED_TARGET_CORPUS_H
#define ATOLL_STEPS_SHARED_TARGET_CORPUS_H

#include "base/rng.h"
#include "sandbox/cell.h"
#include "steps/shared/target/signature.h"

#define CORPUS_PARAMETERS_MAX 32 // more is ERR_TARGET

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

// Appends one call given as a JSON array of arguments (one a parameter; null for what is derived). Buffers:
// string,
// {"b64": ".."} or array of numbers. `name` stands in front of errors (file:line).
int corpus_add_json(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
                    const char *name, struct err *err) MUST_USE;

// Call `index` as a JSON array of arguments. Owned.
json_t *corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature);

// A call can be put together piece by piece, in order of the parameters (nothing for CELL_COUNT): a scalar's
// bits, a buffer of `count` elements (bytes ignored for CELL_OUT), then the end, which checks the size.
void corpus_add_scalar(struct corpus *corpus, uint64_t bits);
void corpus_add_buffer(struct corpus *corpus, const struct parameter *parameter, const void *bytes,
                       size_t count);
int corpus_end_call(struct corpus *corpus, struct err *err) MUST_USE;

// One argument of an encoded call: a scalar's bits or a buffer's element count, and the buffer's bytes.
struct corpus_part {
    uint64_t value;
    struct str content; // borrowed from the corpus
};

// Takes call `index` apart into signature->count parts (at most CORPUS_PARAMETERS_MAX). Returns their number.
size_t corpus_call_parts(const struct corpus *corpus, size_t index, const struct signature *signature,
                         struct corpus_part *parts);

// Appends call `index` of `from`.
void corpus_append(struct corpus *corpus, const struct corpus *from, size_t index);

// Reads captured calls (JSON Lines, {"args": [..], "count": 1}) and splits them by distinct value: every
// third distinct call, chosen by hash of its encoding, is holdout. Calls are weighted by `count` (repeated up
// to 8 times in train). Errors name file and line.
int corpus_read_calls(struct str text, const char *file, const struct signature *signature,
                      struct corpus *train, struct corpus *holdout, struct err *err) MUST_USE;

// A corpus as a blob and back (count, offsets, bytes).
void corpus_pack(const struct corpus *corpus, struct buf *out);
int corpus_unpack(struct str packed, struct corpus *corpus, struct err *err) MUST_USE;

#endif
