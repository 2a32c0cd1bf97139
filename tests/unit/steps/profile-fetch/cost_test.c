// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/cost.h"

#include "tests/unit/unit.h"

static const struct cost_rates rates = {
    .given = true, .fleet_cores = 1000, .core_year_usd = 300, .elasticity = 0.8};

static struct profile
profile_of(enum profile_kind kind, const char *type, const char *unit)
{
    return (struct profile){.kind = kind, .type = type, .unit = unit};
}

// R: prop.test(10, 100, correct = FALSE)$conf.int
START_TEST(gives_wilsons_interval)
{
    struct cost_interval interval = cost_wilson(0.1, 100);
    ck_assert_double_eq_tol(interval.low, 0.05522914, 1e-7);
    ck_assert_double_eq_tol(interval.high, 0.17436566, 1e-7);
    interval = cost_wilson(0, 10);
    ck_assert_double_eq(interval.low, 0);
    ck_assert_double_eq_tol(interval.high, 0.27753279, 1e-7);
    interval = cost_wilson(1, 10);
    ck_assert_double_eq_tol(interval.high, 1, 1e-12);
    interval = cost_wilson(0.5, 0);
    ck_assert_double_eq(interval.low, 0);
    ck_assert_double_eq(interval.high, 1);
}
END_TEST

START_TEST(names_money)
{
    ck_assert_double_eq_tol(cost_usd_per_year(&rates, 0.25), 60000, 1e-9);
}
END_TEST

// A share of 0.5 % is known to 20 % only with 19,112 samples.
START_TEST(refuses_money_the_samples_cannot_carry)
{
    struct profile cpu = profile_of(PROFILE_SAMPLES, "cpu", "nanoseconds");
    struct profile heap = profile_of(PROFILE_SAMPLES, "inuse_space", "bytes");
    struct profile locks = profile_of(PROFILE_SAMPLES, "contentions", "count");
    struct profile instructions = profile_of(PROFILE_INSTRUCTIONS, "Ir", "count");
    struct cost_rates none = {0};
    ck_assert_ptr_null(cost_refusal(&rates, &cpu, 0.1, 100, cost_wilson(0.1, 1000)));
    ck_assert_str_eq(cost_refusal(&none, &cpu, 0.1, 100, cost_wilson(0.1, 1000)), "no cost: was given");
    ck_assert_str_eq(cost_refusal(&rates, &cpu, 0.1, 29, cost_wilson(0.1, 290)), "fewer than 30 samples");
    ck_assert_str_eq(cost_refusal(&rates, &cpu, 0.1, 30, cost_wilson(0.1, 40)),
                     "the interval is wider than half of the share");
    ck_assert_str_eq(cost_refusal(&rates, &heap, 0.1, 100, cost_wilson(0.1, 1000)),
                     "the profile does not measure processor time");
    ck_assert_ptr_nonnull(cost_refusal(&rates, &locks, 0.1, 100, cost_wilson(0.1, 1000)));
    ck_assert_ptr_null(cost_refusal(&rates, &instructions, 0.1, 0, (struct cost_interval){0.1, 0.1}));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/cost", gives_wilsons_interval, names_money,
          refuses_money_the_samples_cannot_carry)
