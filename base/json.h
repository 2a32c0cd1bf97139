// SPDX-License-Identifier: Apache-2.0
// JSON is jansson's `json_t`: reference-counted, 64-bit integers, objects keep insertion order. This header
// is the one door to it and adds what the rest of the code needs: errors with a place, defaults, canonical
// text.
#ifndef ATOLL_BASE_JSON_H
#define ATOLL_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

// Values nested deeper than this are not read.
enum { JSON_DEPTH_MAX = 128 };

// A local reference that is dropped at the end of its scope.
#define AUTO_JSON __attribute__((cleanup(json_drop))) json_t

// Cleanup function of AUTO_JSON.
void json_drop(json_t **json);

// Parses one value; duplicate keys are an error. `name` stands in front of errors: "name:line:col: ...".
// Returns owned.
json_t *json_read(struct str text, const char *name, struct err *err) MUST_USE;

// Reads and parses a file of at most `max_bytes`. Returns owned.
json_t *json_read_file(const char *path, size_t max_bytes, struct err *err) MUST_USE;

// Compact text with sorted keys, the form that is hashed. Returns owned (malloc).
char *json_canonical(const json_t *json);

// Compact text with keys in insertion order, or indented by two. Returns owned (malloc).
char *json_compact(const json_t *json);
char *json_pretty(const json_t *json);

// Members with a default when absent or of another type.
const char *json_get_text(const json_t *object, const char *key, const char *otherwise);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
double json_get_real(const json_t *object, const char *key, double otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);

// Set a text member; NULL sets null. Bytes that are not UTF-8 are replaced by U+FFFD.
void json_set_text(json_t *object, const char *key, const char *text);

// A string value from any bytes; not UTF-8 becomes U+FFFD. Returns owned.
json_t *json_text(struct str text);

// Bytes in captured calls: a JSON string for UTF-8 text, {"b64": ".."} else. Returns owned.
json_t *json_bytes(struct str bytes);

// Appends the bytes of a JSON string or {"b64": ".."}; false for anything else.
bool json_bytes_into(const json_t *json, struct buf *out);

#endif
