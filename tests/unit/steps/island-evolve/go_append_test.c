// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

#define COPIES                                                                                              \
    "\t\tvar out strings.Builder\n\t\tvar a []string\n\t\tfor i := 0; i < 20; i++ {\n"                      \
    "\t\t\tfmt.Fprintf(&out, \"%q\\n\", f(a, i/2))\n\t\t\ta = append(a, fmt.Sprint(i))\n\t\t}\n\t\treturn " \
    "out.String()"

START_TEST(loops_that_append)
{
    go_rig_expect(
        "package q\n\nfunc F(a []string, i int) []string {\n\tvar out []string\n\tfor _, s := range a {\n"
        "\t\tout = append(out, s)\n\t}\n\tfor k := range a {\n\t\tout = append(out, a[k])\n\t}\n"
        "\tfor _, s := range a[i:] {\n\t\tout = append(out, s)\n\t}\n\treturn out\n}\n",
        "F", "go-append", 3, "out = append(out, a[i:]...)", "func([]string, int) []string", COPIES);
}
END_TEST

START_TEST(what_is_left_of_a_list)
{
    go_rig_expect(
        "package q\n\nfunc F(a []string, i int) []string {\n\tvar out []string\n\tfor i < len(a) {\n"
        "\t\tout = append(out, a[i])\n\t\ti++\n\t}\n\tfor ; i < len(a); i++ {\n\t\tout = append(out, a[i])\n"
        "\t}\n\tif i == 3 {\n\t\treturn nil\n\t}\n\treturn out\n}\n",
        "F", "go-append", 2, "\tif i < len(a) {\n\t\tout = append(out, a[i:]...)\n\t\ti = len(a)\n\t}\n",
        "func([]string, int) []string", COPIES);
}
END_TEST

START_TEST(loops_that_copy)
{
    go_rig_expect("package q\n\nfunc F(a []string, n int) []string {\n\tto := make([]string, len(a)+n)\n"
                  "\tfor i := range a {\n\t\tto[i] = a[i]\n\t}\n\tmore := make([]string, len(a))\n"
                  "\tfor j, s := range a {\n\t\tmore[j] = s\n\t}\n\treturn append(to, more...)\n}\n",
                  "F", "go-append", 2, "copy(more[:len(a)], a)", "func([]string, int) []string", COPIES);
}
END_TEST

START_TEST(nothing_where_more_is_done)
{
    struct go_rig rig;

    go_rig_open(
        &rig,
        "package q\n\nfunc F(a []string, m map[string]string) (out []string, n int) {\n"
        "\tfor _, s := range a {\n\t\tout = append(out, s+s)\n\t}\n\tfor _, s := range m {\n"
        "\t\tout = append(out, s)\n\t}\n\tfor _, s := range a {\n\t\tout = append(out, s)\n\t\tn++\n\t}\n"
        "\tfor i := range a {\n\t\ta[i] = a[i]\n\t}\n\treturn\n}\n",
        "F");
    ck_assert_uint_eq(go_rig_sites(&rig, "go-append", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_append", loops_that_append, what_is_left_of_a_list, loops_that_copy,
          nothing_where_more_is_done)
