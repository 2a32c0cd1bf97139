// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/snapshot.h"
#include "workflow/state.h"

static struct err err;

static void
ok(int status)
{
    ck_assert_msg(status == 0, "%s: %s", err_name(err.kind), err.message);
}

static void
refused(int status, enum err_kind kind)
{
    ck_assert_int_eq(status, -1);
    ck_assert_msg(err.kind == kind, "%s: %s", err_name(err.kind), err.message);
}

// Adds `count` blobs, numbered on from `first`, and leaves the state open: its last transactions stand in the
// log beside the file.
static struct state *
fill(const char *path, int first, int count)
{
    struct state *state = state_open(path, NULL, host_real(), &err);
    ck_assert_msg(state != NULL, "%s", err.message);
    ok(state_begin(state, &err));
    for (int i = first; i < first + count; i++) {
        char text[1000], hash[65];
        memset(text, 'a' + i % 26, sizeof(text));
        snprintf(text, sizeof(text), "%d", i);
        ok(state_blob_put(state, str_n(text, sizeof(text)), hash, &err));
    }
    ok(state_commit(state, &err));
    return state;
}

static int64_t
blobs(const char *path)
{
    AUTO_JSON *rows = state_query(path, "SELECT count(*) AS n FROM blob", NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

START_TEST(takes_what_is_committed_from_a_state_in_use)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct state *state = fill("s/state.db", 0, 10);
    char hash[65];
    int64_t schema = 0;
    ok(state_begin(state, &err));
    ok(state_blob_put(state, STR("not yet"), hash, &err));
    ok(snapshot_take("s/state.db", "copy", &schema, &err)); // while a transaction is open
    ok(state_commit(state, &err));
    ck_assert_int_ge(schema, 1);
    ok(snapshot_check("copy", &err));
    ck_assert(!fs_exists("copy-wal") && !fs_exists("copy-shm"));
    ck_assert_int_eq(blobs("copy"), 10);
    ck_assert_int_eq(blobs("s/state.db"), 11);
    refused(snapshot_take("s/state.db", "copy", &schema, &err), ERR_CONFLICT);
    refused(snapshot_take("s/none.db", "copy2", &schema, &err), ERR_NOT_FOUND);
    state_close(state);
}
END_TEST

START_TEST(unchanged_pages_stay_where_they_are)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF before = BUF(16 << 20), after = BUF(16 << 20);
    int64_t schema;
    fake_folder(&arena);
    state_close(fill("s/state.db", 0, 1000));
    ok(snapshot_take("s/state.db", "one", &schema, &err));
    state_close(fill("s/state.db", 1000, 1));
    ok(snapshot_take("s/state.db", "two", &schema, &err));
    ok(fs_read("one", 16 << 20, &before, &err));
    ok(fs_read("two", 16 << 20, &after, &err));
    ck_assert_uint_gt(before.len, 1000000);
    size_t changed = 0;
    for (size_t at = 0; at + 4096 <= before.len; at += 4096)
        changed += memcmp(before.ptr + at, after.ptr + at, 4096) != 0;
    ck_assert_uint_gt(changed, 0);
    ck_assert_uint_lt(changed, 10);
}
END_TEST

static void
damage(const char *path, size_t at, char byte)
{
    AUTO_BUF bytes = BUF(16 << 20);
    ok(fs_read(path, 16 << 20, &bytes, &err));
    ck_assert_uint_gt(bytes.len, at);
    bytes.ptr[at] = byte;
    ok(fs_write(path, buf_str(&bytes), &err));
}

START_TEST(refuses_what_is_no_whole_state)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF bytes = BUF(16 << 20);
    int64_t schema;
    fake_folder(&arena);
    state_close(fill("s/state.db", 0, 100));
    ok(snapshot_take("s/state.db", "good?#%", &schema, &err));
    ok(snapshot_check("good?#%", &err));
    ok(fs_read("good?#%", 16 << 20, &bytes, &err));
    ok(fs_write("short", str_head(buf_str(&bytes), bytes.len / 2), &err));
    refused(snapshot_check("short", &err), ERR_PARSE);
    ok(fs_write("page", buf_str(&bytes), &err));
    damage("page", 3 * 4096, 77);
    refused(snapshot_check("page", &err), ERR_PARSE);
    ok(fs_write("text", STR("this is no database"), &err));
    refused(snapshot_check("text", &err), ERR_PARSE);
    ok(fs_write("empty", STR(""), &err));
    refused(snapshot_check("empty", &err), ERR_PARSE);
    refused(snapshot_check("none", &err), ERR_NOT_FOUND);
    struct db *db = db_open("other.db", DB_WRITE, &err);
    ok(db_exec(db, "CREATE TABLE t(x)", &err));
    db_close(db);
    refused(snapshot_check("other.db", &err), ERR_PARSE);
    refused(snapshot_take("other.db", "copy", &schema, &err), ERR_PARSE);
    db = db_open("s/state.db", DB_WRITE, &err);
    ok(db_exec(db, "INSERT INTO migration(noun, version, at_ns) VALUES('engine', 1000, 0)", &err));
    db_close(db);
    ok(snapshot_take("s/state.db", "newer", &schema, &err));
    refused(snapshot_check("newer", &err), ERR_ENVIRONMENT);
}
END_TEST

