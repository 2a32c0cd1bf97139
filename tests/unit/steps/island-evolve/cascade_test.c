// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/lab.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

static const char unit[] = "#include <stdint.h>\n"
                           "static int twice(int x) { return x + x; }\n"
                           "uint32_t total(const uint8_t *data, size_t len)\n"
                           "{\n"
                           "    uint32_t sum = (uint32_t)twice(0);\n"
                           "    for (size_t i = 0; i < len; i++)\n"
                           "        sum += data[i];\n"
                           "    return sum;\n"
                           "}\n";
static const char source[] = "#include <stddef.h>\n";
static const char train[] =
    "[\"abc\", null]\n[\"hello world\", null]\n[\"\", null]\n[\"aaaaaaaaaaaaaaaa\", null]";
static const char holdout[] = "[\"xyz\", null]\n[\"something else\", null]";

#define HEAD "uint32_t total(const uint8_t *data, size_t len)\n"

static struct candidate *
open_total(struct lab *lab)
{
    char text[2000];
    snprintf(text, sizeof text, "%s%s", source, unit);
    lab_open(lab, text, "total", train, holdout);
    struct candidate *root = lab_candidate(lab, NULL, NULL);
    lab_evaluate(lab, root);
    ck_assert_int_eq(root->stage, STAGE_FULL);
    ck_assert_double_eq(root->speedup, 1);
    ck_assert_uint_gt(root->code_bytes, 0);
    return root;
}

START_TEST(test_text_that_is_refused)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    lab_expect(&lab, root, "no code at all", STAGE_PARSE, "parse", "total");
    lab_expect(&lab, root, HEAD "{ return ", STAGE_PARSE, "parse", "");
    lab_expect(&lab, root, "uint32_t total(const uint8_t *data, unsigned len) { return 0; }", STAGE_PARSE,
               "signature", "unsigned len");
    lab_expect(&lab, root, HEAD "{ __asm__(\"nop\"); return 0; }", STAGE_PARSE, "forbidden", "__asm__");
    lab_expect(&lab, root, HEAD "{ _exit(0); }", STAGE_PARSE, "forbidden", "_exit");
    lab_expect(&lab, root, "#include <unistd.h>\n" HEAD "{ return 0; }", STAGE_PARSE, "forbidden",
               "unistd.h");
    lab_expect(&lab, root, "#include \"other.h\"\n" HEAD "{ return 0; }", STAGE_PARSE, "forbidden",
               "other.h");
    lab_expect(&lab, root, "__attribute__((constructor)) static void f(void) {}\n" HEAD "{ return 0; }",
               STAGE_PARSE, "forbidden", "constructor");
    lab_expect(&lab, root, "#pragma GCC target(\"avx2\")\n" HEAD "{ return 0; }", STAGE_PARSE, "forbidden",
               "pragma");
    lab_expect(&lab, root, HEAD "{ static uint32_t last; return last = len; }", STAGE_PARSE, "forbidden",
               "outlives a call");
    lab_expect(&lab, root, "uint32_t cache[4];\n" HEAD "{ return cache[0]; }", STAGE_PARSE, "forbidden",
               "outlives a call");
    ck_assert(lab.cascade.ready); // since the baseline was evaluated
    lab_close(&lab);
}
END_TEST

START_TEST(test_code_that_fails)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    lab_expect(&lab, root, HEAD "{ return undefined_name; }", STAGE_COMPILE, "compile", "undefined_name");
    lab_expect(&lab, root, HEAD "{ return 294; }", STAGE_SMOKE, "wrong-output", "expected result");
    lab_expect(&lab, root, HEAD "{ for (;;) if (len == 12345) return 1; }", STAGE_SMOKE, "timeout",
               "no answer");
    lab_expect(&lab, root, HEAD "{ return *(volatile uint32_t *)(len * 0 + 16); }", STAGE_SMOKE, "crash",
               "signal 11");
    // Right for all that was captured, also in length.
    lab_expect(&lab, root,
               HEAD "{ uint32_t sum = 0; if (len > 16) return 7;\n"
                    "  for (size_t i = 0; i < len; i++) sum += data[i]; return sum; }",
               STAGE_SMOKE, "wrong-output", "got result 7");
    lab_close(&lab);
}
END_TEST

START_TEST(test_machine_code_that_is_refused)
{
    // Nothing in their text is odd.
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    lab_expect(&lab, root,
               HEAD "{ static const void *seen[4]; uint32_t sum = seen[1] == data; seen[1] = data;\n"
                    "  for (size_t i = 0; i < len; i++) sum += data[i]; return sum; }",
               STAGE_COMPILE, "forbidden", "state that outlives a call: 32 bytes");
    lab_expect(&lab, root, "int getpagesize(void);\n" HEAD "{ return (uint32_t)getpagesize(); }",
               STAGE_COMPILE, "forbidden", "use of getpagesize");
    lab_close(&lab);
}
END_TEST

