// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/format.h"

#include "base/archive.h"
#include "tests/unit/steps/profile-fetch/fixture.h"

static void
check_detects(const char *pattern, const char *expected)
{
    AUTO_ARENA arena = {0};
    struct fs_list files;
    struct err err;
    ck_assert_int_eq(fs_glob(&arena, pattern, &files, &err), 0);
    ck_assert_uint_gt(files.count, 0);
    for (size_t i = 0; i < files.count; i++) {
        AUTO_BUF data = BUF(1 << 20);
        ck_assert_int_eq(unpack_bytes(fixture_read(&arena, files.paths[i]), 1 << 20, &data, &err), 0);
        const struct format_ops *ops = format_detect(buf_str(&data));
        ck_assert_msg(ops && strcmp(ops->name, expected) == 0, "%s is %s", files.paths[i],
                      ops ? ops->name : "nothing");
        AUTO_PROFILE profile;
        profile_init(&profile);
        ck_assert_msg(format_read(buf_str(&data), "p", NULL, &profile, &err) == 0, "%s", err.message);
        ck_assert_str_eq(profile.format, expected);
        ck_assert_uint_gt(profile.samples.count, 0);
    }
}

START_TEST(detects_every_seed)
{
    check_detects(SEEDS "pprof/*", "pprof");
    check_detects(SEEDS "folded/*", "folded");
    check_detects(SEEDS "perf_script/*", "perf-script");
    check_detects(SEEDS "callgrind/*", "callgrind");
}
END_TEST

START_TEST(detects_by_content)
{
    ck_assert_str_eq(format_detect(STR("version: 1\nevents: Ir\n\nfl=a\n"))->name, "callgrind");
    ck_assert_str_eq(
        format_detect(STR("# ====\n# perf version : 6.1\nsvc 1 2.0: 3 cycles: \n\t1 f (/a)\n"))->name,
        "perf-script");
    ck_assert_str_eq(format_detect(STR("events: 12\n"))->name, "folded");
    ck_assert_ptr_null(format_detect(STR("")));
    ck_assert_ptr_null(format_detect(STR("hello world\n")));
    ck_assert_ptr_null(format_detect(STR("\177ELF\2\1")));
}
END_TEST

START_TEST(says_what_it_can_read)
{
    AUTO_PROFILE profile;
    struct err err;
    profile_init(&profile);
    ck_assert_int_eq(format_read(STR("hello world\n"), "x.txt", "auto", &profile, &err), -1);
    ck_assert_str_eq(err.message, "x.txt:1: neither pprof, folded stacks, `perf script` text nor callgrind "
                                  "output; say which by `format:`");
    ck_assert_int_eq(format_read(STR("a 1\n"), "x.txt", "jfr", &profile, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_int_eq(format_read(STR("a 1\n"), "x.txt", "pprof", &profile, &err), -1);
    ck_assert_int_eq(err.kind, ERR_PARSE);
}
END_TEST

START_TEST(offers_all_formats)
{
    ck_assert_str_eq(format_names[0], "auto");
    size_t count = 0;
    for (; format_list[count]; count++)
        ck_assert_ptr_eq(format_find(format_names[count + 1]), format_list[count]);
    ck_assert_ptr_null(format_names[count + 1]);
    ck_assert_ptr_null(format_find("jfr"));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/format", detects_every_seed, detects_by_content, says_what_it_can_read,
          offers_all_formats)
