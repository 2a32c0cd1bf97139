// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/go_guard.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static const char source[] =
    "package main\n\nimport \"fmt\"\n\ntype counter[K comparable] struct{ seen map[K]int }\n\n"
    "// Which tells which body runs.\nfunc Which(n int, more ...int) (int, error) {\n\tif n > 2 {\n"
    "\t\treturn Which(n - 1)\n\t}\n\treturn 1 + len(more), nil\n}\n\n"
    "// Add counts.\nfunc (c *counter[K]) Add(key K) {\n\tc.seen[key]++\n}\n\n"
    "func pick[T, U any](a T, _b U) U {\n\treturn _b\n}\n\n"
    "func main() {\n\tc := counter[string]{map[string]int{}}\n\tc.Add(\"a\")\n\ta, _ := Which(5)\n\tb, _ := "
    "Which(1, 2, 3)\n"
    "\tfmt.Print(a, b, c.seen[\"a\"], pick(1, 2))\n}\n";

static struct buf
guarded(struct arena *arena, const char *text, const char *function, const char *variant,
        enum guard_template template)
{
    struct buf file = BUF(1 << 20);
    struct err err;
    struct go_guard guard = {str_of(text),  function,           str_of(variant),
                             "atoll-which", "ATOLL_FLAG_WHICH", template};

    ck_assert_msg(go_guard_write(arena, &guard, &file, &err) == 0, "%s", err.message);
    return file;
}

static const char which[] =
    "var step = [2]int{0, 10}\n\nfunc Which(n int, more ...int) (int, error) {\n"
    "\tif n > 2 {\n\t\treturn Which(n - 1)\n\t}\n\treturn step[1] + len(more), nil\n}";

static const char *
run(struct arena *arena, const char *folder, const char *const *argv, const char *variable, const char *flags)
{
    const char *env[16];
    size_t count = 0;
    struct err err;
    AUTO_PROC_RESULT ran = {0};
    static const char *const kept[] = {"PATH", "HOME", "GOCACHE"};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (getenv(kept[i]) != NULL)
            env[count++] = arena_printf(arena, "%s=%s", kept[i], getenv(kept[i]));
    env[count++] = "GOFLAGS=-mod=mod";
    env[count++] = "GOTOOLCHAIN=local";
    env[count++] = "GOPROXY=off";
    if (variable != NULL)
        env[count++] = variable;
    if (flags != NULL) {
        const char *path = fs_join(arena, folder, "flags");
        ck_assert_int_eq(fs_write(path, str_of(flags), &err), 0);
        env[count++] = arena_printf(arena, "ATOLL_FLAG_FILE=%s", path);
    }
    env[count] = NULL;
    struct proc_spec spec = {.argv = argv, .env = env, .cwd = folder, .merge_stderr = true};
    ck_assert_msg(proc_run(&spec, &ran, &err) == 0, "%s", err.message);
    ck_assert_msg(ran.exit_code == 0, "%s: %s", argv[0], buf_text(&ran.out));
    return arena_str(arena, buf_str(&ran.out));
}

// A module of the guarded text; builds and vets it and asks gofmt. NULL without go.
static const char *
build(struct arena *arena, struct str text)
{
    struct err err;

    if (proc_find(arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return NULL;
    }
    const char *folder = fs_temp_dir(arena, NULL, "guard", &err);
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(fs_write(fs_join(arena, folder, "go.mod"), STR("module m\n\ngo 1.21\n"), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(arena, folder, "main.go"), text, &err), 0);
    ck_assert_int_eq(
        fs_write(fs_join(arena, folder, GO_GUARD_FILE), str_of(go_guard_file(arena, "main")), &err), 0);
    const char *unformatted = run(arena, folder, (const char *const[]){"gofmt", "-l", ".", NULL}, NULL, NULL);
    ck_assert_msg(*unformatted == '\0', "gofmt would change %s:\n%.*s", unformatted, STR_ARG(text));
    run(arena, folder, (const char *const[]){"go", "vet", ".", NULL}, NULL, NULL);
    run(arena, folder, (const char *const[]){"go", "build", "-o", "program", ".", NULL}, NULL, NULL);
    return folder;
}

static void
says(struct arena *arena, const char *folder, const char *variable, const char *flags, const char *expected)
{
    const char *program = fs_join(arena, folder, "program");
    const char *got = run(arena, folder, (const char *const[]){program, NULL}, variable, flags);
    ck_assert_msg(strcmp(got, expected) == 0, "%s, %s: %s", variable ? variable : "-", flags ? flags : "-",
                  got);
}

static void obeys(enum guard_template template)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_BUF file = guarded(&arena, source, "Which", which, template);
    const char *folder = build(&arena, buf_str(&file));

    if (folder == NULL)
        return;
    says(&arena, folder, NULL, NULL, "1 3 1 2");
    says(&arena, folder, NULL, "# nothing of ours\nother = on\n", "1 3 1 2");
    says(&arena, folder, NULL, "atoll-which = on # now\n", "10 12 1 2");
    says(&arena, folder, NULL, "atoll-which = on\natoll-which = off\n", "1 3 1 2");
    says(&arena, folder, NULL, " atoll-which=on until 9999999999", "10 12 1 2");
    says(&arena, folder, NULL, "atoll-which = on until 1000000000\n", "1 3 1 2");
    says(&arena, folder, NULL, "atoll-which = on sometimes\n", "1 3 1 2");
    says(&arena, folder, "ATOLL_FLAG_WHICH=on", NULL, "10 12 1 2");
    says(&arena, folder, "ATOLL_FLAG_WHICH=off", "atoll-which = on\n", "1 3 1 2");
    says(&arena, folder, "ATOLL_FLAG_WHICH=yes", NULL, "1 3 1 2");
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}

