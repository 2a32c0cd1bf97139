// SPDX-License-Identifier: Apache-2.0
// What a person says about parameters and members, under `params:` of a pipeline or of a benchmark file.
#ifndef ATOLL_STEPS_SHARED_TARGET_OVERRIDE_H
#define ATOLL_STEPS_SHARED_TARGET_OVERRIDE_H

#include "base/json.h"
#include "steps/shared/target/signature.h"

enum { OVERRIDE_COUNT_MAX = 1 << 20 }; // elements of a buffer without a count

// Applies an object of name -> {role, of, length, count, min, max, members} (may be NULL) to a list whose
// types are known; `path` stands in front of names in messages ("", "request."). What `overrides` does not
// say stays as it is. ERR_TARGET names the entry and what would be right.
int override_list(struct parameter *list, size_t count, const json_t *overrides, const char *path,
                  struct err *err) MUST_USE;

#endif
