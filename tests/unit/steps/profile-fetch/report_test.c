// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/report.h"

#include "tests/unit/steps/profile-fetch/report_fixture.h"

static const struct cost_rates rates = {
    .given = true, .fleet_cores = 1000, .core_year_usd = 300, .elasticity = 1};

START_TEST(charges_each_sample_once)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report = rig_report(&rig, "main;normalize_tag 300\n"
                                         "main;normalize_tag;is_tag_char 100\n"
                                         "main;normalize_tag_value;is_tag_char_[i] 50\n"
                                         "main;checksum_block;crc32_combine;matrix_times_[i] 200\n"
                                         "main;checksum_block;crc32_combine;memcpy 150\n"
                                         "main;fibonacci;fibonacci;fibonacci 100\n"
                                         "idle;loop 100\n");
    rig_check(report, true,
              "400 normalize_tag src/tag.c:10-13, 350 crc32_combine src/checksum.c:13-16, "
              "100 fibonacci src/fibonacci.c:1-1, 50 normalize_tag_value src/tag.c:16-19");
    const json_t *tag = rig_hotspot(report, "normalize_tag"), *fibonacci = rig_hotspot(report, "fibonacci");
    ck_assert_double_eq(json_get_real(tag, "flat_share", 0), 0.3);
    ck_assert_double_eq(json_get_real(tag, "cumulative_share", 0), 0.4);
    ck_assert_int_eq(json_get_int(tag, "samples", 0), 400);
    ck_assert_double_eq(json_get_real(fibonacci, "cumulative_share", 0), 0.1);
    ck_assert_int_eq(json_get_int(report, "samples", 0), 1000);
    ck_assert_double_eq(json_get_real(report, "located_share", 0), 0.9);
    ck_assert_str_eq(json_get_text(report, "format", ""), "folded");
    ck_assert(json_equal(json_object_get(report, "items"), json_object_get(report, "hotspots")));
    rig_check_no_warning(report);
}
END_TEST

START_TEST(names_the_callers)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report =
        rig_report(&rig, "a;fibonacci;fibonacci 10\nb;fibonacci 40\nc;fibonacci 20\nd;fibonacci 30\n");
    const json_t *callers = json_object_get(rig_hotspot(report, "fibonacci"), "callers");
    ck_assert_uint_eq(json_array_size(callers), 3);
    ck_assert_str_eq(json_get_text(json_array_get(callers, 0), "function", ""), "b");
    ck_assert_double_eq(json_get_real(json_array_get(callers, 0), "share", 0), 0.4);
    ck_assert_str_eq(json_get_text(json_array_get(callers, 2), "function", ""), "c");
    AUTO_JSON *recursive = rig_report(&rig, "a;fibonacci;fibonacci 10\n");
    callers = json_object_get(rig_hotspot(recursive, "fibonacci"), "callers");
    ck_assert_str_eq(json_get_text(json_array_get(callers, 0), "function", ""), "a");
}
END_TEST

START_TEST(gives_files_and_lines)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report = rig_report(
        &rig, "svc 1 1.0: 1 cycles: \n\t1 normalize_tag (/a)\n  tag.c:12\n\t2 main (/a)\n  main.c:2\n\n"
              "svc 1 1.1: 2 cycles: \n\t1 normalize_tag (/a)\n  tag.c:11\n\t2 main (/a)\n  main.c:2\n\n"
              "svc 1 1.2: 1 cycles: \n\t1 normalize_tag (/a)\n  tag.h:99\n\t2 main (/a)\n  main.c:2\n\n");
    const json_t *lines = json_object_get(rig_hotspot(report, "normalize_tag"), "lines");
    ck_assert_uint_eq(json_array_size(lines), 2);
    ck_assert_int_eq(json_get_int(json_array_get(lines, 0), "line", 0), 11);
    ck_assert_double_eq(json_get_real(json_array_get(lines, 0), "share", 0), 0.5);
    const json_t *files = json_object_get(report, "files");
    ck_assert_uint_eq(json_array_size(files), 2);
    ck_assert_str_eq(json_get_text(json_array_get(files, 0), "file", ""), "src/tag.c");
    ck_assert_double_eq(json_get_real(json_array_get(files, 0), "flat_share", 0), 1);
    ck_assert_double_eq(json_get_real(json_array_get(files, 1), "flat_share", -1), 0);
    ck_assert_double_eq(json_get_real(json_array_get(files, 1), "cumulative_share", 0), 1);
    rig_check_no_warning(report);
}
END_TEST

