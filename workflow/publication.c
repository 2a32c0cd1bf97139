// SPDX-License-Identifier: Apache-2.0
#include "workflow/publication.h"

#include "base/fd.h"
#include "base/fs.h"
#include "workflow/migration.h"
#include "workflow/snapshot.h"
#include "workflow/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 3

static void
base_of(const struct head *head, const struct carrier_version *version, struct published *base)
{
    *base = (struct published){.version = *version, .generation = head->generation};
    memcpy(base->lineage, head->lineage, sizeof(base->lineage));
    memcpy(base->write, head->write, sizeof(base->write));
    memcpy(base->previous, head->previous, sizeof(base->previous));
    base->previous_count = head->previous_count;
}

int
publication_look(struct carrier *carrier, struct arena *arena, struct head *head, struct published *base,
                 struct err *err)
{
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    struct carrier_version version;
    *base = (struct published){0};
    if (carrier_load(carrier, &version, &text, err) < 0)
        return -1;
    if (!version.text[0])
        return 0;
    if (head_read(arena, buf_str(&text), head, err) < 0)
        return -1;
    base_of(head, &version, base);
    return 1;
}

// ---- publishing ----

// Reads up to one chunk; fewer bytes only at the end of the file. -1 with errno.
static ssize_t
read_chunk(int fd, char *chunk)
{
    size_t len = 0;
    while (len < CARRIER_CHUNK_BYTES) {
        ssize_t got = read(fd, chunk + len, CARRIER_CHUNK_BYTES - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)len;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static int
upload_chunk(struct carrier *carrier, struct str content, struct carrier_hash *hash,
             struct publication_cost *cost, struct err *err)
{
    bool there = false;
    struct hash sum = hash_of(content.ptr, content.len);
    hash_hex(&sum, hash->text);
    cost->chunks++;
    cost->bytes += (int64_t)content.len;
    if (carrier_has(carrier, hash->text, &there, err) < 0)
        return -1;
    if (there)
        return 0;
    cost->uploaded++;
    cost->uploaded_bytes += (int64_t)content.len;
    return carrier_put(carrier, content, hash, err);
}

// Cuts a snapshot in chunks, uploads those that are new, and notes size, sum and chunks.
static int
upload(struct carrier *carrier, const char *path, struct arena *arena, struct head *head,
       struct publication_cost *cost, struct err *err)
{
    char chunk[CARRIER_CHUNK_BYTES];
    struct stat st;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, ERR_IO, "opening %s", path);
    if (st.st_size > SNAPSHOT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the state has %lld bytes; at most %lld can be published",
                       (long long)st.st_size, (long long)SNAPSHOT_MAX_BYTES);
    *cost = (struct publication_cost){0};
    head->size_bytes = st.st_size;
    head->chunk_count = (size_t)((st.st_size + CARRIER_CHUNK_BYTES - 1) / CARRIER_CHUNK_BYTES);
    head->chunks = ARENA_ARRAY(arena, struct carrier_hash, head->chunk_count);
    struct hasher *hasher = hasher_new();
    int status = 0;
    for (size_t i = 0; status == 0 && i < head->chunk_count; i++) {
        ssize_t len = read_chunk(fd, chunk);
        status = len <= 0 ? err_sys(err, ERR_IO, "reading %s", path)
                          : upload_chunk(carrier, str_n(chunk, (size_t)len), &head->chunks[i], cost, err);
        hasher_add(hasher, chunk, len > 0 ? (size_t)len : 0);
    }
    struct hash sum;
    hasher_finish(hasher, &sum);
    hash_hex(&sum, head->sum);
    return status;
}

// The head that follows `base`.
static void
follow(const struct publication *what, const struct published *base, struct head *head)
{
    head->generation = base->generation + 1;
    memcpy(head->lineage, what->lineage, strlen(what->lineage) + 1);
    memcpy(head->owner, what->owner, strlen(what->owner) + 1);
    head->until_ns = what->until_ns;
    head_new_write(head->write);
    head->previous_count = 0;
    if (base->write[0])
        memcpy(head->previous[head->previous_count++], base->write, HEAD_WRITE_SIZE);
    for (size_t i = 0; i < base->previous_count && head->previous_count < HEAD_PREVIOUS_MAX; i++)
        memcpy(head->previous[head->previous_count++], base->previous[i], HEAD_WRITE_SIZE);
}

// Keeps the newest writes whose fate is open.
static void
note_open(struct published *base, const char *write)
{
    if (base->open_count == PUBLISHED_OPEN_MAX) {
        memmove(base->open[0], base->open[1], sizeof(base->open) - sizeof(base->open[0]));
        base->open_count--;
    }
    memcpy(base->open[base->open_count++], write, HEAD_WRITE_SIZE);
}

// Says whose head stands there.
static int
conflict(const struct head *head, const struct published *base, struct err *err)
{
    const char *who = head->owner[0] ? head->owner : "somebody else";
    for (size_t i = 0; i < base->open_count; i++)
        if (head_is_after(head, base->open[i]))
            return err_set(err, ERR_CONFLICT, "%s took the state over after it was published from here", who);
    return err_set(err, ERR_CONFLICT,
                   "%s published generation %lld of the state meanwhile; what was done here since generation "
                   "%lld is not published",
                   who, (long long)head->generation, (long long)base->generation);
}

// When the head that stands there is `base` still, or this machine's own after all, goes on from it: 0. Else
// ERR_CONFLICT.
static int
recognise(struct carrier *carrier, struct published *base, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct head head;
    struct published standing;
    int found = publication_look(carrier, &arena, &head, &standing, err);
    if (found < 0)
        return -1;
    if (strcmp(standing.version.text, base->version.text) == 0)
        return 0;
    if (!found)
        return err_set(err, ERR_CONFLICT, "the published state is gone; it was at generation %lld",
                       (long long)base->generation);
    for (size_t i = 0; i < base->open_count; i++) {
        if (!head_is_write(&head, base->open[i]))
            continue;
        *base = standing;
        return 0;
    }
    return conflict(&head, base, err);
}

static int
swap(struct carrier *carrier, const struct publication *what, struct published *base, struct head *head,
     struct err *err)
{
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    struct carrier_version now;
    follow(what, base, head);
    head_write(head, &text);
    if (buf_check(&text, "the head", err) < 0)
        return -1;
    note_open(base, head->write);
    if (carrier_swap(carrier, &base->version, buf_str(&text), head->chunks, head->chunk_count, &now, err) < 0)
        return -1;
    base_of(head, &now, base);
    return 0;
}

// Uploads and swaps. Chunks that went away in between are uploaded again; a conflict with an own write whose
// answer was lost is none.
static int
publish_file(struct carrier *carrier, const struct publication *what, const char *path, int64_t schema,
             struct published *base, struct publication_cost *cost, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct head head = {.schema = schema};
    int status = -1;
    for (int tries = 0; status < 0 && tries < TRIES; tries++) {
        if (base->open_count > 0 && recognise(carrier, base, err) < 0)
            return -1;
        if (upload(carrier, path, &arena, &head, cost, err) < 0)
            return -1;
        status = swap(carrier, what, base, &head, err);
        if (status < 0 && err->kind != ERR_NOT_FOUND && err->kind != ERR_CONFLICT)
            return -1;
    }
    return status;
}

static int
check_publication(const struct publication *what, const struct published *base, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(what->lineage);
    if (len == 0 || len > HEAD_NAME_MAX || strspn(what->lineage, letters) != len)
        return err_set(err, ERR_INTERNAL, "not a lineage: %.80s", what->lineage);
    if (strlen(what->owner) > HEAD_NAME_MAX)
        return err_set(err, ERR_INTERNAL, "an owner's name is too long: %.80s", what->owner);
    if (base->version.text[0] && strcmp(base->lineage, what->lineage) != 0)
        return err_set(err, ERR_CONFLICT, "the published state is another one: lineage %s, this one is %s",
                       base->lineage, what->lineage);
    return 0;
}

int
publication_make(struct carrier *carrier, const struct publication *what, struct published *base,
                 struct publication_cost *cost, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct publication_cost unwanted;
    int64_t schema;
    if (check_publication(what, base, err) < 0)
        return -1;
    const char *copy = snapshot_temp(&arena, what->state_path, "publish");
    int status = snapshot_take(what->state_path, copy, &schema, err);
    if (status == 0)
        status = publish_file(carrier, what, copy, schema, base, cost ? cost : &unwanted, err);
    unlink(copy);
    return status < 0 ? err_wrap(err, "publishing the state") : 0;
}

// ---- fetching ----

static int
write_all(int fd, struct str bytes, const char *path, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, ERR_IO, "writing %s", path);
        bytes = str_from(bytes, (size_t)put);
    }
    return 0;
}

