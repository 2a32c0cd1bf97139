// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/language.h"

#include "base/host.h"
#include "sandbox/duet.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

static const char once[] = "//go:noinline\nfunc once(data []byte) uint32 {\n\tsum := uint32(7)\n"
                           "\tfor _, c := range data {\n\t\tsum = (sum ^ uint32(c)) * 16777619\n"
                           "\t\tsum ^= sum >> 7\n\t}\n\treturn sum\n}\n\n";

// A checksum that is computed so many times.
static struct str
variant(struct arena *arena, unsigned times)
{
    return str_of(arena_printf(arena,
                               "func mix(data []byte) uint32 {\n\tsum := uint32(0)\n"
                               "\tfor i := 0; i < %u; i++ {\n\t\tsum = once(data)\n\t}\n\treturn sum\n}",
                               times));
}

static void
compare(struct go_bench *b, struct built *one, struct built *other, uint64_t seed, struct duet_result *result)
{
    struct built_variant baseline = {.builder = b->builder, .built = one};
    struct built_variant candidate = {.builder = b->builder, .built = other};
    struct cell_inputs inputs = corpus_inputs(&b->corpus);
    struct duet_spec spec = {.launcher = b->w.launcher,
                             .host = host_real(),
                             .baseline = built_duet_variant(&baseline),
                             .candidate = built_duet_variant(&candidate),
                             .inputs = &inputs,
                             .limits = {.wall_ms = 20000},
                             .alpha = 0.01,
                             .margin = 0.01,
                             .launches_min = 6,
                             .launches_max = 16,
                             .launch_ns = 60 * INT64_C(1000000),
                             .budget_ns = 120 * INT64_C(1000000000),
                             .seed = seed};
    OK(duet_run(&spec, result, &b->w.err), &b->w.err);
    printf("%s: %.3f (%.3f to %.3f) after %zu launches, %.1f ns a call\n", duet_verdict_name(result->verdict),
           result->speedup, result->low, result->high, result->launches, result->ns_per_call[0]);
    ck_assert_msg(result->cheat == CHEAT_NONE, "%s", result->detail);
    built_variant_release(&baseline);
    built_variant_release(&candidate);
}

START_TEST(a_duet_tells_more_work_from_equal_work)
{
    struct go_bench b;
    struct built built[2];
    struct arena arena = {0};
    struct duet_result result;

    if (!has_go())
        return;
    go_bench_open(&b, arena_printf(&arena, "package m\n\n%s%s\n", once, variant(&arena, 10).ptr), "mix");
    for (size_t i = 0; i < 20; i++)
        go_bench_add(&b, arena_printf(&arena, "[\"input number %zu is a little longer than the last\"]", i));
    for (size_t i = 0; i < 2; i++) {
        OK(builder_compile(b.builder, variant(&arena, i == 0 ? 10 : 12), BUILD_PLAIN, &built[i], &b.w.err),
           &b.w.err);
        ck_assert_msg(built[i].ok, "%s", buf_text(&built[i].diagnostics));
    }
    compare(&b, &built[0], &built[1], 3, &result);
    ck_assert_int_eq(result.verdict, DUET_SLOWER);
    ck_assert_double_lt(result.speedup, 0.93);
    compare(&b, &built[0], &built[0], 4, &result);
    ck_assert(result.verdict != DUET_FASTER && result.verdict != DUET_SLOWER);
    ck_assert(result.verdict != DUET_DIFFERS && result.verdict != DUET_FAULT);
    buf_release(&built[0].diagnostics);
    buf_release(&built[1].diagnostics);
    go_bench_release(&b);
    arena_release(&arena);
}
END_TEST

// The runtime's threads and its collector are busy on one side only.
START_TEST(who_allocates_is_not_accused)
{
    static const char *const bodies[] = {
        "s := \"\"\n\tfor _, c := range data {\n\t\ts += string(rune(c))\n\t}", "s := string(data)"};
    struct go_bench b;
    struct built built[2];
    struct arena arena = {0};
    struct duet_result result;

    if (!has_go())
        return;
    char *texts[2];
    for (size_t i = 0; i < 2; i++)
        texts[i] = arena_printf(&arena, "func copied(data []byte) string {\n\t%s\n\treturn s\n}", bodies[i]);
    go_bench_open(&b, arena_printf(&arena, "package m\n\n%s\n", texts[0]), "copied");
    for (size_t i = 0; i < 20; i++)
        go_bench_add(&b, arena_printf(&arena, "[\"input number %zu is plain text without any accent\"]", i));
    for (size_t i = 0; i < 2; i++) {
        OK(builder_compile(b.builder, str_of(texts[i]), BUILD_PLAIN, &built[i], &b.w.err), &b.w.err);
        ck_assert_msg(built[i].ok, "%s", buf_text(&built[i].diagnostics));
    }
    compare(&b, &built[0], &built[1], 5, &result);
    ck_assert_int_eq(result.verdict, DUET_FASTER);
    compare(&b, &built[1], &built[0], 6, &result);
    ck_assert_int_eq(result.verdict, DUET_SLOWER);
    compare(&b, &built[0], &built[0], 7, &result);
    buf_release(&built[0].diagnostics);
    buf_release(&built[1].diagnostics);
    go_bench_release(&b);
    arena_release(&arena);
}
END_TEST

static int
open_with(struct go_bench *b, const char *description)
{
    AUTO_JSON *json = json_read(str_of(description), "description", &b->w.err);
    ck_assert_msg(json != NULL, "%s", b->w.err.message);
    return target_open(&b->w.arena, b->w.repository, "tag.go", "f", json, NULL, &b->target, &b->w.err);
}

START_TEST(a_description_has_flags_and_types)
{
    struct go_bench b;

    go_bench_init(&b, "package m\n\nfunc f(n int) int { return n }\n");
    ck_assert_int_eq(open_with(&b, "{\"params\": {\"n\": {\"type\": \"int\"}}, "
                                   "\"recipe\": {\"flags\": \"-tags=x -mod=vendor\"}}"),
                     0);
    ck_assert_uint_eq(b.target.recipe.flag_count, 2);
    ck_assert_str_eq(b.target.recipe.flags[1], "-mod=vendor");
    target_close(&b.target);
    ck_assert_int_eq(open_with(&b, "{\"params\": {\"n\": {\"role\": \"count\"}}}"), -1);
    ck_assert_int_eq(b.w.err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(b.w.err.message, "tag.go: params: 'n' has a 'role'"));
    ck_assert_int_eq(open_with(&b, "{\"recipe\": {\"flags\": [7]}}"), -1);
    ck_assert_ptr_nonnull(strstr(b.w.err.message, "'flags' must be a list of texts"));
    go_bench_release(&b);
}
END_TEST

START_TEST(each_language_has_a_table)
{
    ck_assert_str_eq(language_ops(language_of("src/tag.c"))->name, "c");
    ck_assert_str_eq(language_ops(language_of("pkg/tag.go"))->name, "go");
    ck_assert_int_eq(language_ops(LANGUAGE_GO)->id, LANGUAGE_GO);
    ck_assert(language_ops(LANGUAGE_GO)->managed && !language_ops(LANGUAGE_C)->managed);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/language", each_language_has_a_table, a_description_has_flags_and_types,
          a_duet_tells_more_work_from_equal_work, who_allocates_is_not_accused)
