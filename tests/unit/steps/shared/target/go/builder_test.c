// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/builder.h"

#include "base/hash.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

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
         "[{\"a\":2,\"b\":1},4]]],\"shares_memory\":[[\"result 1\",\"m\"]]}"},
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
         "wrap", "[\"bad\", 0]",
         "{\"results\":[-1,{\"identity\":\"a new error in every "
         "call\",\"text\":\"no\\nbad\",\"type\":\"*errors.joinError\",\"wraps\":[\"no\",{\"identity\":"
         "\"error 1 of the arguments\",\"text\":\"bad\"}]}]}"},
        {"type alias = map[string][]*int\n\nfunc first(m alias) *int { return m[\"k\"][0] }", "first",
         "[{\"k\": [7, null]}]",
         "{\"changed\":[[[\"k\",[7,null]]]],\"results\":[7],\"shares_memory\":[[\"result "
         "1\",\"m[\\\"k\\\"][0]\"]]}"},
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

// A package with a vendored import, compiled as the module's vendor folder says.
START_TEST(vendored_imports_are_there)
{
    struct go_bench b;

    if (!has_go())
        return;
    go_bench_init(
        &b,
        "package m\n\nimport \"example.org/words\"\n\nfunc first(s string) (string, error) {\n"
        "\tw, err := words.Split(s)\n\tif err != nil {\n\t\treturn \"\", err\n\t}\n\treturn w[0], nil\n}\n");
    workshop_file(&b.w, "go.mod", "module example.com/m\n\ngo 1.21\n\nrequire example.org/words v1.2.3\n");
    OK(fs_mkdirs(fs_join(&b.w.arena, b.w.repository, "vendor/example.org/words"), &b.w.err), &b.w.err);
    workshop_file(&b.w, "vendor/modules.txt",
                  "# example.org/words v1.2.3\n## explicit; go 1.21\nexample.org/words\n");
    workshop_file(&b.w, "vendor/example.org/words/words.go",
                  "package words\n\nimport (\n\t\"errors\"\n\t\"strings\"\n)\n\nfunc Split(s string) "
                  "([]string, error) {\n"
                  "\tif s == \"\" {\n\t\treturn nil, errors.New(\"no words\")\n\t}\n\treturn "
                  "strings.Fields(s), nil\n}\n");
    // The package's own TestMain and helpers are out of the way.
    workshop_file(&b.w, "m_test.go",
                  "package m\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) { panic(\"not here\") }\n");
    OK(go_bench_try(&b, "first"), &b.w.err);
    go_bench_add(&b, "[\"one two\"]");
    go_bench_add(&b, "[\"\"]");
    struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
    ck_assert_str_eq(output_of(&b, cell, 0), "{\"results\":[\"one\",null]}");
    ck_assert_str_eq(output_of(&b, cell, 1), "{\"results\":[\"\",\"no words\"]}");
    cell_free(cell);
    go_bench_release(&b);
}
END_TEST

static void
expect_refused(const char *text, const char *function, const char *message)
{
    struct go_bench b;

    go_bench_init(&b, text);
    ck_assert_int_eq(go_bench_try(&b, function), -1);
    ck_assert_int_eq(b.w.err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(b.w.err.message, message));
    go_bench_release(&b);
}

START_TEST(what_cannot_be_a_target_is_refused)
{
    if (!has_go())
        return;
    expect_refused("package m\n\nfunc wait(ch chan int, n int) int { return <-ch + n }\n", "wait",
                   "tag.go:3: function 'wait': ch has type chan int, which atoll can't pass or compare");
    expect_refused("package m\n\nfunc apply(n int, f func(int) int) int { return f(n) }\n", "apply",
                   "f has type func(int) int");
    expect_refused("package m\n\nfunc same[T comparable](a, b T) bool { return a == b }\n", "same",
                   "has type parameters");
    expect_refused("package m\n\nfunc nothing(n int) {}\n", "nothing", "there is nothing to compare");
    expect_refused("package m\n\nfunc broken(n int) int { return n + \"x\" }\n", "broken",
                   "tag.go does not compile: tag.go:3:");
}
END_TEST