START_TEST(names_money_only_where_samples_carry_it)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    rig.request.rates = rates;
    AUTO_JSON *report = rig_report(&rig, "main;normalize_tag 960\nmain;fibonacci 20\nmain;murmur3_32 20\n");
    const json_t *tag = rig_hotspot(report, "normalize_tag"), *fibonacci = rig_hotspot(report, "fibonacci");
    ck_assert_double_eq(json_get_real(tag, "usd_per_year", 0), 288000);
    ck_assert_double_eq(json_get_real(tag, "saving_usd_per_year", 0), 57600);
    ck_assert_double_lt(json_get_real(tag, "usd_per_year_low", 0), 288000);
    ck_assert_double_gt(json_get_real(tag, "usd_per_year_low", 0), 280000);
    ck_assert(json_is_null(json_object_get(tag, "usd_reason")));
    ck_assert(json_is_null(json_object_get(fibonacci, "usd_per_year")));
    ck_assert_str_eq(json_get_text(fibonacci, "usd_reason", ""), "fewer than 30 samples");
    ck_assert_ptr_nonnull(
        strstr(json_get_text(report, "summary", ""), "$288000 a year, $57600 saved at 1.25x"));
}
END_TEST

// Ten samples, one of which weighs as much as the others together: four effective ones.
START_TEST(widens_the_interval_for_uneven_samples)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_BUF text = BUF(10000);
    for (int i = 0; i < 10; i++)
        buf_printf(&text, "s 1 1.%d: %d cycles: \n\t1 %s (/a)\n\n", i, i == 0 ? 9 : 1,
                   i == 0 ? "fibonacci" : "murmur3_32");
    AUTO_JSON *report = rig_report(&rig, buf_text(&text));
    struct cost_interval expected = cost_wilson(0.5, 18.0 * 18 / 90);
    const json_t *hotspot = rig_hotspot(report, "fibonacci");
    ck_assert_double_eq_tol(json_get_real(hotspot, "share_low", 0), expected.low, 1e-6);
    ck_assert_double_eq_tol(json_get_real(hotspot, "share_high", 0), expected.high, 1e-6);
    ck_assert_int_eq(json_get_int(hotspot, "samples", 0), 1);
}
END_TEST

// even and odd call each other; normalize_tag calls strlen, which stays outside, and its helper.
START_TEST(reads_callgrind_with_cycles_and_library_calls)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    rig.request.rates = rates;
    fixture_file(&rig.arena, rig.folder, "cycle.c",
                 "int odd(int n);\nint even(int n)\n{\n    return odd(n - 1);\n}\n"
                 "int odd(int n)\n{\n    return even(n - 1);\n}\n");
    AUTO_JSON *report = rig_report(
        &rig, "events: Ir\nfl=main.c\nfn=main\n1 100\ncfi=cycle.c\ncfn=even\ncalls=1 1\n2 500\n"
              "cfi=src/tag.c\ncfn=normalize_tag\ncalls=1 1\n2 400\nfl=cycle.c\nfn=even\n4 200\ncfn=odd\n"
              "calls=9 1\n4 700\nfn=odd\n8 300\ncfn=even\ncalls=9 1\n8 900\nfl=src/tag.c\nfn=normalize_tag\n"
              "12 150\ncob=/lib/libc.so.6\ncfi=strlen.S\ncfn=strlen\ncalls=1 1\n12 200\ncfn=is_tag_char\n"
              "calls=1 1\n12 50\nfn=is_tag_char\n6 50\nob=/lib/libc.so.6\nfl=strlen.S\nfn=strlen\n1 200\n");
    rig_check(report, false, "400 normalize_tag, 300 odd, 200 even, 100 main");
    const json_t *tag = rig_hotspot(report, "normalize_tag"), *even = rig_hotspot(report, "even");
    ck_assert_double_eq(json_get_real(tag, "flat_share", 0), 0.15);
    ck_assert_double_eq(json_get_real(tag, "cumulative_share", 0), 0.4);
    ck_assert_double_eq(json_get_real(even, "cumulative_share", 0), 0.5);
    ck_assert_double_eq(json_get_real(rig_hotspot(report, "main"), "cumulative_share", 0), 1);
    ck_assert_double_eq(json_get_real(tag, "share_low", 0), 0.4);
    ck_assert(json_is_null(json_object_get(tag, "samples")));
    ck_assert_str_eq(json_get_text(tag, "kind", ""), "instructions");
    ck_assert_double_eq(json_get_real(tag, "usd_per_year", 0), 120000);
    rig_check_no_warning(report);
}
END_TEST

START_TEST(selects)
{
    static const char profile[] = "normalize_tag 50\nfibonacci 30\nmurmur3_32 15\ncrc32_update 5\n";
    AUTO_RIG rig;
    rig_setup(&rig);
    struct profile_request open = rig.request;
    rig.request.top = 2;
    AUTO_JSON *top = rig_report(&rig, profile);
    rig_check(top, false, "500 normalize_tag, 300 fibonacci");
    rig.request = open;
    rig.request.min_share = 0.15;
    AUTO_JSON *hot = rig_report(&rig, profile);
    rig_check(hot, false, "500 normalize_tag, 300 fibonacci, 150 murmur3_32");
    rig.request = open;
    rig.request.exclude = (const char *const[]){"src/t*", "**/murmur3.c", NULL};
    AUTO_JSON *excluded = rig_report(&rig, profile);
    rig_check(excluded, false, "300 fibonacci, 50 crc32_update");
    rig.request = open;
    rig.request.include = (const char *const[]){"src/t*.c", NULL};
    AUTO_JSON *included = rig_report(&rig, profile);
    rig_check(included, false, "500 normalize_tag");
    rig.request = open;
    rig.request.functions =
        (const char *const[]){"fibonacci", "src/murmur3.c:murmur3_32", "x.c:normalize_tag", NULL};
    AUTO_JSON *named = rig_report(&rig, profile);
    rig_check(named, false, "300 fibonacci, 150 murmur3_32");
}
END_TEST

