// SPDX-License-Identifier: Apache-2.0
// What a call gave back (its canonical output, sandbox/cell_abi.h), in a form for people.
#ifndef ATOLL_STEPS_SHARED_TARGET_OUTCOME_H
#define ATOLL_STEPS_SHARED_TARGET_OUTCOME_H

#include "steps/shared/target/value.h"

// Whether outputs have members in them, so that their bytes alone tell a person little.
bool outcome_is_nested(const struct signature *signature);

// Whether the call with this output can be timed: in a batch a panic ends the process.
bool outcome_is_timed(const struct signature *signature, struct str output);

// An object: "result", then each parameter that is put out, by name: numbers, texts, arrays, objects for
// structs. A pointer in a struct is where it points, {"buffer": number, "offset": bytes}, null or
// "elsewhere", and where its buffer is put out {"at": that, "holds": what its buffer holds}; a string is its
// text. `values` is the call's input. What an output is too short for is left out. Owned.
json_t *outcome_json(const struct signature *signature, const struct value *values, struct str output);

#endif
