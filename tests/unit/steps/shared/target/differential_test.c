// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/differential.h"

#include "steps/shared/target/captured.h"
#include "tests/unit/steps/attempt.h"

// Fails on '!', hangs on '~', and reads one byte too many on '?'.
static const char source[] = "#include <stdlib.h>\n"
                             "#define PAST(at) (*(const volatile unsigned char *)(at))\n"
                             "\n"
                             "int sum(const unsigned char *p, size_t n)\n"
                             "{\n"
                             "    int total = 0;\n"
                             "    for (size_t i = 0; i < n; i++) {\n"
                             "        if (p[i] == '!')\n"
                             "            abort();\n"
                             "        while (*(const volatile unsigned char *)(p + i) == '~') ;\n"
                             "        total += p[i] == '?' ? (PAST(p + n) & 0) + 7 : p[i];\n"
                             "    }\n"
                             "    return total;\n"
                             "}\n";

// A function of the same shape: `in_loop` stands in the place of the addition, `before` in front of the loop.
#define VARIANT(before, in_loop)                  \
    "int sum(const unsigned char *p, size_t n)\n" \
    "{\n"                                         \
    "    int total = 0;\n"                        \
    "    " before "\n"                            \
    "    for (size_t i = 0; i < n; i++) {\n"      \
    "        if (p[i] == '!')\n"                  \
    "            abort();\n"                      \
    "        " in_loop "\n"                       \
    "    }\n"                                     \
    "    return total;\n"                         \
    "}"
#define ADD "total += p[i] == '?' ? (PAST(p + n) & 0) + 7 : p[i];"

static const struct step_ops no_step = {.name = "none"};

struct bench {
    struct workshop w;
    struct attempt attempt;
    struct workbench bench;
};

static void
bench_init(struct bench *b)
{
    workshop_init(&b->w);
    workshop_file(&b->w, "x.c", source);
    attempt_init(&b->attempt, &b->w, &no_step, "{}");
    AUTO_JSON *target = json_read(STR("{\"file\": \"x.c\", \"function\": \"sum\","
                                      "\"recipe\": {\"cc\": \"gcc\", \"flags\": [\"-O2\"]}}"),
                                  "target", &b->w.err);
    OK(workbench_open(&b->attempt.step, target, &b->bench, &b->w.err), &b->w.err);
    corpus_init(&b->bench.train, 1 << 20);
}

static void
bench_release(struct bench *b)
{
    workbench_release(&b->bench);
    attempt_release(&b->attempt);
    workshop_release(&b->w);
}

static void
add(struct bench *b, const char *text)
{
    AUTO_JSON *call = json_pack("[s, n]", text);
    OK(captured_add(&b->bench.train, &b->bench.target.signature, call, "add", &b->w.err), &b->w.err);
}

static struct differential
run(struct bench *b, const char *variant, enum build_kind kind)
{
    struct differential found;
    OK(differential_run(&b->bench, str_of(variant), kind, &b->bench.train, &found, &b->w.err), &b->w.err);
    return found;
}

#define AUTO_BENCH __attribute__((cleanup(bench_release))) struct bench

START_TEST(equal_variants_do_not_differ)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "");
    add(&b, "abc");
    add(&b, "a much longer text than the others");
    struct differential found = run(&b, VARIANT("", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 3 && found.differ == 0 && found.left_out == 0);
    ck_assert_ptr_null(found.counterexample);
}
END_TEST

START_TEST(the_smallest_counterexample_is_given)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "a text with a # in it and more than eight bytes");
    add(&b, "#");
    add(&b, "another text with a # in it");
    add(&b, "none");
    struct differential found = run(&b, VARIANT("", "total += p[i] == '#' ? 0 : p[i];"), BUILD_PLAIN);
    ck_assert(found.compared == 4 && found.differ == 3);
    AUTO_JSON *example = found.counterexample;
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(example, "args"), 0)), "#");
    ck_assert_str_eq(json_string_value(json_object_get(example, "expected")), "#");
    ck_assert_uint_eq(json_string_length(json_object_get(example, "expected")), 8);
    ck_assert_mem_eq(json_string_value(json_object_get(example, "got")), "\0\0\0\0\0\0\0\0", 8);
}
END_TEST

