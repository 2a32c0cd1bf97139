// SPDX-License-Identifier: Apache-2.0
#include "base/archive.h"
#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static char *dir;

// Runs a shell script in the scratch folder; a tool that is missing skips the test.
static bool
make_with(const char *tool, const char *script)
{
    if (!dir)
        dir = fs_temp_dir(&arena, NULL, "atoll-archive-", &err);
    if (!proc_find(&arena, tool)) {
        printf("skipped: needs %s\n", tool);
        return false;
    }
    const char *const argv[] = {"sh", "-ec", script, NULL};
    AUTO_PROC_RESULT result = {0};
    ck_assert_msg(proc_run(&(struct proc_spec){.argv = argv, .cwd = dir}, &result, &err) == 0, "%s",
                  err.message);
    ck_assert_msg(result.exit_code == 0, "%s", buf_text(&result.err));
    return true;
}

static char *
file(const char *name)
{
    return fs_join(&arena, dir, name);
}

static void
finish(void)
{
    if (dir)
        ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
    arena_release(&arena);
}

static int
list_entry(void *context, const char *name, struct str data, struct err *error)
{
    (void)error;
    buf_printf(context, "%s=%" STR_FMT ";", name, STR_ARG(data));
    return 0;
}

static void
ck_unpacks(const char *name, const char *expected)
{
    AUTO_BUF list = BUF(10000);
    ck_assert_msg(unpack_each(file(name), 1000, list_entry, &list, &err) == 0, "%s", err.message);
    ck_assert_str_eq(buf_text(&list), expected);
}

static void
ck_refused(const char *name, enum err_kind kind, const char *part)
{
    AUTO_BUF list = BUF(1 << 20);
    ck_assert_msg(unpack_each(file(name), 1000, list_entry, &list, &err) < 0, "%s was accepted", name);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_msg(strstr(err.message, part) != NULL, "%s", err.message);
}

START_TEST(unpacks_streams)
{
    static const char *const tools[] = {"gzip", "bzip2", "xz", "zstd"};
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        if (!make_with(tools[i],
                       arena_printf(&arena, "printf 'hello hello hello' | %s -c > packed", tools[i])))
            continue;
        AUTO_BUF packed = BUF(1000), out = BUF(1000);
        ck_assert_int_eq(fs_read(file("packed"), 1000, &packed, &err), 0);
        ck_assert_msg(unpack_bytes(buf_str(&packed), 17, &out, &err) == 0, "%s: %s", tools[i], err.message);
        ck_assert_str_eq(buf_text(&out), "hello hello hello");
        ck_assert_int_eq(unpack_bytes(buf_str(&packed), 16, &out, &err), -1);
        ck_assert_int_eq(err.kind, ERR_LIMIT);
        AUTO_BUF small = BUF(16);
        ck_assert_int_eq(unpack_bytes(buf_str(&packed), 1000, &small, &err), -1);
        ck_assert_int_eq(err.kind, ERR_LIMIT);
        ck_assert_int_eq(unpack_bytes(str_head(buf_str(&packed), packed.len - 9), 1000, &out, &err), -1);
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
    finish();
}
END_TEST

START_TEST(passes_plain_bytes_through)
{
    AUTO_BUF out = BUF(1000);
    buf_puts(&out, "left over");
    ck_assert_int_eq(unpack_bytes(STR("plain \0 text"), 1000, &out, &err), 0);
    ck_assert(str_eq(buf_str(&out), STR("plain \0 text")));
    ck_assert_int_eq(unpack_bytes(STR(""), 1000, &out, &err), 0);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_eq(unpack_bytes(STR("\x1f"), 1000, &out, &err), 0);
    ck_assert_uint_eq(out.len, 1);
}
END_TEST

START_TEST(unpacks_archives)
{
    if (make_with("tar", "mkdir -p in/sub; printf A > in/a; printf BB > in/sub/b; : > in/empty;"
                         "tar -C in -czf x.tar.gz a sub empty; tar -C in -cf dot.tar --sort=name ."))
        ck_unpacks("x.tar.gz", "a=A;sub/b=BB;empty=;");
    if (make_with("tar", "true"))
        ck_unpacks("dot.tar", "a=A;empty=;sub/b=BB;");
    if (make_with("zip", "cd in; zip -q -X ../x.zip a sub/b"))
        ck_unpacks("x.zip", "a=A;sub/b=BB;");
    finish();
}
END_TEST

