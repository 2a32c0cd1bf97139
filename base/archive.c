// SPDX-License-Identifier: Apache-2.0
#include "base/archive.h"

#include "base/arena.h"
#include "base/fs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 10000
#define TOTAL_FACTOR 16
#define BLOCK_BYTES 65536

static void
drop_archive(struct archive **archive)
{
    archive_read_free(*archive);
}
#define AUTO_ARCHIVE __attribute__((cleanup(drop_archive))) struct archive

static int
fail(struct archive *archive, const char *name, struct err *err)
{
    const char *text = archive_error_string(archive);
    return err_set(err, ERR_PARSE, "unpacking %s: %s", name, text ? text : "damaged");
}

static struct archive *
reader_new(void)
{
    struct archive *archive = archive_read_new();
    if (!archive)
        abort();
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    return archive;
}

// Replaces the content of `out` by the data of the current entry.
static int
read_entry(struct archive *archive, const char *name, size_t max_bytes, struct buf *out, struct err *err)
{
    char block[BLOCK_BYTES];
    buf_clear(out);
    for (;;) {
        la_ssize_t got = archive_read_data(archive, block, sizeof(block));
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return fail(archive, name, err);
        if (got == 0)
            return buf_check(out, name, err);
        if (out->len + (size_t)got > max_bytes)
            return err_set(err, ERR_LIMIT, "%s unpacks to more than %zu bytes", name, max_bytes);
        buf_add(out, block, (size_t)got);
    }
}

// The next entry: 1, 0 at the end, -1.
static int
next_entry(struct archive *archive, const char *name, struct archive_entry **entry, struct err *err)
{
    int status = archive_read_next_header(archive, entry);
    if (status == ARCHIVE_EOF)
        return 0;
    return status < ARCHIVE_WARN ? fail(archive, name, err) : 1;
}

int
unpack_bytes(struct str packed, size_t max_bytes, struct buf *out, struct err *err)
{
    buf_clear(out);
    AUTO_ARCHIVE *archive = reader_new();
    struct archive_entry *entry;
    if (archive_read_open_memory(archive, packed.ptr, packed.len) != ARCHIVE_OK)
        return fail(archive, "compressed data", err);
    int status = next_entry(archive, "compressed data", &entry, err);
    return status <= 0 ? status : read_entry(archive, "compressed data", max_bytes, out, err);
}

// Whether a name stays below the folder it is unpacked into.
static bool
is_tame(const char *name)
{
    struct str rest = str_of(name);
    if (!*name || *name == '/' || strchr(name, '\\'))
        return false;
    while (rest.ptr)
        if (str_is(str_cut(&rest, '/'), ".."))
            return false;
    return true;
}

static const char *
entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    while (name && strncmp(name, "./", 2) == 0)
        name += 2 + strspn(name + 2, "/");
    return name;
}

// The name of a file that is no archive: its base name without the ending of its compression.
static const char *
single_name(struct arena *arena, const char *path)
{
    static const char *const endings[] = {".gz", ".bz2", ".xz", ".zst"};
    struct str name = str_of(fs_base_name(path));
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(name, str_of(endings[i])))
            return arena_str(arena, str_head(name, name.len - strlen(endings[i])));
    return arena_str(arena, name);
}

// One walk over an archive.
struct unpacking {
    const char *path;
    size_t max_bytes_each, total_bytes, entries;
    struct buf data;
    unpack_fn fn;
    void *context;
};

// Refuses what is no regular file or folder that stays below where it is unpacked.
static int
check_entry(struct archive_entry *entry, const char *path, const char *name, struct err *err)
{
    bool is_dir = archive_entry_filetype(entry) == AE_IFDIR;
    if (!name || (!is_tame(name) && !(is_dir && !*name)))
        return err_set(err, ERR_PARSE, "%s: refused the name %s", path, name ? name : "that is no text");
    bool is_link = archive_entry_hardlink(entry) || archive_entry_symlink(entry);
    if (is_link || (!is_dir && archive_entry_filetype(entry) != AE_IFREG))
        return err_set(err, ERR_PARSE, "%s: %s is not a regular file", path, name);
    return 0;
}

static int
take_entry(struct unpacking *job, struct archive *archive, struct archive_entry *entry, const char *name,
           struct err *err)
{
    bool is_dir = archive_entry_filetype(entry) == AE_IFDIR;
    if (++job->entries > ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "%s holds more than %d entries", job->path, ENTRIES_MAX);
    if (check_entry(entry, job->path, name, err) < 0)
        return -1;
    if (is_dir)
        return 0;
    if (read_entry(archive, name, job->max_bytes_each, &job->data, err) < 0)
        return err_wrap(err, "%s", job->path);
    job->total_bytes += job->data.len;
    if (job->total_bytes / TOTAL_FACTOR > job->max_bytes_each)
        return err_set(err, ERR_LIMIT, "%s unpacks to more than %d times %zu bytes", job->path, TOTAL_FACTOR,
                       job->max_bytes_each);
    return job->fn(job->context, name, buf_str(&job->data), err);
}

int
unpack_each(const char *path, size_t max_bytes_each, unpack_fn fn, void *context, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_ARCHIVE *archive = reader_new();
    struct unpacking job = {path, max_bytes_each, 0, 0, BUF(max_bytes_each), fn, context};
    archive_read_support_format_tar(archive);
    archive_read_support_format_zip(archive);
    if (!fs_exists(path))
        return err_set(err, ERR_NOT_FOUND, "unpacking %s: there is no such file", path);
    if (archive_read_open_filename(archive, path, BLOCK_BYTES) != ARCHIVE_OK)
        return fail(archive, path, err);
    struct archive_entry *entry;
    int status;
    while ((status = next_entry(archive, path, &entry, err)) > 0) {
        bool is_single = archive_format(archive) == ARCHIVE_FORMAT_RAW;
        const char *name = is_single ? single_name(&arena, path) : entry_name(entry);
        if ((status = take_entry(&job, archive, entry, name, err)) < 0)
            break;
    }
    buf_release(&job.data);
    return status;
}

