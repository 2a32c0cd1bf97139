// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/folded.h"

#include "tests/unit/steps/profile-fetch/fixture.h"

static void
check_reads(const char *text, const char *expected)
{
    AUTO_PROFILE profile;
    struct err err;
    AUTO_BUF dump = {0};
    profile_init(&profile);
    ck_assert_msg(folded_read(str_of(text), "p", &profile, &err) == 0, "%s", err.message);
    fixture_dump(&profile, &dump);
    ck_assert_str_eq(buf_text(&dump), expected);
}

START_TEST(reads_stacks_leaf_first)
{
    check_reads("main;a;b 12\nmain 3\n", "b<a<main 12/12\nmain 3/3\n");
    check_reads("a;b 1", "b<a 1/1\n");
}
END_TEST

START_TEST(skips_comments_blanks_and_zeroes)
{
    check_reads("# a;b 3\n\n  \r\nmain;x 0\nmain;;y 2\r\n", "y<main 2/2\n");
}
END_TEST

START_TEST(keeps_blanks_and_semicolon_free_symbols)
{
    check_reads("main;std::map<int, char>::find(int) const 5\n",
                "std::map<int, char>::find(int) const<main 5/5\n");
}
END_TEST

START_TEST(understands_annotations)
{
    check_reads("main;crc_[i];do_read_[k] 7\n", "do_read<crc~<main 7/7\n");
    check_reads("main;x_[q];_[i] 7\n", "_[i]<x_[q]<main 7/7\n");
}
END_TEST

START_TEST(understands_places)
{
    check_reads("main (app.py:12);parse (lib/p.py:88) 2\n", "parse@lib/p.py:88<main@app.py:12 2/2\n");
    check_reads("f (int);g (x:y);h (a:99999999999) 2\n", "h (a:99999999999)<g (x:y)<f (int) 2/2\n");
}
END_TEST

START_TEST(takes_a_large_common_divisor_for_the_period)
{
    check_reads("a 250000000\nb 500000000\n", "a 250000000/1\nb 500000000/2\n");
    check_reads("a 250\nb 500\n", "a 250/250\nb 500/500\n");
}
END_TEST

START_TEST(names_the_bad_line)
{
    FIXTURE_FAILS(folded_read, STR("a;b 1\nmain;x\n"), "p:2: expected `frame;frame NUMBER`");
    FIXTURE_FAILS(folded_read, STR("a;b 1\nmain;x 1.5\n"), "p:2: ");
    FIXTURE_FAILS(folded_read, STR("a;b -1\n"), "p:1: ");
    FIXTURE_FAILS(folded_read, STR("a 1\n12\n"), "p:2: ");
    FIXTURE_FAILS(folded_read, STR("a 1\n;; 4\n"), "p:2: a number without a stack");
    FIXTURE_FAILS(folded_read, STR("a 9999999999999999999\n"), "p:1: ");
}
END_TEST

START_TEST(refuses_endless_stacks)
{
    AUTO_BUF text = BUF(1 << 20);
    for (int i = 0; i < 20000; i++)
        buf_puts(&text, "f;");
    buf_puts(&text, "g 1\n");
    FIXTURE_FAILS(folded_read, buf_str(&text), "p:1: stack of more than 16384 frames");
}
END_TEST

START_TEST(merges_files)
{
    AUTO_PROFILE profile;
    struct err err;
    profile_init(&profile);
    ck_assert_int_eq(folded_read(STR("a;b 300000\n"), "p", &profile, &err), 0);
    ck_assert_int_eq(folded_read(STR("a;b 4\n"), "q", &profile, &err), 0);
    ck_assert_uint_eq(profile.functions.count, 2);
    ck_assert_double_eq(profile.samples.items[0].count, 1);
    ck_assert_double_eq(profile.samples.items[1].count, 4);
}
END_TEST

UNIT_MAIN("steps/profile-fetch/folded", reads_stacks_leaf_first, skips_comments_blanks_and_zeroes,
          keeps_blanks_and_semicolon_free_symbols, understands_annotations, understands_places,
          takes_a_large_common_divisor_for_the_period, names_the_bad_line, refuses_endless_stacks,
          merges_files)
