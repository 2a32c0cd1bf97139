// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

#define LISTS                                                                                              \
    "\t\tvar out strings.Builder\n\t\tfor _, call := range calls {\n"                                      \
    "\t\t\tfmt.Fprintf(&out, \"%#v\\n\", f(list(call[0]), list(call[1])))\n\t\t}\n"                        \
    "\t\tfmt.Fprintf(&out, \"%#v %#v %#v\\n\", f(nil, nil), f([]string{}, nil), f(nil, []string{\"\"}))\n" \
    "\t\treturn out.String()"

START_TEST(a_list_that_may_be_nil_stays_nil)
{
    go_rig_expect_demo("merge.go", "MergeTags", "go-presize", 3,
                       "\tvar merged []string\n\tif n := len(a) + len(b); n > 0 {\n"
                       "\t\tmerged = make([]string, 0, n)\n\t}\n",
                       "func(_, _ []string) []string", LISTS);
}
END_TEST

START_TEST(bytes_that_become_a_string)
{
    go_rig_expect_demo("tag.go", "NormalizeTag", "go-presize", 4, "\tout := make([]byte, 0, maxTagLength)\n",
                       "func(string) string", GO_RIG_TEXTS);
}
END_TEST

START_TEST(builders_and_maps)
{
    go_rig_expect_demo("tag.go", "NormalizeTagValue", "go-presize", 2,
                       "\tvar out strings.Builder\n\tout.Grow(len(value))\n", "func(string) string",
                       GO_RIG_TEXTS);
    go_rig_expect(
        "package q\n\nfunc F(names []string) int {\n\tseen := map[string]bool{}\n"
        "\tother := make(map[string]int)\n\tlist := make([]int, 0)\n\tvar more = []int{}\n"
        "\tfor i, n := range names {\n\t\tseen[n] = true\n\t\tother[n]++\n\t\tlist = append(list, i)\n"
        "\t\tmore = append(more, i)\n\t}\n\treturn len(seen) + len(other) + len(list) + len(more)\n}\n",
        "F", "go-presize", 4, "seen := make(map[string]bool, len(names))", "func([]string) int",
        "\t\tvar out strings.Builder\n\t\tvar l []string\n\t\tfor i := 0; i < 30; i++ {\n"
        "\t\t\tfmt.Fprintln(&out, f(l))\n\t\t\tl = append(l, fmt.Sprint(i%7))\n\t\t}\n\t\treturn "
        "out.String()");
}
END_TEST

START_TEST(what_has_room_or_does_not_grow_is_left_alone)
{
    struct go_rig rig;

    go_rig_open(&rig,
                "package q\n\nfunc F(a []int) []int {\n\tvar none []int\n\tsome := make([]int, 4)\n"
                "\tfull := []int{1}\n\tfull = append(full, a...)\n\treturn append(none[:0], some...)\n}\n",
                "F");
    ck_assert_uint_eq(go_rig_sites(&rig, "go-presize", NULL), 0);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_presize", a_list_that_may_be_nil_stays_nil, bytes_that_become_a_string,
          builders_and_maps, what_has_room_or_does_not_grow_is_left_alone)
