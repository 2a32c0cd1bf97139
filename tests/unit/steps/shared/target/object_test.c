// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/object.h"

#include "base/rng.h"
#include "tests/unit/steps/shared/target/workshop.h"

#include <elf.h>

// An object of C text; `flag` may be NULL.
static void
compile(struct workshop *w, const char *text, const char *flag, struct buf *object)
{
    const char *source = workshop_file(w, "x.c", text);
    const char *out = fs_join(&w->arena, w->folder, "x.o");
    const char *argv[] = {"cc", "-O2", "-fPIC", "-w", "-c", source, "-o", out, flag, NULL};

    workshop_run(w, argv);
    *object = BUF(1 << 20);
    OK(fs_read(out, 1 << 20, object, &w->err), &w->err);
}

static struct object_summary
summary_of(struct workshop *w, const char *text, const char *flag)
{
    AUTO_BUF object;
    struct object_summary summary;

    compile(w, text, flag, &object);
    OK(object_summarise(buf_str(&object), &summary, &w->err), &w->err);
    ck_assert_uint_eq(strlen(summary.code_hash), 64);
    return summary;
}

static bool
same(struct workshop *w, const char *a, const char *b)
{
    return strcmp(summary_of(w, a, NULL).code_hash, summary_of(w, b, NULL).code_hash) == 0;
}

#define CODE(f, g, table, value)                                                \
    "static const int " table "[] = {1, 2, " value ", 4};\n"                    \
    "int memcmp(const void *, const void *, unsigned long);\n"                  \
    "__attribute__((noinline)) int " g "(int i) { return " table "[i & 3]; }\n" \
    "int " f "(const char *a, const char *b, int n) { return " g "(n) + memcmp(a, b, n) + a[0]; }\n"

START_TEST(names_and_debug_information_do_not_count)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);

    ck_assert(same(&w, CODE("f", "g", "t", "3"), CODE("first", "second_one", "table", "3")));
    ck_assert_str_eq(summary_of(&w, CODE("f", "g", "t", "3"), NULL).code_hash,
                     summary_of(&w, CODE("f", "g", "t", "3"), "-g3").code_hash);
    ck_assert(same(&w, "int f(int a) { return a * 2; }", "int  g ( int  b )  {\n  return  b * 2 ; }"));
}
END_TEST

START_TEST(code_constants_and_callees_count)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);

    ck_assert(!same(&w, CODE("f", "g", "t", "3"), CODE("f", "g", "t", "5")));
    ck_assert(!same(&w, "int f(int a) { return a * 2; }", "int f(int a) { return a * 3; }"));
    ck_assert(!same(&w, "int a(int); int f(int x) { return a(x) + 1; }",
                    "int b(int); int f(int x) { return b(x) + 1; }"));
    ck_assert(!same(&w, "static int s = 1; int *f(void) { return &s; }",
                    "static int s = 2; int *f(void) { return &s; }"));
    ck_assert(!same(&w, "static int a[9]; int *f(void) { return a; }",
                    "static int a[99]; int *f(void) { return a; }"));
    ck_assert(!same(&w, "int a = 1, b = 2; int *f(void) { return &a; }",
                    "int a = 1, b = 2; int *f(void) { return &b; }"));
    struct object_summary small = summary_of(&w, "int f(int a) { return a; }", NULL);
    struct object_summary large = summary_of(&w, CODE("f", "g", "t", "3"), NULL);
    ck_assert(small.code_bytes > 0 && small.code_bytes < large.code_bytes);
}
END_TEST

START_TEST(state_and_constructors_are_seen)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);

    struct object_summary none = summary_of(&w, CODE("f", "g", "t", "3"), NULL);
    ck_assert(none.state_bytes == 0 && !none.starts);
    ck_assert_uint_eq(summary_of(&w,
                                 "static const void *seen[8]; const void *f(void *p, int i) { const void "
                                 "*was = seen[i]; seen[1] = p; return was; }",
                                 NULL)
                          .state_bytes,
                      64);
    ck_assert_uint_eq(
        summary_of(&w, "int table[3] = {1, 2, 3}; int f(int i) { return table[i]++; }", NULL).state_bytes,
        12);
    // Pointers that never change are relocated constants.
    ck_assert_uint_eq(
        summary_of(&w, "static const char *const n[] = {\"a\", \"b\"}; const char *f(int i) { return n[i]; }",
                   NULL)
            .state_bytes,
        0);
    ck_assert(
        summary_of(&w, "__attribute__((constructor)) static void f(void) { __asm__ volatile(\"\"); }", NULL)
            .starts);
}
END_TEST

