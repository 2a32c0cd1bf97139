// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/benchmark_generate.h"

#include "steps/shared/target/workbench.h"
#include "tests/unit/steps/attempt.h"
#include "tests/unit/steps/shared/target/calls.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

static const char source[] =
    "#include <stddef.h>\n"
    "#include <stdlib.h>\n"
    "\n"
    "int sum(const unsigned char *p, size_t n)\n"
    "{\n"
    "    int total = 0;\n"
    "    for (size_t i = 0; i < n; i++) {\n"
    "        if (p[i] == '!')\n"
    "            abort();\n"
    "        total += p[i];\n"
    "    }\n"
    "    return total;\n"
    "}\n"
    "\n"
    "union pair { int a, b; };\n"
    "int first(union pair *pair) { return pair->a; }\n"
    "int never(const char *p, size_t n) { if (n < (size_t)-1) abort(); return *p; }\n";

#define WITH(more) "{\"file\": \"src/x.c\", \"cc\": \"gcc\", \"flags\": [\"-O2\"], \"calls\": 30" more "}"
#define FAIL ", \"unsupported\": \"fail\""
#define SKIP ", \"unsupported\": \"skip\""

static void
prepare(struct workshop *w)
{
    workshop_init(w);
    workshop_file(w, "src/x.c", source);
}

static const json_t *
record_of(const struct attempt *attempt)
{
    return json_object_get(attempt->step.outputs, "benchmark");
}

// The corpus of the record under "train" or "holdout".
static struct corpus
corpus_of(struct attempt *attempt, struct workshop *w, const char *side)
{
    struct corpus corpus;
    AUTO_BUF packed = BUF(64 << 20);
    const char *hash = json_get_text(record_of(attempt), side, "");
    OK(journal_blob_get(&attempt->step, hash, &packed, &w->err), &w->err);
    OK(corpus_unpack(buf_str(&packed), &corpus, &w->err), &w->err);
    return corpus;
}

static bool
holds(const struct corpus *corpus, const char *text)
{
    return str_find(buf_str(&corpus->bytes), str_of(text)) >= 0;
}

START_TEST(makes_inputs_up)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate, WITH(FAIL ", \"function\": \"sum\""));
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);

    ck_assert_str_eq(attempt_text(&attempt, "status"), "ready");
    ck_assert_str_eq(attempt_text(&attempt, "function"), "sum");
    const json_t *record = record_of(&attempt), *calls = json_object_get(record, "calls");
    ck_assert_int_eq(json_get_int(calls, "train", 0) + json_get_int(calls, "holdout", 0) +
                         json_get_int(calls, "left_out", 0),
                     30 + 16);
    ck_assert(json_get_real(json_object_get(record, "noise_floor"), "ns_per_call", 0) > 0);
    double speedup = json_get_real(json_object_get(record, "noise_floor"), "speedup", 0);
    ck_assert(speedup > 0.2 && speedup < 5); // against itself, on a machine that may be busy
    struct corpus train = corpus_of(&attempt, &w, "train"), holdout = corpus_of(&attempt, &w, "holdout");
    ck_assert_uint_eq(train.count, (size_t)json_get_int(calls, "train", 0));
    ck_assert_uint_eq(holdout.count, (size_t)json_get_int(calls, "holdout", 0));
    ck_assert(!holds(&train, "!") && !holds(&holdout, "!")); // where the baseline itself fails
    corpus_release(&train);
    corpus_release(&holdout);

    AUTO_BUF text = BUF(1 << 20);
    OK(fs_read(fs_join(&w.arena, w.repository, ".atoll/benchmarks/sum.yml"), 1 << 20, &text, &w.err), &w.err);
    ck_assert_int_ge(str_find(buf_str(&text), STR("approved: false")), 0);
    ck_assert_int_ge(str_find(buf_str(&text), STR("role: count")), 0);
}
END_TEST

