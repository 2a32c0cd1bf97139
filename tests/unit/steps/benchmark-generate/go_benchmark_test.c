// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/go_benchmark.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static const char file[] =
    "package q\n\ntype level uint8\n\ntype place struct {\n\tname string\n\tlevel level\n}\n\n"
    "func (p *place) Above(n level, rest ...string) (bool, error) {\n\treturn p.level+n > 3 && len(rest) > "
    "0, nil\n}\n\n"
    "func mix(a []byte, _ map[string][]int, f float64, ok bool, big uint64, g [2]int8) int {\n"
    "\treturn len(a) + int(f) + int(big>>60) + int(g[1])\n}\n\nfunc touch(s string) {\n\tprintln(s)\n}\n\n"
    "func any[T comparable](t T) T {\n\treturn t\n}\n\nfunc odd(c chan int) int {\n\treturn len(c)\n}\n";

struct bench {
    struct arena arena;
    struct err err;
    struct buf text;
    int status;
};

static struct bench
bench_of(const char *source, const char *function, const char *calls)
{
    struct bench bench = {.text = BUF(1 << 20)};
    struct function found;
    struct go_function go;

    AUTO_SYNTAX *syntax = syntax_new_in(LANGUAGE_GO, str_of(source), &bench.err);
    AUTO_JSON *json = json_read(str_of(calls), "calls", &bench.err);
    ck_assert_msg(json != NULL, "%s", bench.err.message);
    ck_assert_int_eq(function_find(&bench.arena, syntax, function, &found, &bench.err), 0);
    ck_assert_int_eq(go_function_read(&bench.arena, syntax, &found, &go, &bench.err), 0);
    bench.status = go_benchmark_write(&go, json, &bench.text, &bench.err);
    return bench;
}

static void
bench_release(struct bench *bench)
{
    buf_release(&bench->text);
    arena_release(&bench->arena);
}

#define AUTO_BENCH __attribute__((cleanup(bench_release))) struct bench

static const char *
run(struct bench *bench, const char *folder, const char *const *argv)
{
    AUTO_PROC_RESULT ran = {0};

    ck_assert_int_eq(
        proc_run(&(struct proc_spec){.argv = argv, .cwd = folder, .merge_stderr = true}, &ran, &bench->err),
        0);
    ck_assert_msg(ran.exit_code == 0, "%s %s\n%s", argv[0], buf_text(&ran.out), buf_text(&bench->text));
    return arena_str(&bench->arena, buf_str(&ran.out));
}

// It compiles, is formatted, and runs once.
static void
works(struct bench *bench, const char *source, const char *named)
{
    ck_assert_msg(bench->status == 0, "%s", bench->err.message);
    if (proc_find(&bench->arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return;
    }
    const char *folder = fs_temp_dir(&bench->arena, NULL, "bench", &bench->err);
    ck_assert_int_eq(
        fs_write(fs_join(&bench->arena, folder, "go.mod"), STR("module q\n\ngo 1.21\n"), &bench->err), 0);
    ck_assert_int_eq(fs_write(fs_join(&bench->arena, folder, "q.go"), str_of(source), &bench->err), 0);
    ck_assert_int_eq(
        fs_write(fs_join(&bench->arena, folder, "atoll_bench_test.go"), buf_str(&bench->text), &bench->err),
        0);
    const char *unformatted =
        run(bench, folder, (const char *const[]){"gofmt", "-d", "atoll_bench_test.go", NULL});
    ck_assert_str_eq(unformatted, "");
    run(bench, folder, (const char *const[]){"go", "vet", ".", NULL});
    const char *said =
        run(bench, folder,
            (const char *const[]){"go", "test", "-run", "^$", "-bench", ".", "-benchtime", "3x", NULL});
    ck_assert_msg(strstr(said, named) != NULL && strstr(said, "allocs/op") != NULL, "%s", said);
    ck_assert_int_eq(fs_remove_tree(folder, &bench->err), 0);
}

START_TEST(a_method_with_a_structure)
{
    AUTO_BENCH bench =
        bench_of(file, "place.Above",
                 "[[{\"name\": \"a\\\"b\\n\\u00e9\", \"level\": 2}, 3, [\"x\", \"\"]], [{}, 0, null]]");
    works(&bench, file, "BenchmarkPlaceAbove");
    ck_assert_ptr_nonnull(
        strstr(buf_text(&bench.text),
               "\t\t{&place{name: \"a\\\"b\\n\\xc3\\xa9\", level: 2}, 3, []string{\"x\", \"\"}},\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&bench.text), "benchmarkPlaceAboveResult, _ = c.p.Above(c.n, c.rest...)"));
}
END_TEST

START_TEST(all_kinds_of_values)
{
    AUTO_BENCH bench = bench_of(file, "mix",
                                "[[{\"b64\": \"/wA=\"}, {\"k\": [1, -2]}, 1.5, true, -1, [3, -4]], [null, "
                                "null, 0, false, 7, [0, 0]]]");
    works(&bench, file, "BenchmarkMix");
    ck_assert_ptr_nonnull(strstr(buf_text(&bench.text),
                                 "{[]byte(\"\\xff\\x00\"), map[string][]int{\"k\": []int{1, -2}}, 1.5, "
                                 "true, 18446744073709551615, [2]int8{3, -4}},\n"));
    AUTO_BENCH quiet = bench_of(file, "touch", "[[\"a\"]]");
    ck_assert_int_eq(quiet.status, 0);
    ck_assert_ptr_nonnull(strstr(buf_text(&quiet.text), "\t\ttouch(c.s)\n"));
}
END_TEST

START_TEST(what_has_no_spelling_is_refused)
{
    AUTO_BENCH generic = bench_of(file, "any", "[[1]]");
    ck_assert_int_eq(generic.status, -1);
    ck_assert_ptr_nonnull(strstr(generic.err.message, "type parameters"));
    AUTO_BENCH odd = bench_of(file, "odd", "[[[1]]]");
    ck_assert_int_eq(odd.status, -1);
    ck_assert_str_eq(odd.err.message, "odd: argument c of type chan int has no spelling in a Go file");
    AUTO_BENCH few = bench_of(file, "touch", "[[]]");
    ck_assert_str_eq(few.err.message, "touch: a call has 0 arguments, the function 1");
    AUTO_BENCH none = bench_of(file, "touch", "[]");
    ck_assert_int_eq(none.status, -1);
}
END_TEST

START_TEST(it_has_a_place_beside_the_source)
{
    AUTO_ARENA arena = {0};

    ck_assert_str_eq(go_benchmark_place(&arena, "a/b/tag.go", "List.Trim"),
                     "a/b/atoll_list_trim_bench_test.go");
    ck_assert_str_eq(go_benchmark_place(&arena, "tag.go", "NormalizeTag"),
                     "atoll_normalizetag_bench_test.go");
    ck_assert_str_eq(go_benchmark_path(&arena, "NormalizeTag"),
                     ".atoll/benchmarks/NormalizeTag_bench_test.go");
}
END_TEST

UNIT_MAIN("steps/benchmark-generate/go_benchmark", a_method_with_a_structure, all_kinds_of_values,
          what_has_no_spelling_is_refused, it_has_a_place_beside_the_source)
