// SPDX-License-Identifier: Apache-2.0
// What the Go compiler made of a function before and after: bounds checks, what escapes to the heap,
// inlining. Both are built anew in the sandbox, from the file as it stands in the repository.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_EXPLAIN_H
#define ATOLL_STEPS_SHARED_TARGET_GO_EXPLAIN_H

#include "base/json.h"
#include "sandbox/launcher.h"

struct go_question {
    const char *repository, *file; // absolute, relative
    const char *function;          // as function_find names it
    struct str variant;            // text in its place
    const char *scratch;           // absolute; the caller removes it
};

// {"before": {..}, "after": {..}, "go": "go1.26.8"}, each as go_remarks_json of the lines of the function,
// after also of what the variant defines beside it. Owned. NULL with ERR_ENVIRONMENT without go,
// ERR_NOT_FOUND when the file does not define the function any more, ERR_TARGET when one of the two does not
// build.
json_t *go_explain(struct launcher *launcher, const struct go_question *question, struct err *err) MUST_USE;

#endif
