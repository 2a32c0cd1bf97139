// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/lab.h"

#include <unistd.h>

// Crashes for 13, never ends for 14, is state for 15.
static const char unit[] = "#include <stdint.h>\n#include <stddef.h>\n"
                           "uint32_t f(uint32_t x, uint32_t *last)\n{\n"
                           "    if (x == 13)\n        __builtin_trap();\n"
                           "    while (x == 14)\n        __asm__ volatile(\"\");\n"
                           "    *last = x * 3;\n"
                           "    return x + 1;\n}\n";
static const char train[] = "[1, [0]]\n[13, [0]]\n[2, [0]]\n[14, [0]]\n[3, [7]]";

static char *
link_text(struct lab *lab, const char *text)
{
    struct built built;
    char *path = arena_alloc(&lab->arena, 4096);
    struct str variant = text != NULL ? str_of(text) : target_baseline(&lab->bench.target);
    LAB_OK(lab, builder_compile(lab->bench.builder, variant, BUILD_PLAIN, &built, &lab->err));
    ck_assert_msg(built.ok, "%s", buf_text(&built.diagnostics));
    LAB_OK(lab, builder_link(lab->bench.builder, &built, BUILD_PLAIN, 0, path, &lab->err));
    cascade_discard(&built);
    return path;
}

static void
ask(struct lab *lab, struct answers *answers, const json_t *kept, json_t **decided)
{
    const struct answers_set sets[] = {{&lab->bench.train, 100, 10000}};
    LAB_OK(lab, answers_init(answers, &lab->bench, link_text(lab, NULL), sets, 1, kept, decided, &lab->err));
}

static const char *
refute(struct lab *lab, const struct answers *answers, const char *text, char detail[500])
{
    struct refutation refutation = {.detail = detail, .detail_size = 500};
    detail[0] = '\0';
    int status = answers_check(answers, &lab->bench, link_text(lab, text), &refutation, &lab->err);
    ck_assert_msg(status >= 0, "%s", lab->err.message);
    return status == 0 ? "right" : refutation.reason;
}

START_TEST(test_calls_that_fault_are_left_out)
{
    struct lab lab;
    struct answers answers, again;
    json_t *decided = NULL;
    lab_open(&lab, unit, "f", train, train);
    ask(&lab, &answers, NULL, &decided);
    ck_assert_uint_eq(answers.corpus.count, 3);
    ck_assert_uint_eq(answers.left_out, 2);
    ck_assert_uint_eq(json_array_size(decided), 5);
    ck_assert(json_is_true(json_array_get(decided, 0)));
    ck_assert(json_is_false(json_array_get(decided, 1)));
    ck_assert(json_is_false(json_array_get(decided, 3)));
    ck_assert(json_is_true(json_array_get(decided, 4)));
    // What was decided once holds: call 2 is not asked for although it could be.
    json_array_set_new(decided, 2, json_false());
    ask(&lab, &again, decided, NULL);
    ck_assert_uint_eq(again.corpus.count, 2);
    ck_assert_uint_eq(again.left_out, 0);
    json_decref(decided);
    answers_release(&answers);
    answers_release(&again);
    lab_close(&lab);
}
END_TEST

START_TEST(test_checks)
{
    struct lab lab;
    struct answers answers;
    json_t *decided = NULL;
    char detail[500];
    lab_open(&lab, unit, "f", train, train);
    ask(&lab, &answers, NULL, &decided);
    json_decref(decided);
    ck_assert_str_eq(refute(&lab, &answers, NULL, detail), "right");
    ck_assert_str_eq(refute(&lab, &answers,
                            "uint32_t f(uint32_t x, uint32_t *last)\n{ *last = 3 * x; return 1 + x; }",
                            detail),
                     "right");
    ck_assert_str_eq(
        refute(&lab, &answers,
               "uint32_t f(uint32_t x, uint32_t *last)\n{ *last = 3 * x; return x == 3 ? 0 : 1 + x; }",
               detail),
        "wrong-output");
    ck_assert_str_eq(detail,
                     "for the arguments [3,[7]] expected result 4, last \"\\t\\u0000\\u0000\\u0000\", "
                     "got result 0, last \"\\t\\u0000\\u0000\\u0000\"");
    ck_assert_str_eq(
        refute(&lab, &answers, "uint32_t f(uint32_t x, uint32_t *last)\n{ return 1 + x; }", detail),
        "wrong-output"); // the in-out parameter counts
    ck_assert_str_eq(
        refute(&lab, &answers,
               "uint32_t f(uint32_t x, uint32_t *last)\n{ if (x == 2) __builtin_trap(); *last = 3 * x; "
               "return 1 + x; }",
               detail),
        "crash");
    ck_assert_ptr_nonnull(strstr(detail, "[2,"));
    ck_assert_str_eq(
        refute(&lab, &answers,
               "uint32_t f(uint32_t x, uint32_t *last)\n{ static uint32_t n; *last = 3 * x; return 1 + x + "
               "(n++ > 3); }",
               detail),
        "wrong-output"); // a batch differs where single calls do not
    answers_release(&answers);
    lab_close(&lab);
}
END_TEST