START_TEST(captured_calls_are_what_is_measured)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    AUTO_BUF text = BUF(1 << 20);
    for (int k = 0; k < 30; k++)
        buf_printf(&text, "{\"args\": [\"captured %d\", null]}\n", k);
    buf_puts(&text, "{\"args\": [\"bad!\", null], \"count\": 1}\n");
    workshop_file(&w, "calls/a.jsonl", buf_text(&text));
    workshop_file(&w, "calls/b.jsonl", "{\"args\": [\"from b\", 6], \"count\": 5}");
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate,
                 WITH(FAIL ", \"function\": \"sum\", \"captured\": [\"calls/*.jsonl\", \"none/*.jsonl\"]"));
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);

    const json_t *calls = json_object_get(record_of(&attempt), "calls");
    ck_assert_int_eq(json_get_int(calls, "left_out", 0), 1);
    struct corpus train = corpus_of(&attempt, &w, "train"), holdout = corpus_of(&attempt, &w, "holdout");
    ck_assert_uint_ge(train.count + holdout.count, 31);
    ck_assert_uint_le(train.count + holdout.count, 35);
    ck_assert_uint_gt(holdout.count, 3);
    for (int k = 10; k < 30; k++) {
        const char *call = arena_printf(&w.arena, "captured %d", k);
        ck_assert_msg(holds(&train, call) != holds(&holdout, call), "%s", call);
    }
    ck_assert(holds(&train, "from b") || holds(&holdout, "from b"));
    corpus_release(&train);
    corpus_release(&holdout);
    AUTO_BUF file = BUF(1 << 20);
    OK(fs_read(fs_join(&w.arena, w.repository, ".atoll/benchmarks/sum.yml"), 1 << 20, &file, &w.err), &w.err);
    ck_assert_int_ge(str_find(buf_str(&file), STR("calls/b.jsonl")), 0);
    ck_assert_int_eq(str_find(buf_str(&file), str_of(w.repository)), -1);
}
END_TEST

// A captured call of sum that is held out where there are others.
static const char *
held_out_call(struct arena *arena)
{
    AUTO_CALLS calls = calls_of("\"p\": {\"type\": \"const char *\", \"role\": \"in\"},"
                                "\"n\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"p\"}");
    for (int k = 0; k < 100; k++) {
        const char *call = arena_printf(arena, "{\"args\": [\"only %d\", null]}", k);
        struct corpus holdout;
        corpus_init(&holdout, 1 << 20);
        OK(captured_read(str_of(call), "f", &calls.signature, &calls.corpus, &holdout, &calls.err),
           &calls.err);
        size_t held = holdout.count;
        corpus_release(&holdout);
        if (held > 0)
            return call;
    }
    ck_abort_msg("no call of 100 is held out");
    return NULL;
}

START_TEST(a_single_call_is_trained_on)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "one.jsonl", held_out_call(&w.arena));
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate,
                 WITH(FAIL ", \"function\": \"sum\", \"captured\": [\"one.jsonl\"]"));
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
    struct corpus train = corpus_of(&attempt, &w, "train"), holdout = corpus_of(&attempt, &w, "holdout");
    ck_assert_uint_eq(train.count, 1);
    ck_assert(holds(&train, "only "));
    ck_assert_uint_gt(holdout.count, 0);
    corpus_release(&train);
    corpus_release(&holdout);
}
END_TEST

START_TEST(the_file_wins_over_inference_and_the_step_over_the_file)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(
        &w, ".atoll/benchmarks/sum.yml",
        "version: 1\napproved: true\nparams: {p: {role: in, count: 4}, n: {role: scalar, min: 0, max: 4}}\n"
        "inputs: {distribution: {n: {min: 2, max: 3}}}\n");
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate,
                 WITH(FAIL ", \"function\": \"sum\", \"params\": {\"p\": {\"role\": \"in\", \"count\": 8}}"));
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);

    const json_t *record = record_of(&attempt);
    const json_t *params = json_object_get(json_object_get(record, "target"), "params");
    ck_assert_int_eq(json_get_int(json_object_get(params, "p"), "count", 0), 8);
    ck_assert_str_eq(json_get_text(json_object_get(params, "n"), "role", ""), "scalar");
    ck_assert_int_eq(json_get_int(json_object_get(json_object_get(record, "distribution"), "n"), "min", 0),
                     2);
    AUTO_BUF file = BUF(1 << 20);
    OK(fs_read(fs_join(&w.arena, w.repository, ".atoll/benchmarks/sum.yml"), 1 << 20, &file, &w.err), &w.err);
    ck_assert_int_ge(str_find(buf_str(&file), STR("approved: true")), 0);
}
END_TEST

// The step fails with `kind` and a message that holds `words`.
static void
fails(const char *with, enum err_kind kind, const char *words)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "bad.jsonl", "{\"args\": [\"a\", null]}\n{\"args\": [\"a\", 2]}\n");
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate, with);
    ck_assert_int_eq(attempt_run(&attempt, &w), -1);
    ck_assert_msg(strstr(w.err.message, words) != NULL, "%s", w.err.message);
    ck_assert_int_eq(w.err.kind, kind);
}