START_TEST(the_repository_is_not_written_to)
{
    struct go_bench b;
    struct fs_list before, after;

    if (!has_go())
        return;
    go_bench_init(&b, "package m\n\nfunc twice(n int) int { return 2 * n }\n");
    OK(fs_walk(&b.w.arena, b.w.repository, &before, &b.w.err), &b.w.err);
    OK(go_bench_try(&b, "twice"), &b.w.err);
    OK(fs_walk(&b.w.arena, b.w.repository, &after, &b.w.err), &b.w.err);
    ck_assert_uint_eq(before.count, after.count);
    go_bench_release(&b);
}
END_TEST

// Where a function's code stands in a program: the bytes of the program say it, so equal programs are equal
// layouts.
static uint64_t
place_of(struct go_bench *b, const struct built *built, uint64_t seed)
{
    AUTO_BUF program = BUF(64 << 20);
    char path[4096];

    OK(builder_link(b->builder, built, BUILD_PLAIN, seed, path, &b->w.err), &b->w.err);
    OK(fs_read(path, 64 << 20, &program, &b->w.err), &b->w.err);
    return hash_quick(program.ptr, program.len);
}

START_TEST(code_has_a_hash_and_seeds_draw_layouts)
{
    struct go_bench b;
    struct built one, same, other;

    if (!has_go())
        return;
    go_bench_open(&b, "package m\n\nfunc twice(n int) int { return 2 * n }\n", "twice");
    OK(builder_compile(b.builder, target_baseline(&b.target), BUILD_PLAIN, &one, &b.w.err), &b.w.err);
    OK(builder_compile(b.builder, STR("// Says it twice.\nfunc twice(m int) int {\n\treturn 2 * m\n}"),
                       BUILD_PLAIN, &same, &b.w.err),
       &b.w.err);
    OK(builder_compile(b.builder, STR("func twice(n int) int { return 3 * n }"), BUILD_PLAIN, &other,
                       &b.w.err),
       &b.w.err);
    ck_assert(one.ok && same.ok && other.ok);
    ck_assert_str_eq(one.code_hash, same.code_hash);
    ck_assert_str_ne(one.code_hash, other.code_hash);
    ck_assert(one.code_bytes > 0 && one.code_bytes < 200);
    uint64_t first = place_of(&b, &one, 7);
    ck_assert_uint_eq(place_of(&b, &one, 7), first);
    ck_assert_uint_ne(place_of(&b, &one, 8), first);
    ck_assert_uint_ne(place_of(&b, &one, 9), place_of(&b, &one, 8));
    buf_release(&one.diagnostics);
    buf_release(&same.diagnostics);
    buf_release(&other.diagnostics);
    go_bench_release(&b);
}
END_TEST

// A batch that panics, one that never ends, and one that leaves work behind.
START_TEST(batches_end_with_what_went_wrong)
{
    struct go_bench b;
    struct cell_batch batch;

    if (!has_go())
        return;
    go_bench_open(&b, "package m\n\nfunc pick(a []int, i int) int { return a[i] }\n", "pick");
    go_bench_add(&b, "[[1, 2], 1]");
    go_bench_add(&b, "[[1, 2], 2]");
    struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
    OK(cell_batch(cell, 0, 1, 50, &batch, &b.w.err), &b.w.err);
    ck_assert_int_eq(batch.fault, CELL_OK);
    struct cell_digest digest = batch.digest;
    OK(cell_batch(cell, 0, 1, 50, &batch, &b.w.err), &b.w.err);
    ck_assert_mem_eq(&batch.digest, &digest, sizeof digest);
    OK(cell_batch(cell, 0, 2, 1, &batch, &b.w.err), &b.w.err);
    ck_assert_int_eq(batch.fault, CELL_CRASHED);
    ck_assert_str_eq(cell_fault_text(cell), "panic: runtime error: index out of range (input 1)");
    cell_free(cell);
    // Other results are another digest; garbage is charged.
    cell = go_bench_cell(&b,
                         STR("func pick(a []int, i int) int { return *keep(a[i]) }\n\n//go:noinline\n"
                             "func keep(n int) *int { m := make([]int, 100); m[7] = n; return &m[8] }"),
                         BUILD_PLAIN);
    OK(cell_batch(cell, 0, 1, 50, &batch, &b.w.err), &b.w.err);
    ck_assert_mem_ne(&batch.digest, &digest, sizeof digest);
    ck_assert_int_gt(batch.charge_ns, 50 * 800 * 50 / 1024 / 2);
    cell_free(cell);
    go_bench_release(&b);
}
END_TEST