// ---- in pieces ----

static int
pieces_of_entry(struct archive *archive, const char *path, const char *name, const struct unpack_sink *sink,
                struct err *err)
{
    char block[BLOCK_BYTES];
    if (sink->begin(sink->context, name, err) < 0)
        return -1;
    for (;;) {
        la_ssize_t got = archive_read_data(archive, block, sizeof(block));
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return fail(archive, path, err);
        if (got == 0)
            return sink->end(sink->context, err);
        if (sink->piece(sink->context, str_n(block, (size_t)got), err) < 0)
            return -1;
    }
}

int
unpack_pieces(const char *path, size_t max_entries, const struct unpack_sink *sink, struct err *err)
{
    AUTO_ARCHIVE *archive = archive_read_new();
    struct archive_entry *entry;
    size_t entries = 0;
    int status;
    if (!archive)
        abort();
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_tar(archive);
    if (!fs_exists(path))
        return err_set(err, ERR_NOT_FOUND, "unpacking %s: there is no such file", path);
    if (archive_read_open_filename(archive, path, BLOCK_BYTES) != ARCHIVE_OK)
        return fail(archive, path, err);
    while ((status = next_entry(archive, path, &entry, err)) > 0) {
        const char *name = entry_name(entry);
        if (++entries > max_entries)
            return err_set(err, ERR_LIMIT, "%s holds more than %zu entries", path, max_entries);
        if (check_entry(entry, path, name, err) < 0)
            return -1;
        bool is_dir = archive_entry_filetype(entry) == AE_IFDIR;
        if (!is_dir && pieces_of_entry(archive, path, name, sink, err) < 0)
            return -1;
    }
    return status;
}

// ---- packing ----

struct packer {
    struct archive *archive;
    char *path;
    int fd;
};

static int
packer_fail(const struct packer *packer, struct err *err)
{
    const char *text = archive_error_string(packer->archive);
    return err_set(err, ERR_IO, "packing %s: %s", packer->path, text ? text : "failed");
}

static void
packer_free(struct packer *packer)
{
    archive_write_free(packer->archive);
    if (packer->fd >= 0)
        close(packer->fd);
    free(packer->path);
    free(packer);
}

struct packer *
packer_open(const char *path, struct err *err)
{
    struct packer *packer = calloc(1, sizeof(*packer));
    if (!packer || !(packer->path = strdup(path)) || !(packer->archive = archive_write_new()))
        abort();
    packer->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (packer->fd < 0) {
        err_sys(err, ERR_IO, "making %s", path);
        packer_free(packer);
        return NULL;
    }
    if (archive_write_add_filter_zstd(packer->archive) == ARCHIVE_OK &&
        archive_write_set_format_pax_restricted(packer->archive) == ARCHIVE_OK &&
        archive_write_open_fd(packer->archive, packer->fd) == ARCHIVE_OK)
        return packer;
    packer_fail(packer, err);
    packer_abandon(packer);
    return NULL;
}

static int
packer_begin(struct packer *packer, const char *name, int64_t size, struct err *err)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        abort();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    int code = archive_write_header(packer->archive, entry);
    archive_entry_free(entry);
    return code == ARCHIVE_OK ? 0 : packer_fail(packer, err);
}

static int
packer_data(struct packer *packer, const char *bytes, size_t len, struct err *err)
{
    la_ssize_t put = archive_write_data(packer->archive, bytes, len);
    return put == (la_ssize_t)len ? 0 : packer_fail(packer, err);
}

int
packer_add(struct packer *packer, const char *name, struct str content, struct err *err)
{
    if (packer_begin(packer, name, (int64_t)content.len, err) < 0)
        return -1;
    return content.len > 0 ? packer_data(packer, content.ptr, content.len, err) : 0;
}

int
packer_add_file(struct packer *packer, const char *name, const char *path, struct err *err)
{
    char block[BLOCK_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening %s", path);
    int status = fstat(fd, &st) < 0 ? err_sys(err, ERR_IO, "opening %s", path)
                                    : packer_begin(packer, name, st.st_size, err);
    ssize_t got = 1;
    while (status == 0 && got != 0) {
        got = read(fd, block, sizeof(block));
        if (got < 0 && errno != EINTR)
            status = err_sys(err, ERR_IO, "reading %s", path);
        else if (got > 0)
            status = packer_data(packer, block, (size_t)got, err);
    }
    close(fd);
    return status;
}

int
packer_close(struct packer *packer, struct err *err)
{
    int status = archive_write_close(packer->archive) == ARCHIVE_OK ? 0 : packer_fail(packer, err);
    if (status == 0 && fsync(packer->fd) < 0)
        status = err_sys(err, ERR_IO, "syncing %s", packer->path);
    if (status < 0)
        packer_abandon(packer);
    else
        packer_free(packer);
    return status;
}

void
packer_abandon(struct packer *packer)
{
    if (!packer)
        return;
    // Not archive_write_fail, behind which libarchive 3.6 loses the memory of its streams: what is written
    // now goes to a file without a name.
    if (packer->fd >= 0)
        unlink(packer->path);
    packer_free(packer);
}
