// SPDX-License-Identifier: Apache-2.0
// Values of the environment that nobody may read in a state, an event, a log or a bundle. Secret are the
// tokens that atoll and its forges read, and the variables that a pipeline lists in `secrets:`. Every
// occurrence of such a value, of eight bytes or more, becomes `***`: as it is, each line of it, as JSON
// escapes it, percent-encoded, and inside of base64. Shorter ones are left: they would hide ordinary text.
#ifndef ATOLL_WORKFLOW_SECRET_H
#define ATOLL_WORKFLOW_SECRET_H

#include "base/arena.h"
#include "base/host.h"
#include "base/json.h"
#include "base/vec.h"

#define SECRET_MIN_BYTES 8
#define SECRET_MASK "***"

// One way in which a value may stand in a text.
struct secret_form {
    struct str text;
    const char *name; // of the variable
};

// What to look for; `(struct secrets){0}` knows nothing and costs nothing.
struct secrets {
    struct arena arena;
    VEC(struct secret_form) forms; // longest first
};

// Frees all.
void secrets_release(struct secrets *secrets);

// Adds the value that a variable has in the host's environment; one that is not set, or is short, adds
// nothing.
void secrets_add(struct secrets *secrets, const struct host *host, const char *name);

// Adds the variables that are always secret.
void secrets_add_usual(struct secrets *secrets, const struct host *host);

// The name of a variable whose value stands in the bytes, or NULL; borrowed.
const char *secrets_find(const struct secrets *secrets, struct str bytes);

// The text without secrets: itself, or a copy in the arena. NULL gives NULL.
struct str secrets_mask_str(const struct secrets *secrets, struct arena *arena, struct str text);
const char *secrets_mask_text(const struct secrets *secrets, struct arena *arena, const char *text);

// The JSON without secrets, in strings and in keys: itself or a copy. Takes `json`, returns owned; NULL gives
// NULL.
json_t *secrets_mask(const struct secrets *secrets, json_t *json);

#endif
