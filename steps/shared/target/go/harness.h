// SPDX-License-Identifier: Apache-2.0
// The Go text that makes a cell of a package's test binary: files that are the same for every target
// (harness.go, harness_*.go, under the package's name), and one that binds the target to them.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_HARNESS_H
#define ATOLL_STEPS_SHARED_TARGET_GO_HARNESS_H

#include "base/buf.h"
#include "steps/shared/target/go/function.h"

enum { GO_HARNESS_FILES = 5 };

// The name of a file in the package's folder: "atoll_cell_test.go" and so on.
const char *go_harness_name(size_t index);

// Writes the text of a file for a function or method that is not generic.
void go_harness_write(size_t index, const struct go_function *go, struct buf *text);

#endif
