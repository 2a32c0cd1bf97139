// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/guard.h"

#include "tests/unit/steps/shared/target/workshop.h"

static const char source[] = "#include <stdio.h>\n\n"
                             "// Which body runs.\n"
                             "int which_one(int x)\n{\n    return x;\n}\n\n"
                             "int main(void)\n{\n    for (int i = 0; i < 2; i++)\n"
                             "        printf(\"%d\", which_one(1));\n    return 0;\n}\n";
static const char variant[] =
    "#include <string.h>\nstatic int two(int x) { return x + (int)strlen(\"a\"); }\n"
    "int which_one(int x)\n{\n    return two(x);\n}";

static struct buf
guarded(struct workshop *w, const char *text, const char *by, enum guard_template template)
{
    workshop_file(w, "unit.c", text);
    struct target target = workshop_target(w, "unit.c", "which_one", NULL);
    struct buf file = BUF(1 << 20);
    OK(guard_write(&w->arena, &target, str_of(by), template, &file, &w->err), &w->err);
    target_close(&target);
    return file;
}

// Builds the guarded file with warnings as errors.
static void
build(struct workshop *w, enum guard_template template)
{
    workshop_init(w);
    AUTO_BUF file = guarded(w, source, variant, template);
    workshop_file(w, "unit.c", buf_text(&file));
    workshop_file(w, GUARD_HEADER, guard_header());
    workshop_run(w, (const char *const[]){"gcc", "-std=gnu99", "-Wall", "-Wextra", "-Werror", "-o", "program",
                                          "repository/unit.c", NULL});
}

// What the program prints with a variable of the environment, and a flag file of one line.
static void
says(struct workshop *w, const char *variable, const char *line, const char *expected)
{
    const char *path = line ? workshop_file(w, "flags", line) : "";
    const char *const argv[] = {fs_join(&w->arena, w->folder, "program"), NULL};
    const char *const env[] = {arena_printf(&w->arena, "ATOLL_FLAG_FILE=%s", path), variable, NULL};
    struct proc_spec spec = {.argv = argv, .env = env};
    AUTO_PROC_RESULT result = {0};
    OK(proc_run(&spec, &result, &w->err), &w->err);
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_msg(strcmp(buf_text(&result.out), expected) == 0, "%s, %s: %s", variable ? variable : "-",
                  line ? line : "-", buf_text(&result.out));
}

static void obeys(enum guard_template template)
{
    AUTO_WORKSHOP w;
    build(&w, template);
    says(&w, NULL, NULL, "11");
    says(&w, NULL, "# nothing of ours\nother = on\n", "11");
    says(&w, NULL, "atoll-which-one = on\n", "22");
    says(&w, NULL, "atoll-which-one = off\n", "11");
    says(&w, NULL, "atoll-which-one = on until 9999999999\n", "22");
    says(&w, NULL, "atoll-which-one = on until 1000000000\n", "11");
    says(&w, NULL, "atoll-which-one = on sometimes\n", "11");
    says(&w, "ATOLL_FLAG_WHICH_ONE=on", NULL, "22");
    says(&w, "ATOLL_FLAG_WHICH_ONE=off", "atoll-which-one = on\n", "11");
    says(&w, "ATOLL_FLAG_WHICH_ONE=yes", NULL, "11");
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
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF file = guarded(&w, source, variant, GUARD_PER_PROCESS);
    struct str text = buf_str(&file);
    ck_assert_int_ge(str_find(text, STR("static int which_one_control(int x)\n{\n    return x;\n}\n")), 0);
    ck_assert_int_ge(str_find(text, STR("static int which_one_treatment(int x)\n{\n    return two(x);\n}\n")),
                     0);
    // The comment stays with the name that callers know, and includes come on top.
    ck_assert_int_ge(str_find(text, STR("// Which body runs.\nint which_one(int x)\n")), 0);
    ck_assert_int_lt(str_find(text, STR("#include <string.h>")), str_find(text, STR("which_one")));
    ck_assert_int_lt(str_find(text, STR("#include \"" GUARD_HEADER "\"")), str_find(text, STR("which_one")));
}
END_TEST

START_TEST(functions_without_a_result_are_guarded_too)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF file = guarded(&w, "void which_one(int *x)\n{\n    *x = 1;\n}\n",
                            "void which_one(int *x)\n{\n    *x = 2;\n}", GUARD_PER_PROCESS);
    ck_assert_int_ge(str_find(buf_str(&file), STR("    if (atoll_flag_which_one())\n"
                                                  "        which_one_treatment(x);\n"
                                                  "    else\n        which_one_control(x);\n")),
                     0);
}
END_TEST

START_TEST(a_variant_without_the_function_is_refused)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "unit.c", source);
    struct target target = workshop_target(&w, "unit.c", "which_one", NULL);
    AUTO_BUF file = BUF(1 << 20);
    ck_assert_int_eq(guard_write(&w.arena, &target, STR("int other(int x)\n{\n    return x;\n}"),
                                 GUARD_PER_PROCESS, &file, &w.err),
                     -1);
    ck_assert_ptr_nonnull(strstr(w.err.message, "which_one"));
    target_close(&target);
}
END_TEST

UNIT_MAIN("steps/open-pull-request/guard", the_flag_decides, the_flag_decides_each_call,
          the_old_body_stays_word_for_word, functions_without_a_result_are_guarded_too,
          a_variant_without_the_function_is_refused)
