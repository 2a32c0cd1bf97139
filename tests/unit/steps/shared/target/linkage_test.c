// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/linkage.h"

#include "tests/unit/steps/shared/target/kinds.h"

START_TEST(reads_what_linkers_miss)
{
    AUTO_ARENA arena = {0};
    struct words missing = linkage_missing(
        &arena, STR("/usr/bin/ld: x.o: in function `f':\nx.c:(.text+0x5): undefined reference to `alpha'\n"
                    "x.c:(.text+0x9): undefined reference to `beta'\n"
                    "x.c:(.text+0xd): undefined reference to `alpha'\n"
                    "ld.lld: error: undefined symbol: gamma\n>>> referenced by x.c\n"));

    ck_assert_uint_eq(missing.count, 3);
    ck_assert_str_eq(missing.items[0], "alpha");
    ck_assert_str_eq(missing.items[1], "beta");
    ck_assert_str_eq(missing.items[2], "gamma");
    ck_assert_uint_eq(linkage_missing(&arena, (struct str){0}).count, 0);
}
END_TEST

START_TEST(finds_the_nearest_definition)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "src/x.c", "int other(void); int f(void) { return other(); }\n");
    workshop_file(&w, "src/static.c",
                  "static int other(void) { return 0; }\nint use(void) { return other(); }\n");
    workshop_file(&w, "src/declares.c", "int other(void);\nextern int level;\n");
    workshop_file(&w, "lib/a/other.c", "int other(void) { return 1; }\n");
    workshop_file(&w, "src/test_other.c", "int other(void) { return 2; }\n");
    workshop_file(&w, "src/level.c", "int level = 3, *height[2];\n");

    ck_assert_str_eq(linkage_find(&w.arena, w.repository, "src/x.c", "other"), "lib/a/other.c");
    workshop_file(&w, "src/zother.c", "int other(void) { return 4; }\n");
    ck_assert_str_eq(linkage_find(&w.arena, w.repository, "src/x.c", "other"), "src/zother.c");
    ck_assert_str_eq(linkage_find(&w.arena, w.repository, "src/x.c", "level"), "src/level.c");
    ck_assert_str_eq(linkage_find(&w.arena, w.repository, "src/x.c", "height"), "src/level.c");
    ck_assert_ptr_null(linkage_find(&w.arena, w.repository, "src/x.c", "nobody"));
    ck_assert_ptr_null(linkage_find(&w.arena, w.repository, "src/x.c", "f"));
}
END_TEST

struct bench {
    struct compiler *compiler;
    struct linkage *linkage;
    const char *object, *shim;
};

static struct bench
bench_of(struct workshop *w, const char *recipe_json, const char *text)
{
    struct bench bench = {0};
    AUTO_BUF output = BUF(1 << 16);
    AUTO_JSON *json = json_read(str_of(recipe_json), "recipe", &w->err);
    struct recipe *recipe = ARENA_NEW(&w->arena, struct recipe);
    const char *source = workshop_file(w, "x.c", text);
    const char *shim = workshop_file(w, "shim.c", "int shim;\n");
    bool ok;

    OK(recipe_read(&w->arena, w->repository, "x.c", json, NULL, recipe, &w->err), &w->err);
    bench.compiler = compiler_new(w->launcher, w->repository, w->scratch, recipe, &w->err);
    ck_assert_ptr_nonnull(bench.compiler);
    bench.object = fs_join(&w->arena, w->scratch, "x.o");
    bench.shim = fs_join(&w->arena, w->scratch, "shim.o");
    OK(compiler_compile(bench.compiler, source, "x.c", BUILD_PLAIN, bench.object, &ok, &output, &w->err),
       &w->err);
    ck_assert_msg(ok, "%s", buf_text(&output));
    OK(compiler_compile(bench.compiler, shim, "shim.c", BUILD_PLAIN, bench.shim, &ok, &output, &w->err),
       &w->err);
    bench.linkage = linkage_new(bench.compiler, w->repository, "x.c", w->scratch, recipe);
    return bench;
}

static void
bench_release(struct bench *bench)
{
    linkage_free(bench->linkage);
    compiler_free(bench->compiler);
}

static size_t
object_count(struct workshop *w, struct bench *bench, enum build_kind kind)
{
    struct words inputs = {0};
    size_t objects = 0;

    OK(linkage_add_objects(bench->linkage, kind, &w->arena, &inputs, &w->err), &w->err);
    for (size_t i = 0; i < inputs.count; i++)
        objects += inputs.items[i][0] == '/';
    ck_assert_str_eq(inputs.items[inputs.count - 1], "-lm");
    return objects;
}

START_TEST(adds_sources_until_nothing_is_missing)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "one.c", "int two(void); int one(void) { return two() + 1; }\n");
    workshop_file(&w, "lib/two.c", "int two(void) { return 2; }\n");
    workshop_file(&w, "unrelated.c", "int three(void) { return 3; }\n");
    struct bench bench = bench_of(&w, "{\"flags\": []}", "int one(void); int f(void) { return one(); }\n");

    OK(linkage_complete(bench.linkage, bench.object, bench.shim, &w.err), &w.err);
    ck_assert_uint_eq(object_count(&w, &bench, BUILD_PLAIN), 2);
    ck_assert_uint_eq(object_count(&w, &bench, BUILD_SANITIZED), 2);
    ck_assert_uint_eq(object_count(&w, &bench, BUILD_SANITIZED), 2);
    bench_release(&bench);
}
END_TEST

