// SPDX-License-Identifier: Apache-2.0
// Reads a model's reply: a fenced block of code with the whole function (and what it needs before it), or
// blocks of
//   <<<<<<< SEARCH / text of the parent / ======= / its replacement / >>>>>>> REPLACE
// with any prose around.
#ifndef ATOLL_STEPS_SHARED_MODEL_REPLY_H
#define ATOLL_STEPS_SHARED_MODEL_REPLY_H

#include "base/buf.h"
#include "base/str.h"

// Writes the variant that a reply means: its edits applied to `parent`, else the last fenced block that
// defines `function`, else the whole reply when it looks like code. False with one line in `problem`.
bool reply_variant(struct str reply, struct str parent, const char *function, struct buf *variant,
                   char *problem, size_t problem_size);

#endif
