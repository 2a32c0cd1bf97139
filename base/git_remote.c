// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include "base/fs.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

#define FETCH_TRIES 3

// What the callbacks of one exchange share; its headers belong to an arena.
struct exchange {
    const struct repo *repo;
    const char *url;
    struct arena arena;
    VEC(char *) headers;
    int credential_tries;
    const char *ref;
    const git_oid *expect;
    git_oid found;
    bool moved;
    char refusal[200]; // the server's reason
};

static int
on_credentials(git_credential **out, const char *url, const char *user, unsigned allowed, void *payload)
{
    (void)url;
    struct exchange *exchange = payload;
    const char *token = exchange->repo->token;
    if (allowed & GIT_CREDENTIAL_USERNAME)
        return git_credential_username_new(out, user ? user : "git");
    if (exchange->credential_tries++ > 0)
        return GIT_EAUTH;
    if (token && (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT))
        return git_credential_userpass_plaintext_new(out, user ? user : "x-access-token", token);
    if (allowed & GIT_CREDENTIAL_SSH_KEY)
        return git_credential_ssh_key_from_agent(out, user ? user : "git");
    return GIT_PASSTHROUGH;
}

static int
on_negotiation(const git_push_update **updates, size_t count, void *payload)
{
    struct exchange *exchange = payload;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(updates[i]->dst_refname, exchange->ref) != 0)
            continue;
        exchange->found = updates[i]->src;
        exchange->moved = exchange->expect && !git_oid_equal(&updates[i]->src, exchange->expect);
    }
    return exchange->moved ? GIT_EMODIFIED : 0;
}

static int
on_update(const char *ref, const char *status, void *payload)
{
    (void)ref;
    struct exchange *exchange = payload;
    if (status)
        snprintf(exchange->refusal, sizeof(exchange->refusal), "%s", status);
    return 0;
}

// http.extraheader and http.URL.extraheader, where CI checkouts keep their credential.
static int
on_extra_header(const git_config_entry *entry, void *payload)
{
    struct exchange *exchange = payload;
    struct str name = str_of(entry->name);
    struct str prefix = {name.ptr + 5, name.len > 17 ? name.len - 5 - 12 : 0}; // "http." URL ".extraheader"
    if (str_starts(str_of(exchange->url), prefix) && entry->value[0])
        *vec_push(&exchange->headers) = arena_dup(&exchange->arena, entry->value);
    return 0;
}

static void
exchange_release(struct exchange *exchange)
{
    vec_release(&exchange->headers);
    arena_release(&exchange->arena);
}

// A local path without "file://", relative ones taken from the work tree; NULL for a remote that is reached
// by network.
static const char *
local_path(const struct repo *repo, struct arena *arena, const char *url)
{
    const char *path = strncmp(url, "file://", 7) == 0 ? url + 7 : url;
    const char *base = git_repository_workdir(repo->handle);
    path = fs_join(arena, base ? base : git_repository_commondir(repo->handle), path);
    return fs_is_dir(path) ? path : NULL;
}

// Finds a remote by name or URL and prepares an exchange with it. `*path` is set when it is local.
static int
remote_find(const struct repo *repo, const char *name, bool is_push, git_remote **remote,
            struct exchange *exchange, const char **path, struct err *err)
{
    *exchange = (struct exchange){.repo = repo};
    int code = git_remote_lookup(remote, repo->handle, name);
    if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC)
        code = git_remote_create_anonymous(remote, repo->handle, name);
    if (code < 0)
        return repo_fail(code, err, "looking for the remote %s", name);
    const char *url = is_push ? git_remote_pushurl(*remote) : NULL;
    url = url ? url : git_remote_url(*remote);
    exchange->url = arena_dup(&exchange->arena, url);
    *path = local_path(repo, &exchange->arena, url);
    if (*path) {
        code = git_remote_set_instance_url(*remote, *path);
        return code < 0 ? repo_fail(code, err, "using the remote %s", name) : 0;
    }
    AUTO_GIT(git_config) *config = NULL;
    code = git_repository_config_snapshot(&config, repo->handle);
    if (code == 0)
        code = git_config_foreach_match(config, "^http\\..*extraheader$", on_extra_header, exchange);
    return code < 0 ? repo_fail(code, err, "reading git's configuration") : 0;
}

