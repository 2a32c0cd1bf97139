// SPDX-License-Identifier: Apache-2.0
// git:REMOTE#REF. Each head is a commit without parents, so the ref never grows; its tree names every chunk
// that is needed, so no collection of garbage takes one:
//
//   head                the head's text; its version is the commit's id
//   chunks/AB/ABCD...   chunks by their SHA-256
//
// A message is a commit with one file `message` under a ref of its own, made only when there is none:
// refs/atoll/inbox/ID for refs/atoll/state, refs/atoll/inbox-of/NAME/ID for any other refs/NAME. Everything
// is built in a bare repository in the cache folder, and goes from there to the remote; the repository that
// is worked on only tells what its remotes are.
#include "base/git.h"
#include "base/fs.h"
#include "base/map.h"
#include "workflow/carriers/ops.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_REF "refs/atoll/state"
#define KNOWN_REF "refs/atoll/known" // in the cache: what a download need not bring again
#define CACHE_MAX_BYTES (256 << 20)
#define CACHE_MAX_FILES 20000
#define FETCH_MAX_BYTES ((size_t)CARRIER_LIVE_MAX * CARRIER_CHUNK_BYTES * 2)

struct git {
    char *remote, *ref;
    struct arena arena;
    const struct host *host;
    struct repo *settings;    // where remotes are looked up, or NULL
    struct repo *repo;        // the cache
    int lock_fd;              // shared, so that nobody empties the cache meanwhile
    bool has_looked;          // `base` is known
    char base[REPO_OID_SIZE]; // the head that was seen last, "" for none
    struct map fresh;         // chunks by hash that were put here: the ids of their blobs, in the arena
};

static void
git_close(void *self)
{
    struct git *git = self;
    repo_free(git->repo);
    repo_free(git->settings);
    if (git->lock_fd >= 0)
        close(git->lock_fd);
    map_release(&git->fresh);
    arena_release(&git->arena);
    free(git);
}

// ---- opening ----

static bool
is_too_large(const char *root)
{
    AUTO_ARENA arena = {0};
    struct fs_list files;
    struct err ignored;
    off_t bytes = 0;
    if (!fs_is_dir(root))
        return false;
    if (fs_walk(&arena, root, &files, &ignored) < 0)
        return true;
    for (size_t i = 0; i < files.count; i++) {
        struct stat st;
        bytes += stat(fs_join(&arena, root, files.paths[i]), &st) == 0 ? st.st_size : 0;
    }
    return bytes > CACHE_MAX_BYTES || files.count > CACHE_MAX_FILES;
}

// The cache can be made again from the remote, so one that has grown or can't be opened is emptied, unless
// another process works in it.
static int
cache_open(struct git *git, const char *folder, struct err *err)
{
    const char *path = fs_join(&git->arena, folder, "repository");
    const char *lock = fs_join(&git->arena, folder, "lock");
    if (fs_mkdirs(folder, err) < 0)
        return -1;
    git->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (git->lock_fd < 0)
        return err_sys(err, ERR_IO, "opening %s", lock);
    bool is_alone = flock(git->lock_fd, LOCK_EX | LOCK_NB) == 0;
    if (is_alone && is_too_large(path) && fs_remove_tree(path, err) < 0)
        return -1;
    if (repo_init(path, true, err) == 0)
        git->repo = repo_open(path, err);
    if (!git->repo && is_alone && fs_remove_tree(path, err) == 0 && repo_init(path, true, err) == 0)
        git->repo = repo_open(path, err);
    if (is_alone) // whoever was killed with it must not hold this process up
        unlink(fs_join(&git->arena, path, KNOWN_REF ".lock"));
    if (flock(git->lock_fd, LOCK_SH) < 0)
        return err_sys(err, ERR_IO, "locking %s", lock);
    if (git->repo && repo_skip_deltas(git->repo, err) == 0)
        return 0;
    return err_wrap(err, "the carrier's cache %s", folder);
}

// A remote's name stays one; what is a folder becomes an absolute path.
static int
find_remote(struct git *git, const char *remote, const char *folder, struct err *err)
{
    struct err ignored;
    git->settings = repo_open(folder ? folder : ".", &ignored);
    git->remote = arena_dup(&git->arena, remote);
    if (git->settings && repo_remote_url(git->settings, &git->arena, remote, &ignored))
        return 0;
    const char *path = strncmp(remote, "file://", 7) == 0 ? remote + 7 : remote;
    path = fs_join(&git->arena, folder ? folder : "", path);
    if (fs_is_dir(path))
        git->remote = fs_real(&git->arena, path, err);
    return git->remote ? 0 : -1;
}

