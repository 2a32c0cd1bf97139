// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/profile.h"

#include "tests/unit/unit.h"

START_TEST(interns)
{
    AUTO_PROFILE profile;
    profile_init(&profile);
    uint32_t file = profile_name(&profile, STR("a.c"));
    ck_assert_uint_eq(profile_name(&profile, STR("")), 0);
    ck_assert_uint_eq(profile_name(&profile, STR("a.c")), file);
    uint32_t f = profile_function(&profile, STR("f"), file, 0, 0);
    ck_assert_uint_eq(profile_function(&profile, STR("f"), file, 0, 12), f);
    ck_assert_uint_eq(profile_function(&profile, STR("f"), file, 0, 13), f);
    ck_assert_uint_eq(profile.functions.items[f].line, 12);
    ck_assert_uint_ne(profile_function(&profile, STR("f"), 0, 0, 0), f);
    ck_assert_uint_ne(profile_function(&profile, STR("f"), file, file, 0), f);
    struct profile_frame frame = {.function = f, .file = file, .line = 3};
    uint32_t id = profile_frame(&profile, &frame);
    ck_assert_uint_eq(profile_frame(&profile, &frame), id);
    frame.inlined = true;
    ck_assert_uint_ne(profile_frame(&profile, &frame), id);
}
END_TEST

START_TEST(adds_up_arcs)
{
    AUTO_PROFILE profile;
    profile_init(&profile);
    profile_arc(&profile, 1, 2, 10);
    profile_arc(&profile, 1, 2, 5);
    profile_arc(&profile, 2, 1, INT64_MAX);
    profile_arc(&profile, 2, 1, 1);
    ck_assert_uint_eq(profile.arcs.count, 2);
    ck_assert_int_eq(profile.arcs.items[0].value, 15);
    ck_assert_int_eq(profile.arcs.items[1].value, INT64_MAX);
}
END_TEST

START_TEST(refuses_what_is_too_much)
{
    AUTO_PROFILE profile;
    struct err err;
    uint32_t frame = 0;
    profile_init(&profile);
    ck_assert_int_eq(profile_sample(&profile, &frame, 1, INT64_MIN, 1, &err), -1);
    uint32_t *deep = calloc(PROFILE_MAX_DEPTH + 1, sizeof(*deep));
    ck_assert_int_eq(profile_sample(&profile, deep, PROFILE_MAX_DEPTH + 1, 1, 1, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    free(deep);
    ck_assert_int_eq(profile_sample(&profile, &frame, 1, 1, 1, &err), 0);
    profile.full = true;
    ck_assert_int_eq(profile_sample(&profile, &frame, 1, 1, 1, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(cuts_endless_names)
{
    AUTO_PROFILE profile;
    profile_init(&profile);
    AUTO_BUF name = BUF(10000);
    memset(buf_extend(&name, 9000), 'x', 9000);
    uint32_t id = profile_function(&profile, buf_str(&name), 0, 0, 0);
    ck_assert_uint_eq(profile.functions.items[id].name.len, PROFILE_MAX_NAME_BYTES);
    ck_assert_uint_eq(profile.names.items[profile_name(&profile, buf_str(&name))].len,
                      PROFILE_MAX_NAME_BYTES);
}
END_TEST

START_TEST(merges_equal_measures_only)
{
    AUTO_PROFILE profile;
    struct err err;
    uint32_t frame = 0;
    profile_init(&profile);
    ck_assert_int_eq(profile_measure(&profile, PROFILE_SAMPLES, STR("x"), STR("y"), "a", &err), 0);
    ck_assert_int_eq(profile_measure(&profile, PROFILE_SAMPLES, STR("cpu"), STR("ns"), "a", &err), 0);
    ck_assert_int_eq(profile_sample(&profile, &frame, 1, 1, 1, &err), 0);
    ck_assert_int_eq(profile_measure(&profile, PROFILE_SAMPLES, STR("cpu"), STR("ns"), "b", &err), 0);
    ck_assert_int_eq(profile_measure(&profile, PROFILE_INSTRUCTIONS, STR("cpu"), STR("ns"), "b", &err), -1);
    ck_assert_int_eq(profile_measure(&profile, PROFILE_SAMPLES, STR("heap"), STR("ns"), "b", &err), -1);
    ck_assert_str_eq(
        err.message,
        "b measures heap in ns, the profiles before it cpu in ns; only equal measures can be merged");
}
END_TEST

START_TEST(finds_commits)
{
    AUTO_PROFILE profile;
    profile_init(&profile);
    profile_note_commits(&profile, STR("v1 0123456789abcdef0123456789ABCDEF01234567."));
    profile_note_commits(&profile, STR("0123456789abcdef0123456789abcdef012345678"));
    profile_note_commits(&profile, STR("0123456789abcdef"));
    ck_assert_uint_eq(profile.commits.count, 1);
    ck_assert_str_eq(profile.commits.items[0], "0123456789abcdef0123456789ABCDEF01234567");
    for (int i = 0; i < 100; i++)
        profile_note_commits(&profile, STR("0123456789abcdef0123456789abcdef01234567"));
    ck_assert_uint_eq(profile.commits.count, PROFILE_MAX_COMMITS);
}
END_TEST

START_TEST(knows_processor_time)
{
    ck_assert(profile_is_cpu(&(struct profile){.type = "cpu", .unit = "nanoseconds"}));
    ck_assert(profile_is_cpu(&(struct profile){.type = "cycles", .unit = "count"}));
    ck_assert(!profile_is_cpu(&(struct profile){.type = "space", .unit = "bytes"}));
    ck_assert(!profile_type_is_cpu(STR("cache-misses")));
    ck_assert(!profile_type_is_cpu(STR("inuse_objects")));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/profile", interns, adds_up_arcs, refuses_what_is_too_much, cuts_endless_names,
          merges_equal_measures_only, finds_commits, knows_processor_time)