static git_remote_callbacks
callbacks_of(struct exchange *exchange)
{
    git_remote_callbacks callbacks;
    git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
    callbacks.credentials = on_credentials;
    callbacks.push_negotiation = on_negotiation;
    callbacks.push_update_reference = on_update;
    callbacks.payload = exchange;
    return callbacks;
}

static git_strarray
headers_of(const struct exchange *exchange)
{
    return (git_strarray){exchange->headers.items, exchange->headers.count};
}

// Packs what `oid` needs and the target lacks straight into the target's object folder.
static int
objects_copy(git_repository *from, git_repository *to, const git_oid *oid)
{
    AUTO_ARENA arena = {0};
    AUTO_GIT(git_revwalk) *walk = NULL;
    AUTO_GIT(git_packbuilder) *pack = NULL;
    AUTO_GIT(git_reference_iterator) *refs = NULL;
    int code = git_revwalk_new(&walk, from);
    if (code == 0)
        code = git_revwalk_push(walk, oid);
    if (code == 0)
        code = git_reference_iterator_new(&refs, to);
    git_reference *ref;
    while (code == 0 && git_reference_next(&ref, refs) == 0) {
        const git_oid *known = git_reference_target(ref);
        if (known)
            git_revwalk_hide(walk, known); // fails for what we do not have: nothing to leave out then
        git_reference_free(ref);
    }
    if (code == 0)
        code = git_packbuilder_new(&pack, from);
    if (code == 0)
        code = git_packbuilder_insert_walk(pack, walk);
    if (code < 0 || git_packbuilder_object_count(pack) == 0)
        return code;
    const char *folder = arena_printf(&arena, "%sobjects/pack", git_repository_commondir(to));
    return git_packbuilder_write(pack, folder, 0, NULL, NULL);
}

// libgit2's own local transport ignores where the ref stood; here the ref's lock is held from the comparison
// to the change.
static int
push_local(git_repository *from, const char *path, const struct ref_change *change, struct err *err)
{
    AUTO_GIT(git_repository) *to = NULL;
    AUTO_GIT(git_reference) *head = NULL;
    int code = git_repository_open(&to, path);
    if (code < 0)
        return repo_fail(code, err, "opening the remote %s", path);
    const char *checked_out = NULL;
    if (!git_repository_is_bare(to) && git_reference_lookup(&head, to, "HEAD") == 0)
        checked_out = git_reference_symbolic_target(head);
    if (checked_out && strcmp(checked_out, change->ref) == 0)
        return err_set(err, ERR_CONFLICT, "%s is checked out in %s", change->ref, path);
    code = change->oid ? objects_copy(from, to, change->oid) : 0;
    return code < 0 ? repo_fail(code, err, "copying objects to %s", path) : repo_swap_ref(to, change, err);
}

static int
push_failed(const struct exchange *exchange, int code, const char *ref, struct err *err)
{
    if (exchange->moved)
        return repo_moved(ref, &exchange->found, err);
    if (exchange->refusal[0])
        return err_set(err, ERR_CONFLICT, "%s refused %s: %s", exchange->url, ref, exchange->refusal);
    return repo_fail(code, err, "pushing %s to %s", ref, exchange->url);
}

static int
push_network(git_remote *remote, struct exchange *exchange, const struct ref_change *change, struct err *err)
{
    char oid[REPO_OID_SIZE] = "";
    if (change->oid)
        git_oid_tostr(oid, sizeof(oid), change->oid);
    char *refspec =
        arena_printf(&exchange->arena, "%s%s:%s", change->fast_forward_only ? "" : "+", oid, change->ref);
    const git_strarray refspecs = {&refspec, 1};
    git_push_options options;
    git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
    exchange->ref = change->ref;
    exchange->expect = change->expect;
    options.callbacks = callbacks_of(exchange);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.custom_headers = headers_of(exchange);
    int code = git_remote_push(remote, &refspecs, &options);
    return code < 0 || exchange->refusal[0] ? push_failed(exchange, code, change->ref, err) : 0;
}