static const char *
foreign(struct workshop *w, const char *text, const char *like)
{
    static char name[64];
    AUTO_BUF object, other;

    compile(w, text, NULL, &object);
    compile(w, like, NULL, &other);
    OK(object_foreign(buf_str(&object), buf_str(&other), name, &w->err), &w->err);
    return name;
}

START_TEST(names_from_elsewhere_are_found)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    const char *plain = "int f(int a) { return a + 1; }",
               *timed = "long time(long *); long f(int a) { return time(0); }";

    ck_assert_str_eq(foreign(&w, timed, plain), "time");
    ck_assert_str_eq(foreign(&w, timed, "long time(long *); long g(void) { return 1 + time(0); }"), "");
    ck_assert_str_eq(foreign(&w, CODE("f", "g", "t", "3"), plain), ""); // memcmp only computes
    ck_assert_str_eq(foreign(&w, plain, timed), "");
    char name[64];
    ck_assert_int_eq(object_foreign(STR("no object"), STR("none"), name, &w.err), -1);
    ck_assert_int_eq(w.err.kind, ERR_PARSE);
}
END_TEST

START_TEST(malformed_objects_are_refused)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_BUF object;
    struct object_summary summary;
    struct rng rng;

    compile(&w, CODE("f", "g", "t", "3"), NULL, &object);
    ck_assert_int_eq(object_summarise((struct str){0}, &summary, &w.err), -1);
    ck_assert_int_eq(w.err.kind, ERR_PARSE);
    ck_assert_int_eq(object_summarise(STR("\177ELF and then nothing"), &summary, &w.err), -1);
    // Section headers stand at the end: without the last byte they are not whole.
    ck_assert_int_eq(object_summarise(str_head(buf_str(&object), object.len - 1), &summary, &w.err), -1);
    for (size_t len = 0; len < object.len; len += 7)
        ck_assert_int_eq(object_summarise(str_head(buf_str(&object), len), &summary, &w.err), -1);
    object.ptr[EI_CLASS] = ELFCLASS32;
    ck_assert_int_eq(object_summarise(buf_str(&object), &summary, &w.err), -1);
    object.ptr[EI_CLASS] = ELFCLASS64;
    // Whatever bytes are changed, it ends, and reads nothing outside (the sanitizer build sees that).
    rng_init(&rng, 1, 0);
    for (int i = 0; i < 3000; i++) {
        size_t at = rng_below(&rng, object.len);
        char kept = object.ptr[at];
        object.ptr[at] = (char)rng_u32(&rng);
        (void)!object_summarise(buf_str(&object), &summary, &w.err);
        if (rng_below(&rng, 3) != 0)
            object.ptr[at] = kept;
    }
}
END_TEST

START_TEST(pads_move_what_follows)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    struct object_summary like = summary_of(&w, "int f(int a) { return a; }", NULL);
    AUTO_BUF pad = BUF(1 << 16);
    struct object_summary summary;

    object_pad(&like, 48, 20, &pad);
    OK(object_summarise(buf_str(&pad), &summary, &w.err), &w.err);
    ck_assert_uint_eq(summary.code_bytes, 48);
    ck_assert_uint_eq(summary.machine, like.machine);
    const char *path = fs_join(&w.arena, w.folder, "pad.o");
    OK(fs_write(path, buf_str(&pad), &w.err), &w.err);
    const char *argv[] = {"ld", "-r", "-o", "both.o", path, "x.o", NULL};
    workshop_run(&w, argv);
    AUTO_BUF both = BUF(1 << 20);
    OK(fs_read(fs_join(&w.arena, w.folder, "both.o"), 1 << 20, &both, &w.err), &w.err);
    OK(object_summarise(buf_str(&both), &summary, &w.err), &w.err);
    ck_assert_uint_eq(summary.code_bytes, 48 + like.code_bytes);
}
END_TEST

UNIT_MAIN("steps/shared/target/object", names_and_debug_information_do_not_count,
          code_constants_and_callees_count, state_and_constructors_are_seen, names_from_elsewhere_are_found,
          malformed_objects_are_refused, pads_move_what_follows)
