// SPDX-License-Identifier: Apache-2.0
// Unpacking what came from elsewhere: gzip, bzip2, xz and zstd streams, tar and zip archives; damaged or
// hostile input is ERR_PARSE, too much ERR_LIMIT. And packing: tar under zstd.
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

// Takes an archive in pieces, so that none of it need fit into memory. `begin` is told a name, `piece` the
// bytes behind it in order, `end` that the file is whole; -1 from any stops with the error it set.
struct unpack_sink {
    int (*begin)(void *context, const char *name, struct err *err);
    int (*piece)(void *context, struct str bytes, struct err *err);
    int (*end)(void *context, struct err *err);
    void *context;
};

// Gives the regular files of a tar.zst, in the order they stand there. The refusals of unpack_each; ERR_LIMIT
// beyond `max_entries`. How large they may be is for the sink to say.
int unpack_pieces(const char *path, size_t max_entries, const struct unpack_sink *sink,
                  struct err *err) MUST_USE;

// A tar.zst that is being written, file by file. The same content gives the same bytes.
struct packer;

// Begins an archive at `path`, which must not exist. Returns owned, or NULL.
struct packer *packer_open(const char *path, struct err *err) MUST_USE;

// Adds bytes, or a file, under a name.
int packer_add(struct packer *packer, const char *name, struct str content, struct err *err) MUST_USE;
int packer_add_file(struct packer *packer, const char *name, const char *path, struct err *err) MUST_USE;

// Ends the archive, syncs it and frees the packer.
int packer_close(struct packer *packer, struct err *err) MUST_USE;

// Frees a packer and removes what it wrote; NULL is fine.
void packer_abandon(struct packer *packer);

#endif
