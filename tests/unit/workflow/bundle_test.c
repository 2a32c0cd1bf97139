// SPDX-License-Identifier: Apache-2.0
#include "base/archive.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/proc.h"
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/bundle.h"
#include "workflow/state.h"

static struct arena arena;
static struct err err;

static void
ok(int status)
{
    ck_assert_msg(status == 0, "%s: %s", err_name(err.kind), err.message);
}

static void
fill(const char *path, int count)
{
    struct state *state = state_open(path, NULL, host_real(), &err);
    ck_assert_msg(state != NULL, "%s", err.message);
    ok(state_begin(state, &err));
    for (int i = 0; i < count; i++) {
        char text[300], hash[65];
        memset(text, 'a' + i % 26, sizeof(text));
        snprintf(text, sizeof(text), "%d", i);
        ok(state_blob_put(state, str_n(text, sizeof(text)), hash, &err));
    }
    ok(state_commit(state, &err));
    state_close(state);
}

static int64_t
blobs(const char *path)
{
    AUTO_JSON *rows = state_query(path, "SELECT count(*) AS n FROM blob", NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

static void
ck_same(const char *a, const char *b)
{
    AUTO_BUF one = BUF(16 << 20), two = BUF(16 << 20);
    ok(fs_read(a, 16 << 20, &one, &err));
    ok(fs_read(b, 16 << 20, &two, &err));
    ck_assert(str_eq(buf_str(&one), buf_str(&two)));
}

START_TEST(a_state_comes_back_from_a_bundle)
{
    fake_folder(&arena);
    fill("s/state.db", 100);
    ok(bundle_export("s/state.db", "b.tar.zst", &err));
    ok(bundle_import("b.tar.zst", "t/state.db", false, &err));
    ck_assert_int_eq(blobs("t/state.db"), 100);
    ok(state_verify("t/state.db", &err));
    ok(bundle_export("t/state.db", "b.tar.zst", &err)); // over the old one
    ok(bundle_export("t/state.db", "c.tar.zst", &err));
    ck_same("b.tar.zst", "c.tar.zst");
    struct fs_list files;
    ok(fs_walk(&arena, ".", &files, &err));
    for (size_t i = 0; i < files.count; i++)
        ck_assert_msg(!strstr(files.paths[i], ".new-") && !strstr(files.paths[i], ".export-") &&
                          !strstr(files.paths[i], ".import-"),
                      "%s", files.paths[i]);
    ck_assert_int_eq(bundle_export("none/state.db", "d.tar.zst", &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert(!fs_exists("d.tar.zst"));
}
END_TEST

static bool
has_tar(void)
{
    bool has = proc_find(&arena, "tar") && proc_find(&arena, "zstd");
    if (!has)
        printf("skipped: needs tar and zstd\n");
    return has;
}

START_TEST(tar_can_read_it)
{
    if (!has_tar())
        return;
    fake_folder(&arena);
    fill("s/state.db", 10);
    ok(bundle_export("s/state.db", "b.tar.zst", &err));
    const char *const argv[] = {"tar", "--zstd", "-xvf", "b.tar.zst", NULL};
    AUTO_PROC_RESULT result = {0};
    ok(proc_run(&(struct proc_spec){.argv = argv}, &result, &err));
    ck_assert_str_eq(buf_text(&result.out), "manifest.json\nstate.db\n");
    ck_assert_int_eq(blobs("state.db"), 10);
    AUTO_JSON *manifest = json_read_file("manifest.json", 10000, &err);
    AUTO_BUF bytes = BUF(16 << 20);
    ok(fs_read("state.db", 16 << 20, &bytes, &err));
    struct hash sum = hash_of(bytes.ptr, bytes.len);
    char hex[65];
    hash_hex(&sum, hex);
    const json_t *member = json_array_get(json_object_get(manifest, "members"), 0);
    ck_assert_str_eq(json_get_text(member, "sha256", ""), hex);
}
END_TEST

START_TEST(replaces_only_when_asked)
{
    fake_folder(&arena);
    fill("s/state.db", 3);
    fill("t/state.db", 7);
    ok(bundle_export("s/state.db", "b.tar.zst", &err));
    ck_assert_int_eq(bundle_import("b.tar.zst", "t/state.db", false, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(blobs("t/state.db"), 7);
    ok(bundle_import("b.tar.zst", "t/state.db", true, &err));
    ck_assert_int_eq(blobs("t/state.db"), 3);
}
END_TEST

// ---- hostile bundles ----

// Expects that a bundle is refused, into a place with a state and into an empty one, and nothing is left.
static void
ck_refuses(const char *bundle, enum err_kind kind, const char *says)
{
    static const char *const places[] = {"t/state.db", "empty/state.db"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF before = BUF(16 << 20), after = BUF(16 << 20);
        struct fs_list files;
        if (i == 0)
            ok(fs_read(places[i], 16 << 20, &before, &err));
        ck_assert_msg(bundle_import(bundle, places[i], true, &err) < 0, "%s was taken", bundle);
        ck_assert_msg(err.kind == kind && strstr(err.message, says), "%s: %s: %s", bundle, err_name(err.kind),
                      err.message);
        ck_assert_int_eq(fs_exists(places[i]), i == 0);
        if (i == 0) {
            ok(fs_read(places[i], 16 << 20, &after, &err));
            ck_assert(str_eq(buf_str(&before), buf_str(&after)));
        }
        ok(fs_walk(&arena, i ? "empty" : "t", &files, &err));
        ck_assert_uint_eq(files.count, i ? 1 : 2); // .gitignore, the state
    }
}

static void
begin(struct buf *state)
{
    fake_folder(&arena);
    fill("s/state.db", 50);
    fill("t/state.db", 7);
    ok(bundle_export("s/state.db", "good", &err));
    ok(bundle_import("good", "u/state.db", false, &err)); // the snapshot in it
    ok(fs_read("u/state.db", 16 << 20, state, &err));
}

// A manifest for a snapshot, with one member replaced unless `key` is NULL.
static char *
manifest(struct str state, const char *key, json_t *value)
{
    struct hash sum = hash_of(state.ptr, state.len);
    char hex[65];
    hash_hex(&sum, hex);
    AUTO_JSON *json =
        json_pack("{s:i, s:s, s:i, s:[{s:s, s:I, s:s}]}", "format", 1, "what", "atoll state", "schema", 1,
                  "members", "name", "state.db", "size", (json_int_t)state.len, "sha256", hex);
    json_t *member = json_array_get(json_object_get(json, "members"), 0);
    if (key)
        json_object_set_new(json_object_get(member, key) ? member : json, key, value);
    char *text = json_compact(json);
    char *kept = arena_dup(&arena, text);
    free(text);
    return kept;
}

struct file {
    const char *name;
    struct str content;
};

static const char *
pack(const char *path, const struct file *files, size_t count)
{
    unlink(path);
    struct packer *packer = packer_open(path, &err);
    ck_assert_msg(packer != NULL, "%s", err.message);
    for (size_t i = 0; i < count; i++)
        ok(packer_add(packer, files[i].name, files[i].content, &err));
    ok(packer_close(packer, &err));
    return path;
}

static const char *
pair(const char *path, const char *text, struct str state)
{
    const struct file files[] = {{"manifest.json", str_of(text)}, {"state.db", state}};
    return pack(path, files, 2);
}

START_TEST(refuses_manifests_that_lie)
{
    AUTO_BUF bytes = BUF(16 << 20);
    begin(&bytes);
    struct str state = buf_str(&bytes);
    const struct {
        const char *key;
        json_t *value;
        enum err_kind kind;
        const char *says;
    } cases[] = {
        {"format", json_integer(2), ERR_ENVIRONMENT, "newer atoll"},
        {"format", json_string("1"), ERR_PARSE, "not the manifest"},
        {"what", json_string("atoll cache"), ERR_PARSE, "not the manifest"},
        {"schema", json_integer(1000), ERR_ENVIRONMENT, "newer atoll"},
        {"schema", json_integer(0), ERR_PARSE, "schema"},
        {"members", json_array(), ERR_PARSE, "one member"},
        {"members", json_pack("[{}, {}]"), ERR_PARSE, "one member"},
        {"name", json_string("../state.db"), ERR_PARSE, "not state.db"},
        {"name", json_string("/etc/passwd"), ERR_PARSE, "not state.db"},
        {"size", json_integer(0), ERR_PARSE, "size"},
        {"size", json_integer((json_int_t)state.len - 1), ERR_PARSE, "larger than the manifest"},
        {"size", json_integer((json_int_t)state.len + 1), ERR_PARSE, "size and sum"},
        {"size", json_integer(INT64_MAX), ERR_LIMIT, "limit"},
        {"size", json_real(1e300), ERR_PARSE, "size"},
        {"sha256", json_string("00"), ERR_PARSE, "SHA-256"},
        {"sha256", json_string("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), ERR_PARSE,
         "size and sum"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_refuses(pair("bad", manifest(state, cases[i].key, cases[i].value), state), cases[i].kind,
                   cases[i].says);
    ck_refuses(pair("bad", "{", state), ERR_PARSE, "manifest.json");
    ck_refuses(pair("bad", "[]", state), ERR_PARSE, "not the manifest");
    ck_refuses(pair("bad", "", state), ERR_PARSE, "manifest.json");
    char *large = arena_alloc(&arena, BUNDLE_MANIFEST_MAX_BYTES + 2);
    memset(large, ' ', BUNDLE_MANIFEST_MAX_BYTES + 1);
    ck_refuses(pair("bad", large, state), ERR_LIMIT, "manifest.json");
    ok(bundle_import(pair("fine", manifest(state, NULL, NULL), state), "v/state.db", false, &err));
}
END_TEST

START_TEST(refuses_other_members)
{
    AUTO_BUF bytes = BUF(16 << 20);
    begin(&bytes);
    struct str state = buf_str(&bytes), text = str_of(manifest(state, NULL, NULL));
    const struct file turned[] = {{"state.db", state}, {"manifest.json", text}};
    ck_refuses(pack("bad", turned, 2), ERR_PARSE, "does not belong");
    ck_refuses(pack("bad", turned + 1, 1), ERR_PARSE, "state.db is missing");
    ck_refuses(pack("bad", NULL, 0), ERR_PARSE, "manifest.json is missing");
    const struct file twice[] = {{"manifest.json", text}, {"state.db", state}, {"state.db", state}};
    ck_refuses(pack("bad", twice, 3), ERR_PARSE, "does not belong");
    static const char *const names[] = {"/etc/cron.d/x", "../x", "a/../../x", "state.db-wal", "x"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct file more[] = {{"manifest.json", text}, {names[i], STR("x")}, {"state.db", state}};
        ck_refuses(pack("bad", more, 3), ERR_PARSE, names[i]);
    }
}
END_TEST

// Runs a shell script in the scratch folder.
static void
shell(const char *script)
{
    const char *const argv[] = {"sh", "-ec", script, NULL};
    AUTO_PROC_RESULT result = {0};
    ok(proc_run(&(struct proc_spec){.argv = argv}, &result, &err));
    ck_assert_msg(result.exit_code == 0, "%s: %s", script, buf_text(&result.err));
}

START_TEST(refuses_links_and_devices)
{
    AUTO_BUF bytes = BUF(16 << 20);
    if (!has_tar())
        return;
    begin(&bytes);
    ok(fs_write("state.db", buf_str(&bytes), &err));
    ok(fs_write("manifest.json", str_of(manifest(buf_str(&bytes), NULL, NULL)), &err));
    shell("ln -s /etc/passwd link; mkdir d; cp manifest.json d; cd d; ln -s ../t/state.db state.db;"
          "tar --zstd -cf ../sym manifest.json state.db; rm state.db; ln manifest.json state.db;"
          "tar --zstd -cf ../hard manifest.json state.db; rm state.db; mkfifo state.db;"
          "tar --zstd -cf ../fifo manifest.json state.db");
    ck_refuses("sym", ERR_PARSE, "not a regular file");
    ck_refuses("hard", ERR_PARSE, "not a regular file");
    ck_refuses("fifo", ERR_PARSE, "not a regular file");
    shell("tar -cf plain.tar manifest.json state.db; gzip -k plain.tar");
    ck_refuses("plain.tar.gz", ERR_PARSE, "importing plain.tar.gz");
}
END_TEST

START_TEST(refuses_damage_everywhere)
{
    AUTO_BUF bytes = BUF(16 << 20), bundle = BUF(16 << 20);
    begin(&bytes);
    ok(fs_read("good", 16 << 20, &bundle, &err));
    size_t step = bundle.len / 60;
    for (size_t at = 0; at < bundle.len; at += step) {
        ok(fs_write("bad", str_head(buf_str(&bundle), at), &err));
        ck_refuses("bad", ERR_PARSE, "importing bad");
    }
    for (size_t at = 1; at + 8 < bundle.len; at += step) { // the last bytes are zstd's own sum and padding
        bundle.ptr[at] ^= 0x55;
        ok(fs_write("bad", buf_str(&bundle), &err));
        int taken = bundle_import("bad", "u/state.db", true, &err);
        if (taken == 0) // a bit that says nothing
            ck_assert_int_eq(blobs("u/state.db"), 50);
        else
            ck_refuses("bad", err.kind, "importing bad");
        bundle.ptr[at] ^= 0x55;
    }
    ok(fs_write("bad", STR("no archive at all"), &err));
    ck_refuses("bad", ERR_PARSE, "importing bad");
    ck_refuses("none", ERR_NOT_FOUND, "no such file");
}
END_TEST

// Small packed, large unpacked: stopped at the size that the manifest names.
START_TEST(refuses_bombs)
{
    AUTO_BUF bytes = BUF(16 << 20);
    begin(&bytes);
    size_t size = 200 << 20;
    char *zeros = calloc(1, size);
    ck_assert_ptr_nonnull(zeros);
    ck_refuses(pair("bomb", manifest(buf_str(&bytes), NULL, NULL), str_n(zeros, size)), ERR_PARSE,
               "larger than the manifest");
    free(zeros);
}
END_TEST

START_TEST(refuses_snapshots_that_are_none)
{
    AUTO_BUF bytes = BUF(16 << 20);
    begin(&bytes);
    ck_refuses(pair("bad", manifest(STR("hello"), NULL, NULL), STR("hello")), ERR_PARSE, "no SQLite");
    struct str half = str_head(buf_str(&bytes), bytes.len / 2);
    ck_refuses(pair("bad", manifest(half, NULL, NULL), half), ERR_PARSE, "damaged");
    bytes.ptr[2 * 4096] ^= 0x7f; // a page of the tables
    ck_refuses(pair("bad", manifest(buf_str(&bytes), NULL, NULL), buf_str(&bytes)), ERR_PARSE, "damaged");
    struct db *db = db_open("other.db", DB_WRITE, &err);
    ok(db_exec(db, "CREATE TABLE t(x)", &err));
    db_close(db);
    ok(fs_read("other.db", 16 << 20, &bytes, &err));
    ck_refuses(pair("bad", manifest(buf_str(&bytes), NULL, NULL), buf_str(&bytes)), ERR_PARSE,
               "not a state of atoll");
    db = db_open("s/state.db", DB_WRITE, &err);
    ok(db_exec(db, "INSERT INTO migration(noun, version, at_ns) VALUES('engine', 1000, 0)", &err));
    db_close(db);
    ok(fs_read("s/state.db", 16 << 20, &bytes, &err));
    ck_refuses(pair("bad", manifest(buf_str(&bytes), NULL, NULL), buf_str(&bytes)), ERR_ENVIRONMENT,
               "newer atoll");
}
END_TEST

FAKE_MAIN("workflow/bundle", a_state_comes_back_from_a_bundle, tar_can_read_it, replaces_only_when_asked,
          refuses_manifests_that_lie, refuses_other_members, refuses_links_and_devices,
          refuses_damage_everywhere, refuses_bombs, refuses_snapshots_that_are_none)
