// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/locate.h"

#include "tests/unit/steps/profile-fetch/report_fixture.h"

START_TEST(tells_functions_of_one_name_apart)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    fixture_file(&rig.arena, rig.folder, "a/x.c", "int go(void)\n{\n}\n");
    fixture_file(&rig.arena, rig.folder, "b/x.c", "int go(void)\n{\n}\n");
    AUTO_JSON *report = rig_report(&rig, "go (/w/a/x.c:2) 60\ngo (/w/b/x.c:2) 40\n");
    rig_check(report, true, "600 go a/x.c:1-3, 400 go@b/x.c b/x.c:1-3");
    AUTO_JSON *unknown = rig_report(&rig, "go 60\n");
    rig_check(unknown, false, "");
    rig_check_warning(unknown, "go is defined in several files");
    AUTO_JSON *hinted = rig_report(&rig, "s 1 1.0: 1 cycles: \n\t1 go (/a)\n  b/x.c:2\n");
    rig_check(hinted, true, "1000 go b/x.c:1-3");
    rig.request.include = (const char *const[]){"b/*", NULL};
    AUTO_JSON *chosen = rig_report(&rig, "go 60\n");
    rig_check(chosen, true, "1000 go b/x.c:1-3");
    AUTO_JSON *base_name = rig_report(&rig, "go (x.c:2) 60\n");
    rig_check(base_name, true, "1000 go b/x.c:1-3");
}
END_TEST

// libc's memcpy is not the repository's, nor is a function of a file that only has the same name.
START_TEST(keeps_foreign_functions_out)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    fixture_file(&rig.arena, rig.folder, "memcpy.c", "void *memcpy(void)\n{\n}\n");
    AUTO_JSON *report =
        rig_report(&rig, "s 1 1.0: 1 cycles: \n\t1 memcpy (/usr/lib/libc.so.6)\n\t1 normalize_tag (/a)\n\n"
                         "s 1 1.0: 1 cycles: \n\t1 do_idle ([kernel.kallsyms])\n\n"
                         "s 1 1.0: 2 cycles: \n\t1 memcpy (/a)\n\n");
    rig_check(report, false, "500 memcpy, 250 normalize_tag");
    AUTO_JSON *other = rig_report(&rig, "proc (/usr/go/runtime/main.c:9) 5\n");
    rig_check(other, false, "");
    rig_check_warning(other, "no function of the profile is defined in the repository");
}
END_TEST

START_TEST(merges_copies_the_compiler_made)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report =
        rig_report(&rig, "crc32_combine.part.0 2\ncrc32_combine 1\nfibonacci.constprop.0 1\n");
    rig_check(report, false, "750 crc32_combine, 250 fibonacci");
    ck_assert_str_eq(json_get_text(rig_hotspot(report, "crc32_combine"), "symbol", ""),
                     "crc32_combine.part.0");
}
END_TEST

START_TEST(follows_build_folders)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report = rig_report(&rig, "normalize_tag (/build/job-7/tagd/./src/../src/tag.c:12) 3\n"
                                         "murmur3_32 (murmur3.c:3) 1\n");
    rig_check(report, true, "750 normalize_tag src/tag.c:10-13, 250 murmur3_32 src/murmur3.c:1-4");
}
END_TEST

START_TEST(notices_functions_and_lines_that_are_gone)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    AUTO_JSON *report = rig_report(&rig, "normalize_tag (/w/src/tag.c:12) 50\nold_tag (/w/src/tag.c:70) 30\n"
                                         "murmur3_32 (/w/src/murmur3.c:88) 20\n");
    rig_check(report, false, "500 normalize_tag, 200 murmur3_32");
    rig_check_warning(report, "old_tag is in the profile, but src/tag.c does not define it any more");
    rig_check_warning(report, "line 88 of src/murmur3.c, which ends at line 4: the source changed");
}
END_TEST

START_TEST(skips_a_folder_that_is_not_source)
{
    AUTO_RIG rig;
    rig_setup(&rig);
    fixture_file(&rig.arena, rig.folder, "scratch/tag.c", rig_tag_c);
    rig.request.skip = fs_join(&rig.arena, rig.folder, "scratch");
    AUTO_JSON *report = rig_report(&rig, "normalize_tag 5\n");
    rig_check(report, true, "1000 normalize_tag src/tag.c:10-13");
}
END_TEST

UNIT_MAIN("steps/profile-fetch/locate", tells_functions_of_one_name_apart, keeps_foreign_functions_out,
          merges_copies_the_compiler_made, follows_build_folders, notices_functions_and_lines_that_are_gone,
          skips_a_folder_that_is_not_source)
