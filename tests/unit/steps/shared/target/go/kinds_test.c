// SPDX-License-Identifier: Apache-2.0
// Kinds of Go signatures, from source text to a verdict: a variant that does the same passes, one that
// differs in a single place is caught, and however a call ends, it is told with the input that caused it.
#include "tests/unit/steps/shared/target/go/workshop.h"
#include "tests/unit/steps/shared/target/kinds.h"

#define NUMBERS(sum)                                                                                       \
    "func f(a int, b uint, c uint16, d complex64, e byte, g float32, h bool, i rune, j [3]int16, k "       \
    "uintptr) "                                                                                            \
    "(float64, complex64) {\n\treturn float64(a) + float64(b) + float64(c)*2 + float64(e) + float64(g) + " \
    "float64(i) + " sum " + float64(k), d * 2\n}"

START_TEST(numbers_and_arrays)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f", NUMBERS("float64(j[2])"));
    kind_add(&k, "[-5, 3, 65535, [1.5, -2], 255, 0.25, true, 9, [1, 2, -3], 7]");
    kind_add(&k, "[0, 0, 0, [0, 0], 0, -0.5, false, -1, [0, 0, 4], 0]");
    kind_make_up(&k, 40);
    kind_same(&k, NUMBERS("(float64(j[2]) + 0)"));
    const char *args = kind_differs(&k, NUMBERS("float64(min(j[2], 3))"));
    ck_assert_str_eq(args, "[0,0,0,[0.0,0.0],0,-0.5,false,-1,[0,0,4],0]");
    kind_release(&k);
}
END_TEST

#define STORE                                                                                        \
    "import \"errors\"\n\ntype store struct {\n\tnames map[string][]byte\n\torder []string\n\tlast " \
    "*int\n}\n\n"                                                                                    \
    "var errNone = errors.New(\"no name\")\n\n"
#define PUT(remember)                                                                                     \
    "func (s *store) f(name string, more ...[]byte) (n int, err error) {\n\tif name == \"\" {\n"          \
    "\t\treturn 0, errNone\n\t}\n\tif s.names == nil {\n\t\ts.names = map[string][]byte{}\n\t}\n"         \
    "\tfor _, m := range more {\n\t\ts.names[name] = append(s.names[name], m...)\n\t\tn += len(m)\n\t}\n" \
    "\t" remember "\n\treturn n, nil\n}"

START_TEST(a_method_of_a_structure)
{
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "store.f", STORE PUT("s.order = append(s.order, name)"));
    kind_add(&k, "[{\"names\": {\"a\": \"x\"}, \"order\": [\"a\"], \"last\": 4}, \"a\", [\"yz\", \"\"]]");
    kind_add(&k, "[{}, \"\", []]");
    kind_make_up(&k, 40);
    kind_same(&k, PUT("s.order = append(append([]string(nil), s.order...), name)"));
    // A field that is not exported is part of what a call gives.
    const char *args =
        kind_differs(&k, PUT("if len(s.order) < 1 {\n\t\ts.order = append(s.order, name)\n\t}"));
    ck_assert_msg(strstr(args, "\"order\":[\"") != NULL, "%s", args);
    kind_release(&k);
}
END_TEST

// ---- how calls end

#define COUNT(more)                                                                             \
    "func f(data []byte) (n int) {\n" more "\tfor _, c := range data {\n\t\tn += int(c)\n\t}\n" \
    "\treturn n\n}"

static const char failing[] =
    COUNT("\tswitch string(data) {\n\tcase \"panics\":\n\t\treturn int(data[len(data)])\n\tcase \"fails\":\n"
          "\t\tpanic(errors.New(\"what now\"))\n\tcase \"hangs\":\n\t\tfor {\n\t\t}\n"
          "\tcase \"deepens\":\n\t\treturn deepen(n)\n\tcase \"races\":\n\t\tdone := make(chan bool)\n"
          "\t\tgo func() { n++; done <- true }()\n\t\tn++\n\t\t<-done\n\t\tn = 0\n\t}\n");

struct end {
    const char *input;
    enum build_kind build;
    const char *got; // part of what is told
    int64_t wall_ms; // long, where it is not the limit that ends it: the machine may be busy
};

// The one input of three that does not end well is found, and how.
static void
expect_end(struct kind *k, const struct end *end)
{
    corpus_release(&k->bench.train);
    corpus_init(&k->bench.train, 1 << 20);
    kind_add(k, "[\"fine\"]");
    kind_add(k, arena_printf(&k->w.arena, "[\"%s\"]", end->input));
    kind_add(k, "[\"\"]");
    k->bench.limits.wall_ms = end->wall_ms;
    struct differential found = kind_compare(k, failing, end->build);
    ck_assert_msg(found.compared == 3 && found.differ == 1, "%s: %zu of %zu differ", end->input, found.differ,
                  found.compared);
    char *args = json_compact(json_object_get(found.counterexample, "args"));
    char *got = json_dumps(json_object_get(found.counterexample, "got"), JSON_ENCODE_ANY);
    ck_assert_str_eq(args, arena_printf(&k->w.arena, "[\"%s\"]", end->input));
    ck_assert_msg(strstr(got, end->got) != NULL, "%s: %s", end->input, got);
    free(args);
    free(got);
    json_decref(found.counterexample);
}

START_TEST(ends_are_told_with_their_input)
{
    static const struct end ends[] = {
        {"panics", BUILD_PLAIN, "panic: runtime error: index out of range", 30000},
        {"fails", BUILD_PLAIN, "panic: what now", 30000},
        {"hangs", BUILD_PLAIN, "no answer within 3000 ms", 3000},
        {"deepens", BUILD_PLAIN, "stack overflow", 30000},
        {"races", BUILD_SANITIZED, "DATA RACE", 30000},
    };
    struct kind k;
    if (!has_go())
        return;
    kind_open_go(&k, "f",
                 "import \"errors\"\n\nvar errNone = errors.New(\"none\")\n\n"
                 "func deepen(n int) int { return deepen(n+1) + n }\n\n" COUNT(""));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        expect_end(&k, &ends[i]);
    kind_release(&k);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/kinds", numbers_and_arrays, a_method_of_a_structure,
          ends_are_told_with_their_input)
