// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/report.h"

#include "tests/unit/steps/profile-fetch/report_fixture.h"

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

UNIT_MAIN("steps/profile-fetch/report", refuses_an_empty_profile, refuses_values_beyond_64_bits,
          agrees_with_go_tool_pprof, reads_all_of_perf)
