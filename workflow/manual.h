// SPDX-License-Identifier: Apache-2.0
// The reference manual of the pipeline file as Markdown, made from the tables that check it.
#ifndef ATOLL_WORKFLOW_MANUAL_H
#define ATOLL_WORKFLOW_MANUAL_H

#include "workflow/step.h"

// Appends the keys of the file, the language of expressions, and every step of the registry. ERR_LIMIT when
// it does not fit.
int manual_write(const struct registry *registry, struct buf *out, struct err *err) MUST_USE;

#endif