START_TEST(endless_calls_and_races_are_seen)
{
    struct go_bench b;
    AUTO_BUF output = BUF(1 << 16), detail = BUF(1 << 16);
    enum cell_fault fault;

    if (!has_go())
        return;
    go_bench_open(&b, "package m\n\nfunc count(n int) int {\n\tfor n > 0 {\n\t}\n\treturn n\n}\n", "count");
    go_bench_add(&b, "[1]");
    struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
    OK(cell_call(cell, 0, &output, &fault, &detail, &b.w.err), &b.w.err);
    ck_assert_int_eq(fault, CELL_TIMED_OUT);
    cell_free(cell);
    cell = go_bench_cell(
        &b,
        STR("func count(n int) int {\n\tm := 0\n\tc := make(chan int)\n\tgo func() { m++; c <- 1 }()\n"
            "\tm++\n\t<-c\n\treturn m - 2\n}"),
        BUILD_SANITIZED);
    OK(cell_call(cell, 0, &output, &fault, &detail, &b.w.err), &b.w.err);
    ck_assert_int_eq(fault, CELL_SANITIZER);
    ck_assert_ptr_nonnull(strstr(buf_text(&detail), "DATA RACE"));
    cell_free(cell);
    go_bench_release(&b);
}
END_TEST

// What is collected gives its address back, but not to the same input.
START_TEST(addresses_move_between_batches)
{
    enum { BATCHES = 8, LOWEST_MAX = 4 };
    struct go_bench b;
    struct cell_batch batch;

    if (!has_go())
        return;
    go_bench_open(
        &b,
        "package m\n\nimport \"unsafe\"\n\nvar least uintptr\n\nvar mine bool\n\nvar batches int\n\n"
        "func first(s string) int {\n\there := uintptr(unsafe.Pointer(unsafe.StringData(s)))\n"
        "\tif atollCurrent == 0 {\n\t\tleast, mine = here, true\n\t\tbatches++\n\t} else if here < least && "
        "mine {\n\t\tmine = false\n\t\tbatches--\n\t}\n\treturn batches\n}\n",
        "first");
    for (size_t i = 0; i < 16; i++)
        go_bench_add(&b, "[\"twenty-four bytes of it.\"]");
    struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
    for (size_t i = 0; i < BATCHES; i++)
        OK(cell_batch(cell, 0, 16, 1, &batch, &b.w.err), &b.w.err);
    AUTO_JSON *said = json_read(str_of(output_of(&b, cell, 0)), "output", &b.w.err);
    // With its own: how often the first call of a batch had the lowest address of all.
    json_int_t lowest = json_integer_value(json_array_get(json_object_get(said, "results"), 0)) - 1;
    ck_assert_int_le(lowest, LOWEST_MAX);
    cell_free(cell);
    go_bench_release(&b);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/builder", basic_types, composite_types, methods, ends_of_a_call,
          vendored_imports_are_there, what_cannot_be_a_target_is_refused, the_repository_is_not_written_to,
          code_has_a_hash_and_seeds_draw_layouts, batches_end_with_what_went_wrong,
          addresses_move_between_batches, endless_calls_and_races_are_seen)
