// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go_builder.h"

#include "tests/unit/steps/shared/target/go_workshop.h"

// Runs a call and gives its output as canonical JSON; "crashed: .." and so on when it ended the process.
static const char *
output_of(struct go_bench *b, struct cell *cell, size_t index)
{
    AUTO_BUF output = BUF(1 << 20), detail = BUF(1 << 16);
    enum cell_fault fault;

    OK(cell_call(cell, index, &output, &fault, &detail, &b->w.err), &b->w.err);
    if (fault != CELL_OK)
        return arena_printf(&b->w.arena, "%s: %s", cell_fault_name(fault), buf_text(&detail));
    AUTO_JSON *json = go_value_output(b->target.signature.go, buf_str(&output));
    char *text = json_canonical(json);
    const char *kept = arena_dup(&b->w.arena, text);
    free(text);
    return kept;
}

// A function with one call and its output.
struct example {
    const char *text, *function, *arguments, *output;
};

static void
try_examples(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count && has_go(); i++) {
        struct go_bench b;
        struct arena arena = {0};
        const struct example *e = &examples[i];
        go_bench_open(&b, arena_printf(&arena, "package m\n\n%s\n", e->text), e->function);
        go_bench_add(&b, e->arguments);
        struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
        ck_assert_str_eq(output_of(&b, cell, 0), e->output);
        // Again, from a fresh copy of the input.
        ck_assert_str_eq(output_of(&b, cell, 0), e->output);
        // What was captured is what is shown.
        AUTO_JSON *shown = corpus_call_json(&b.corpus, 0, &b.target.signature);
        AUTO_JSON *given = json_read(str_of(e->arguments), "call", &b.w.err);
        struct corpus again;
        corpus_init(&again, 1 << 20);
        OK(captured_add(&again, &b.target.signature, shown, "shown", &b.w.err), &b.w.err);
        ck_assert(str_eq(corpus_call(&again, 0), corpus_call(&b.corpus, 0)));
        ck_assert_uint_eq(json_array_size(shown), json_array_size(given));
        corpus_release(&again);
        cell_free(cell);
        go_bench_release(&b);
        arena_release(&arena);
    }
}

#define TRY(examples) try_examples(examples, sizeof(examples) / sizeof *(examples))

START_TEST(basic_types)
{
    static const struct example examples[] = {
        {"func lower(s string) string {\n\tb := []byte(s)\n\tfor i := range b {\n\t\tif b[i] >= 'A' && b[i] "
         "<= 'Z' {\n"
         "\t\t\tb[i] += 32\n\t\t}\n\t}\n\treturn string(b)\n}",
         "lower", "[\"AbC\"]", "{\"results\":[\"abc\"]}"},
        {"func all(a int8, b uint8, c int16, d uint32, e int64, f uint64, g float32, h float64, i bool, j "
         "rune, k "
         "uintptr, l complex128) (int8, uint8, int16, uint32, int64, uint64, float32, float64, bool, rune, "
         "uintptr, complex128) {\n\treturn a, b, c, d, e, f, g, h, i, j, k, l\n}",
         "all", "[-128, 255, -3, 4294967295, -9223372036854775807, -1, 0.5, \"NaN\", true, 9, 7, [1.5, -2]]",
         "{\"results\":[-128,255,-3,4294967295,-9223372036854775807,-1,0.5,\"NaN\",true,9,7,[1.5,-2.0]]}"},
        {"func none() int { return 3 }", "none", "[]", "{\"results\":[3]}"},
        {"func sum(first int, rest ...int) int {\n\tfor _, r := range rest {\n\t\tfirst += r\n\t}\n\treturn "
         "first\n}",
         "sum", "[1, [2, 3]]", "{\"changed\":[[2,3]],\"results\":[6]}"},
    };
    TRY(examples);
}
END_TEST

