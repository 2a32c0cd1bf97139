// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/remarks.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

// The same file that the recorded one is about.
static const char mini[] =
    "package mini\n\ntype buffer struct{ data []byte }\n\nfunc at(p []byte, i int) byte { return p[i] }\n\n"
    "// Sum adds.\nfunc Sum(p, q []byte, n int) (int, *buffer) {\n\ttotal := 0\n\tfor i := 0; i < n; i++ {\n"
    "\t\ttotal += int(at(p, i)) - int(q[i])\n\t}\n\tb := &buffer{data: append([]byte(nil), p[1:n]...)}\n"
    "\treturn total, b\n}\n";

static void
read_recorded(struct arena *arena, struct buf *text)
{
    struct err err;
    const char *path = above(arena, "tests/fuzz/seeds/go_remarks/mini.json");
    ck_assert_msg(fs_read(path, 1 << 20, text, &err) == 0, "%s", err.message);
}

static void
check_sum(const struct go_remarks *remarks)
{
    AUTO_JSON *json = go_remarks_json(remarks, 8);

    ck_assert_int_eq(json_get_int(json, "bounds_checks", -1), 3);
    ck_assert_int_eq(json_get_int(json, "escapes", -1), 2);
    ck_assert(json_get_bool(json, "can_inline", false));
    ck_assert_int_eq((int)json_array_size(json_object_get(json, "at")), 5);
    const json_t *place = json_array_get(json_object_get(json, "at"), 2);
    ck_assert_str_eq(json_get_text(place, "what", ""), "escapes to the heap");
    ck_assert_str_eq(json_get_text(place, "message", ""), "&buffer{...} escapes to heap");
    ck_assert_int_eq(json_get_int(place, "line", 0), 13);
}

START_TEST(reads_what_go_wrote)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 20);
    struct go_remarks remarks;
    struct err err;

    read_recorded(&arena, &text);
    ck_assert_int_eq(go_remarks_read(&arena, buf_str(&text), "mini.json", 8, 15, &remarks, &err), 0);
    ck_assert_str_eq(remarks.version, "go1.26.8");
    check_sum(&remarks);
    // Another function has its own.
    ck_assert_int_eq(go_remarks_read(&arena, buf_str(&text), "mini.json", 5, 5, &remarks, &err), 0);
    AUTO_JSON *json = go_remarks_json(&remarks, 5);
    ck_assert_int_eq(json_get_int(json, "bounds_checks", -1), 1);
    ck_assert_int_eq(json_get_int(json, "escapes", -1), 0);
    ck_assert_str_eq(json_get_text(json, "inline", ""), "cost: 4");
}
END_TEST

START_TEST(reads_what_the_go_of_this_machine_writes)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 20);
    AUTO_PROC_RESULT ran = {0};
    struct go_remarks remarks;
    struct err err;

    if (proc_find(&arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return;
    }
    const char *folder = fs_temp_dir(&arena, NULL, "remarks", &err);
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "go.mod"), STR("module mini\n\ngo 1.21\n"), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "mini.go"), str_of(mini), &err), 0);
    const char *flag = arena_printf(&arena, "-gcflags=-json=0,%s/said", folder);
    const char *argv[] = {"go", "build", flag, ".", NULL};
    ck_assert_int_eq(
        proc_run(&(struct proc_spec){.argv = argv, .cwd = folder, .merge_stderr = true}, &ran, &err), 0);
    ck_assert_msg(ran.exit_code == 0, "%s", buf_text(&ran.out));
    ck_assert_int_eq(fs_read(fs_join(&arena, folder, "said/mini/mini.json"), 1 << 20, &text, &err), 0);
    ck_assert_msg(go_remarks_read(&arena, buf_str(&text), "mini.json", 8, 15, &remarks, &err) == 0, "%s",
                  err.message);
    ck_assert(strncmp(remarks.version, "go1.", 4) == 0);
    AUTO_JSON *json = go_remarks_json(&remarks, 8);
    ck_assert_int_ge(json_get_int(json, "bounds_checks", -1), 2);
    ck_assert_int_ge(json_get_int(json, "escapes", -1), 1);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

static void
refuses(const char *text, const char *expected)
{
    AUTO_ARENA arena = {0};
    struct go_remarks remarks;
    struct err err;

    ck_assert_int_eq(go_remarks_read(&arena, str_of(text), "f.json", 1, 9, &remarks, &err), -1);
    ck_assert_msg(strstr(err.message, expected) != NULL, "%s: %s", text, err.message);
}

START_TEST(what_is_no_such_file_is_refused)
{
    refuses("", "empty");
    refuses("{}\n", "f.json:1: not what");
    refuses("{\"version\":1,\"gc_version\":\"go9\"}\n", "f.json:1: not what");
    refuses("[]\n", "f.json:1: not what");
    refuses("{\"version\":0,\"gc_version\":\"go1\"}\nnonsense\n", "line 2: f.json");
}
END_TEST

START_TEST(odd_members_and_many_lines_do_no_harm)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 20);
    struct go_remarks remarks;
    struct err err;

    buf_puts(&text, "{\"version\":0,\"gc_version\":\"go1\"}\n[1]\n{\"code\":7}\n{\"code\":\"isInBounds\"}\n"
                    "{\"code\":\"isInBounds\",\"range\":{\"start\":{\"line\":-4,\"character\":1e9}}}\n\n");
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "{\"code\":\"isInBounds\",\"range\":{\"start\":{\"line\":7,\"character\":%d}}}\n",
                   i);
    ck_assert_int_eq(go_remarks_read(&arena, buf_str(&text), "f.json", 1, 9, &remarks, &err), 0);
    ck_assert_uint_eq(remarks.count, 4096);
    ck_assert(remarks.truncated);
    AUTO_JSON *json = go_remarks_json(&remarks, 1);
    ck_assert_int_eq((int)json_array_size(json_object_get(json, "at")), 40);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/remarks", reads_what_go_wrote, reads_what_the_go_of_this_machine_writes,
          what_is_no_such_file_is_refused, odd_members_and_many_lines_do_no_harm)