int
repo_push(struct repo *repo, const char *remote_name, const char *oid, const char *ref, const char *expect,
          struct err *err)
{
    git_oid new, old;
    if ((oid && repo_parse_oid(&new, oid, err) < 0) || (expect && repo_parse_oid(&old, expect, err) < 0))
        return -1;
    struct ref_change change = {ref, oid ? &new : NULL, expect ? &old : NULL, !expect};
    AUTO_GIT(git_remote) *remote = NULL;
    struct exchange exchange;
    const char *path = NULL;
    int status = remote_find(repo, remote_name, true, &remote, &exchange, &path, err);
    if (status == 0)
        status = path ? push_local(repo->handle, path, &change, err)
                      : push_network(remote, &exchange, &change, err);
    if (status < 0 && git_repository_is_shallow(repo->handle))
        err_wrap(err, "in a shallow clone (fetch its whole history: `git fetch --unshallow`)");
    exchange_release(&exchange);
    return status;
}

// Connects and gives where `ref` stands; the connection stays open.
static int
remote_look(git_remote *remote, const struct exchange *exchange, const git_remote_connect_options *options,
            const char *ref, git_oid *found, struct err *err)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    int code = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, options);
    if (code == 0)
        code = git_remote_ls(&heads, &count, remote);
    if (code < 0)
        return repo_fail(code, err, "asking %s", exchange->url);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(heads[i]->name, ref) == 0) {
            *found = heads[i]->oid;
            return 0;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "%s has no %s", exchange->url, ref);
}

static int
remote_download(git_remote *remote, const git_remote_connect_options *connect, const char *ref)
{
    char *refspec = (char *)ref;
    const git_strarray refspecs = {&refspec, 1};
    git_fetch_options options;
    git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks = connect->callbacks;
    options.proxy_opts = connect->proxy_opts;
    options.custom_headers = connect->custom_headers;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.update_fetchhead = 0;
    return git_remote_download(remote, &refspecs, &options);
}

// Looks a ref up and, if wanted, downloads it. A download that races a replaced commit fails and is tried
// again.
static int
remote_get(struct repo *repo, const char *name, const char *ref, bool download, char oid[REPO_OID_SIZE],
           struct err *err)
{
    AUTO_GIT(git_remote) *remote = NULL;
    struct exchange exchange;
    const char *path = NULL;
    int status = remote_find(repo, name, false, &remote, &exchange, &path, err);
    for (int tries = 0; status == 0; tries++) {
        git_remote_connect_options options;
        git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
        options.callbacks = callbacks_of(&exchange);
        options.proxy_opts.type = GIT_PROXY_AUTO;
        options.custom_headers = headers_of(&exchange);
        exchange.credential_tries = 0;
        git_oid found;
        status = remote_look(remote, &exchange, &options, ref, &found, err);
        int code = status == 0 && download ? remote_download(remote, &options, ref) : 0;
        git_remote_disconnect(remote);
        if (status == 0 && code == 0) {
            git_oid_tostr(oid, REPO_OID_SIZE, &found);
            break;
        }
        if (status == 0 && tries + 1 >= FETCH_TRIES)
            status = repo_fail(code, err, "fetching %s from %s", ref, exchange.url);
    }
    exchange_release(&exchange);
    return status;
}

int
repo_remote_ref(struct repo *repo, const char *remote, const char *ref, char oid[REPO_OID_SIZE],
                struct err *err)
{
    return remote_get(repo, remote, ref, false, oid, err);
}

int
repo_fetch(struct repo *repo, const char *remote, const char *ref, char oid[REPO_OID_SIZE], struct err *err)
{
    return remote_get(repo, remote, ref, true, oid, err);
}
