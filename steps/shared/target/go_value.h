// SPDX-License-Identifier: Apache-2.0
// Values of Go types, as JSON and as cells take and give them.
//
// JSON: numbers ("NaN", "Inf" and "-Inf" too for floating point; [re, im] for complex), true and false; a
// string, or {"b64": ".."} when it is no UTF-8, for strings and byte slices (an array of numbers will do for
// those); an array for slices and arrays; an object, or an array of [key, value], for maps; an object by
// field name for structures, where what is missing is zero; what it points to for a pointer; the text of an
// error; null for nil.
//
// Encoding of one call: its arguments in order, the receiver first. Words are 8 bytes, little endian.
//   bool, integers     a word, sign-extended
//   floats, complex    the bits of a double, two for complex
//   string             a word with the length, the bytes
//   error              a word, 0 for nil; else 1 and its text as a string
//   pointer            a word, 0 for nil; else 1 and what it points to
//   slice, map         a word, 0 for nil, else the count plus one; then elements, or keys with their values,
//                      sorted by the keys' encoding; bytes as they are
//   array, struct      its elements or fields in order
// A call in a corpus is padded to whole words.
// Output of one call: a word, 0 and then the results in order and every argument that a call can change; or 1
// and the text of a panic.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_VALUE_H
#define ATOLL_STEPS_SHARED_TARGET_GO_VALUE_H

#include "base/json.h"
#include "steps/shared/target/go_type.h"

// Appends the encoding of a call given as an array of arguments. ERR_PARSE names the argument, `name`
// (file:line) in front.
int go_value_encode(const struct go_signature *signature, const json_t *arguments, const char *name,
                    struct buf *out, struct err *err) MUST_USE;

// An encoded call as an array of arguments. What it is too short for is null. Owned.
json_t *go_value_decode(const struct go_signature *signature, struct str call);

// An output: {"results": [..]}, with "changed": [..] (the arguments that a call can change, as it left them)
// where there are such; or {"panic": ".."}. Owned.
json_t *go_value_output(const struct go_signature *signature, struct str output);

// Whether it is the output of a call that did not panic.
bool go_value_returned(struct str output);

#endif
