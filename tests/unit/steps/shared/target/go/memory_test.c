// SPDX-License-Identifier: Apache-2.0
// Memory that outputs of Go functions share (harness_memory.go): who returns a copy in place of the same
// slice is caught, and who shares it in another way.
#include "tests/unit/steps/shared/target/go/workshop.h"
#include "tests/unit/steps/shared/target/kinds.h"

#define HEAD(body) "func f(s []byte, n int) []byte { " body " }"

START_TEST(a_slice_of_an_argument_is_no_copy)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f", HEAD("return s[:n]"));
    kind_add(&k, "[\"abc\", 2]");
    kind_same(&k, HEAD("t := s; s = nil; return t[:n]"));
    static const char shared[] = "{\"changed\":[\"abc\"],\"results\":[\"ab\"],\"shares_memory\":"
                                 "[[\"result 1 (capacity 3)\",\"s (capacity 3)\"]]}";
    kind_differs_as(&k, HEAD("return append([]byte(nil), s[:n]...)"), shared,
                    "{\"changed\":[\"abc\"],\"results\":[\"ab\"]}");
    kind_differs_as(&k, HEAD("return s[:n:n]"), shared,
                    "{\"changed\":[\"abc\"],\"results\":[\"ab\"],\"shares_memory\":"
                    "[[\"result 1 (capacity 2)\",\"s (capacity 3)\"]]}");
    // Who returned a copy must not return the argument.
    kind_release(&k);
    kind_open_go(&k, "f", HEAD("return append([]byte(nil), s[n:]...)"));
    kind_add(&k, "[\"abc\", 2]");
    kind_same(&k, HEAD("t := make([]byte, len(s)-n, 50); copy(t, s[n:]); return t"));
    kind_differs_as(&k, HEAD("return s[n:]"), "{\"changed\":[\"abc\"],\"results\":[\"c\"]}",
                    "{\"changed\":[\"abc\"],\"results\":[\"c\"],\"shares_memory\":"
                    "[[\"result 1 from byte 2 (capacity 1)\",\"s (capacity 3)\"]]}");
    kind_release(&k);
}
END_TEST

#define TABLE(rows, more, first, names)                                                                   \
    "func f(t *table) ([]int32, []int32, *int32, map[string]int) {\n\trows := " rows "\n\treturn rows[:1" \
    ":1], " more ", " first ", " names "\n}"

START_TEST(results_share_with_each_other)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f",
                 "import \"maps\"\n\nvar _ = maps.Clone[map[int]int]\n\n"
                 "type table struct {\n\trows  []int32\n\tnames map[string]int\n}\n\n" TABLE(
                     "t.rows", "rows[1:]", "&rows[1]", "t.names"));
    kind_add(&k, "[{\"rows\": [1, 2, 3], \"names\": {\"a\": 1}}]");
    kind_same(&k, TABLE("t.rows[:]", "t.rows[1:]", "&t.rows[1]", "t.names"));
    static const char values[] = "{\"changed\":[{\"names\":[[\"a\",1]],\"rows\":[1,2,3]}],"
                                 "\"results\":[[1],[2,3],2,[[\"a\",1]]],\"shares_memory\":";
    const char *all = arena_printf(&k.w.arena,
                                   "%s[[\"result 1 (capacity 1)\",\"result 2 from byte 4 (capacity 2)\","
                                   "\"result 3 from byte 4\",\"t.rows (capacity 3)\"],"
                                   "[\"result 4\",\"t.names\"]]}",
                                   values);
    kind_differs_as(&k, TABLE("t.rows", "rows[1:]", "&rows[1]", "maps.Clone(t.names)"), all,
                    arena_printf(&k.w.arena,
                                 "%s[[\"result 1 (capacity 1)\",\"result 2 from byte 4 (capacity 2)\","
                                 "\"result 3 from byte 4\",\"t.rows (capacity 3)\"]]}",
                                 values));
    kind_differs_as(&k, TABLE("append([]int32(nil), t.rows...)", "rows[1:3:3]", "&rows[1]", "t.names"), all,
                    arena_printf(&k.w.arena,
                                 "%s[[\"result 2 (capacity 2)\",\"result 3\"],[\"result 4\",\"t.names\"]]}",
                                 values));
    kind_differs(&k, TABLE("t.rows", "rows[1:]", "&[]int32{rows[1]}[0]", "t.names"));
    kind_differs(&k, TABLE("t.rows", "append([]int32(nil), rows[1:]...)", "&rows[1]", "t.names"));
    kind_release(&k);
}
END_TEST

#define ROWS(room, row)                                                                                      \
    "func f(n int) [][]byte {\n\tall := make([]byte, n, " room ")\n\trows := make([][]byte, n)\n\tfor i := " \
    "range all {\n\t\tall[i] = byte(i)\n\t\trows[i] = " row "\n\t}\n\treturn rows\n}"

