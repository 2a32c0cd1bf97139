// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/screen.h"

#include "tests/unit/steps/island-evolve/go_rig.h"

static const char file[] = "package q\n\nfunc F(s string) int {\n\treturn len(s)\n}\n";

static const char *
judge(const char *variant)
{
    static char text[400];
    struct go_rig rig;
    const char *reason = "";
    char detail[300] = "";

    go_rig_open(&rig, file, "F");
    int status = screen_variant(&rig.target, str_of(variant), &reason, detail, sizeof detail, &rig.err);
    ck_assert_int_ge(status, 0);
    snprintf(text, sizeof text, "%s%s%s", status == 0 ? "ok" : reason, status == 0 ? "" : ": ",
             status == 0 ? "" : detail);
    go_rig_close(&rig);
    return text;
}

static void
says(const char *variant, const char *expected)
{
    const char *got = judge(variant);
    ck_assert_msg(strcmp(got, expected) == 0, "%s\n%s\nnot %s", variant, got, expected);
}

START_TEST(the_head_stays)
{
    says("func help(n int) int {\n\treturn n << 1\n}\n\nfunc F(s string) int { // the same\n\treturn "
         "help(1)\n}",
         "ok");
    says("func F( s string, ) int {\n\treturn 1\n}",
         "signature: another signature: func F( s string, ) int ");
    says("func F(s string) int64 {\nreturn 0\n}", "signature: another signature: func F(s string) int64 ");
}
END_TEST

START_TEST(directives_are_refused)
{
    says("//go:nosplit\nfunc F(s string) int {\nreturn 0\n}",
         "forbidden: assembler: a compiler directive: //go:nosplit");
    says("func F(s string) int {\n//line x.go:1\nreturn 0\n}",
         "forbidden: assembler: a compiler directive: //line x.go:1");
    says("func F(s string) int {\n// go: no directive\nreturn 0\n}", "ok");
}
END_TEST

START_TEST(what_is_no_function_is_refused)
{
    ck_assert(str_starts(str_of(judge("func F(s string) int {\nreturn 0")), STR("parse: ")));
    ck_assert(
        str_starts(str_of(judge("func G(s string) int {\nreturn 0\n}")), STR("parse: no function 'F'")));
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_screen", the_head_stays, directives_are_refused,
          what_is_no_function_is_refused)
