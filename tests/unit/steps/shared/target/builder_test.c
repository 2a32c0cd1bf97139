// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/builder.h"

#include "tests/unit/steps/shared/target/workshop.h"

#include <dlfcn.h>

static const char file[] = "#include <stddef.h>\n#include \"near.h\"\n"
                           "int outside(int);\n"
                           "static int\nf(const char *in, size_t n)\n{\n"
                           "    int s = BIAS;\n"
                           "    for (size_t i = 0; i < n; i++)\n"
                           "        s += in[i];\n"
                           "    return s;\n"
                           "}\n"
                           "int use(int x) { return f(\"a\", 1) + outside(x); }\n";

struct bench {
    struct workshop w;
    struct target target;
    struct builder *builder;
};

static void
bench_init(struct bench *b)
{
    workshop_init(&b->w);
    unsetenv("CC");
    workshop_file(&b->w, "src/x.c", file);
    workshop_file(&b->w, "src/near.h", "#define BIAS 7\n");
    workshop_file(&b->w, "lib/outside.c", "int outside(int x) { return x + 1; }\n");
    b->target = workshop_target(&b->w, "src/x.c", "f", NULL);
    b->builder = builder_new(b->w.launcher, &b->target, b->w.scratch, &b->w.err);
    ck_assert_msg(b->builder != NULL, "%s", b->w.err.message);
}

static void
bench_release(struct bench *b)
{
    builder_free(b->builder);
    target_close(&b->target);
    workshop_release(&b->w);
}

#define AUTO_BENCH __attribute__((cleanup(bench_release))) struct bench

static struct built
compile(struct bench *b, const char *variant, enum build_kind kind)
{
    struct built built;
    struct str text = variant == NULL ? target_baseline(&b->target) : str_of(variant);

    OK(builder_compile(b->builder, text, kind, &built, &b->w.err), &b->w.err);
    return built;
}

static const char *
link(struct bench *b, const struct built *built, enum build_kind kind, uint64_t seed)
{
    char path[4096];

    OK(builder_link(b->builder, built, kind, seed, path, &b->w.err), &b->w.err);
    ck_assert(fs_exists(path));
    return arena_dup(&b->w.arena, path);
}

START_TEST(a_cell_runs_the_variant)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built built =
        compile(&b, "static int f(const char *in, size_t n) { return n ? in[0] + 1000 : -5; }", BUILD_PLAIN);
    ck_assert_msg(built.ok, "%s", buf_text(&built.diagnostics));
    struct cell_options options = {.object_path = link(&b, &built, BUILD_PLAIN, 1)};
    // u64 count, then elements padded to 8 bytes; the count parameter takes nothing.
    uint8_t bytes[24] = {1, 0, 0, 0, 0, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0, 0};
    size_t offsets[] = {0, 16, 24};
    struct cell_inputs inputs = {bytes, offsets, 2};
    struct cell *cell = cell_new(b.w.launcher, &options, &b.w.err);
    ck_assert_msg(cell != NULL, "%s", b.w.err.message);
    AUTO_BUF output = BUF(1000);
    AUTO_BUF detail = BUF(1000);
    enum cell_fault fault;
    int64_t result;

    OK(cell_load(cell, &inputs, &b.w.err), &b.w.err);
    OK(cell_call(cell, 0, &output, &fault, &detail, &b.w.err), &b.w.err);
    ck_assert_int_eq(fault, CELL_OK);
    memcpy(&result, output.ptr, sizeof result);
    ck_assert_int_eq(result, 1000 + 'a');
    buf_clear(&output);
    OK(cell_call(cell, 1, &output, &fault, &detail, &b.w.err), &b.w.err);
    memcpy(&result, output.ptr, sizeof result);
    ck_assert_int_eq(result, -5);
    cell_free(cell);
    buf_release(&built.diagnostics);
}
END_TEST

START_TEST(sanitizers_see_reads_beyond_the_end)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built good = compile(&b, NULL, BUILD_SANITIZED);
    struct built bad =
        compile(&b, "static int f(const char *in, size_t n) { return in[n]; }", BUILD_SANITIZED);
    uint8_t bytes[24] = {4, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 0};
    size_t offsets[] = {0, 16};
    struct cell_inputs inputs = {bytes, offsets, 1};
    const struct built *variants[] = {&good, &bad};
    enum cell_fault expected[] = {CELL_OK, CELL_SANITIZER};

    for (int i = 0; i < 2; i++) {
        struct cell_options options = {.object_path = link(&b, variants[i], BUILD_SANITIZED, 0),
                                       .sanitized = true};
        struct cell *cell = cell_new(b.w.launcher, &options, &b.w.err);
        ck_assert_msg(cell != NULL, "%s", b.w.err.message);
        AUTO_BUF output = BUF(1000);
        AUTO_BUF detail = BUF(100000);
        enum cell_fault fault;
        OK(cell_load(cell, &inputs, &b.w.err), &b.w.err);
        OK(cell_call(cell, 0, &output, &fault, &detail, &b.w.err), &b.w.err);
        ck_assert_msg(fault == expected[i], "%d: %s", i, buf_text(&detail));
        cell_free(cell);
    }
    buf_release(&good.diagnostics);
    buf_release(&bad.diagnostics);
}
END_TEST

