// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

START_TEST(calls_of_the_demo)
{
    go_rig_expect_demo("tag.go", "NormalizeTag", "go-tabulate-call", 4, "c := lowerTable[tag[i]]",
                       "func(string) string", GO_RIG_TEXTS);
    go_rig_expect_demo(
        "tag.go", "NormalizeTagValue", "go-tabulate-call", 3,
        "\tif u := uint32(r); u < 128 {\n\t\treturn isValueCharTable[u]\n\t}\n\treturn isValueChar(r)\n",
        "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(conditions_and_changes)
{
    go_rig_expect(
        "package q\n\nfunc F(s string) string {\n\tvar out []byte\n\tfor i := range len(s) {\n\t\tx := s[i]\n"
        "\t\tif x >= 'A' && x <= 'Z' {\n\t\t\tx += 'a' - 'A'\n\t\t}\n"
        "\t\tif (x >= 'a' && x <= 'z') || x == '_' || x == 0xff {\n\t\t\tout = append(out, x)\n\t\t}\n\t}\n"
        "\treturn string(out)\n}\n",
        "F", "go-tabulate-code", 3, "\t\tx = fMap[x]\n\t\tif fSet[x] {\n", "func(string) string",
        GO_RIG_TEXTS);
}
END_TEST

START_TEST(characters_beyond_ascii_take_the_old_way)
{
    go_rig_expect(
        "package q\n\nimport \"unicode\"\n\nfunc F(s string) string {\n\tvar out []rune\n"
        "\tfor _, r := range s {\n\t\tif unicode.IsSpace(r) || r == '-' || r == '\\u00e9' {\n\t\t\tcontinue\n"
        "\t\t}\n\t\tswitch {\n\t\tcase r >= 'A' && r <= 'Z':\n\t\t\tr += 32\n\t\tcase r == 'x':\n"
        "\t\t\tr = 'y'\n\t\t}\n\t\tout = append(out, r)\n\t}\n\treturn string(out)\n}\n",
        "F", "go-tabulate-code", 3,
        "\t\tif u := uint32(r); u < 128 {\n\t\t\tr = fMap[u]\n\t\t} else {\n\t\t\tswitch {\n"
        "\t\t\tcase r >= 'A' && r <= 'Z':\n",
        "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(elements_without_a_name_and_odd_layout)
{
    go_rig_expect("package q\nfunc F(s string) string {\nvar o []byte\nfor i:=0;i<len(s);i++ { if "
                  "s[i]>='0'&&s[i]<='9' ||\n"
                  "'e'==s[i] { o=append(o,s[i]) } }; return string(o) }\n",
                  "F", "go-tabulate-code", 1, "if fSet[s[i]] {", "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(the_body_of_such_a_function)
{
    go_rig_expect(
        "package q\n\nfunc Fold(c byte) int {\n\tif c > 'm' {\n\t\treturn -int(c)\n\t}\n"
        "\treturn int(c) << 3\n}\n",
        "Fold", "go-tabulate-call", 1, "{\n\treturn foldTable[c]\n}", "func(byte) int",
        "\t\tvar out strings.Builder\n\t\tfor c := 0; c < 256; c++ {\n\t\t\tfmt.Fprintln(&out, f(byte(c)))\n"
        "\t\t}\n\t\treturn out.String()");
}
END_TEST

START_TEST(what_is_not_pure_or_not_of_one_byte_is_left_alone)
{
    static const char *const texts[] = {
        "var n int\n\nfunc g(c byte) bool {\n\tn++\n\treturn c > 'a'\n}\n",
        "var n = 3\n\nfunc g(c byte) bool {\n\treturn c > byte(n)\n}\n",
        "func g(c byte) bool {\n\tprintln(c)\n\treturn c > 1\n}\n",
        "func g(c byte) bool {\n\treturn 10/c > 1\n}\n",
        "func g(c byte) bool {\n\tfor c > 1 {\n\t}\n\treturn true\n}\n",
        "func g(c ...byte) bool {\n\treturn c[0] > 1\n}\n",
        "func g(c int16) bool {\n\treturn c > 1\n}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct go_rig rig;
        char text[600];
        snprintf(text, sizeof text, "package q\n\n%s\nfunc F(c byte) bool {\n\treturn g(c)\n}\n", texts[i]);
        go_rig_open(&rig, text, "F");
        size_t count = go_rig_sites(&rig, "go-tabulate-call", NULL);
        ck_assert_msg(count == 0, "%zu sites in %s", count, text);
        go_rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_tabulate", calls_of_the_demo, conditions_and_changes,
          characters_beyond_ascii_take_the_old_way, elements_without_a_name_and_odd_layout,
          the_body_of_such_a_function, what_is_not_pure_or_not_of_one_byte_is_left_alone)