START_TEST(the_flag_decides)
{
    obeys(GUARD_PER_PROCESS);
}
END_TEST

START_TEST(the_flag_decides_each_call)
{
    obeys(GUARD_PER_CALL);
}
END_TEST

START_TEST(the_old_body_stays_word_for_word)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF file = guarded(&arena, source, "Which", which, GUARD_PER_PROCESS);
    static const char *const parts[] = {
        "// Which tells which body runs.\nfunc Which(n int, more ...int) (int, error) {\n\tif atollFlagWhich "
        "{\n"
        "\t\treturn whichTreatment(n, more...)\n\t}\n\treturn whichControl(n, more...)\n}\n",
        "var atollFlagWhich = atollFlag(\"atoll-which\", \"ATOLL_FLAG_WHICH\")\n",
        "func whichControl(n int, more ...int) (int, error) {\n\tif n > 2 {\n\t\treturn whichControl(n - "
        "1)\n\t}\n"
        "\treturn 1 + len(more), nil\n}\n",
        "var step = [2]int{0, 10}\n\n// whichTreatment is what atoll-which switches to.\n"
        "func whichTreatment(n int, more ...int) (int, error) {\n\tif n > 2 {\n\t\treturn whichTreatment(n - "
        "1)\n",
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(buf_text(&file), parts[i]) != NULL, "no %s in\n%s", parts[i], buf_text(&file));
}
END_TEST

START_TEST(methods_and_type_parameters)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_BUF method = guarded(&arena, source, "counter.Add",
                              "func (c *counter[K]) Add(key K) {\n\tc.seen[key] += 7\n}", GUARD_PER_PROCESS);
    const char *folder = build(&arena, buf_str(&method));

    ck_assert_ptr_nonnull(strstr(buf_text(&method),
                                 "\tif atollFlagCounterAdd {\n\t\tc.addTreatment(key)\n\t\treturn\n"
                                 "\t}\n\tc.addControl(key)\n}\n"));
    if (folder == NULL)
        return;
    says(&arena, folder, NULL, NULL, "1 3 1 2");
    says(&arena, folder, "ATOLL_FLAG_WHICH=on", NULL, "1 3 7 2");
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    AUTO_BUF generic = guarded(&arena, source, "pick", "func pick[T, U any](a T, _b U) (u U) {\n\treturn\n}",
                               GUARD_PER_CALL);
    folder = build(&arena, buf_str(&generic));
    says(&arena, folder, NULL, NULL, "1 3 1 2");
    says(&arena, folder, "ATOLL_FLAG_WHICH=on", NULL, "1 3 1 0");
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

START_TEST(no_name_is_taken)
{
    static const char *const names[] = {"Line", "ReadLine", "line", "flag", "Flag"};
    struct err err;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        AUTO_ARENA arena = {0};
        const char *function = arena_printf(&arena, "func %s(n int) int {\n\treturn n\n}", names[i]);
        const char *text =
            arena_printf(&arena, "package main\n\n%s\n\nfunc main() {\n\t%s(1)\n}\n", function, names[i]);
        AUTO_BUF file = guarded(&arena, text, names[i], function, GUARD_PER_PROCESS);
        const char *folder = build(&arena, buf_str(&file));
        if (folder != NULL)
            ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    }
}
END_TEST

START_TEST(a_name_that_hides_the_function_is_left_alone)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF file = guarded(
        &arena, "package q\n\nfunc f(n int) int {\n\tf := func(int) int { return 2 }\n\treturn f(n)\n}\n",
        "f", "func f(n int) int {\n\treturn 2\n}", GUARD_PER_PROCESS);

    ck_assert_ptr_nonnull(strstr(buf_text(&file),
                                 "func fControl(n int) int {\n\tf := func(int) int { return 2 }\n"
                                 "\treturn f(n)\n}\n"));
}
END_TEST