// Every chunk has its own sum and its right length; the whole has its.
static int
download(struct carrier *carrier, const struct head *head, const char *path, struct err *err)
{
    AUTO_BUF chunk = BUF(CARRIER_CHUNK_BYTES);
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_sys(err, ERR_IO, "making %s", path);
    struct hasher *hasher = hasher_new();
    int64_t left = head->size_bytes;
    int status = 0;
    for (size_t i = 0; status == 0 && i < head->chunk_count; i++) {
        status = carrier_get(carrier, head->chunks[i].text, &chunk, err);
        int64_t expected = left < CARRIER_CHUNK_BYTES ? left : CARRIER_CHUNK_BYTES;
        if (status == 0 && (int64_t)chunk.len != expected)
            status =
                err_set(err, ERR_PARSE, "a published head is damaged: chunk %zu has %zu bytes", i, chunk.len);
        if (status == 0)
            status = write_all(fd, buf_str(&chunk), path, err);
        hasher_add(hasher, buf_text(&chunk), chunk.len);
        left -= expected;
    }
    struct hash sum;
    char hex[65];
    hasher_finish(hasher, &sum);
    hash_hex(&sum, hex);
    if (status == 0 && strcmp(hex, head->sum) != 0)
        status = err_set(err, ERR_PARSE, "a published head is damaged: the whole does not have its sum");
    return status;
}