static int
parse_place(struct git *git, const char *place, const struct carrier_options *options, struct err *err)
{
    const char *hash = strrchr(place, '#');
    if (!hash || hash == place || !hash[1])
        return err_set(err, ERR_CONFIG,
                       "git: needs a remote and a ref; write git:REMOTE#REF, say git:origin#%s", STATE_REF);
    if (!repo_is_ref_name(hash + 1))
        return err_set(err, ERR_CONFIG, "git: \"%.200s\" is not the full name of a ref; write one like %s",
                       hash + 1, STATE_REF);
    if (!options->cache)
        return err_set(err, ERR_INTERNAL, "git: was opened without a cache folder");
    git->ref = arena_dup(&git->arena, hash + 1);
    const char *remote = arena_str(&git->arena, str_n(place, (size_t)(hash - place)));
    return find_remote(git, remote, options->folder, err);
}

static void *
git_open(const char *place, const struct carrier_options *options, struct err *err)
{
    struct git *git = calloc(1, sizeof(*git));
    if (!git)
        abort();
    git->lock_fd = -1;
    git->host = options->host;
    if (parse_place(git, place, options, err) < 0 || cache_open(git, options->cache, err) < 0) {
        git_close(git);
        return NULL;
    }
    repo_limit_fetch(git->repo, FETCH_MAX_BYTES);
    repo_set_token(git->repo, git->host->env(git->host->context, "ATOLL_STATE_TOKEN"));
    if (git->settings)
        repo_use_remotes_of(git->repo, git->settings);
    return git;
}

// ---- head ----

static void
remember(struct git *git, const char *oid)
{
    struct err ignored;
    memcpy(git->base, oid, strlen(oid) + 1);
    git->has_looked = true;
    if (*oid)
        (void)!repo_set_ref(git->repo, KNOWN_REF, oid, NULL, &ignored); // only saves downloads
}

