// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

START_TEST(several_at_once_on_the_demo)
{
    go_rig_expect_demo("tag.go", "NormalizeTag", "go-improve", 4, "make([]byte, 0, maxTagLength)",
                       "func(string) string", GO_RIG_TEXTS);
    go_rig_expect_demo("tag.go", "NormalizeTagValue", "go-improve", 2, "out.Grow(len(value))",
                       "func(string) string", GO_RIG_TEXTS);
}
END_TEST

// Names and layout do not matter: the same function with each name changed, on few lines.
START_TEST(other_names_and_another_layout)
{
    go_rig_expect(
        "package pp\nconst q7 = 200\nfunc k1(zz byte) bool { return zz >= 'a' && zz <= 'z' }\n"
        "func k2(zz byte) bool { return k1(zz) || zz>='0'&&zz<='9' || zz == '-' || zz == '.' || zz == '/' "
        "||\n"
        "zz == ':' }\nfunc k3(zz byte) byte { if zz >= 'A' && zz <= 'Z' { return zz - 'A' + 'a' }; return zz "
        "}\n"
        "func Vv(w string) string { var m []byte\n"
        "for j := 0; j < len(w) && len(m) < q7; j++ { y := k3(w[j]); switch { case len(m) == 0: if k1(y) || "
        "y == ':' {\n"
        "m = append(m, y) }\ncase k2(y): m = append(m, y)\ncase m[len(m)-1] != '_': m = append(m, '_') } }\n"
        "for len(m) > 0 && m[len(m)-1] == '_' { m = m[:len(m)-1] }; return string(m) }\n",
        "Vv", "go-improve", 4, "k2Table[y]", "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(one_change_alone_is_not_repeated_here)
{
    struct go_rig rig;

    go_rig_open(&rig,
                "package q\n\nfunc F(a []int) int {\n\tn := []int{}\n\tfor _, x := range a {\n"
                "\t\tn = append(n, x*2)\n\t}\n\treturn len(n)\n}\n",
                "F");
    ck_assert_uint_eq(go_rig_collect(&rig, "go-improve", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_improve", several_at_once_on_the_demo, other_names_and_another_layout,
          one_change_alone_is_not_repeated_here)
