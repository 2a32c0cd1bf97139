// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/hotspot.h"

#include "tests/unit/steps/profile-fetch/report_fixture.h"

static const struct cost_rates rates = {
    .given = true, .fleet_cores = 1000, .core_year_usd = 300, .elasticity = 1};

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

UNIT_MAIN("steps/profile-fetch/hotspot", selects, names_money_only_where_samples_carry_it,
          widens_the_interval_for_uneven_samples)
