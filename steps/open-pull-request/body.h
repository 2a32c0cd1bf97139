// SPDX-License-Identifier: Apache-2.0
// The text of a pull request: evidence first and short, details folded.
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_BODY_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_BODY_H

#include "base/buf.h"
#include "base/json.h"

// How the trailers of atoll's commits begin: FILE:FUNCTION in all of them, the variant's hash in the one that
// has the change.
#define BODY_TARGET_TRAILER "Atoll-Target: "
#define BODY_VARIANT_TRAILER "Atoll-Variant: "

// What the text is made of. All borrowed.
struct body_parts {
    const json_t *evidence; // of correctness-test
    const char *marker;     // hidden comment that names the target
    const char *flag, *variable;
    const char *rollout_file;
    const char *branch, *base;
    struct str diff;   // what the branch changes
    const char *tests; // how the branch's own tests ended with the flag off and on, "" when there are none
};

// Appends the Markdown text.
void body_write(const struct body_parts *parts, struct buf *out);

// Appends the commit message: subject, evidence, the trailers.
void body_write_message(const json_t *evidence, const char *flag, struct buf *out);

// One line, "Make normalize_tag 2.1x faster, behind a flag".
void body_write_title(const json_t *evidence, struct buf *out);

#endif