START_TEST(refused_variants_come_with_diagnostics)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built built =
        compile(&b, "static int f(const char *in, size_t n) { return missing_name; }", BUILD_PLAIN);

    ck_assert(!built.ok);
    ck_assert_ptr_nonnull(strstr(buf_text(&built.diagnostics), "missing_name"));
    ck_assert_ptr_nonnull(strstr(buf_text(&built.diagnostics), "x.c:4:"));
    ck_assert_uint_le(built.diagnostics.len, 8 << 10);
    buf_release(&built.diagnostics);
}
END_TEST

START_TEST(equal_code_has_an_equal_hash)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built one = compile(&b, NULL, BUILD_PLAIN);
    struct built two = compile(&b,
                               "static int f(const char *text, size_t len) {\n  int sum = BIAS; size_t k;\n"
                               "  for (k = 0; k < len; k++) { sum += text[k]; }\n  return sum; }",
                               BUILD_PLAIN);
    struct built three =
        compile(&b, "static int f(const char *in, size_t n) { return n ? in[0] : 1; }", BUILD_PLAIN);

    ck_assert(one.ok && two.ok && three.ok);
    ck_assert_str_eq(one.code_hash, two.code_hash);
    ck_assert_str_ne(one.code_hash, three.code_hash);
    ck_assert_uint_gt(one.code_bytes, three.code_bytes);
    buf_release(&one.diagnostics);
    buf_release(&two.diagnostics);
    buf_release(&three.diagnostics);
}
END_TEST

// Where the target stands in its page.
static size_t
place_of(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(handle != NULL, "%s", dlerror());
    void *const *target = dlsym(handle, "atoll_target");
    ck_assert_ptr_nonnull(target);
    size_t place = (size_t)((uintptr_t)*target & 4095);
    dlclose(handle);
    return place;
}

START_TEST(seeds_draw_layouts)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built built = compile(&b, NULL, BUILD_PLAIN);
    size_t none = place_of(link(&b, &built, BUILD_PLAIN, 0));
    size_t different = 0;

    ck_assert_uint_eq(place_of(link(&b, &built, BUILD_PLAIN, 0)), none);
    ck_assert_uint_eq(place_of(link(&b, &built, BUILD_PLAIN, 9)), place_of(link(&b, &built, BUILD_PLAIN, 9)));
    for (uint64_t seed = 1; seed <= 8; seed++)
        different += place_of(link(&b, &built, BUILD_PLAIN, seed)) != none;
    ck_assert_uint_ge(different, 6);
    buf_release(&built.diagnostics);
}
END_TEST

START_TEST(duet_variants_link)
{
    AUTO_BENCH b;
    bench_init(&b);
    struct built built = compile(&b, NULL, BUILD_PLAIN);
    struct built_variant variant = {.builder = b.builder, .built = &built};
    struct duet_variant duet = built_duet_variant(&variant);
    char path[4096];

    OK(duet.link(duet.context, 5, path, &b.w.err), &b.w.err);
    ck_assert_uint_eq(place_of(path), place_of(link(&b, &built, BUILD_PLAIN, 5)));
    // What was linked before goes.
    char next[4096];
    OK(duet.link(duet.context, 6, next, &b.w.err), &b.w.err);
    ck_assert(!fs_exists(path) && fs_exists(next));
    built_variant_release(&variant);
    ck_assert(!fs_exists(next));
    buf_release(&built.diagnostics);
}
END_TEST

START_TEST(bad_flags_are_reported)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "x.c", "int f(int a) { return a; }\n");
    struct target target =
        workshop_target(&w, "x.c", "f", "{\"recipe\": {\"flags\": [\"-fno-such-flag-at-all\"]}}");

    ck_assert_ptr_null(builder_new(w.launcher, &target, w.scratch, &w.err));
    ck_assert_int_eq(w.err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(w.err.message, "-fno-such-flag-at-all"));
    target_close(&target);
}
END_TEST

START_TEST(a_text_is_compiled_once)
{
    AUTO_BENCH b;
    bench_init(&b);
    size_t before = builder_counts(b.builder).hits;
    struct built first = compile(&b, NULL, BUILD_PLAIN), again = compile(&b, NULL, BUILD_PLAIN);
    ck_assert_uint_ge(builder_counts(b.builder).hits, before + 1);
    ck_assert_str_ne(first.object, again.object);
    ck_assert_str_eq(first.code_hash, again.code_hash);
    link(&b, &again, BUILD_PLAIN, 3);
    size_t misses = builder_counts(b.builder).misses;
    struct built sanitized = compile(&b, NULL, BUILD_SANITIZED);
    ck_assert_uint_eq(builder_counts(b.builder).misses, misses + 1);
    ck_assert_str_ne(first.code_hash, sanitized.code_hash);
    // Another header is another text.
    workshop_file(&b.w, "src/near.h", "#define BIAS 70\n");
    struct built other = compile(&b, NULL, BUILD_PLAIN);
    ck_assert_str_ne(first.code_hash, other.code_hash);
    workshop_file(&b.w, "src/near.h", "#error changed\n");
    struct built bad = compile(&b, NULL, BUILD_PLAIN);
    ck_assert(!bad.ok);
    struct built *all[] = {&first, &again, &sanitized, &other, &bad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_release(&all[i]->diagnostics);
}
END_TEST

UNIT_MAIN("steps/shared/target/builder", a_text_is_compiled_once, a_cell_runs_the_variant,
          sanitizers_see_reads_beyond_the_end, refused_variants_come_with_diagnostics,
          equal_code_has_an_equal_hash, seeds_draw_layouts, duet_variants_link, bad_flags_are_reported)
