// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

START_TEST(copies_that_only_are_read)
{
    go_rig_expect(
        "package q\n\nfunc F(s string) string {\n\tvar out []byte\n\tb := []byte(s)\n"
        "\tfor i := 0; i < len(b); i++ {\n\t\tif b[i] != ' ' {\n\t\t\tout = append(out, b[i])\n\t\t}\n\t}\n"
        "\tfor _, c := range b {\n\t\tout = append(out, c|1)\n\t}\n\tout = append(out, []byte(s)...)\n"
        "\tfor _, r := range []rune(s) {\n\t\tout = append(out, string(r+1)...)\n\t}\n"
        "\treturn string(out)\n}\n",
        "F", "go-convert", 4, "\tb := s\n", "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(a_result_that_is_what_came_in)
{
    go_rig_expect_demo("tag.go", "NormalizeTag", "go-convert", 1,
                       "\tif string(out) == tag {\n\t\treturn tag\n\t}\n\treturn string(out)\n}",
                       "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(nothing_where_the_copy_is_needed)
{
    struct go_rig rig;

    go_rig_open(
        &rig,
        "package q\n\nfunc F(s string) []byte {\n\ta := []byte(s)\n\ta[0] = 'x'\n\tb := []byte(s)\n\tb = "
        "b[1:]\n"
        "\tc := []byte(s)\n\ts = s[1:]\n\t_ = c[0]\n\tfor i, r := range []rune(s) {\n\t\t_, _ = i, r\n\t}\n"
        "\treturn []byte(s)\n}\n",
        "F");
    ck_assert_uint_eq(go_rig_sites(&rig, "go-convert", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_convert", copies_that_only_are_read, a_result_that_is_what_came_in,
          nothing_where_the_copy_is_needed)
