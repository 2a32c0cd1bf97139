// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include "base/fs.h"
#include "base/url.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FETCH_TRIES 3
// A commit that is replaced ten times a second is gone as often between its ref and its download.
#define RACE_TRIES 30

// What the callbacks of one exchange share; its headers belong to an arena.
struct exchange {
    const struct repo *repo;
    const char *url, *shown; // as it is; as it may be told
    struct arena arena;
    VEC(char *) headers;
    int credential_tries;
    const char *ref;
    const git_oid *expect;
    git_oid found;
    bool moved, too_large;
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

static int
on_progress(const git_indexer_progress *progress, void *payload)
{
    struct exchange *exchange = payload;
    size_t max = exchange->repo->fetch_max_bytes;
    exchange->too_large = max > 0 && progress->received_bytes > max;
    return exchange->too_large ? GIT_EUSER : 0;
}

static void
exchange_release(struct exchange *exchange)
{
    vec_release(&exchange->headers);
    arena_release(&exchange->arena);
}

// Where remotes are configured.
static git_repository *
settings_of(const struct repo *repo)
{
    return repo->settings ? repo->settings->handle : repo->handle;
}

// A local path without "file://", relative ones taken from the work tree; NULL for a remote that is reached
// by network.
static const char *
local_path(const struct repo *repo, struct arena *arena, const char *url)
{
    const char *path = strncmp(url, "file://", 7) == 0 ? url + 7 : url;
    git_repository *home = settings_of(repo);
    const char *base = git_repository_workdir(home);
    path = fs_join(arena, base ? base : git_repository_commondir(home), path);
    return fs_is_dir(path) ? path : NULL;
}

// Calls `fn` for each configured SECTION.X.KEY with X and the value. libgit2's own search by pattern leaks 20
// KB for each entry that does not match.
static int
config_each(git_config *config, const char *section, const char *key,
            void (*fn)(void *context, struct str middle, const char *value), void *context)
{
    git_config_iterator *entries = NULL;
    git_config_entry *entry;
    size_t before = strlen(section), after = strlen(key);
    int code = git_config_iterator_new(&entries, config);
    while (code == 0 && git_config_next(&entry, entries) == 0) {
        struct str name = str_of(entry->name);
        bool matches = str_starts(name, str_of(section)) && str_ends(name, str_of(key)) && entry->value;
        if (matches && name.len >= before + after)
            fn(context, str_n(name.ptr + before, name.len - before - after), entry->value);
        else if (matches) // "http.extraheader": the dot is shared
            fn(context, STR(""), entry->value);
    }
    git_config_iterator_free(entries);
    return code;
}

// The longest prefix of an URL that url.BASE.insteadOf names, and the base that replaces it.
struct rewrite {
    struct arena *arena;
    const char *url, *base;
    size_t prefix_len;
};

static void
on_instead_of(void *context, struct str base, const char *prefix)
{
    struct rewrite *rewrite = context;
    size_t len = strlen(prefix);
    if (len <= rewrite->prefix_len || strncmp(rewrite->url, prefix, len) != 0)
        return;
    rewrite->prefix_len = len;
    rewrite->base = arena_str(rewrite->arena, base);
}

static const char *
config_text(git_config *config, struct arena *arena, const char *name, const char *key)
{
    const char *text = NULL;
    git_config_get_string(&text, config, arena_printf(arena, "remote.%s.%s", name, key));
    return text;
}

// The URL of a remote's name, NULL for an unknown one, which may be an URL itself.
static const char *
url_of_name(git_config *config, struct arena *arena, const char *name, bool is_push)
{
    const char *url = is_push ? config_text(config, arena, name, "pushurl") : NULL;
    return url ? url : config_text(config, arena, name, "url");
}

static char *
url_rewrite(git_config *config, struct arena *arena, const char *url, bool is_push)
{
    struct rewrite rewrite = {.arena = arena, .url = url};
    if (is_push)
        config_each(config, "url.", ".pushinsteadof", on_instead_of, &rewrite);
    if (!rewrite.base)
        config_each(config, "url.", ".insteadof", on_instead_of, &rewrite);
    return rewrite.base ? arena_printf(arena, "%s%s", rewrite.base, url + rewrite.prefix_len)
                        : arena_dup(arena, url);
}

const char *
repo_remote_url(struct repo *repo, struct arena *arena, const char *name, struct err *err)
{
    AUTO_GIT(git_config) *config = NULL;
    int code = git_repository_config_snapshot(&config, settings_of(repo));
    const char *url = code == 0 ? url_of_name(config, arena, name, false) : NULL;
    if (url)
        return url_public(arena, url_rewrite(config, arena, url, false));
    err_set(err, ERR_NOT_FOUND, "no remote is named %s", url_public(arena, name));
    return NULL;
}

// http.extraheader and http.URL.extraheader, where CI checkouts keep their credential.
static void
on_extra_header(void *context, struct str url, const char *header)
{
    struct exchange *exchange = context;
    if (exchange->repo->token && strncasecmp(header, "authorization:", 14) == 0)
        return; // another credential than the one that was asked for
    if (str_starts(str_of(exchange->url), url) && *header)
        *vec_push(&exchange->headers) = arena_dup(&exchange->arena, header);
}

// The certificates that the environment names. Reading a whole folder of them takes a tenth of a second, so
// only a remote that needs them does.
static void
trust_environment(const char *url)
{
    if (strncmp(url, "https:", 6) != 0)
        return;
    const char *file = getenv("GIT_SSL_CAINFO");
    const char *dir = getenv("SSL_CERT_DIR");
    file = file ? file : getenv("SSL_CERT_FILE");
    if (file || dir)
        git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, dir);
}

