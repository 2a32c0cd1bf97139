// SPDX-License-Identifier: Apache-2.0
// Captured calls: JSON Lines, one call a line, {"args": [..], "count": 1}. One argument a parameter: a number
// for a scalar; a string, {"b64": ".."} or an array of numbers for a buffer (a number alone for a pointer to
// one); an object by member name for a struct or a pointer to one, an array of them for a pointer to many; an
// array of strings for one of those; for a context an object of its setup's arguments (null without); for a
// count a number or null, and for an output null, its capacity being what its count says. Members are given
// in the same way: an array may be shorter than its struct has it, zeros follow; a count may be left out. Of
// a text that may change the count is the room, at least its length and a NUL. `count` is how often the call
// was seen. Further members of a line are left alone.
#ifndef ATOLL_STEPS_SHARED_TARGET_CAPTURED_H
#define ATOLL_STEPS_SHARED_TARGET_CAPTURED_H

#include "steps/shared/target/corpus.h"

// Appends one call given as a JSON array of arguments. ERR_PARSE, with `name` (file:line) in front, when it
// does not fit the signature; the corpus is unchanged then.
int captured_add(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
                 const char *name, struct err *err) MUST_USE;

// Reads captured calls and splits them by distinct value: every third distinct call, chosen by hash of its
// encoding alone, is holdout, so that a call in two files is on one side. In train a call is repeated by its
// `count`, up to 8 times where there is room. Errors name file and line; ERR_LIMIT when a side is full.
int captured_read(struct str text, const char *file, const struct signature *signature, struct corpus *train,
                  struct corpus *holdout, struct err *err) MUST_USE;

#endif