START_TEST(puts_a_state_into_an_empty_place)
{
    AUTO_ARENA arena = {0};
    int64_t schema;
    fake_folder(&arena);
    state_close(fill("s/state.db", 0, 5));
    ok(snapshot_take("s/state.db", "copy", &schema, &err));
    ok(fs_mkdirs("t", &err));
    ok(fs_write("t/state.db-wal", STR("left over of another state"), &err));
    ok(snapshot_install("copy", "t/state.db", false, &err));
    ck_assert(!fs_exists("copy") && !fs_exists("t/state.db-wal"));
    ck_assert_int_eq(blobs("t/state.db"), 5);
    ok(state_verify("t/state.db", &err));
}
END_TEST

// The old state's last transactions stand beside it and must not get into the new one.
START_TEST(replaces_a_state_only_when_asked)
{
    AUTO_ARENA arena = {0};
    int64_t schema;
    fake_folder(&arena);
    state_close(fill("s/state.db", 0, 5));
    ok(snapshot_take("s/state.db", "copy", &schema, &err));
    pid_t pid = fork();
    if (pid == 0) {
        fill("t/state.db", 100, 7); // never closed
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    ck_assert(fs_exists("t/state.db-wal"));
    refused(snapshot_install("copy", "t/state.db", false, &err), ERR_CONFLICT);
    ck_assert_int_eq(blobs("t/state.db"), 7);
    ok(snapshot_install("copy", "t/state.db", true, &err));
    ck_assert_int_eq(blobs("t/state.db"), 5);
    ok(state_verify("t/state.db", &err));
    ok(snapshot_take("s/state.db", "copy", &schema, &err));
    ok(fs_write("t/state.db", STR("damaged beyond repair, and long enough to be read"), &err));
    ok(snapshot_install("copy", "t/state.db", true, &err));
    ck_assert_int_eq(blobs("t/state.db"), 5);
}
END_TEST

START_TEST(does_not_replace_a_state_in_use)
{
    AUTO_ARENA arena = {0};
    int64_t schema;
    fake_folder(&arena);
    state_close(fill("s/state.db", 0, 5));
    ok(snapshot_take("s/state.db", "copy", &schema, &err));
    int ready[2], done[2];
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(done), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        struct state *state = fill("s/state.db", 100, 7);
        int status = state_begin(state, &err);
        if (status < 0 || write(ready[1], "y", 1) != 1 || read(done[0], &byte, 1) != 1)
            _exit(1);
        state_close(state);
        _exit(0);
    }
    char byte;
    ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
    refused(snapshot_install("copy", "s/state.db", true, &err), ERR_LOCKED);
    ck_assert_int_eq((int)write(done[1], "y", 1), 1);
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(blobs("s/state.db"), 12);
}
END_TEST

START_TEST(cleans_up_after_the_killed)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    const char *gone = arena_printf(&arena, "s/state.db.publish-%d", (int)pid);
    ok(fs_write(gone, STR("x"), &err));
    ok(fs_write("s/state.db.publish-1", STR("x"), &err)); // init lives
    ok(fs_write("s/state.db.other-999999999", STR("x"), &err));
    const char *temp = snapshot_temp(&arena, "s/state.db", "publish");
    ck_assert(str_ends(str_of(temp), str_of(arena_printf(&arena, "%d", (int)getpid()))));
    ck_assert(!fs_exists(gone));
    ck_assert(fs_exists("s/state.db.publish-1"));
    ck_assert(fs_exists("s/state.db.other-999999999"));
}
END_TEST

FAKE_MAIN("workflow/snapshot", takes_what_is_committed_from_a_state_in_use,
          unchanged_pages_stay_where_they_are, refuses_what_is_no_whole_state,
          puts_a_state_into_an_empty_place, replaces_a_state_only_when_asked, does_not_replace_a_state_in_use,
          cleans_up_after_the_killed)