START_TEST(test_go_variants_are_vetted)
{
    struct lab lab;
    if (!has_go())
        return;
    lab_open_file(&lab, "unit.go", "package m\n\nfunc total(s string) int {\n\treturn len(s) + 1\n}\n",
                  json_object(), "total", "[\"abc\"]\n[\"\"]", "[\"xyz\"]");
    struct candidate *root = lab_candidate(&lab, NULL, NULL);
    lab_evaluate(&lab, root);
    lab_expect(&lab, root,
               "var memo = map[string]int{}\n\nfunc total(s string) int {\n\tif _, ok := memo[s]; !ok {\n"
               "\t\tmemo[s] = len(s) + 1\n\t}\n\treturn memo[s]\n}",
               STAGE_COMPILE, "forbidden", "keeps-state: state that outlives a call: memo");
    lab_expect(&lab, root, "func total(s string) int {\n\tprintln(s)\n\treturn len(s) + 1\n}", STAGE_COMPILE,
               "forbidden", "system-call: use of println");
    lab_close(&lab);
}
END_TEST

START_TEST(test_refuted_beyond_the_first_calls)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    // Wrong only where all bytes are 0xff: such calls are among those at the boundaries.
    lab_expect(&lab, root,
               HEAD "{ uint32_t sum = 0; if (len > 1 && data[0] == 0xff && data[1] == 0xff) return 9;\n"
                    "  for (size_t i = 0; i < len; i++) sum += data[i]; return sum; }",
               STAGE_DIFFERENTIAL, "wrong-output", "for the arguments");
    lab_close(&lab);
}
END_TEST

START_TEST(test_what_is_right)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    const struct candidate *other =
        lab_expect(&lab, root, HEAD "{ uint32_t sum = 0; while (len > 0) sum += data[--len]; return sum; }",
                   STAGE_QUICK, NULL, "");
    ck_assert(candidate_is_right(other));
    // Recorded cost: the ratio of the sizes of the code.
    ck_assert_double_eq_tol(other->speedup, (double)root->code_bytes / (double)other->code_bytes, 1e-9);
    lab_close(&lab);
}
END_TEST

START_TEST(test_duplicate_code)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    const struct candidate *first =
        lab_expect(&lab, root, HEAD "{ uint32_t sum = 0; while (len > 0) sum += data[--len]; return sum; }",
                   STAGE_QUICK, NULL, "");
    const struct candidate *again = lab_expect(
        &lab, root, HEAD "{ uint32_t total_ = 0; while (len > 0) { total_ += data[--len]; } return total_; }",
        STAGE_CODE, "duplicate-code", first->id);
    ck_assert_double_eq(again->speedup, first->speedup);
    ck_assert_str_eq(again->code_hash, first->code_hash);
    lab_expect(&lab, root, HEAD "{ return (uint32_t)len; }", STAGE_SMOKE, "wrong-output", "");
    const struct candidate *wrong = lab_expect(&lab, root, HEAD "{ uint32_t n = (uint32_t)len; return n; }",
                                               STAGE_CODE, "duplicate-code", "");
    ck_assert_double_eq(wrong->speedup, 0); // its twin was refuted
    lab_close(&lab);
}
END_TEST

START_TEST(test_recorded_costs)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    const char *text = HEAD "{ uint32_t sum = 0; while (len > 0) sum += data[--len]; return sum; }";
    const struct candidate *first = lab_expect(&lab, root, text, STAGE_QUICK, NULL, "");
    const char *costs = fs_join(&lab.arena, lab.folder, "costs.jsonl");
    const char *line =
        arena_printf(&lab.arena, "\n{\"code_hash\": \"%s\", \"speedup\": 7.5}\n", first->code_hash);
    LAB_OK(&lab, fs_write(costs, str_of(line), &lab.err));
    LAB_OK(&lab, meter_read_costs(&lab.cascade.meter, costs, &lab.arena, &lab.err));
    map_release(&lab.cascade.codes);
    const struct candidate *second = lab_expect(&lab, root, text, STAGE_QUICK, NULL, "");
    ck_assert_double_eq(second->speedup, 7.5);
    LAB_OK(&lab, fs_write(costs, STR("{\"speedup\": 1}\n"), &lab.err));
    ck_assert_int_eq(meter_read_costs(&lab.cascade.meter, costs, &lab.arena, &lab.err), -1);
    ck_assert_int_eq(lab.err.kind, ERR_PARSE);
    lab_close(&lab);
}
END_TEST

