// SPDX-License-Identifier: Apache-2.0
// What a call gave, in words: its canonical output (sandbox/cell_abi.h) as differential.h tells it.
#ifndef ATOLL_STEPS_SHARED_TARGET_OUTPUT_TEXT_H
#define ATOLL_STEPS_SHARED_TARGET_OUTPUT_TEXT_H

#include "base/json.h"
#include "steps/shared/target/signature.h"

// Appends the form `13, out "host:a"`: the result, then each buffer that was written with its name, at most
// `shown_bytes` of it; an object with structs in it as JSON. A text that is no canonical output (how a call
// failed) is appended as it is.
void output_text_add(const struct signature *signature, const json_t *output, size_t shown_bytes,
                     struct buf *out);

#endif
