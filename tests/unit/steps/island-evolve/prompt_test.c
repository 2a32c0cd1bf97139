// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/prompt.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct candidate
made(const char *text, double speedup, const char *mutator, const char *reason, const char *detail,
     const struct candidate *parent)
{
    struct candidate candidate = {
        .text = str_of(text), .speedup = speedup, .mutator = mutator, .reason = reason};
    candidate.stage = reason == NULL ? STAGE_QUICK : STAGE_SMOKE;
    candidate.parents[0] = parent;
    snprintf(candidate.detail, sizeof candidate.detail, "%s", detail);
    snprintf(candidate.note, sizeof candidate.note, "a note");
    return candidate;
}

START_TEST(test_what_a_prompt_holds)
{
    AUTO_BUF prompt = BUF(1 << 20);
    const char *const flags[] = {"-O2", "-DX=1"};
    struct parameter none = {0};
    struct signature signature = {
        .result_type = "int", .result_element = "int", .result_size = 4, .parameters = &none};
    struct target target = {.file = "src/f.c",
                            .name = "f",
                            .source = STR("// the file\nint f(void) { return 1; }\n"),
                            .signature = signature,
                            .recipe = {.flags = flags, .flag_count = 2}};
    AUTO_JSON *benchmark = json_pack("{s:f, s:{s:{s:[i]}}, s:s}", "share", 0.25, "distribution", "text",
                                     "lengths", 12, "holdout", "SECRET");
    struct candidate root = made("int f(void) { return 1; }", 1, "baseline", NULL, "", NULL),
                     slow = made("slow text", 1.5, "edit", NULL, "", &root),
                     best = made("best text", 4, "edit", NULL, "", &root),
                     second = made("second text", 3, "edit", NULL, "", &root),
                     third = made("third text", 2, "edit", NULL, "", &root),
                     native = made("native text", 0, "edit", "wrong-output", "native failure", &root),
                     failed = made("failed text", 0, "model:m", "wrong-output", "for [1] expected 2", &root);
    struct candidate *all[] = {&slow, &best, &second, &third, &native, &failed};
    const struct prompt_spec spec = {&target, benchmark, &root, all, 6};
    prompt_write(&spec, &prompt);
    const char *text = buf_text(&prompt);
    static const char *const wanted[] = {
        "// the file",         "src/f.c",     "-DX=1",      "25.0 %",      "\"lengths\":[12]",   "best text",
        "4.00 times",          "second text", "third text", "failed text", "for [1] expected 2", "SEARCH",
        "Keep name, signature"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        ck_assert_msg(strstr(text, wanted[i]) != NULL, "%s is not in the prompt", wanted[i]);
    ck_assert_ptr_null(strstr(text, "slow text"));      // three are enough
    ck_assert_ptr_null(strstr(text, "native failure")); // says nothing to a model
    ck_assert_ptr_null(strstr(text, "SECRET"));
    ck_assert(strstr(text, "best text") < strstr(text, "second text"));
}
END_TEST

START_TEST(test_long_files_are_cut)
{
    AUTO_BUF prompt = BUF(1 << 20);
    char *source = malloc(100001);
    memset(source, 'x', 100000);
    source[100000] = '\0';
    struct parameter none = {0};
    struct signature signature = {
        .result_type = "int", .result_element = "int", .result_size = 4, .parameters = &none};
    struct target target = {.file = "f.c", .name = "f", .source = str_of(source), .signature = signature};
    struct candidate root = made("int f(void) { return 1; }", 1, "baseline", NULL, "", NULL);
    const struct prompt_spec spec = {.target = &target, .parent = &root};
    prompt_write(&spec, &prompt);
    ck_assert_uint_lt(prompt.len, 30000);
    ck_assert_ptr_nonnull(strstr(buf_text(&prompt), "(cut)"));
    free(source);
}
END_TEST

UNIT_MAIN("island-evolve/prompt", test_what_a_prompt_holds, test_long_files_are_cut)
