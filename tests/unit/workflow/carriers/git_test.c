// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/carriers/places.h"

static const struct carrier_version nothing = {""};
static const char state_ref[] = "refs/atoll/state";
static const struct repo_author author = {"A", "a@example.org", 1700000000};

static struct repo *
open_repo(const char *name)
{
    struct repo *repo = repo_open(fs_join(&arena, root, name), &err);
    ck_assert_msg(repo != NULL, "%s", err.message);
    return repo;
}

START_TEST(heads_have_no_parents_and_hold_what_is_needed)
{
    struct carrier *carrier = machine(place_begin(&places[1]), "here");
    struct carrier_version first, second;
    struct carrier_hash kept, gone;
    ok(carrier_put(carrier, STR("kept"), &kept, &err));
    ok(carrier_put(carrier, STR("gone"), &gone, &err));
    const struct carrier_hash both[] = {kept, gone};
    ok(carrier_swap(carrier, &nothing, STR("head 1"), both, 2, &first, &err));
    ok(carrier_swap(carrier, &first, STR("head 2"), &kept, 1, &second, &err));
    struct repo *origin = open_repo("origin.git");
    char oid[REPO_OID_SIZE];
    bool is_ancestor = true;
    AUTO_BUF content = BUF(1000);
    ok(repo_resolve(origin, state_ref, oid, &err));
    ck_assert_str_eq(oid, second.text);
    ok(repo_is_ancestor(origin, first.text, second.text, &is_ancestor, &err));
    ck_assert(!is_ancestor);
    refused(repo_resolve(origin, arena_printf(&arena, "%s~1", oid), oid, &err), ERR_NOT_FOUND);
    ok(repo_read(origin, state_ref, arena_printf(&arena, "chunks/%.2s/%s", kept.text, kept.text), 100,
                 &content, &err));
    ck_assert_str_eq(buf_text(&content), "kept");
    refused(repo_read(origin, state_ref, arena_printf(&arena, "chunks/%.2s/%s", gone.text, gone.text), 100,
                      &content, &err),
            ERR_NOT_FOUND);
    repo_free(origin);
    carrier_close(carrier);
    place_end();
}
END_TEST

// A remote is known to the repository that is worked on, which itself stays as it is.
START_TEST(uses_the_remotes_of_the_repository)
{
    place_begin(&places[1]);
    ok(repo_init(fs_join(&arena, root, "work"), false, &err));
    const char *config = fs_join(&arena, root, "work/.git/config");
    AUTO_BUF text = BUF(10000);
    ok(fs_read(config, 10000, &text, &err));
    buf_puts(&text, "[remote \"state\"]\n\turl = short:origin.git\n[url \"");
    buf_printf(&text, "%s/\"]\n\tinsteadOf = short:\n", root);
    ok(fs_write(config, buf_str(&text), &err));
    struct fs_list before, after;
    ok(fs_walk(&arena, fs_join(&arena, root, "work/.git/objects"), &before, &err));
    const struct carrier_options options = {fs_join(&arena, root, "work"), fs_join(&arena, root, "cache"),
                                            host_real()};
    static const char *const specs[] = {"git:state#refs/atoll/state", "git:../origin.git#refs/heads/other"};
    for (size_t i = 0; i < 2; i++) {
        struct carrier *carrier = carrier_open(specs[i], &options, &err);
        ck_assert_msg(carrier != NULL, "%s", err.message);
        struct carrier_version version;
        ok(carrier_swap(carrier, &nothing, STR("head"), NULL, 0, &version, &err));
        ok(carrier_message_put(carrier, "m", STR("text"), &err));
        carrier_close(carrier);
    }
    struct repo *origin = open_repo("origin.git");
    char oid[REPO_OID_SIZE];
    ok(repo_resolve(origin, state_ref, oid, &err));
    ok(repo_resolve(origin, "refs/heads/other", oid, &err));
    ok(repo_resolve(origin, "refs/atoll/inbox/m", oid, &err));
    ok(repo_resolve(origin, "refs/atoll/inbox-of/heads/other/m", oid, &err));
    repo_free(origin);
    ok(fs_walk(&arena, fs_join(&arena, root, "work/.git/objects"), &after, &err));
    ck_assert_uint_eq(before.count, after.count);
    struct carrier *carrier = carrier_open("git:nowhere#refs/atoll/state", &options, &err);
    struct carrier_version version;
    AUTO_BUF head = BUF(100);
    refused(carrier_load(carrier, &version, &head, &err), ERR_NET); // never "there is no state yet"
    carrier_close(carrier);
    place_end();
}
END_TEST

static const char *
token_env(void *context, const char *name)
{
    return strcmp(name, "ATOLL_STATE_TOKEN") == 0 ? context : NULL;
}

// The credential of the state is its own, and goes before the one that a checkout left.
START_TEST(shows_the_token_of_the_state)
{
    place_begin(&places[1]);
    if (git_server_find()) {
        ok(repo_init(fs_join(&arena, root, "work"), false, &err));
        const char *config = fs_join(&arena, root, "work/.git/config");
        AUTO_BUF text = BUF(10000);
        ok(fs_read(config, 10000, &text, &err));
        buf_puts(&text, "[http]\n\textraheader = Authorization: Basic Y2k6Y2k=\n");
        ok(fs_write(config, buf_str(&text), &err));
        int port = git_server_start(root, "Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0"); // x-access-token:secret
        const char *spec = arena_printf(&arena, "git:http://127.0.0.1:%d/origin.git#%s", port, state_ref);
        static char tokens[2][8] = {"wrong", "secret"};
        for (int i = 0; i < 2; i++) {
            struct host host = *host_real();
            host.env = token_env;
            host.context = tokens[i];
            const struct carrier_options options = {fs_join(&arena, root, "work"),
                                                    fs_join(&arena, root, "cache"), &host};
            struct carrier *carrier = carrier_open(spec, &options, &err);
            ck_assert_msg(carrier != NULL, "%s", err.message);
            struct carrier_version version;
            int status = carrier_swap(carrier, &nothing, STR("head"), NULL, 0, &version, &err);
            if (i == 0) {
                refused(status, ERR_NET);
                ck_assert_ptr_null(strstr(err.message, "wrong"));
            } else {
                ok(status);
            }
            carrier_close(carrier);
        }
    }
    place_end();
}
END_TEST