// Brings the head's commit here.
static int
fetch_head(struct git *git, struct err *err)
{
    char oid[REPO_OID_SIZE];
    int status = repo_fetch(git->repo, git->remote, git->ref, oid, err);
    if (status < 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    remember(git, status < 0 ? "" : oid);
    return 0;
}

static int
git_load(void *self, struct carrier_version *version, struct buf *head, struct err *err)
{
    struct git *git = self;
    if (fetch_head(git, err) < 0)
        return -1;
    if (!git->base[0])
        return 0;
    memcpy(version->text, git->base, sizeof(git->base));
    if (repo_read(git->repo, git->base, "head", CARRIER_HEAD_MAX_BYTES, head, err) == 0)
        return 0;
    if (err->kind == ERR_NOT_FOUND)
        err->kind = ERR_PARSE;
    return err_wrap(err, "%s holds no state", git->ref);
}

static int
git_look(void *self, struct carrier_version *version, struct err *err)
{
    struct git *git = self;
    *version = (struct carrier_version){""};
    if (repo_remote_ref(git->repo, git->remote, git->ref, version->text, err) == 0)
        return 0;
    *version = (struct carrier_version){""};
    return err->kind == ERR_NOT_FOUND ? 0 : -1;
}

// ---- chunks ----

static const char *
chunk_path(struct arena *arena, const char *hash)
{
    return arena_printf(arena, "chunks/%.2s/%s", hash, hash);
}

// The blob of a chunk that was put here or that the head of `base` names; ERR_NOT_FOUND.
static int
find_chunk(struct git *git, const char *base, const char *hash, char oid[REPO_OID_SIZE], struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *fresh = map_get(&git->fresh, str_of(hash));
    if (fresh) {
        memcpy(oid, fresh, REPO_OID_SIZE);
        return 0;
    }
    if (*base)
        return repo_blob_of(git->repo, base, chunk_path(&arena, hash), oid, err);
    return err_set(err, ERR_NOT_FOUND, "no head names the chunk %s", hash);
}

static int
git_has(void *self, const char *hash, bool *there, struct err *err)
{
    struct git *git = self;
    char oid[REPO_OID_SIZE];
    if (!git->has_looked && fetch_head(git, err) < 0)
        return -1;
    *there = find_chunk(git, git->base, hash, oid, err) == 0;
    return *there || err->kind == ERR_NOT_FOUND ? 0 : -1;
}

static int
git_put(void *self, const char *hash, struct str content, struct err *err)
{
    struct git *git = self;
    char oid[REPO_OID_SIZE];
    if (map_has(&git->fresh, str_of(hash)))
        return 0;
    if (repo_blob_put(git->repo, content, oid, err) < 0)
        return -1;
    map_set(&git->fresh, str_of(hash), arena_dup(&git->arena, oid));
    return 0;
}

static int
git_get(void *self, const char *hash, struct buf *content, struct err *err)
{
    struct git *git = self;
    char oid[REPO_OID_SIZE];
    if (!git->has_looked && fetch_head(git, err) < 0)
        return -1;
    if (find_chunk(git, git->base, hash, oid, err) < 0)
        return -1;
    return repo_blob_get(git->repo, oid, CARRIER_CHUNK_BYTES, content, err);
}

// ---- swap ----

static int
commit_files(struct git *git, const struct repo_change *files, size_t count, char oid[REPO_OID_SIZE],
             struct err *err)
{
    int64_t now_ns = git->host->wall_ns(git->host->context);
    struct repo_author author = {"atoll", "atoll@localhost", now_ns / 1000000000};
    return repo_commit(git->repo, NULL, NULL, files, count, "atoll state", &author, oid, err);
}

static int
commit_head(struct git *git, const char *base, struct str head, const struct carrier_hash *live, size_t count,
            char oid[REPO_OID_SIZE], struct err *err)
{
    AUTO_ARENA arena = {0};
    struct repo_change *files = ARENA_ARRAY(&arena, struct repo_change, count + 1);
    for (size_t i = 0; i < count; i++) {
        char *blob = arena_alloc(&arena, REPO_OID_SIZE);
        if (find_chunk(git, base, live[i].text, blob, err) < 0)
            return -1;
        files[i] = (struct repo_change){.path = chunk_path(&arena, live[i].text), .blob = blob};
    }
    files[count] = (struct repo_change){.path = "head", .content = head};
    return commit_files(git, files, count + 1, oid, err);
}

static int
git_swap(void *self, const struct carrier_version *expect, struct str head, const struct carrier_hash *live,
         size_t count, struct carrier_version *now, struct err *err)
{
    struct git *git = self;
    char oid[REPO_OID_SIZE];
    if (expect->text[0] && strcmp(expect->text, git->base) != 0 && fetch_head(git, err) < 0)
        return -1;
    if (strcmp(expect->text, git->base) != 0 && git->has_looked)
        return err_set(err, ERR_CONFLICT, "%s was replaced by somebody else", git->ref);
    if (commit_head(git, git->base, head, live, count, oid, err) < 0)
        return -1;
    memcpy(now->text, oid, sizeof(oid));
    const char *old = expect->text[0] ? expect->text : REPO_NO_OID;
    if (repo_push(git->repo, git->remote, oid, git->ref, old, err) < 0)
        return -1;
    remember(git, oid);
    return 0;
}

// ---- messages ----

// The refs of messages begin with this.
static char *
inbox_of(const struct git *git, struct arena *arena)
{
    if (strcmp(git->ref, STATE_REF) == 0)
        return arena_dup(arena, "refs/atoll/inbox/");
    return arena_printf(arena, "refs/atoll/inbox-of/%s/", git->ref + strlen("refs/"));
}

static char *
message_ref(const struct git *git, struct arena *arena, const char *id)
{
    return arena_printf(arena, "%s%s", inbox_of(git, arena), id);
}

static int
git_message_put(void *self, const char *id, struct str text, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct git *git = self;
    const struct repo_change file = {.path = "message", .content = text};
    char oid[REPO_OID_SIZE];
    if (commit_files(git, &file, 1, oid, err) < 0)
        return -1;
    return repo_push(git->repo, git->remote, oid, message_ref(git, &arena, id), REPO_NO_OID, err);
}

// One listing: refs become ids.
struct listing {
    size_t prefix_len;
    int (*add)(void *context, const char *id, struct err *err);
    void *context;
};

static int
add_ref(void *context, const char *ref, struct err *err)
{
    const struct listing *listing = context;
    return listing->add(listing->context, ref + listing->prefix_len, err);
}

static int
git_message_list(void *self, int (*add)(void *context, const char *id, struct err *err), void *context,
                 struct err *err)
{
    AUTO_ARENA arena = {0};
    struct git *git = self;
    const char *prefix = inbox_of(git, &arena);
    struct listing listing = {strlen(prefix), add, context};
    return repo_remote_refs(git->repo, git->remote, prefix, add_ref, &listing, err);
}

static int
git_message_get(void *self, const char *id, struct buf *text, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct git *git = self;
    char oid[REPO_OID_SIZE];
    if (repo_fetch(git->repo, git->remote, message_ref(git, &arena, id), oid, err) < 0)
        return -1;
    return repo_read(git->repo, oid, "message", CARRIER_MESSAGE_MAX_BYTES, text, err);
}

static int
git_message_drop(void *self, const char *id, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct git *git = self;
    const char *ref = message_ref(git, &arena, id);
    char oid[REPO_OID_SIZE];
    struct err ignored;
    if (repo_remote_ref(git->repo, git->remote, ref, oid, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    if (repo_push(git->repo, git->remote, NULL, ref, oid, err) == 0)
        return 0;
    bool is_gone = repo_remote_ref(git->repo, git->remote, ref, oid, &ignored) < 0 &&
                   ignored.kind == ERR_NOT_FOUND; // dropped by somebody else, or the answer was lost
    return is_gone ? 0 : -1;
}

const struct carrier_ops carrier_git = {
    .scheme = "git",
    .form = "git:REMOTE#REF",
    .open = git_open,
    .close = git_close,
    .has = git_has,
    .put = git_put,
    .get = git_get,
    .load = git_load,
    .look = git_look,
    .swap = git_swap,
    .message_put = git_message_put,
    .message_list = git_message_list,
    .message_get = git_message_get,
    .message_drop = git_message_drop,
};