START_TEST(many_rows_are_compared_in_time)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f", ROWS("n", "[]byte{all[i]}"));
    kind_add(&k, "[3]");
    kind_add(&k, "[10000]");
    kind_add(&k, "[200000]");
    kind_same(&k, ROWS("n", "all[i : i+1 : i+1]"));
    kind_differs_as(&k, ROWS("n", "all[i : i+1]"), "{\"results\":[[\"\\u0000\",\"\\u0001\",\"\\u0002\"]]}",
                    "{\"results\":[[\"\\u0000\",\"\\u0001\",\"\\u0002\"]],\"shares_memory\":[[\"result 1[0] "
                    "(capacity 3)\","
                    "\"result 1[1] from byte 1 (capacity 2)\",\"result 1[2] from byte 2 (capacity 1)\"]]}");
    kind_release(&k);
    // Room that nobody sees is a matter of how a slice grew.
    kind_open_go(&k, "f", ROWS("n", "all[i : i+1]"));
    kind_add(&k, "[3]");
    kind_same(&k, ROWS("n+5", "all[i : i+1]"));
    kind_release(&k);
}
END_TEST

#define PARTS(part)                                                                         \
    "func f(s []byte) map[string][]byte {\n\tm := map[string][]byte{}\n\tfor i := range s " \
    "{\n\t\tm[string(s[i:i+1])] = " part "\n\t}\n\treturn m\n}"

START_TEST(values_of_maps_have_an_order)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f", PARTS("s[i:]"));
    kind_add(&k, "[\"ba\"]");
    kind_add(&k, "[\"hgfedcba\"]");
    kind_same(&k, PARTS("s[i:len(s)]"));
    kind_differs_as(&k, PARTS("append([]byte(nil), s[i:]...)"),
                    "{\"changed\":[\"ba\"],\"results\":[[[\"a\",\"a\"],[\"b\",\"ba\"]]],\"shares_memory\":"
                    "[[\"result 1[\\\"a\\\"] from byte 1 (capacity 1)\",\"result 1[\\\"b\\\"] (capacity 2)\","
                    "\"s (capacity 2)\"]]}",
                    "{\"changed\":[\"ba\"],\"results\":[[[\"a\",\"a\"],[\"b\",\"ba\"]]]}");
    kind_release(&k);
}
END_TEST

#define TEXT(text) "func f(s []byte) string { return " text " }"

START_TEST(a_string_is_not_changeable)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f", "import \"unsafe\"\n\nvar _ unsafe.Pointer\n\n" TEXT("string(s)"));
    kind_add(&k, "[\"abc\"]");
    kind_differs_as(&k, TEXT("unsafe.String(&s[0], len(s))"), "{\"changed\":[\"abc\"],\"results\":[\"abc\"]}",
                    "{\"changed\":[\"abc\"],\"results\":[\"abc\"],\"shares_memory\":"
                    "[[\"result 1\",\"s (capacity 3)\"]]}");
    kind_release(&k);
    // Strings that share with strings alone are no matter.
    kind_open_go(&k, "f", "func f(s []string) string { return string([]byte(s[0][1:])) }");
    kind_add(&k, "[[\"abc\"]]");
    kind_same(&k, "func f(s []string) string { return s[0][1:] }");
    kind_release(&k);
}
END_TEST

// A batch's digest has it, too, and is the same each time.
START_TEST(batches_are_digested_with_it)
{
    static const char *const bodies[] = {"return s[:n]", "t := s[:n]; return t",
                                         "return append([]byte(nil), s[:n]...)"};
    struct go_bench b;
    struct cell_batch batches[3];

    if (!has_go())
        return;
    go_bench_open(&b, "package m\n\n" HEAD("return s[:n]") "\n", "f");
    go_bench_add(&b, "[\"abc\", 2]");
    for (size_t i = 0; i < 3; i++) {
        const char *text = arena_printf(&b.w.arena, HEAD("%s"), bodies[i]);
        struct cell *cell = go_bench_cell(&b, str_of(text), BUILD_PLAIN);
        OK(cell_batch(cell, 0, 1, 50, &batches[i], &b.w.err), &b.w.err);
        ck_assert_int_eq(batches[i].fault, CELL_OK);
        cell_free(cell);
    }
    ck_assert_mem_eq(&batches[0].digest, &batches[1].digest, sizeof batches[0].digest);
    ck_assert_mem_ne(&batches[0].digest, &batches[2].digest, sizeof batches[0].digest);
    go_bench_release(&b);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/memory", a_slice_of_an_argument_is_no_copy, results_share_with_each_other,
          many_rows_are_compared_in_time, values_of_maps_have_an_order, a_string_is_not_changeable,
          batches_are_digested_with_it)
