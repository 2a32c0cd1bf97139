// SPDX-License-Identifier: Apache-2.0
#include "workflow/bundle.h"

#include "base/archive.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "workflow/head.h"
#include "workflow/migration.h"
#include "workflow/snapshot.h"
#include "workflow/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHAT "atoll state"
#define MANIFEST "manifest.json"
#define SNAPSHOT "state.db"
#define ENTRIES_MAX 8

// ---- manifest ----

static int
wrong(const char *what, struct err *err)
{
    return err_set(err, ERR_PARSE, "%s: %s", MANIFEST, what);
}

static int
read_member(const json_t *member, struct bundle_manifest *manifest, struct err *err)
{
    const char *sum = json_get_text(member, "sha256", "");
    manifest->size_bytes = json_get_int(member, "size", -1);
    if (strcmp(json_get_text(member, "name", ""), SNAPSHOT) != 0)
        return wrong("its member is not " SNAPSHOT, err);
    if (manifest->size_bytes < 1)
        return wrong("the size of " SNAPSHOT " is not a number from 1", err);
    if (manifest->size_bytes > SNAPSHOT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: %s has %lld bytes; %lld is the limit", MANIFEST, SNAPSHOT,
                       (long long)manifest->size_bytes, (long long)SNAPSHOT_MAX_BYTES);
    if (strlen(sum) != 64 || strspn(sum, "0123456789abcdef") != 64)
        return wrong("the sum of " SNAPSHOT " is not a SHA-256", err);
    memcpy(manifest->sum, sum, sizeof(manifest->sum));
    return 0;
}

int
bundle_read_manifest(struct str text, struct bundle_manifest *manifest, struct err *err)
{
    *manifest = (struct bundle_manifest){0};
    AUTO_JSON *json = json_read(text, MANIFEST, err);
    if (!json)
        return -1;
    int64_t format = json_get_int(json, "format", 0);
    if (strcmp(json_get_text(json, "what", ""), WHAT) != 0 || format < 1)
        return wrong("this is not the manifest of an atoll state", err);
    if (format > BUNDLE_FORMAT)
        return err_set(err, ERR_ENVIRONMENT,
                       "the bundle was written by a newer atoll: format %lld, this atoll knows format %d",
                       (long long)format, BUNDLE_FORMAT);
    manifest->schema = json_get_int(json, "schema", 0);
    if (manifest->schema < 1)
        return wrong("the schema is not a number from 1", err);
    if (manifest->schema > migration_version())
        return err_set(err, ERR_ENVIRONMENT,
                       "the bundle was written by a newer atoll: its engine tables have version %lld, this "
                       "atoll knows version %d",
                       (long long)manifest->schema, migration_version());
    const json_t *members = json_object_get(json, "members");
    if (json_array_size(members) != 1)
        return wrong("it does not list one member", err);
    return read_member(json_array_get(members, 0), manifest, err);
}

static char *
manifest_text(const struct bundle_manifest *manifest)
{
    AUTO_JSON *json = json_pack("{s:i, s:s, s:I, s:[{s:s, s:I, s:s}]}", "format", BUNDLE_FORMAT, "what", WHAT,
                                "schema", (json_int_t)manifest->schema, "members", "name", SNAPSHOT, "size",
                                (json_int_t)manifest->size_bytes, "sha256", manifest->sum);
    return json_pretty(json);
}

// ---- export ----

static int
sum_file(const char *path, struct bundle_manifest *manifest, struct err *err)
{
    char block[65536];
    FILE *file = fopen(path, "rbe");
    if (!file)
        return err_sys(err, ERR_IO, "opening %s", path);
    struct hasher *hasher = hasher_new();
    manifest->size_bytes = 0;
    for (size_t got; (got = fread(block, 1, sizeof(block), file)) > 0;) {
        hasher_add(hasher, block, got);
        manifest->size_bytes += (int64_t)got;
    }
    int status = ferror(file) ? err_sys(err, ERR_IO, "reading %s", path) : 0;
    struct hash sum;
    hasher_finish(hasher, &sum);
    hash_hex(&sum, manifest->sum);
    fclose(file);
    return status;
}

static int
pack(const char *snapshot, const struct bundle_manifest *manifest, const char *to, struct err *err)
{
    struct packer *packer = packer_open(to, err);
    if (!packer)
        return -1;
    char *text = manifest_text(manifest);
    int status = packer_add(packer, MANIFEST, str_of(text), err);
    free(text);
    if (status == 0)
        status = packer_add_file(packer, SNAPSHOT, snapshot, err);
    if (status == 0)
        return packer_close(packer, err);
    packer_abandon(packer);
    return -1;
}

static int
move_into_place(const char *from, const char *to, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (rename(from, to) < 0)
        return err_sys(err, ERR_IO, "moving %s to %s", from, to);
    int fd = open(fs_dir_name(&arena, to), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) < 0 ? err_sys(err, ERR_IO, "syncing %s", to) : 0;
    if (fd >= 0)
        close(fd);
    return status;
}

