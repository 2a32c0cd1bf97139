// SPDX-License-Identifier: Apache-2.0
#include "cmd/option.h"
#include "tests/unit/unit.h"

static const char *const modes[] = {"normal", "deterministic", NULL};
static const struct option options[] = {
    {"minutes", OPTION_REAL, "MINUTES", "how long", NULL}, {"seed", OPTION_INT, "N", "the seed", NULL},
    {"mode", OPTION_TEXT, "MODE", "the mode", modes},      {"model", OPTION_LIST, "COMMAND", "a model", NULL},
    {"dry-run", OPTION_FLAG, NULL, "do nothing", NULL},    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

static struct arena arena;
static struct arguments arguments;
static struct err err;

// Parses the words, up to a NULL.
static int
parse(const char **words)
{
    int count = 0;
    while (words[count] != NULL)
        count++;
    return arguments_parse(&arena, options, count, (char **)words, &arguments, &err);
}

#define PARSE(...) parse((const char *[]){__VA_ARGS__, NULL})
#define CK_PARSED(...) ck_assert_msg(PARSE(__VA_ARGS__) == 0, "%s", err.message)

static void
ck_refused(int status, const char *message)
{
    ck_assert_int_eq(status, -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_str_eq(err.message, message);
}

START_TEST(values_stand_behind_a_space_or_an_equals_sign)
{
    CK_PARSED("--minutes", "0.5", "--seed=-7", "file.c:f", "--mode=deterministic", "--dry-run");
    ck_assert(arguments_real(&arguments, "minutes", 9) == 0.5);
    ck_assert_int_eq(arguments_int(&arguments, "seed", 9), -7);
    ck_assert_str_eq(arguments_text(&arguments, "mode", ""), "deterministic");
    ck_assert(arguments_has(&arguments, "dry-run"));
    ck_assert_uint_eq(arguments.operand_count, 1);
    ck_assert_str_eq(arguments.operands[0], "file.c:f");
    // A value may be empty, hold "=", or look like an option.
    CK_PARSED("--model=", "--model=a=b", "--model", "--seed");
    ck_assert_uint_eq(arguments.value_count, 3);
    ck_assert_str_eq(arguments.values[0].text, "");
    ck_assert_str_eq(arguments.values[1].text, "a=b");
    ck_assert_str_eq(arguments.values[2].text, "--seed");
    ck_assert(!arguments_has(&arguments, "seed"));
}
END_TEST

START_TEST(what_is_absent_has_its_default)
{
    CK_PARSED("operand");
    ck_assert(arguments_real(&arguments, "minutes", 2.5) == 2.5);
    ck_assert_int_eq(arguments_int(&arguments, "seed", -3), -3);
    ck_assert_str_eq(arguments_text(&arguments, "mode", "normal"), "normal");
    ck_assert_ptr_null(arguments_text(&arguments, "model", NULL));
    ck_assert(!arguments_has(&arguments, "dry-run"));
}
END_TEST

START_TEST(the_last_of_several_holds)
{
    CK_PARSED("--seed", "1", "--seed", "2");
    ck_assert_int_eq(arguments_int(&arguments, "seed", 0), 2);
    ck_assert_uint_eq(arguments.value_count, 2);
}
END_TEST

START_TEST(common_options_are_known_everywhere)
{
    CK_PARSED("--json", "--repository", "/somewhere");
    ck_assert(arguments_has(&arguments, "json"));
    ck_assert_str_eq(arguments_text(&arguments, "repository", ""), "/somewhere");
    const char *words[] = {"--quiet", NULL};
    ck_assert_int_eq(arguments_parse(&arena, NULL, 1, (char **)words, &arguments, &err), 0);
    ck_assert(arguments_has(&arguments, "quiet"));
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    CK_PARSED("--dry-run", "--", "--seed", "-x", "--");
    ck_assert_uint_eq(arguments.value_count, 1);
    ck_assert_uint_eq(arguments.operand_count, 3);
    ck_assert_str_eq(arguments.operands[0], "--seed");
    ck_assert_str_eq(arguments.operands[2], "--");
    CK_PARSED("-");
    ck_assert_str_eq(arguments.operands[0], "-");
}
END_TEST

START_TEST(mistakes_name_the_option_and_what_would_be_right)
{
    ck_refused(PARSE("--minuets", "1"), "unknown option --minuets; did you mean --minutes?");
    ck_refused(PARSE("--jsno=1"), "unknown option --jsno; did you mean --json?");
    ck_refused(PARSE("--zzzzzzzzzzzz"), "unknown option --zzzzzzzzzzzz");
    ck_refused(PARSE("-v"), "unknown option -v; options are long, such as --help");
    ck_refused(PARSE("--seed"), "--seed needs a value: --seed N");
    ck_refused(PARSE("--seed", "1.5"), "--seed needs a whole number, not \"1.5\"");
    ck_refused(PARSE("--seed="), "--seed needs a whole number, not \"\"");
    ck_refused(PARSE("--minutes", "soon"), "--minutes needs a number, not \"soon\"");
    ck_refused(PARSE("--dry-run=yes"), "--dry-run takes no value");
    ck_refused(PARSE("--mode", "fast"), "--mode is one of normal, deterministic ...; not \"fast\"");
}
END_TEST

UNIT_MAIN("cmd/option", values_stand_behind_a_space_or_an_equals_sign, what_is_absent_has_its_default,
          the_last_of_several_holds, common_options_are_known_everywhere, two_dashes_end_the_options,
          mistakes_name_the_option_and_what_would_be_right)
