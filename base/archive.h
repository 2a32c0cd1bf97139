// SPDX-License-Identifier: Apache-2.0
// Unpacking what came from elsewhere: gzip, bzip2, xz and zstd streams, tar and zip archives. Everything
// stays in memory under a cap; damaged or hostile input is ERR_PARSE, too much ERR_LIMIT.
#ifndef ATOLL_BASE_ARCHIVE_H
#define ATOLL_BASE_ARCHIVE_H

#include "base/buf.h"
#include "base/err.h"

// Replaces the content of `out` by the unpacked bytes of a compressed stream; what is not compressed passes
// through. ERR_LIMIT beyond `max_bytes` or what `out` may hold.
int unpack_bytes(struct str packed, size_t max_bytes, struct buf *out, struct err *err) MUST_USE;

// Takes one file; `name` and `data` are valid during the call. -1 stops with the error it set.
typedef int (*unpack_fn)(void *context, const char *name, struct str data, struct err *err);

// Calls `fn` for each regular file of an archive, or once for a file that is no archive, unpacked, under its
// base name without .gz, .bz2, .xz, .zst. Refuses links, devices, absolute names and "..". ERR_LIMIT when a
// file is larger than `max_bytes_each`, all together larger than 16 times that, or more than 10000 entries.
int unpack_each(const char *path, size_t max_bytes_each, unpack_fn fn, void *context,
                struct err *err) MUST_USE;

#endif