int
bundle_export(const char *state_path, const char *file, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct bundle_manifest manifest = {0};
    const char *copy = snapshot_temp(&arena, state_path, "export");
    const char *fresh = snapshot_temp(&arena, file, "new");
    int status = snapshot_take(state_path, copy, &manifest.schema, err);
    if (status == 0)
        status = sum_file(copy, &manifest, err);
    if (status == 0 && manifest.size_bytes > SNAPSHOT_MAX_BYTES)
        status = err_set(err, ERR_LIMIT, "the state has %lld bytes; %lld is the limit of a bundle",
                         (long long)manifest.size_bytes, (long long)SNAPSHOT_MAX_BYTES);
    if (status == 0)
        status = pack(copy, &manifest, fresh, err);
    if (status == 0)
        status = move_into_place(fresh, file, err);
    unlink(copy);
    unlink(fresh);
    return status < 0 ? err_wrap(err, "exporting the state") : 0;
}

// ---- import ----

enum phase { BEFORE_MANIFEST, IN_MANIFEST, BEFORE_SNAPSHOT, IN_SNAPSHOT, COMPLETE };

struct import {
    enum phase phase;
    struct buf text; // of the manifest
    struct bundle_manifest manifest;
    const char *path; // where the snapshot goes
    int fd;
    int64_t bytes;
    struct hasher *hasher;
};

static int
on_begin(void *context, const char *name, struct err *err)
{
    struct import *import = context;
    if (import->phase == BEFORE_MANIFEST && strcmp(name, MANIFEST) == 0) {
        import->phase = IN_MANIFEST;
        return 0;
    }
    if (import->phase != BEFORE_SNAPSHOT || strcmp(name, SNAPSHOT) != 0)
        return err_set(err, ERR_PARSE, "%.200s does not belong into a bundle, or not at this place", name);
    import->phase = IN_SNAPSHOT;
    import->hasher = hasher_new();
    import->fd = open(import->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return import->fd < 0 ? err_sys(err, ERR_IO, "making %s", import->path) : 0;
}

static int
take_snapshot_piece(struct import *import, struct str bytes, struct err *err)
{
    import->bytes += (int64_t)bytes.len;
    if (import->bytes > import->manifest.size_bytes)
        return err_set(err, ERR_PARSE, "%s is larger than the manifest says", SNAPSHOT);
    hasher_add(import->hasher, bytes.ptr, bytes.len);
    while (bytes.len > 0) {
        ssize_t put = write(import->fd, bytes.ptr, bytes.len);
        if (put < 0 && errno != EINTR)
            return err_sys(err, ERR_IO, "writing %s", import->path);
        bytes = str_from(bytes, put > 0 ? (size_t)put : 0);
    }
    return 0;
}

static int
on_piece(void *context, struct str bytes, struct err *err)
{
    struct import *import = context;
    if (import->phase == IN_SNAPSHOT)
        return take_snapshot_piece(import, bytes, err);
    buf_add_str(&import->text, bytes);
    return buf_check(&import->text, MANIFEST, err);
}

static int
on_end(void *context, struct err *err)
{
    struct import *import = context;
    if (import->phase == IN_MANIFEST) {
        import->phase = BEFORE_SNAPSHOT;
        return bundle_read_manifest(buf_str(&import->text), &import->manifest, err);
    }
    struct hash sum;
    char hex[65];
    hasher_finish(import->hasher, &sum);
    import->hasher = NULL;
    hash_hex(&sum, hex);
    import->phase = COMPLETE;
    if (import->bytes != import->manifest.size_bytes || strcmp(hex, import->manifest.sum) != 0)
        return err_set(err, ERR_PARSE, "%s is damaged: it does not have its size and sum", SNAPSHOT);
    return 0;
}

static int
unpack(const char *file, const char *to, struct err *err)
{
    struct import import = {.path = to, .fd = -1, .text = BUF(BUNDLE_MANIFEST_MAX_BYTES)};
    const struct unpack_sink sink = {on_begin, on_piece, on_end, &import};
    int status = unpack_pieces(file, ENTRIES_MAX, &sink, err);
    if (status == 0 && import.phase != COMPLETE)
        status = err_set(err, ERR_PARSE, "this is no whole bundle: %s is missing",
                         import.phase == BEFORE_MANIFEST ? MANIFEST : SNAPSHOT);
    if (import.fd >= 0)
        close(import.fd);
    hasher_free(import.hasher);
    buf_release(&import.text);
    return status;
}

int
bundle_import(const char *file, const char *state_path, bool replace, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (snapshot_may_install(state_path, replace, err) < 0 || state_make_folder(state_path, err) < 0)
        return -1;
    const char *snapshot = snapshot_temp(&arena, state_path, "import");
    int status = unpack(file, snapshot, err);
    if (status == 0)
        status = snapshot_check(snapshot, err);
    if (status == 0)
        status = snapshot_install(snapshot, state_path, replace, err);
    unlink(snapshot);
    return status < 0 ? err_wrap(err, "importing %s", file) : 0;
}
