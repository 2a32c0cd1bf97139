// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

#define PAIRS                                                                                            \
    "\t\tvar out strings.Builder\n\t\tvar a, b []int\n\t\tfor i := 0; i < 20; i++ {\n"                   \
    "\t\t\tfmt.Fprintln(&out, f(a, b))\n\t\t\ta, b = append(a, i*i), append(b, 7-i)\n\t\t}\n\t\treturn " \
    "out.String()"

START_TEST(a_list_beside_the_one_that_bounds_the_loop)
{
    go_rig_expect("package q\n\nfunc Dot(a, b []int) int {\n\tsum := 0\n\tfor i := range a {\n"
                  "\t\tsum += a[i] * b[i]\n\t}\n\treturn sum\n}\n",
                  "Dot", "go-bounds", 1,
                  "\tbCut := b[:len(a)]\n\tfor i := range a {\n\t\tsum += a[i] * bCut[i]\n",
                  "func(_, _ []int) int", PAIRS);
}
END_TEST

START_TEST(a_limit_of_its_own)
{
    go_rig_expect("package q\n\nfunc Dot(xs, ys []int) int {\n\tn := len(xs)\n\tsum := 0\n"
                  "\tfor k := 0; k < n; k++ {\n\t\tsum += xs[k] ^ ys[k]\n\t}\n\treturn sum\n}\n",
                  "Dot", "go-bounds", 2, "\tysCut := ys[:n]\n", "func(_, _ []int) int", PAIRS);
}
END_TEST

START_TEST(a_row_of_constant_indices)
{
    go_rig_expect(
        "package q\n\nfunc Word(p []byte) uint32 {\n"
        "\treturn uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24\n}\n",
        "Word", "go-bounds", 1, "\t_ = p[3]\n\treturn uint32(p[0])", "func([]byte) uint32",
        "\t\tvar out strings.Builder\n\t\tfor i := 0; i < 20; i++ {\n"
        "\t\t\tfmt.Fprintln(&out, f([]byte{byte(i), 3, byte(i * 9), 255}))\n\t\t}\n\t\treturn out.String()");
}
END_TEST

START_TEST(nothing_where_the_loop_changes_what_it_indexes)
{
    struct go_rig rig;

    go_rig_open(
        &rig,
        "package q\n\nfunc F(a, b []int) int {\n\tfor i := range a {\n\t\tb = append(b, a[i]+b[i])\n\t}\n"
        "\tfor i := 0; i < len(a); i++ {\n\t\ta[i]++\n\t}\n\treturn len(b)\n}\n",
        "F");
    ck_assert_uint_eq(go_rig_sites(&rig, "go-bounds", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_bounds", a_list_beside_the_one_that_bounds_the_loop, a_limit_of_its_own,
          a_row_of_constant_indices, nothing_where_the_loop_changes_what_it_indexes)