START_TEST(failures_say_why)
{
    fails(WITH(FAIL), ERR_CONFIG, "give `hotspot:`");
    fails(WITH(FAIL ", \"function\": \"summ\""), ERR_NOT_FOUND, "did you mean 'sum'");
    fails(WITH(FAIL ", \"function\": \"first\""), ERR_TARGET, "parameter 'pair'");
    fails(WITH(FAIL ", \"function\": \"never\""), ERR_TARGET, "never fails on");
    fails(WITH(FAIL ", \"function\": \"sum\", \"captured\": [3]"), ERR_CONFIG, "item 1");
    fails(WITH(FAIL ", \"function\": \"sum\", \"captured\": [\"bad.jsonl\"]"), ERR_PARSE, "bad.jsonl:2: ");
    fails(WITH(FAIL ", \"function\": \"sum\", \"require-captured\": true"), ERR_TARGET,
          "no captured calls of sum");
    fails(WITH(SKIP ", \"function\": \"sum\", \"captured\": [\"bad.jsonl\"]"), ERR_PARSE, "bad.jsonl:2: ");
}
END_TEST

START_TEST(what_is_not_supported_can_be_skipped)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate,
                 WITH(SKIP ", \"hotspot\": {\"function\": \"first\", \"file\": \"src/x.c\"}"));
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
    ck_assert_str_eq(attempt_text(&attempt, "status"), "skipped");
    ck_assert_ptr_nonnull(strstr(attempt_text(&attempt, "reason"), "parameter 'pair'"));
    ck_assert_ptr_null(record_of(&attempt));
}
END_TEST

// A function that needs another source file and an include path below its own folder.
START_TEST(the_record_tells_how_to_build)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "lib/include/twice.h", "int twice(int x);\n");
    workshop_file(&w, "lib/twice.c", "#include <twice.h>\nint twice(int x) { return 2 * x; }\n");
    workshop_file(&w, "lib/f.c", "#include <twice.h>\nint f(int x) { return twice(x) + 1; }\n");
    workshop_file(&w, "lib/Makefile", "all:\n\tcc -Iinclude -c f.c\n\tcc -Iinclude -c twice.c\n");
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_benchmark_generate,
                 "{\"file\": \"lib/f.c\", \"function\": \"f\", \"calls\": 30" FAIL "}");
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);

    struct workbench bench;
    char object[4096];
    OK(workbench_open(&attempt.step, json_object_get(record_of(&attempt), "target"), &bench, &w.err), &w.err);
    OK(workbench_object(&bench, target_baseline(&bench.target), BUILD_PLAIN, object, &w.err), &w.err);
    struct cell *cell = workbench_cell(&bench, object, BUILD_PLAIN, &w.err);
    ck_assert_msg(cell != NULL, "%s", w.err.message);
    cell_free(cell);
    workbench_release(&bench);
}
END_TEST

START_TEST(a_record_is_made_once)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    json_t *first = NULL;
    for (int i = 0; i < 2; i++) {
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_benchmark_generate, WITH(FAIL ", \"function\": \"sum\""));
        if (i == 1) // what was committed does not hang on the tree any more
            workshop_file(&w, "src/x.c", "int other;\n");
        OK(fs_remove_tree(fs_join(&w.arena, w.repository, ".atoll"), &w.err), &w.err);
        ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
        if (i == 0)
            first = json_deep_copy(record_of(&attempt));
        else
            ck_assert(json_equal(first, record_of(&attempt)));
    }
    json_decref(first);
}
END_TEST

// A panic is what a Go function does, but in a batch it would end the process.
START_TEST(calls_that_panic_are_left_out)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    if (!has_go())
        return;
    workshop_file(&w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    workshop_file(&w, "pick.go", "package m\n\nfunc pick(a []int, i int) int { return a[i] }\n");
    workshop_file(&w, "calls.jsonl",
                  "{\"args\": [[1, 2], 0]}\n{\"args\": [[1, 2], 1]}\n{\"args\": [[1, 2], 2]}\n"
                  "{\"args\": [[], 0]}\n{\"args\": [[7, 8, 9], 2]}\n");
    AUTO_ATTEMPT attempt;
    attempt_init(
        &attempt, &w, &step_benchmark_generate,
        "{\"file\": \"pick.go\", \"function\": \"pick\", \"captured\": [\"calls.jsonl\"], \"calls\": 30" FAIL
        "}");
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
    const json_t *calls = json_object_get(record_of(&attempt), "calls");
    ck_assert_int_ge(json_get_int(calls, "left_out", 0), 2);
    ck_assert_int_ge(json_get_int(calls, "train", 0), 1);
    ck_assert_int_ge(json_get_int(calls, "holdout", 0), 1);
}
END_TEST

UNIT_MAIN("steps/benchmark-generate/benchmark_generate", calls_that_panic_are_left_out, makes_inputs_up,
          captured_calls_are_what_is_measured, a_single_call_is_trained_on,
          the_file_wins_over_inference_and_the_step_over_the_file, failures_say_why,
          what_is_not_supported_can_be_skipped, the_record_tells_how_to_build, a_record_is_made_once)