static void
refuses(const char *text, const char *function, const char *variant, const char *expected)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF file = BUF(1 << 20);
    struct err err;
    struct go_guard guard = {str_of(text), function, str_of(variant), "k", "V", GUARD_PER_PROCESS};

    ck_assert_int_eq(go_guard_write(&arena, &guard, &file, &err), -1);
    ck_assert_msg(strstr(err.message, expected) != NULL, "%s", err.message);
}

START_TEST(what_cannot_be_doubled_is_refused)
{
    refuses(source, "Which", "func Other() {}", "the variant does not define Which");
    refuses(source, "None", "func None() {}", "no function 'None'");
    refuses("package q\n\nfunc f(int) int { return 1 }\n", "f", "func f(int) int { return 2 }",
            "f: parameter 1 has no name");
    refuses("package q\n\nfunc f(a, _ int) int { return 1 }\n", "f", "func f(a, _ int) int { return 2 }",
            "f: parameter 2 has no name");
    refuses("package q\n\ntype t int\n\nfunc (t) f() int { return 1 }\n", "t.f",
            "func (t) f() int { return 2 }", "t.f: its receiver has no name");
}
END_TEST

// The demo's own tests hold with both paths, under the race detector where there is a C compiler for it.
START_TEST(both_paths_pass_the_demos_tests)
{
    static const char *const files[] = {"go.mod",      "tag.go",     "merge.go",
                                        "checksum.go", "service.go", "tagd_test.go"};
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_BUF text = BUF(1 << 16);
    const char *demo = above(&arena, "ci-templates/demo-go");
    ck_assert_int_eq(fs_read(fs_join(&arena, demo, "merge.go"), 1 << 16, &text, &err), 0);
    AUTO_BUF file = guarded(
        &arena, buf_text(&text), "MergeTags",
        "func MergeTags(a, b []string) []string {\n\tif len(a) == 0 && len(b) == 0 {\n\t\treturn nil\n"
        "\t}\n\tmerged := make([]string, 0, len(a)+len(b))\n\tfor len(a) > 0 || len(b) > 0 {\n"
        "\t\tif len(b) > 0 && (len(a) == 0 || b[0] < a[0]) {\n\t\t\ta, b = b, a\n\t\t}\n"
        "\t\tif n := len(merged); n == 0 || merged[n-1] != a[0] {\n"
        "\t\t\tmerged = append(merged, a[0])\n\t\t}\n\t\ta = a[1:]\n\t}\n\treturn merged\n}",
        GUARD_PER_PROCESS);
    if (proc_find(&arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return;
    }
    const char *folder = fs_temp_dir(&arena, NULL, "guard", &err);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        AUTO_BUF copy = BUF(1 << 16);
        ck_assert_int_eq(fs_read(fs_join(&arena, demo, files[i]), 1 << 16, &copy, &err), 0);
        ck_assert_int_eq(fs_write(fs_join(&arena, folder, files[i]), buf_str(&copy), &err), 0);
    }
    ck_assert_int_eq(fs_write(fs_join(&arena, folder, "merge.go"), buf_str(&file), &err), 0);
    ck_assert_int_eq(
        fs_write(fs_join(&arena, folder, GO_GUARD_FILE), str_of(go_guard_file(&arena, "tagd")), &err), 0);
    ck_assert_str_eq(run(&arena, folder, (const char *const[]){"gofmt", "-l", ".", NULL}, NULL, NULL), "");
    run(&arena, folder, (const char *const[]){"go", "vet", ".", NULL}, NULL, NULL);
    bool has_race =
        proc_find(&arena, "gcc") != NULL &&
        strcmp(run(&arena, folder, (const char *const[]){"go", "env", "CGO_ENABLED", NULL}, NULL, NULL),
               "1\n") == 0;
    if (!has_race)
        printf("skipped: needs cgo and gcc for go test -race\n");
    for (int on = 0; on < 2; on++) {
        const char *variable = on ? "ATOLL_FLAG_WHICH=on" : "ATOLL_FLAG_WHICH=off";
        run(&arena, folder, (const char *const[]){"go", "test", ".", NULL}, variable, NULL);
        if (has_race)
            run(&arena, folder, (const char *const[]){"go", "test", "-race", ".", NULL}, variable, NULL);
    }
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

UNIT_MAIN("steps/open-pull-request/go_guard", the_flag_decides, the_flag_decides_each_call,
          the_old_body_stays_word_for_word, methods_and_type_parameters, no_name_is_taken,
          a_name_that_hides_the_function_is_left_alone, what_cannot_be_doubled_is_refused,
          both_paths_pass_the_demos_tests)
