// SPDX-License-Identifier: Apache-2.0
// The compiler's assembly listing of a package (`-gcflags=-S`): a hash of the machine code and data in it,
// and its size. Go's own objects are a private format; the listing has the same bytes.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_LISTING_H
#define ATOLL_STEPS_SHARED_TARGET_GO_LISTING_H

#include "base/buf.h"
#include "steps/shared/target/object.h"

// Summarises a listing: code and data bytes with their relocations; without positions, names of variables and
// the harness. code_bytes is of the functions of `file` (a base name) alone, state_bytes of variables that
// begin as zeros.
void go_listing_summarise(struct str listing, const char *file, struct object_summary *summary);

#endif