// Behind the first calls, the others run in one batch; the call that fails is named all the same.
START_TEST(test_failed_batch)
{
    struct lab lab;
    struct answers answers;
    json_t *decided = NULL;
    char detail[500];
    AUTO_BUF calls = BUF(4096);
    for (int i = 100; i < 140; i++)
        buf_printf(&calls, "[%d, [0]]\n", i);
    lab_open(&lab, unit, "f", buf_text(&calls), train);
    ask(&lab, &answers, NULL, &decided);
    json_decref(decided);
    ck_assert_str_eq(
        refute(&lab, &answers,
               "uint32_t f(uint32_t x, uint32_t *last)\n{ if (x == 131) __builtin_trap(); *last = 3 * x; "
               "return 1 + x; }",
               detail),
        "crash");
    ck_assert_msg(strstr(detail, "for the arguments [131,[0]]: signal") != NULL, "%s", detail);
    ck_assert_str_eq(refute(&lab, &answers,
                            "uint32_t f(uint32_t x, uint32_t *last)\n{ static int n; if (++n == 50) "
                            "__builtin_trap(); *last = "
                            "3 * x; return 1 + x; }",
                            detail),
                     "crash");
    ck_assert_msg(strstr(detail, "in a batch of 40 calls: signal") != NULL, "%s", detail);
    answers_release(&answers);
    lab_close(&lab);
}
END_TEST

START_TEST(test_describe_output)
{
    struct lab lab;
    AUTO_BUF text = BUF(1000);
    lab_open(&lab, unit, "f", train, train);
    answers_describe(&lab.bench.target.signature, STR("\5\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0abcd"), &text);
    ck_assert_str_eq(buf_text(&text), "result 5, last \"abcd\"");
    buf_clear(&text);
    answers_describe(&lab.bench.target.signature, STR("\5\0\0\0\0\0\0\0\377\0\0\0\0\0\0\0abcd"), &text);
    ck_assert_str_eq(buf_text(&text), "result 5"); // cut off
    lab_close(&lab);
}
END_TEST

// As on a machine that is busy with other things.
START_TEST(test_late_answers_are_not_left_out)
{
    static const char late[] = "#include <stdint.h>\n#include <unistd.h>\n"
                               "uint32_t f(uint32_t x)\n{\n    usleep(10000);\n    return x + 1;\n}\n";
    struct lab lab;
    struct answers answers;
    json_t *decided = NULL;
    AUTO_BUF calls = BUF(10000);
    for (int i = 0; i < 40; i++)
        buf_printf(&calls, "%s[%d]", i > 0 ? "\n" : "", i);
    lab_open(&lab, late, "f", buf_text(&calls), "[1]");
    const struct answers_set sets[] = {{&lab.bench.train, 10000, 100}};
    LAB_OK(&lab,
           answers_init(&answers, &lab.bench, link_text(&lab, NULL), sets, 1, NULL, &decided, &lab.err));
    ck_assert_uint_eq(answers.corpus.count, 40);
    json_decref(decided);
    answers_release(&answers);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/answers", test_late_answers_are_not_left_out, test_calls_that_fault_are_left_out,
          test_checks, test_describe_output, test_failed_batch)