START_TEST(refuses_an_empty_profile)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    struct err err;
    fixture_file(&rig.arena, rig.folder, "p.profile", "a 0\n");
    static const char *const sources[] = {"p.profile", NULL};
    ck_assert_ptr_null(profile_report(&rig.request, sources, rig.folder, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "p.profile: no samples"));
    fixture_file(&rig.arena, rig.folder, "p.profile", "a 1\n");
    rig.request.repository = "/no/such/folder";
    ck_assert_ptr_null(profile_report(&rig.request, sources, rig.folder, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "/no/such/folder"));
}
END_TEST

START_TEST(refuses_values_beyond_64_bits)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    struct err err;
    AUTO_BUF text = BUF(10000);
    for (int i = 0; i < 20; i++)
        buf_printf(&text, "a%d 999999999999999999\n", i);
    fixture_file(&rig.arena, rig.folder, "p.profile", buf_text(&text));
    ck_assert_ptr_null(
        profile_report(&rig.request, (const char *const[]){"p.profile", NULL}, rig.folder, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "more than 64 bits"));
}
END_TEST

// go tool pprof -top on the same file: Sum 1610 ms flat, 1620 ms cumulative of 2980 ms; Normalize 520 and
// 780; Fib 510.
START_TEST(agrees_with_go_tool_pprof)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    fixture_file(&rig.arena, rig.folder, "main.go",
                 "package main\n\nfunc work(buf []byte) int {\n\treturn 1\n}\n\nfunc main() {\n}\n");
    fixture_file(&rig.arena, rig.folder, "internal/tag/tag.go",
                 "package tag\n\nfunc isLetter(c byte) bool { return c > 0 }\n\n"
                 "func Normalize(in []byte) []byte {\n\treturn nil\n}\n\nfunc Fib(n int) int {\n\treturn "
                 "Fib(n-1)\n}\n");
    fixture_file(&rig.arena, rig.folder, "vendor/example.com/hash/hash.go",
                 "package hash\n\nfunc Sum(b []byte) uint32 {\n\treturn 1\n}\n");
    AUTO_JSON *report = rig_report_file(&rig, SEEDS "pprof/go-cpu.pb.gz");
    const json_t *sum = rig_hotspot(report, "Sum"), *normalize = rig_hotspot(report, "Normalize");
    ck_assert_str_eq(json_get_text(sum, "file", ""), "vendor/example.com/hash/hash.go");
    ck_assert_double_eq_tol(json_get_real(sum, "flat_share", 0), 1610.0 / 2980, 1e-6);
    ck_assert_double_eq_tol(json_get_real(sum, "cumulative_share", 0), 1620.0 / 2980, 1e-6);
    ck_assert_double_eq_tol(json_get_real(normalize, "flat_share", 0), 520.0 / 2980, 1e-6);
    ck_assert_double_eq_tol(json_get_real(normalize, "cumulative_share", 0), 780.0 / 2980, 1e-6);
    ck_assert_double_eq_tol(json_get_real(normalize, "share", 0), 780.0 / 2980, 1e-6);
    ck_assert_double_eq_tol(json_get_real(rig_hotspot(report, "Fib"), "flat_share", 0), 510.0 / 2980, 1e-6);
    ck_assert_int_eq(json_get_int(report, "samples", 0), 298);
    ck_assert_str_eq(json_get_text(sum, "language", ""), "go");
}
END_TEST

// The same program seen by perf: plain, with source lines, unwound with inlined functions, without call
// chains.
START_TEST(reads_all_of_perf)
{
    static const struct {
        const char *file, *expected;
    } cases[] = {{"callchain.txt", "267 crc32_combine"},     {"callchain-srcline.txt", "636 crc32_combine"},
                 {"dwarf-inlined.txt", "222 crc32_combine"}, {"dwarf-srcline.txt", "222 crc32_combine"},
                 {"flat.txt", "667 crc32_combine"},          {"flat-srcline.txt", "750 crc32_combine"},
                 {"two-events.txt", "667 crc32_combine"}};
    AUTO_RIG rig;
    rig_setup(&rig);
    rig.request.functions = (const char *const[]){"crc32_combine", NULL};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_JSON *report =
            rig_report_file(&rig, arena_printf(&rig.arena, SEEDS "perf_script/%s", cases[i].file));
        rig_check(report, false, cases[i].expected);
    }
}
END_TEST

UNIT_MAIN("steps/profile-fetch/report", charges_each_sample_once, names_the_callers, gives_files_and_lines,
          names_money_only_where_samples_carry_it, widens_the_interval_for_uneven_samples,
          reads_callgrind_with_cycles_and_library_calls, selects, refuses_an_empty_profile,
          refuses_values_beyond_64_bits, agrees_with_go_tool_pprof, reads_all_of_perf)