START_TEST(composite_types)
{
    static const struct example examples[] = {
        {"func upper(b []byte) {\n\tfor i := range b {\n\t\tb[i] &^= 32\n\t}\n}", "upper", "[\"abc\"]",
         "{\"changed\":[\"ABC\"],\"results\":[]}"},
        {"func merge(a, b []string) []string { return append(append([]string(nil), a...), b...) }", "merge",
         "[[\"x\"], null]", "{\"changed\":[[\"x\"],null],\"results\":[[\"x\"]]}"},
        {"type key struct{ a, b int }\n\nfunc count(m map[key]uint8, k key) map[key]uint8 "
         "{\n\tm[k]++\n\treturn m\n}",
         "count", "[[[{\"a\": 2, \"b\": 1}, 4], [{\"a\": 1}, 5]], {\"a\": 1}]",
         "{\"changed\":[[[{\"a\":1,\"b\":0},6],[{\"a\":2,\"b\":1},4]]],\"results\":[[[{\"a\":1,\"b\":0},6],"
         "[{\"a\":2,\"b\":1},4]]]}"},
        {"type node struct {\n\tname string\n\tnext *node\n\tat [2]int\n\traw [3]byte\n}\n\nfunc last(n "
         "*node) string "
         "{\n\tfor n.next != nil {\n\t\tn = n.next\n\t}\n\tn.at[1]++\n\treturn n.name\n}",
         "last", "[{\"name\": \"a\", \"next\": {\"name\": \"b\", \"at\": [1, 2], \"raw\": \"xyz\"}}]",
         "{\"changed\":[{\"at\":[0,0],\"name\":\"a\",\"next\":{\"at\":[1,3],\"name\":\"b\",\"next\":null,"
         "\"raw\":\"xyz\"},"
         "\"raw\":\"\\u0000\\u0000\\u0000\"}],\"results\":[\"b\"]}"},
        {"import \"errors\"\n\nfunc wrap(err error, n int) (int, error) {\n\tif n > 0 {\n\t\treturn n, "
         "nil\n\t}\n"
         "\treturn -1, errors.Join(errors.New(\"no\"), err)\n}",
         "wrap", "[\"bad\", 0]", "{\"results\":[-1,\"no\\nbad\"]}"},
        {"type alias = map[string][]*int\n\nfunc first(m alias) *int { return m[\"k\"][0] }", "first",
         "[{\"k\": [7, null]}]", "{\"changed\":[[[\"k\",[7,null]]]],\"results\":[7]}"},
    };
    TRY(examples);
}
END_TEST

START_TEST(methods)
{
    static const struct example examples[] = {
        {"type set struct {\n\tnames []string\n\tn int\n}\n\nfunc (s *set) add(name string) bool {\n\ts.n++\n"
         "\ts.names = append(s.names, name)\n\treturn s.n > 1\n}",
         "set.add", "[{\"names\": [\"a\"], \"n\": 1}, \"b\"]",
         "{\"changed\":[{\"n\":2,\"names\":[\"a\",\"b\"]}],\"results\":[true]}"},
        {"type celsius float64\n\nfunc (c celsius) half() celsius { return c / 2 }", "celsius.half", "[5]",
         "{\"results\":[2.5]}"},
        {"import \"time\"\n\nfunc late(t time.Time, d time.Duration) int64 { return t.Add(d).Unix() }",
         "late", "[{}, 2000000000]",
         "{\"changed\":[{\"ext\":0,\"loc\":null,\"wall\":0}],\"results\":[-62135596798]}"},
    };
    TRY(examples);
}
END_TEST

START_TEST(ends_of_a_call)
{
    static const struct example examples[] = {
        {"func at(a []int, i int) int { return a[i] }", "at", "[[1], 3]",
         "{\"panic\":\"panic: runtime error: index out of range\"}"},
        {"func fail(s string) int { panic(\"no \" + s) }", "fail", "[\"x\"]", "{\"panic\":\"panic: no x\"}"},
    };
    static const struct example ends[] = {
        {"import \"os\"\n\nfunc leave(n int) int {\n\tos.Exit(n)\n\treturn 0\n}", "leave", "[0]",
         "crashed: early-exit: exited with code 0 instead of returning"},
        {"func deep(n int) int { return deep(n+1) + 1 }", "deep", "[0]",
         "crashed: fatal error: stack overflow"},
        {"func stuck(n int) int {\n\tc := make(chan int)\n\treturn <-c\n}", "stuck", "[0]",
         "crashed: fatal error: all goroutines are asleep - deadlock!"},
        {"func other(n int) int {\n\tc := make(chan int)\n\tgo func() { panic(\"elsewhere\") }()\n\treturn "
         "<-c\n}",
         "other", "[0]", "crashed: panic: elsewhere"},
    };
    TRY(examples);
    for (size_t i = 0; i < sizeof ends / sizeof *ends && has_go(); i++) {
        struct go_bench b;
        struct arena arena = {0};
        go_bench_open(&b, arena_printf(&arena, "package m\n\n%s\n", ends[i].text), ends[i].function);
        go_bench_add(&b, ends[i].arguments);
        struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
        ck_assert_str_eq(output_of(&b, cell, 0), ends[i].output);
        cell_free(cell);
        go_bench_release(&b);
        arena_release(&arena);
    }
}
END_TEST

UNIT_MAIN("steps/shared/target/go_builder", basic_types, composite_types, methods, ends_of_a_call)
