// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/compiler.h"

#include "tests/unit/steps/shared/target/workshop.h"

#include <sys/stat.h>
#include <unistd.h>

static struct compiler *
compiler_of(struct workshop *w, const char *recipe_json)
{
    struct recipe recipe;
    AUTO_JSON *json = json_read(str_of(recipe_json), "recipe", &w->err);

    OK(recipe_read(&w->arena, w->repository, "src/x.c", json, NULL, &recipe, &w->err), &w->err);
    return compiler_new(w->launcher, w->repository, w->scratch, &recipe, &w->err);
}

static bool
compiles(struct workshop *w, struct compiler *compiler, const char *text, enum build_kind kind,
         struct buf *output)
{
    const char *source = fs_join(&w->arena, w->scratch, "v1/x.c");
    bool ok;

    OK(fs_write(source, str_of(text), &w->err), &w->err);
    OK(compiler_compile(compiler, source, "src/x.c", kind, fs_join(&w->arena, w->scratch, "x.o"), &ok, output,
                        &w->err),
       &w->err);
    return ok;
}

START_TEST(compiles_as_if_in_place)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF output = BUF(1 << 16);
    workshop_file(&w, "src/near.h", "#define NEAR 1\n");
    workshop_file(&w, "include/far.h", "#define FAR 2\n");
    workshop_file(&w, "up.h", "#define UP 3\n");
    struct compiler *compiler = compiler_of(&w, "{\"flags\": [\"-O2\", \"-Iinclude\", \"-DGIVEN=6\"]}");

    ck_assert_msg(compiles(&w, compiler,
                           "#include \"near.h\"\n#include <far.h>\n#include \"../up.h\"\n"
                           "_Static_assert(NEAR + FAR + UP == GIVEN, \"\");\n"
                           "_Static_assert(sizeof __FILE__ == sizeof \"src/x.c\", \"\");\n",
                           BUILD_PLAIN, &output),
                  "%s", buf_text(&output));
    ck_assert(fs_exists(fs_join(&w.arena, w.scratch, "x.o")));
    compiler_free(compiler);
}
END_TEST

START_TEST(diagnostics_leave_the_scratch_folder_out)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF output = BUF(1 << 16);
    struct compiler *compiler = compiler_of(&w, "{\"flags\": []}");

    ck_assert(!compiles(&w, compiler, "int f(void) { return nothing; }\n", BUILD_PLAIN, &output));
    ck_assert_ptr_nonnull(strstr(buf_text(&output), "x.c:1:"));
    ck_assert_ptr_nonnull(strstr(buf_text(&output), "nothing"));
    ck_assert_ptr_null(strstr(buf_text(&output), w.scratch));
    buf_clear(&output);
    ck_assert(compiles(&w, compiler, "int f(void) { int unused; return 1; }\n", BUILD_PLAIN, &output));
    ck_assert_str_eq(buf_text(&output), "");
    compiler_free(compiler);
}
END_TEST

START_TEST(compiled_code_cannot_write_elsewhere)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF output = BUF(1 << 16);
    struct compiler *compiler = compiler_of(&w, "{\"flags\": []}");
    const char *source = workshop_file(&w, "src/x.c", "int x;\n");
    const char *object = fs_join(&w.arena, w.repository, "x.o");
    bool ok;

    if (launcher_level(w.launcher) >= ISOLATION_FENCE) {
        OK(compiler_compile(compiler, source, "src/x.c", BUILD_PLAIN, object, &ok, &output, &w.err), &w.err);
        ck_assert(!ok);
        ck_assert(!fs_exists(object));
    }
    compiler_free(compiler);
}
END_TEST

START_TEST(wrappers_may_write_their_log)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF output = BUF(1 << 16);
    AUTO_BUF log = BUF(1 << 16);
    const char *log_path = fs_join(&w.arena, w.folder, "log");
    const char *wrapper = fs_join(&w.arena, w.folder, "bin/counting-cc");
    char *script = arena_printf(&w.arena, "#!/bin/sh\necho called >>%s\nexec cc \"$@\"\n", log_path);

    OK(fs_write(log_path, STR(""), &w.err), &w.err);
    OK(fs_write(wrapper, str_of(script), &w.err), &w.err);
    ck_assert_int_eq(chmod(wrapper, 0755), 0);
    struct compiler *compiler =
        compiler_of(&w, arena_printf(&w.arena, "{\"cc\": \"%s\", \"flags\": [], \"write\": [\"%s\"]}",
                                     wrapper, log_path));
    ck_assert_ptr_nonnull(compiler);
    ck_assert_msg(compiles(&w, compiler, "int x;\n", BUILD_PLAIN, &output), "%s", buf_text(&output));
    OK(fs_read(log_path, 1000, &log, &w.err), &w.err);
    ck_assert_str_eq(buf_text(&log), "called\n");
    compiler_free(compiler);
}
END_TEST

START_TEST(an_absent_compiler_is_named)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);

    ck_assert_ptr_null(compiler_of(&w, "{\"cc\": \"no-such-cc\", \"flags\": []}"));
    ck_assert_int_eq(w.err.kind, ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(w.err.message, "'no-such-cc'"));
    ck_assert_ptr_null(compiler_of(&w, "{\"cc\": \"/no/such/cc\", \"flags\": []}"));
}
END_TEST

START_TEST(links_a_shared_object)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF output = BUF(1 << 16);
    struct compiler *compiler = compiler_of(&w, "{\"flags\": []}");
    const char *path = fs_join(&w.arena, w.scratch, "x.so");
    struct words inputs = {0};
    bool ok;

    ck_assert(compiles(&w, compiler, "int x;\n", BUILD_SANITIZED, &output));
    words_add(&w.arena, &inputs, fs_join(&w.arena, w.scratch, "x.o"));
    OK(compiler_link(compiler, &inputs, BUILD_SANITIZED, path, &ok, &output, &w.err), &w.err);
    ck_assert_msg(ok, "%s", buf_text(&output));
    ck_assert(fs_exists(path));
    words_add(&w.arena, &inputs, "/no/such/file.o");
    OK(compiler_link(compiler, &inputs, BUILD_PLAIN, path, &ok, &output, &w.err), &w.err);
    ck_assert(!ok);
    compiler_free(compiler);
}
END_TEST

UNIT_MAIN("steps/shared/target/compiler", compiles_as_if_in_place, diagnostics_leave_the_scratch_folder_out,
          compiled_code_cannot_write_elsewhere, wrappers_may_write_their_log, an_absent_compiler_is_named,
          links_a_shared_object)
