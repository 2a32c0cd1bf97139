// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

START_TEST(elements_by_value_and_by_index)
{
    go_rig_expect(
        "package q\n\nfunc F(data []byte) uint64 {\n\tvar h uint64 = 14695981039346656037\n"
        "\tfor _, b := range data {\n\t\th ^= uint64(b)\n\t\th *= 1099511628211\n\t}\n"
        "\tfor i := range data {\n\t\tif data[i] > 'm' {\n\t\t\th += uint64(data[i])\n\t\t}\n\t}\n\treturn "
        "h\n}\n",
        "F", "go-unroll", 4, "\tfor ; len(rest) >= 4; rest = rest[4:] {\n\t\t{\n\t\t\th ^= uint64(rest[0])\n",
        "func([]byte) uint64",
        "\t\tvar out strings.Builder\n\t\ts := []byte(\"the quick brown fox jumps over\")\n"
        "\t\tfor n := range s {\n\t\t\tfmt.Fprintln(&out, f(s[n:]))\n\t\t}\n\t\treturn out.String()");
}
END_TEST

START_TEST(bytes_of_a_string)
{
    go_rig_expect("package q\n\nfunc F(s string) string {\n\tn := 0\n\tfor i := 0; i < len(s); i++ {\n"
                  "\t\tn = n*31 + int(s[i])\n\t}\n\treturn string(rune(n&0xffff)) + s\n}\n",
                  "F", "go-unroll", 2, "\tfor _, last := range []byte(rest) {", "func(string) string",
                  GO_RIG_TEXTS);
}
END_TEST

START_TEST(nothing_where_a_round_leaves_or_counts)
{
    struct go_rig rig;

    go_rig_open(
        &rig,
        "package q\n\nfunc F(a []int) (n int) {\n\tfor _, x := range a {\n\t\tif x == 0 "
        "{\n\t\t\tbreak\n\t\t}\n"
        "\t\tn += x\n\t}\n\tfor i := range a {\n\t\tn += i\n\t}\n\tfor i := range a {\n\t\ta[i] = 0\n\t}\n"
        "\treturn\n}\n",
        "F");
    ck_assert_uint_eq(go_rig_sites(&rig, "go-unroll", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_unroll", elements_by_value_and_by_index, bytes_of_a_string,
          nothing_where_a_round_leaves_or_counts)
