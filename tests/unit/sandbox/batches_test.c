// SPDX-License-Identifier: Apache-2.0
#include "sandbox/batches.h"
#include "tests/unit/unit.h"

#include <math.h>

static void
add(struct batches *batches, int64_t a1, int64_t a2, int64_t b1, int64_t b2)
{
    *vec_push(&batches->quads) = (struct batches_quad){{{a1, a2}, {b1, b2}}, false};
}

START_TEST(median_of_quads)
{
    struct batches batches = {.calls = 10, .empty_ns = {100, 200}};
    ck_assert(isnan(batches_log_ratio(&batches)) && isnan(batches_median_ns(&batches, 0)));
    add(&batches, 1100, 1100, 700, 700);   // 2
    add(&batches, 1100, 3100, 1200, 700);  // 1 and 6
    add(&batches, 4100, 9100, 1200, 1200); // 4 and 9
    ck_assert_double_eq_tol(exp(batches_log_ratio(&batches)), sqrt(6), 1e-12);
    ck_assert_double_eq(batches_median_ns(&batches, 0), 2000);
    ck_assert_double_eq(batches_median_ns(&batches, 1), 750);
    batches_release(&batches);
}
END_TEST

START_TEST(nothing_has_a_logarithm)
{
    struct batches batches = {.calls = 100, .empty_ns = {300, 300}};
    add(&batches, 1300, 1300, 299, 300);
    ck_assert_double_eq(batches_net_ns(&batches, 1, 299), 2);
    ck_assert_double_eq_tol(exp(batches_log_ratio(&batches)), 500, 1e-9);
    batches_release(&batches);
}
END_TEST

UNIT_MAIN("sandbox/batches", median_of_quads, nothing_has_a_logarithm)
