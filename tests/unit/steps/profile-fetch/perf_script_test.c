// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/perf_script.h"

#include "tests/unit/steps/profile-fetch/fixture.h"

static void
check_reads(const char *text, const char *expected)
{
    AUTO_PROFILE profile;
    struct err err;
    AUTO_BUF dump = {0};
    profile_init(&profile);
    ck_assert_msg(perf_script_read(str_of(text), "p", &profile, &err) == 0, "%s", err.message);
    fixture_dump(&profile, &dump);
    ck_assert_str_eq(buf_text(&dump), expected);
}

START_TEST(reads_call_chains)
{
    check_reads("svc  7381  2032.237407:    1001001 cpu-clock: \n"
                "\t            177d crc32_combine.part.0+0x17d (/srv/tagd)\n"
                "\t            1136 main+0xd6 (/srv/tagd)\n"
                "\n"
                "svc  7381 [001] 2032.238402:    7 cpu-clock:pppH: \n"
                "\tffffffff817554ea do_syscall_64+0x28a ([kernel.kallsyms])\n"
                "\t    7fb69ccf2ad7 [unknown] ([unknown])\n\n",
                "crc32_combine.part.0<main 1001001/1\ndo_syscall_64<[unknown] 7/1\n");
}
END_TEST

START_TEST(reads_commands_with_blanks_and_no_period)
{
    check_reads(
        "Web Content 12/34 [000] 1.5: cycles:u: \n\t 12 f(int, std::pair<a, b>) const+0x3 (/x (deleted))\n\n",
        "f(int, std::pair<a, b>) const 1/1\n");
}
END_TEST

START_TEST(reads_flat_lines)
{
    check_reads(
        "             svc  9265  2351.123503:    2004008 cpu-clock:      55cb is_tag_char+0x2 (/srv/tagd)\n"
        "            cafe  9265  2351.123504:    2 cpu-clock:      55cb main (/srv/tagd)\n",
        "is_tag_char 2004008/1\nmain 2/1\n");
}
END_TEST

START_TEST(reads_source_lines)
{
    check_reads("svc 1 2.5: 10 cpu-clock: \n"
                "\t 16a2 matrix_times+0xa2\n"
                "  ./src/checksum.c:28 (inlined)\n"
                "\t 16a2 combine+0xa2 (inlined)\n"
                "\t 1867 checksum_block+0x67 (/srv/tagd)\n"
                "  src/checksum.c:84 (discriminator 3)\n"
                "\t 1200 _start+0x20 (/srv/tagd)\n"
                "  ??:0\n\n",
                "matrix_times@./src/checksum.c:28~<combine~<checksum_block@src/checksum.c:84<_start 10/1\n");
    check_reads(
        " svc 1 2.5: 10 cpu-clock: 55 main+0x2 (/srv/tagd)\n  main.c:7\n svc 1 2.5: 10 cpu-clock: 55 f (/x)\n"
        "  [kernel.kallsyms][ffff]\n",
        "main@main.c:7 10/1\nf 10/1\n");
}
END_TEST

START_TEST(chooses_the_event_that_costs_time)
{
    AUTO_PROFILE profile;
    struct err err;
    AUTO_BUF dump = {0};
    profile_init(&profile);
    ck_assert_int_eq(perf_script_read(STR("a 1 1.0: 5 page-faults: \n\t1 x (/a)\n\n"
                                          "a 1 1.1: PERF_RECORD_MMAP2 1/1: r--p /a\n"
                                          "a 1 1.2: 6 cpu_core/cycles,period=1/P: \n\t1 y (/a)\n\n"
                                          "a 1 1.3: 7 cycles:u: \n\t1 z (/a)\n"),
                                      "p", &profile, &err),
                     0);
    fixture_dump(&profile, &dump);
    ck_assert_str_eq(buf_text(&dump), "y 6/1\nz 7/1\n");
    ck_assert_str_eq(profile.type, "cycles");
    ck_assert_uint_eq(profile.skipped_samples, 1);
}
END_TEST

START_TEST(knows_a_header)
{
    ck_assert(perf_script_is_header(STR("svc 7381 2032.237407: 1001001 cpu-clock: ")));
    ck_assert(!perf_script_is_header(STR("svc 7381 2032.237407: ")));
    ck_assert(!perf_script_is_header(STR("main;a;b 12")));
    ck_assert(!perf_script_is_header(STR("\t 177d crc32+0x17d (/srv/tagd)")));
}
END_TEST

START_TEST(names_the_bad_line)
{
    FIXTURE_FAILS(perf_script_read, STR("# x\n\t12 main (/a)\n"), "p:2: expected a sample's header");
    FIXTURE_FAILS(perf_script_read, STR("a 1 1.0: 5 cycles: \n\tmain (/a)\n"), "p:2: expected a frame");
    FIXTURE_FAILS(perf_script_read, STR("a 1 1.0: 5 cycles: \n\t12345678901234567890 main (/a)\n"), "p:2: ");
    FIXTURE_FAILS(perf_script_read, STR("a 1 1.0: 5 cycles: \n\t12\n"), "p:2: ");
    FIXTURE_FAILS(perf_script_read, STR("a 1 1.0: 5 cycles: \n\t12 half_a_sym\n"), "p:2: ");
    FIXTURE_FAILS(perf_script_read, STR("a 1 1.0: 5 cycles: \njunk\n"), "p:2: expected a header with a time");
}
END_TEST

START_TEST(refuses_endless_stacks)
{
    AUTO_BUF text = BUF(1 << 20);
    buf_puts(&text, "a 1 1.0: 5 cycles: \n");
    for (int i = 0; i < 17000; i++)
        buf_puts(&text, "\t12 f (/a)\n");
    FIXTURE_FAILS(perf_script_read, buf_str(&text), "p:16386: stack of more than 16384 frames");
}
END_TEST

UNIT_MAIN("steps/profile-fetch/perf_script", reads_call_chains, reads_commands_with_blanks_and_no_period,
          reads_flat_lines, reads_source_lines, chooses_the_event_that_costs_time, knows_a_header,
          names_the_bad_line, refuses_endless_stacks)