START_TEST(traps_what_nobody_defines)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "bad.c", "int broken(void) { return nothing; }\n");
    struct bench bench =
        bench_of(&w, "{\"flags\": []}",
                 "int nobody(void), broken(void); double sqrt(double); extern int data;\n"
                 "int f(int x) { return x ? nobody() + broken() + data : (int)sqrt(x + 4.0); }\n");
    struct words inputs = {0};
    AUTO_BUF output = BUF(1 << 16);
    bool ok;

    OK(linkage_complete(bench.linkage, bench.object, bench.shim, &w.err), &w.err);
    words_add(&w.arena, &inputs, "-Wl,-z,defs");
    words_add(&w.arena, &inputs, bench.object);
    OK(linkage_add_objects(bench.linkage, BUILD_PLAIN, &w.arena, &inputs, &w.err), &w.err);
    OK(compiler_link(bench.compiler, &inputs, BUILD_PLAIN, fs_join(&w.arena, w.scratch, "x.so"), &ok, &output,
                     &w.err),
       &w.err);
    ck_assert_msg(ok, "%s", buf_text(&output));
    bench_release(&bench);
}
END_TEST

START_TEST(links_what_the_recipe_says)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "one.c", "int one(void) { return 1; }\n");
    workshop_file(&w, "bad.c", "int bad(void) { return nothing; }\n");
    struct bench good = bench_of(&w, "{\"flags\": [], \"link\": [\"one.c\"]}", "int f(void) { return 1; }\n");
    struct words inputs = {0};

    ck_assert_uint_eq(object_count(&w, &good, BUILD_PLAIN), 1);
    bench_release(&good);
    struct bench bad = bench_of(&w, "{\"flags\": [], \"link\": [\"bad.c\"]}", "int f(void) { return 1; }\n");
    ck_assert_int_eq(linkage_add_objects(bad.linkage, BUILD_PLAIN, &w.arena, &inputs, &w.err), -1);
    ck_assert_int_eq(w.err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(w.err.message, "'bad.c'"));
    bench_release(&bad);
}
END_TEST

// A function of a program that has a static library of its own, an object, and libz.
START_TEST(links_archives_objects_and_libraries)
{
    AUTO_KIND k;
    workshop_init(&k.w);
    const char *lib =
        workshop_file(&k.w, "lib/scale.c", "static int by = 3;\nint scale(int x) { return by * x; }\n");
    const char *one = workshop_file(&k.w, "lib/one.c", "int one(void) { return 1; }\n");
    const char *objects[] = {fs_join(&k.w.arena, k.w.repository, "lib/scale.o"),
                             fs_join(&k.w.arena, k.w.repository, "lib/one.o")};
    const char *archive = fs_join(&k.w.arena, k.w.repository, "lib/libscale.a");
    workshop_run(&k.w, (const char *[]){"gcc", "-fPIC", "-c", lib, "-o", objects[0], NULL});
    workshop_run(&k.w, (const char *[]){"gcc", "-fPIC", "-c", one, "-o", objects[1], NULL});
    workshop_run(&k.w, (const char *[]){"ar", "rcs", archive, objects[0], NULL});
    OK(fs_remove_tree(fs_join(&k.w.arena, k.w.repository, "lib/scale.c"), &k.w.err), &k.w.err);
    OK(fs_remove_tree(fs_join(&k.w.arena, k.w.repository, "lib/one.c"), &k.w.err), &k.w.err);
    workshop_file(&k.w, "more.c", "int more(int x) { return x + 2; }\n"); // found, though there is a `link`
#define LINKED(body)                                                                  \
    "#include <math.h>\n#include <stddef.h>\nint scale(int), one(void), more(int);\n" \
    "unsigned long crc32(unsigned long, const unsigned char *, unsigned);\n" SUMMED(body)
#define SUMMED(body)                                               \
    "unsigned long f(const unsigned char *d, size_t n)\n{ "        \
    "return crc32(0, d, (unsigned)n) + (unsigned long)scale(" body \
    ") + (unsigned long)sqrt(more((int)n)); }"
    kind_open(&k, LINKED("one()"),
              "{\"recipe\": {\"cc\": \"gcc\", \"flags\": [\"-O2\"],"
              "\"link\": [\"lib/one.o\", \"-Llib\", \"lib/libscale.a\", \"-lz\"]}}");
    kind_add(&k, "[\"hello\", 5]");
    kind_make_up(&k, 20);
    kind_same(&k, SUMMED("1"));
    kind_differs(&k, SUMMED("2"));
}
END_TEST

UNIT_MAIN("steps/shared/target/linkage", links_archives_objects_and_libraries, reads_what_linkers_miss,
          finds_the_nearest_definition, adds_sources_until_nothing_is_missing, traps_what_nobody_defines,
          links_what_the_recipe_says)
