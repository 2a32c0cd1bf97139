// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

void
fd_drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool
fd_take(int *fd, struct buf *out, void (*look)(void *context, struct str bytes), void *context)
{
    char chunk[65536];
    bool fits = true;
    while (*fd >= 0) {
        ssize_t got = read(*fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            fd_drop(fd);
            break;
        }
        struct str bytes = {chunk, (size_t)got};
        struct str taken = str_head(bytes, out->max - out->len);
        buf_add_str(out, taken);
        fits = fits && taken.len == bytes.len;
        if (look)
            look(context, bytes);
    }
    return fits;
}