START_TEST(test_slower_is_said)
{
    struct lab lab;
    const struct candidate *root = open_total(&lab);
    lab_expect(&lab, root,
               HEAD "{ uint32_t a = 0, b = 0; size_t i = 0; for (; i + 3 < len; i += 4) {\n"
                    "  a += data[i] * 3u; b += data[i + 1] * 5u; a += data[i + 2]; b += data[i + 3];\n"
                    "  a -= data[i] * 2u; b -= data[i + 1] * 4u; }\n"
                    "  for (; i < len; i++) a += data[i]; return a + b; }",
               STAGE_QUICK, "slower", "times as fast");
    lab_close(&lab);
}
END_TEST

// ---- tests/attack/measure
// -----------------------------------------------------------------------------------------------------

// What measure.h has for the attacks, and what they want to look faster than.
static const char measured[] =
    "#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n#include <string.h>\n"
    "enum { SLOW = 400, FAST = 10 };\n"
    "static __attribute__((noinline)) int64_t answer(const char *text, size_t length, int passes)\n"
    "{\n    uint64_t hash = 0;\n    for (volatile int pass = 0; pass < passes; pass++) {\n"
    "        hash = 5381;\n        for (size_t i = 0; i < length; i++)\n"
    "            hash = hash * 33 + (unsigned char)text[i];\n    }\n    return (int64_t)hash;\n}\n"
    "int64_t\nf(const char *text, size_t length)\n{\n    return answer(text, length, SLOW);\n}\n";

static const struct {
    const char *name;
    enum stage stage;
    const char *reason, *detail;
} cheats[] = {
    {"caches_answers", STAGE_PARSE, "forbidden", "keeps-state: "},
    {"caches_by_address", STAGE_PARSE, "forbidden", "keeps-state: "},
    {"in_a_constructor", STAGE_PARSE, "forbidden", "constructor: "},
    {"early_exit", STAGE_PARSE, "forbidden", "early-exit: use of _exit"},
    {"reads_clock", STAGE_PARSE, "forbidden", "reads-clock: "},
    {"sleeps", STAGE_PARSE, "forbidden", "waits: use of usleep"},
    {"in_a_thread", STAGE_PARSE, "forbidden", "thread: use of pthread_create"},
    {"in_a_child", STAGE_PARSE, "forbidden", "system-call: use of mmap"},
    {"changes_affinity", STAGE_PARSE, "forbidden", "affinity: "},
    {"changes_priority", STAGE_PARSE, "forbidden", "priority: "},
    {"handles_signals", STAGE_PARSE, "forbidden", "signal-handler: "},
    {"harness_memory", STAGE_PARSE, "forbidden", "harness-memory: use of atoll_empty"},
    {"interposed_clock", STAGE_PARSE, "forbidden", "system-call: use of syscall"},
    {"detects_audit", STAGE_PARSE, "forbidden", ": "},
    {"forged_result", STAGE_PARSE, "forbidden", ": "},
    {"constant_output", STAGE_SMOKE, "wrong-output", "expected result"},
    {"only_when_timed", STAGE_DIFFERENTIAL, "wrong-output", "wrong in a batch"},
    {"writes_input", STAGE_SMOKE, "wrong-output", "for the arguments"},
    {"writes_outside", STAGE_SMOKE, "wrong-output", "for the arguments"},
};

// An attack's text as a candidate has it: without what it includes.
static char *
candidate_text(struct lab *lab, const char *name)
{
    AUTO_BUF file = BUF(1 << 16), text = BUF(1 << 16);
    LAB_OK(lab,
           fs_read(arena_printf(&lab->arena, "tests/attack/measure/%s.c", name), 1 << 16, &file, &lab->err));
    struct str rest = buf_str(&file);
    while (rest.ptr != NULL) {
        struct str line = str_cut(&rest, '\n');
        if (!str_starts(line, STR("#include")) && !str_starts(line, STR("//")))
            buf_printf(&text, "%" STR_FMT "\n", STR_ARG(line));
    }
    return arena_str(&lab->arena, buf_str(&text));
}

START_TEST(test_measurement_attacks_are_named)
{
    struct lab lab;
    lab_open(&lab, measured, "f", "[\"text number 1\", null]\n[\"text number 2\", null]",
             "[\"another\", null]");
    struct candidate *root = lab_candidate(&lab, NULL, NULL);
    lab_evaluate(&lab, root);
    for (size_t i = 0; i < sizeof(cheats) / sizeof(cheats[0]); i++)
        lab_expect(&lab, root, candidate_text(&lab, cheats[i].name), cheats[i].stage, cheats[i].reason,
                   cheats[i].detail);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/cascade", test_measurement_attacks_are_named, test_text_that_is_refused,
          test_code_that_fails, test_machine_code_that_is_refused, test_go_variants_are_vetted,
          test_refuted_beyond_the_first_calls, test_what_is_right, test_duplicate_code, test_recorded_costs,
          test_slower_is_said)
