// SPDX-License-Identifier: Apache-2.0
// The shim between a cell and a target: C text that is compiled apart from the target, so that nothing of it
// can be inlined or moved. It exports what sandbox/cell_abi.h asks for and finds the target through the
// pointer SHIM_TARGET, which target_splice appends to the source file.
#ifndef ATOLL_STEPS_SHARED_TARGET_SHIM_H
#define ATOLL_STEPS_SHARED_TARGET_SHIM_H

#include "base/buf.h"
#include "steps/shared/target/signature.h"

// `void *const` in the target's object: the address of the function.
#define SHIM_TARGET "atoll_target"

// Writes the shim. It includes stdint.h only; `function_name` stands in a comment. Structs that are passed by
// value have types of its own, of the same layout.
void shim_write(const struct signature *signature, const char *function_name, struct buf *text);

// Writes what the target's file must have at its end: SHIM_TARGET, the functions of contexts, and assertions
// that the compiler lays structs out as the signature says.
void shim_write_exports(const struct signature *signature, const char *function_name, struct buf *text);

#endif
