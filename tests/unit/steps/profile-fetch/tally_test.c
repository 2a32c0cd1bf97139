// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/tally.h"

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

UNIT_MAIN("steps/profile-fetch/tally", charges_each_sample_once, names_the_callers, gives_files_and_lines,
          reads_callgrind_with_cycles_and_library_calls)