// Takes the URL out of what libgit2 said.
static int
hide_url(struct exchange *exchange, struct err *err)
{
    const char *at = strstr(err->message, exchange->url);
    if (at == NULL || strcmp(exchange->url, exchange->shown) == 0)
        return -1;
    struct err before = *err;
    at = before.message + (at - err->message);
    return err_set(err, before.kind, "%.*s%s%s", (int)(at - before.message), before.message, exchange->shown,
                   at + strlen(exchange->url));
}

// Finds a remote by name or URL and prepares an exchange with it. `*path` is set when it is local.
static int
remote_find(const struct repo *repo, const char *name, bool is_push, git_remote **remote,
            struct exchange *exchange, const char **path, struct err *err)
{
    AUTO_GIT(git_config) *config = NULL;
    *exchange = (struct exchange){.repo = repo};
    int code = git_repository_config_snapshot(&config, settings_of(repo));
    if (code < 0)
        return repo_fail(code, err, "reading git's configuration");
    const char *url = url_of_name(config, &exchange->arena, name, is_push);
    exchange->url = url_rewrite(config, &exchange->arena, url ? url : name, is_push);
    exchange->shown = url_public(&exchange->arena, exchange->url);
    *path = local_path(repo, &exchange->arena, exchange->url);
    trust_environment(exchange->url);
    git_remote_create_options options;
    git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
    options.repository = repo->handle;
    options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
    code = git_remote_create_with_opts(remote, *path ? *path : exchange->url, &options);
    if (code == 0)
        code = config_each(config, "http.", ".extraheader", on_extra_header, exchange);
    if (code == 0)
        return 0;
    repo_fail(code, err, "using the remote %s", url_public(&exchange->arena, name));
    return hide_url(exchange, err);
}

static git_remote_callbacks
callbacks_of(struct exchange *exchange)
{
    git_remote_callbacks callbacks;
    git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
    callbacks.credentials = on_credentials;
    callbacks.push_negotiation = on_negotiation;
    callbacks.transfer_progress = on_progress;
    callbacks.push_update_reference = on_update;
    callbacks.payload = exchange;
    return callbacks;
}

static git_strarray
headers_of(const struct exchange *exchange)
{
    return (git_strarray){exchange->headers.items, exchange->headers.count};
}

// Sockets fail like files do; with a remote it is the network.
static int
exchange_fail(struct exchange *exchange, int code, const char *doing, const char *ref, struct err *err)
{
    if (exchange->too_large)
        return err_set(err, ERR_LIMIT, "%s of %s is larger than %zu bytes", ref, exchange->shown,
                       exchange->repo->fetch_max_bytes);
    repo_fail(code, err, "%s %s of %s", doing, ref, exchange->shown);
    err->kind = err->kind == ERR_IO || err->kind == ERR_NOT_FOUND ? ERR_NET : err->kind;
    return hide_url(exchange, err);
}

static int
push_failed(struct exchange *exchange, int code, const char *ref, struct err *err)
{
    if (exchange->moved)
        return repo_moved(ref, &exchange->found, err);
    if (exchange->refusal[0])
        return err_set(err, ERR_CONFLICT, "%s refused %s: %s", exchange->shown, ref, exchange->refusal);
    return exchange_fail(exchange, code, "changing", ref, err);
}

