// SPDX-License-Identifier: Apache-2.0
// The profile formats: one table entry each. A format is recognised by its content.
#ifndef ATOLL_STEPS_PROFILE_FETCH_FORMAT_H
#define ATOLL_STEPS_PROFILE_FETCH_FORMAT_H

#include "steps/profile-fetch/profile.h"

struct format_ops {
    const char *name; // as in `format:`
    // Whether unpacked content looks like this format. Looks at the beginning only.
    bool (*detect)(struct str data);
    // Adds the content to the profile; ERR_PARSE or ERR_LIMIT with "name:line" or "name: byte offset" in
    // front.
    int (*read)(struct str data, const char *name, struct profile *profile, struct err *err);
};

// All formats, in the order of detection; ends with NULL.
extern const struct format_ops *const format_list[];

// The names as choices of an input: "auto", then each format; ends with NULL.
extern const char *const format_names[];

// The format of a name, or NULL.
const struct format_ops *format_find(const char *name);

// The format that content looks like, or NULL.
const struct format_ops *format_detect(struct str data);

// Adds one unpacked profile. `format`: a name of the table; NULL or "auto" to detect it (ERR_PARSE when it is
// none).
int format_read(struct str data, const char *name, const char *format, struct profile *profile,
                struct err *err) MUST_USE;

#endif
