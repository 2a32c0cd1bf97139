// SPDX-License-Identifier: Apache-2.0
// Writes that a step queued, as the tail of a frame: one after another the name of a table set's statement
// (u32 length, bytes), the number of its parameters (u32) and each of them: 'n'; 'i' and i64; 'd' and a
// double; 's' or 'b' (a blob), u32 length and bytes. The name "blob" with one 'b' puts that into the state's
// blobs. The supervisor binds them as they lie there, except for texts with a secret in them
// (workflow/secret.h).
#ifndef ATOLL_WORKFLOW_STORE_H
#define ATOLL_WORKFLOW_STORE_H

#include "workflow/state.h"

// Appends one: `params` is an array (or NULL) of strings, integers, reals, booleans as 0 and 1, null, {"b64":
// ".."} as blob; borrowed. ERR_USAGE for another parameter, ERR_LIMIT; nothing is appended then.
int store_add(struct buf *stores, const char *statement, const json_t *params, struct err *err) MUST_USE;

// Appends a blob, to be stored under its SHA-256, which it gives in hex, unless it is there. ERR_LIMIT;
// nothing is appended then.
int store_add_blob(struct buf *stores, struct str content, char hash[65], struct err *err) MUST_USE;

// Runs all of them in order in the open transaction. Secrets in texts are masked. ERR_USAGE for a name that
// no table set has and for a blob with a secret in it, ERR_PARSE for bytes that are no stores.
int store_run(struct state *state, struct str stores, struct err *err) MUST_USE;

#endif
