// SPDX-License-Identifier: Apache-2.0
// Descriptors: an owned one is -1 once it is closed.
#ifndef ATOLL_BASE_FD_H
#define ATOLL_BASE_FD_H

#include "base/buf.h"

// Closes a descriptor and sets it to -1; -1 is fine.
void fd_drop(int *fd);

#define AUTO_FD __attribute__((cleanup(fd_drop))) int

// Moves what a descriptor that does not block has to give to the end of `out`, and drops the descriptor at
// the end of the stream. What does not fit is lost: then false. `look` sees all of it; NULL is nobody.
bool fd_take(int *fd, struct buf *out, void (*look)(void *context, struct str bytes), void *context);

#endif