// One look and one download: 0, 1 when the head was replaced meanwhile, -1.
static int
fetch_once(struct carrier *carrier, const char *file, struct head *head, struct published *base,
           struct err *err)
{
    AUTO_ARENA arena = {0};
    struct published after;
    struct head newer;
    int found = publication_look(carrier, &arena, head, base, err);
    if (found <= 0)
        return found < 0 ? -1 : err_set(err, ERR_NOT_FOUND, "no state was published there");
    if (head->schema > migration_version())
        return err_set(err, ERR_ENVIRONMENT,
                       "the state was published by a newer atoll: its engine tables have version %lld, this "
                       "atoll knows version %d",
                       (long long)head->schema, migration_version());
    int status = download(carrier, head, file, err);
    head->chunks = NULL;
    head->chunk_count = 0;
    if (status == 0 || err->kind != ERR_NOT_FOUND)
        return status;
    unlink(file);
    struct err before = *err;
    found = publication_look(carrier, &arena, &newer, &after, err);
    if (found > 0 && strcmp(after.version.text, base->version.text) != 0)
        return 1;
    *err = before;
    return -1;
}

int
publication_fetch(struct carrier *carrier, const char *state_path, bool replace, struct head *head,
                  struct published *base, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct head unwanted;
    if (snapshot_may_install(state_path, replace, err) < 0 || state_make_folder(state_path, err) < 0)
        return -1;
    const char *file = snapshot_temp(&arena, state_path, "fetch");
    int status = 1;
    for (int tries = 0; status > 0 && tries < TRIES; tries++)
        status = fetch_once(carrier, file, head ? head : &unwanted, base, err);
    if (status > 0)
        status = err_set(err, ERR_NET, "the published state was replaced again and again");
    if (status == 0)
        status = snapshot_check(file, err);
    if (status == 0)
        status = snapshot_install(file, state_path, replace, err);
    unlink(file);
    return status < 0 ? err_wrap(err, "fetching the published state") : 0;
}
