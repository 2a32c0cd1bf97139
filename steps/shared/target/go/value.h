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
//
// Output of one call: a word, 1 and the text of a panic; or 0 and then the results in order, every argument
// that a call can change, and what of it shares memory. Only an error has another form than in a call:
//   error     a word, 0 for nil; else 1, its mark, its text, its type. The type is "" when a program can tell
//             no more than the text, as of what errors.New makes. Otherwise there follow the count of its
//             fields, each a name as a string and a word: 1 and then the value as a string where it is a
//             number or a string, else 0; and the count of the errors that it wraps, and these.
//   mark      a word, 0 for an error of its own; 1 when the function, called again on the same input, gives
//             one that is == to it in its place; 2 + 2k when it is == to error k of those that were passed,
//             3 + 2k to error k of this output, each counted from 0 as they are met. In a batch, 0.
//   memory    the count of groups that share some; of each the count of its members; of each three words: its
//             number among all strings, and slices, maps and pointers that are not nil, as they are met; how
//             many bytes it begins behind the first byte of the group; of a slice its capacity plus one, as
//             far as any length in the group reaches (what is behind that depends on how a slice grew), else
//             0. Strings are told only where they lie in memory that can be changed. No bytes share nothing.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_VALUE_H
#define ATOLL_STEPS_SHARED_TARGET_GO_VALUE_H

#include "base/json.h"
#include "steps/shared/target/go/type.h"

// Appends the encoding of a call given as an array of arguments. ERR_PARSE names the argument, `name`
// (file:line) in front.
int go_value_encode(const struct go_signature *signature, const json_t *arguments, const char *name,
                    struct buf *out, struct err *err) MUST_USE;

// An encoded call as an array of arguments. What it is too short for is null. Owned.
json_t *go_value_decode(const struct go_signature *signature, struct str call);

// An output: {"results": [..]}, with "changed": [..] (the arguments that a call can change, as it left them)
// where there are such, and "shares_memory": [["result 1 from byte 2 (capacity 3)", "s (capacity 5)"], ..]
// where something does; or {"panic": ".."}. An error is its text when it is a new one in every call and has
// nothing but a text; else {"text", "identity", "type", "fields", "wraps"}, the last three where there are
// any. Owned.
json_t *go_value_output(const struct go_signature *signature, struct str output);

// Whether it is the output of a call that did not panic.
bool go_value_returned(struct str output);

#endif
