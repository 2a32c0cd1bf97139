// SPDX-License-Identifier: Apache-2.0
// Inputs of a target: calls encoded for cells (sandbox/cell_abi.h) in one block. They come from captured
// calls (captured.h) and from a generator (generate.h).
#ifndef ATOLL_STEPS_SHARED_TARGET_CORPUS_H
#define ATOLL_STEPS_SHARED_TARGET_CORPUS_H

#include "base/rng.h"
#include "sandbox/cell.h"
#include "steps/shared/target/value.h"

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

// Call `index` as a JSON array of arguments, one a parameter, in the form that captured.h reads: numbers (of
// 8 bytes without sign as with sign), bytes as json_bytes gives them, arrays of numbers (bytes again when one
// is no number), objects for structs, null for outputs. Owned.
json_t *corpus_call_json(const struct corpus *corpus, size_t index, const struct signature *signature);

// Appends "for the arguments [...]" of call `index`: at most `max_bytes` of the arguments.
void corpus_describe_call(const struct corpus *corpus, size_t index, const struct signature *signature,
                          size_t max_bytes, struct buf *text);

// Call `index` as encoded; borrowed until the next change.
struct str corpus_call(const struct corpus *corpus, size_t index);

// A call can be put together piece by piece, in order of the parameters (nothing for CELL_COUNT): a scalar's
// bits, a buffer of `count` elements (bytes ignored for CELL_OUT), then the end: ERR_LIMIT, and the
// call is forgotten, when it does not fit.
void corpus_add_scalar(struct corpus *corpus, uint64_t bits);
void corpus_add_buffer(struct corpus *corpus, const struct parameter *parameter, const void *bytes,
                       size_t count);
int corpus_end_call(struct corpus *corpus, struct err *err) MUST_USE;

// Forgets the call that was ended last.
void corpus_drop_last(struct corpus *corpus);

// Call `index` decoded into signature->count values; content is borrowed from the corpus. False when the call
// is too short.
bool corpus_call_values(struct arena *arena, const struct corpus *corpus, size_t index,
                        const struct signature *signature, struct value *values);

// Appends a whole call: ERR_LIMIT, and it is forgotten, when it does not fit.
int corpus_add_values(struct corpus *corpus, const struct signature *signature, const struct value *values,
                      struct err *err) MUST_USE;

// One argument of an encoded call: a scalar's bits or a buffer's element count, and the buffer's bytes (of
// what has members: its encoding).
struct corpus_part {
    uint64_t value;
    struct str content; // borrowed from the corpus
};

// Takes call `index` apart into signature->count parts (at most SIGNATURE_PARAMETERS_MAX). What the call is
// too short for is zero or empty. Returns their number.
size_t corpus_call_parts(const struct corpus *corpus, size_t index, const struct signature *signature,
                         struct corpus_part *parts);

// Appends call `index` of `from`; sets bytes.full when it does not fit.
void corpus_append(struct corpus *corpus, const struct corpus *from, size_t index);

// A corpus as a blob (count, ends, bytes), and back: `corpus` need not be initialised and is to be released
// in any case. ERR_PARSE when it is none; whether the calls fit a signature is not checked.
void corpus_pack(const struct corpus *corpus, struct buf *out);
int corpus_unpack(struct str packed, struct corpus *corpus, struct err *err) MUST_USE;

#endif