// libgit2 pushes refs only, so the commit gets one for as long as the push lasts.
static int
push_network(git_remote *remote, struct exchange *exchange, const struct ref_change *change, struct err *err)
{
    git_repository *handle = exchange->repo->handle;
    const char *source = "", *force = change->fast_forward_only ? "" : "+";
    int code = 0;
    if (change->oid) {
        AUTO_GIT(git_reference) *created = NULL;
        source = arena_printf(&exchange->arena, "refs/atoll/push/%d", (int)getpid());
        code = git_reference_create(&created, handle, source, change->oid, 1, "atoll");
    }
    char *refspec = arena_printf(&exchange->arena, "%s%s:%s", force, source, change->ref);
    const git_strarray refspecs = {&refspec, 1};
    git_push_options options;
    git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
    exchange->ref = change->ref;
    exchange->expect = change->expect;
    options.callbacks = callbacks_of(exchange);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.custom_headers = headers_of(exchange);
    if (code == 0)
        code = git_remote_upload(remote, &refspecs, &options);
    git_remote_disconnect(remote);
    int status = code < 0 || exchange->refusal[0] ? push_failed(exchange, code, change->ref, err) : 0;
    if (change->oid)
        git_reference_remove(handle, source);
    return status;
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
        status = path ? repo_push_local(repo->handle, path, &change, err)
                      : push_network(remote, &exchange, &change, err);
    exchange_release(&exchange);
    return status;
}

static int
remote_connect(git_remote *remote, struct exchange *exchange)
{
    git_remote_connect_options options;
    git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
    options.callbacks = callbacks_of(exchange);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.custom_headers = headers_of(exchange);
    return git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options);
}

static int
remote_download(git_remote *remote, struct exchange *exchange, const char *ref)
{
    char *refspec = (char *)ref;
    const git_strarray refspecs = {&refspec, 1};
    git_fetch_options options;
    git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks = callbacks_of(exchange);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.custom_headers = headers_of(exchange);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.update_fetchhead = 0;
    return git_remote_download(remote, &refspecs, &options);
}

// Where the remote said that `ref` stands when it was last connected.
static int
remote_look(git_remote *remote, struct exchange *exchange, const char *ref, char oid[REPO_OID_SIZE],
            struct err *err)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    int code = git_remote_ls(&heads, &count, remote);
    if (code < 0)
        return exchange_fail(exchange, code, "asking for", ref, err);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(heads[i]->name, ref) == 0) {
            git_oid_tostr(oid, REPO_OID_SIZE, &heads[i]->oid);
            return 0;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "%s has no %s", exchange->shown, ref);
}

// Whether the remote replaced the commit while it was asked for.
static bool
was_replaced(void)
{
    const git_error *last = git_error_last();
    return last && last->message && strstr(last->message, "not our ref");
}

// Connects or downloads. A download that races a replaced commit fails and is tried again, like a connection
// that broke.
static int
exchange_run(git_remote *remote, struct exchange *exchange, const char *ref, bool download)
{
    int code = GIT_ERROR, broken = 0;
    for (int tries = 0; code < 0 && tries < RACE_TRIES && broken < FETCH_TRIES && !exchange->too_large;
         tries++) {
        exchange->credential_tries = 0;
        code = download ? remote_download(remote, exchange, ref) : remote_connect(remote, exchange);
        broken += code < 0 && !was_replaced();
        git_remote_disconnect(remote);
    }
    return code;
}

// Looks a ref up and, if wanted, downloads it.
static int
remote_get(struct repo *repo, const char *name, const char *ref, bool download, char oid[REPO_OID_SIZE],
           struct err *err)
{
    AUTO_GIT(git_remote) *remote = NULL;
    struct exchange exchange;
    const char *path = NULL;
    int status = remote_find(repo, name, false, &remote, &exchange, &path, err);
    if (status == 0 && download && path) {
        status = repo_fetch_local(repo->handle, path, ref, oid, err);
    } else if (status == 0) {
        int code = exchange_run(remote, &exchange, ref, download);
        status = code < 0 ? exchange_fail(&exchange, code, "asking for", ref, err)
                          : remote_look(remote, &exchange, ref, oid, err);
    }
    exchange_release(&exchange);
    return status;
}

static int
refs_each(git_remote *remote, struct exchange *exchange, const char *prefix,
          int (*fn)(void *context, const char *ref, struct err *err), void *context, struct err *err)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    int code = exchange_run(remote, exchange, NULL, false);
    if (code == 0)
        code = git_remote_ls(&heads, &count, remote);
    if (code < 0)
        return exchange_fail(exchange, code, "asking for", prefix, err);
    for (size_t i = 0; i < count; i++)
        if (str_starts(str_of(heads[i]->name), str_of(prefix)) && fn(context, heads[i]->name, err) < 0)
            return -1;
    return 0;
}

int
repo_remote_refs(struct repo *repo, const char *name, const char *prefix,
                 int (*fn)(void *context, const char *ref, struct err *err), void *context, struct err *err)
{
    AUTO_GIT(git_remote) *remote = NULL;
    struct exchange exchange;
    const char *path = NULL;
    int status = remote_find(repo, name, false, &remote, &exchange, &path, err);
    if (status == 0)
        status = refs_each(remote, &exchange, prefix, fn, context, err);
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