START_TEST(unpacks_single_files)
{
    if (make_with("gzip", "printf text > profile.txt; gzip -k profile.txt; printf 'no archive' > plain.gz"))
        ck_unpacks("profile.txt.gz", "profile.txt=text;");
    ck_unpacks("profile.txt", "profile.txt=text;");
    ck_unpacks("plain.gz", "plain=no archive;");
    ck_refused("none", ERR_NOT_FOUND, "none");
    finish();
}
END_TEST

START_TEST(keeps_unicode_names)
{
    if (make_with("tar", "printf x > 'gr\303\274n'; tar --format=pax -cf u.tar gr*"))
        ck_unpacks("u.tar", "gr\303\274n=x;");
    finish();
}
END_TEST

START_TEST(refuses_hostile_names)
{
    if (make_with("tar",
                  "mkdir -p in/sub; printf x > evil; printf x > in/f; cd in/sub;"
                  "tar -P -cf ../../up.tar ../../evil; tar -P -cf ../../abs.tar \"$(cd ../..; pwd)/evil\";"
                  "tar -P --transform 's,^f,a/../../f,' -C .. -cf ../../mid.tar f;"
                  "ln -s /etc/passwd ../link; tar -C .. -cf ../../link.tar link;"
                  "ln ../f ../hard; tar -C .. -cf ../../hard.tar f hard; mkfifo ../fifo;"
                  "tar -C .. -cf ../../fifo.tar fifo; tar -C .. --transform "
                  "'s,f,a\\\\\\\\..\\\\\\\\f,' -cf ../../back.tar f")) {
        ck_refused("up.tar", ERR_PARSE, "refused the name ../../evil");
        ck_refused("abs.tar", ERR_PARSE, "refused the name /");
        ck_refused("mid.tar", ERR_PARSE, "refused the name a/../../f");
        ck_refused("link.tar", ERR_PARSE, "link is not a regular file");
        ck_refused("hard.tar", ERR_PARSE, "hard is not a regular file");
        ck_refused("fifo.tar", ERR_PARSE, "fifo is not a regular file");
        ck_refused("back.tar", ERR_PARSE, "refused the name");
    }
    finish();
}
END_TEST

START_TEST(refuses_bombs)
{
    if (make_with(
            "tar",
            "yes | head -c 30000000 | gzip -c > big.gz; head -c 5000 /dev/zero > one; tar -czf one.tgz "
            "one;"
            "head -c 900 /dev/zero > f; for i in $(seq 30); do cp f f$i; done; tar -czf many.tgz f[0-9]*;"
            "mkdir d; cd d; seq 10001 | xargs touch; cd ..; tar -czf entries.tgz d")) {
        ck_refused("big.gz", ERR_LIMIT, "more than 1000 bytes");
        ck_refused("one.tgz", ERR_LIMIT, "one unpacks to more than 1000 bytes");
        ck_refused("many.tgz", ERR_LIMIT, "16 times 1000 bytes");
        ck_refused("entries.tgz", ERR_LIMIT, "more than 10000 entries");
    }
    finish();
}
END_TEST

static int
stop_at_second(void *context, const char *name, struct str data, struct err *error)
{
    (void)name;
    (void)data;
    int *calls = context;
    return ++*calls == 2 ? err_set(error, ERR_CANCELLED, "enough") : 0;
}

START_TEST(stops_when_told)
{
    if (make_with("tar", "touch a b c; tar -cf x.tar a b c")) {
        int calls = 0;
        ck_assert_int_eq(unpack_each(file("x.tar"), 1000, stop_at_second, &calls, &err), -1);
        ck_assert_int_eq(err.kind, ERR_CANCELLED);
        ck_assert_int_eq(calls, 2);
    }
    finish();
}
END_TEST

START_TEST(reports_damage)
{
    if (make_with("tar", "head -c 900 /dev/urandom > f; tar -czf x.tgz f; head -c 500 x.tgz > cut.tgz"))
        ck_refused("cut.tgz", ERR_PARSE, "truncated");
    finish();
}
END_TEST