START_TEST(where_the_baseline_fails_nothing_is_compared)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "fails!");
    add(&b, "good");
    add(&b, "!");
    struct differential found = run(&b, VARIANT("if (n > 5) return 1;", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 1 && found.differ == 0 && found.left_out == 2);
}
END_TEST

START_TEST(a_crash_differs_and_says_how)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "good");
    add(&b, "bad one");
    add(&b, "good again");
    struct differential found = run(&b, VARIANT("if (n == 7) *(volatile int *)8 = 1;", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 3 && found.differ == 1);
    AUTO_JSON *example = found.counterexample;
    const char *got = json_get_text(example, "got", "");
    ck_assert_msg(strstr(got, "signal") != NULL || strstr(got, "SEGV") != NULL ||
                      strstr(got, "crash") != NULL,
                  "%s", got);
}
END_TEST

START_TEST(a_call_that_never_ends_differs)
{
    AUTO_BENCH b;
    bench_init(&b);
    b.bench.limits.wall_ms = 3000;
    add(&b, "good");
    add(&b, "bad one");
    struct differential found =
        run(&b, VARIANT("volatile size_t left = n; while (left == 7) ;", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 2 && found.differ == 1);
    json_decref(found.counterexample);
}
END_TEST

START_TEST(a_baseline_that_hangs_is_not_asked_for_ever)
{
    AUTO_BENCH b;
    bench_init(&b);
    b.bench.limits.wall_ms = 1000;
    add(&b, "good");
    for (int i = 0; i < 60; i++)
        add(&b, arena_printf(&b.w.arena, "~%d", i)); // for ever
    struct differential found = run(&b, VARIANT("", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 1 && found.differ == 0 && found.left_out == 60);
}
END_TEST

START_TEST(twenty_differences_are_enough)
{
    AUTO_BENCH b;
    bench_init(&b);
    for (int i = 0; i < 50; i++)
        add(&b, arena_printf(&b.w.arena, "call %d", i));
    struct differential found = run(&b, VARIANT("total = 1;", ADD), BUILD_PLAIN);
    ck_assert(found.compared == 20 && found.differ == 20);
    json_decref(found.counterexample);
}
END_TEST

START_TEST(sanitizers_see_what_outputs_hide)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "good");
    add(&b, "reads beyond?"); // as the baseline does
    const char *variant = VARIANT("if (n == 4) total = PAST(p + n) & 0;", ADD);
    struct differential plain = run(&b, variant, BUILD_PLAIN);
    ck_assert(plain.compared == 2 && plain.differ == 0);
    struct differential found = run(&b, variant, BUILD_SANITIZED);
    ck_assert(found.compared == 1 && found.differ == 1 && found.left_out == 1);
    AUTO_JSON *example = found.counterexample;
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(example, "args"), 0)), "good");
    const char *got = json_get_text(example, "got", "");
    ck_assert_msg(strstr(got, "AddressSanitizer") != NULL || strstr(got, "overflow") != NULL, "%s", got);
}
END_TEST

START_TEST(what_does_not_build_is_an_error)
{
    AUTO_BENCH b;
    bench_init(&b);
    add(&b, "good");
    struct differential found;
    ck_assert_int_eq(differential_run(&b.bench,
                                      STR("int sum(const unsigned char *p, size_t n) { return x; }"),
                                      BUILD_PLAIN, &b.bench.train, &found, &b.w.err),
                     -1);
    ck_assert_int_eq(b.w.err.kind, ERR_TARGET);
    ck_assert_msg(strstr(b.w.err.message, "x.c does not compile") != NULL, "%s", b.w.err.message);
    ck_assert_ptr_null(found.counterexample);
}
END_TEST

UNIT_MAIN("steps/shared/target/differential", a_baseline_that_hangs_is_not_asked_for_ever,
          equal_variants_do_not_differ, the_smallest_counterexample_is_given,
          where_the_baseline_fails_nothing_is_compared, a_crash_differs_and_says_how,
          a_call_that_never_ends_differs, twenty_differences_are_enough, sanitizers_see_what_outputs_hide,
          what_does_not_build_is_an_error)