// The server does what it is told and dies before it says so.
START_TEST(recognises_its_own_push)
{
    const char *spec = place_begin(&places[2]);
    if (spec) {
        struct carrier *carrier = machine(spec, "here");
        const char *fault = fs_join(&arena, root, "lose-answer");
        struct carrier_version first, second;
        AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
        ok(fs_write(fault, STR(""), &err));
        ok(carrier_swap(carrier, &nothing, STR("head 1"), NULL, 0, &first, &err));
        ck_assert(!fs_exists(fault));
        ok(fs_write(fault, STR(""), &err));
        ok(carrier_swap(carrier, &first, STR("head 2"), NULL, 0, &second, &err));
        ck_assert(!fs_exists(fault));
        ok(fs_write(fault, STR(""), &err));
        ok(carrier_message_put(carrier, "m", STR("text"), &err));
        ck_assert(!fs_exists(fault));
        ok(fs_write(fault, STR(""), &err));
        ok(carrier_message_drop(carrier, "m", &err));
        ck_assert(!fs_exists(fault));
        ok(carrier_load(carrier, &second, &text, &err));
        ck_assert_str_eq(buf_text(&text), "head 2");
        carrier_close(carrier);
    }
    place_end();
}
END_TEST

START_TEST(refuses_what_is_no_state)
{
    const char *spec = place_begin(&places[1]);
    struct repo *origin = open_repo("origin.git");
    struct carrier_hash hash;
    struct carrier *carrier = machine(spec, "here");
    ok(carrier_put(carrier, STR("content"), &hash, &err));
    carrier_close(carrier);
    AUTO_BUF large = BUF(CARRIER_CHUNK_BYTES + 1);
    void *room = buf_extend(&large, CARRIER_CHUNK_BYTES + 1);
    ck_assert_ptr_nonnull(room);
    const char *path = arena_printf(&arena, "chunks/%.2s/%s", hash.text, hash.text);
    const struct {
        struct repo_change files[2];
        enum err_kind load, get;
    } cases[] = {
        {{{.path = "README", .content = STR("x")}, {.path = "b", .content = STR("x")}},
         ERR_PARSE,
         ERR_NOT_FOUND},
        {{{.path = "head/x", .content = STR("x")}, {.path = path, .content = STR("c0ntent")}},
         ERR_PARSE,
         ERR_PARSE},
        {{{.path = "head", .content = STR("x")}, {.path = path, .content = buf_str(&large)}},
         ERR_INTERNAL, // loads
         ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char oid[REPO_OID_SIZE];
        struct carrier_version version;
        AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
        ok(repo_commit(origin, NULL, NULL, cases[i].files, 2, "x", &author, oid, &err));
        ok(repo_set_ref(origin, state_ref, oid, NULL, &err));
        carrier = machine(spec, "there");
        int status = carrier_load(carrier, &version, &head, &err);
        if (cases[i].load == ERR_INTERNAL)
            ok(status);
        else
            refused(status, cases[i].load);
        refused(carrier_get(carrier, hash.text, &head, &err), cases[i].get);
        carrier_close(carrier);
    }
    repo_free(origin);
    place_end();
}
END_TEST

// What can be fetched again is thrown away rather than believed or left to grow.
START_TEST(makes_a_broken_cache_again)
{
    const char *spec = place_begin(&places[1]);
    struct carrier *carrier = machine(spec, "here");
    struct carrier_version version, found;
    struct carrier_hash hash;
    AUTO_BUF content = BUF(CARRIER_HEAD_MAX_BYTES);
    ok(carrier_put(carrier, STR("content"), &hash, &err));
    ok(carrier_swap(carrier, &nothing, STR("head"), &hash, 1, &version, &err));
    carrier_close(carrier);
    ok(fs_write(fs_join(&arena, root, "here/repository/refs/atoll/known.lock"), STR(""), &err)); // of a kill
    carrier = machine(spec, "here");
    ok(carrier_load(carrier, &found, &content, &err));
    carrier_close(carrier);
    ck_assert(!fs_exists(fs_join(&arena, root, "here/repository/refs/atoll/known.lock")));
    ok(fs_remove_tree(fs_join(&arena, root, "here/repository/objects"), &err));
    ok(fs_write(fs_join(&arena, root, "here/repository/HEAD"), STR("damaged"), &err));
    carrier = machine(spec, "here");
    ok(carrier_load(carrier, &found, &content, &err));
    ck_assert_str_eq(found.text, version.text);
    ok(carrier_get(carrier, hash.text, &content, &err));
    carrier_close(carrier);
    place_end();
}
END_TEST

UNIT_MAIN("workflow/carriers/git", heads_have_no_parents_and_hold_what_is_needed,
          uses_the_remotes_of_the_repository, shows_the_token_of_the_state, recognises_its_own_push,
          refuses_what_is_no_state, makes_a_broken_cache_again)