static int
begin_piece(void *context, const char *name, struct err *error)
{
    buf_printf(context, "%s=", name);
    return strcmp(name, "stop") == 0 ? err_set(error, ERR_CANCELLED, "enough") : 0;
}

static int
take_piece(void *context, struct str bytes, struct err *error)
{
    (void)error;
    buf_add_str(context, bytes);
    return 0;
}

static int
end_piece(void *context, struct err *error)
{
    (void)error;
    buf_putc(context, ';');
    return 0;
}

static struct packer *
new_packer(const char *name)
{
    if (!dir)
        dir = fs_temp_dir(&arena, NULL, "atoll-archive-", &err);
    struct packer *packer = packer_open(file(name), &err);
    ck_assert_msg(packer != NULL, "%s", err.message);
    return packer;
}

START_TEST(packs_and_unpacks_in_pieces)
{
    AUTO_BUF found = BUF(10000), one = BUF(10000), two = BUF(10000);
    const struct unpack_sink sink = {begin_piece, take_piece, end_piece, &found};
    static const char *const names[] = {"one.tar.zst", "two.tar.zst"};
    for (size_t i = 0; i < 2; i++) {
        struct packer *packer = new_packer(names[i]);
        ck_assert_int_eq(fs_write(file("f"), STR("from a file"), &err), 0);
        ck_assert_int_eq(packer_add(packer, "a", STR("1"), &err), 0);
        ck_assert_int_eq(packer_add(packer, "empty", STR(""), &err), 0);
        ck_assert_int_eq(packer_add_file(packer, "d/f", file("f"), &err), 0);
        ck_assert_int_eq(packer_close(packer, &err), 0);
    }
    ck_assert_int_eq(fs_read(file("one.tar.zst"), 10000, &one, &err), 0);
    ck_assert_int_eq(fs_read(file("two.tar.zst"), 10000, &two, &err), 0);
    ck_assert(str_eq(buf_str(&one), buf_str(&two)));
    ck_assert_int_eq(unpack_pieces(file("one.tar.zst"), 3, &sink, &err), 0);
    ck_assert_str_eq(buf_text(&found), "a=1;empty=;d/f=from a file;");
    ck_assert_int_eq(unpack_pieces(file("one.tar.zst"), 2, &sink, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    finish();
}
END_TEST

START_TEST(leaves_no_half_of_an_archive)
{
    struct packer *packer = new_packer("x.tar.zst");
    ck_assert_int_eq(packer_add(packer, "a", STR("1"), &err), 0);
    ck_assert_int_eq(packer_add_file(packer, "b", file("none"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    packer_abandon(packer);
    ck_assert(!fs_exists(file("x.tar.zst")));
    packer_abandon(NULL);
    ck_assert_int_eq(fs_write(file("there"), STR("x"), &err), 0);
    ck_assert_ptr_null(packer_open(file("there"), &err));
    ck_assert(fs_exists(file("there")));
    finish();
}
END_TEST

START_TEST(refuses_hostile_archives_in_pieces)
{
    AUTO_BUF found = BUF(10000);
    const struct unpack_sink sink = {begin_piece, take_piece, end_piece, &found};
    static const char *const names[] = {"../a", "/a", "a/../b", "stop"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct packer *packer = new_packer("x.tar.zst");
        ck_assert_int_eq(packer_add(packer, names[i], STR("1"), &err), 0);
        ck_assert_int_eq(packer_close(packer, &err), 0);
        ck_assert_int_eq(unpack_pieces(file("x.tar.zst"), 3, &sink, &err), -1);
        ck_assert_int_eq(err.kind, i < 3 ? ERR_PARSE : ERR_CANCELLED);
        ck_assert_int_eq(unlink(file("x.tar.zst")), 0);
    }
    ck_assert_int_eq(unpack_pieces(file("none"), 3, &sink, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    finish();
}
END_TEST

UNIT_MAIN("base/archive", unpacks_streams, passes_plain_bytes_through, unpacks_archives, unpacks_single_files,
          keeps_unicode_names, refuses_hostile_names, refuses_bombs, stops_when_told, reports_damage,
          packs_and_unpacks_in_pieces, leaves_no_half_of_an_archive, refuses_hostile_archives_in_pieces)
