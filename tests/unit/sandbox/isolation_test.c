// SPDX-License-Identifier: Apache-2.0
#include "sandbox/isolation.h"
#include "sandbox/launcher.h"
#include "tests/unit/unit.h"

#include <stdio.h>

START_TEST(names_round_trip)
{
    static const char *const names[] = {"none", "guard", "fence", "cell", "vault"};
    for (int i = ISOLATION_NONE; i <= ISOLATION_VAULT; i++) {
        enum isolation_level level = ISOLATION_NONE;
        ck_assert_str_eq(isolation_name((enum isolation_level)i), names[i]);
        ck_assert(isolation_parse(names[i], &level));
        ck_assert_int_eq(level, i);
    }
    enum isolation_level level = ISOLATION_GUARD;
    ck_assert(!isolation_parse("strict", &level));
    ck_assert(!isolation_parse("", &level));
    ck_assert_int_eq(level, ISOLATION_GUARD);
    for (enum isolation_part i = 0; i < PART_COUNT; i++) {
        enum isolation_part part = PART_COUNT;
        ck_assert(isolation_part_parse(isolation_part_name(i), &part));
        ck_assert_int_eq(part, i);
        ck_assert_uint_le(strlen(isolation_part_name(i)), PART_NAME_MAX);
        ck_assert_str_ne(isolation_part_summary(i), "");
        for (enum isolation_place place = 0; place < PLACE_COUNT; place++)
            ck_assert_str_ne(isolation_advice(i, place), "");
    }
    enum isolation_part part = PART_PROC;
    ck_assert(!isolation_part_parse("seccom", &part));
    ck_assert_int_eq(part, PART_PROC);
}
END_TEST

START_TEST(probe_is_consistent)
{
    struct isolation_probe probe, again;
    isolation_probe(&probe);
    ck_assert_int_ge(probe.landlock_abi, 0);
    ck_assert_int_eq(probe.level, isolation_best(probe.there, 0, ISOLATION_VAULT));
    ck_assert_int_eq(!!(probe.there & PART(PART_LANDLOCK_FILES)), probe.landlock_abi >= 3);
    ck_assert_int_eq(!!(probe.there & PART(PART_LANDLOCK_SIGNALS)), probe.landlock_abi >= 6);
    for (enum isolation_part part = 0; part < PART_COUNT; part++)
        ck_assert_msg((probe.there & PART(part)) || probe.reasons[part][0], "%s is missing without a reason",
                      isolation_part_name(part));
    // It changed nothing.
    isolation_probe(&again);
    ck_assert_uint_eq(again.there, probe.there);
}
END_TEST

START_TEST(best_level_is_the_highest_that_is_whole)
{
    unsigned cell = isolation_parts(ISOLATION_CELL), fence = isolation_parts(ISOLATION_FENCE);
    ck_assert_int_eq(isolation_best(0, 0, ISOLATION_VAULT), ISOLATION_NONE);
    ck_assert_int_eq(isolation_best(fence, 0, ISOLATION_VAULT), ISOLATION_FENCE);
    ck_assert_int_eq(isolation_best(fence, 0, ISOLATION_GUARD), ISOLATION_GUARD);
    ck_assert_int_eq(isolation_best(fence | cell, 0, ISOLATION_VAULT), ISOLATION_CELL);
    // A kernel whose Landlock knows no signals yet: its process namespace does as much.
    ck_assert_int_eq(isolation_best(cell, 0, ISOLATION_VAULT), ISOLATION_CELL);
    ck_assert_int_eq(isolation_best(cell & ~PART(PART_NET_NS), 0, ISOLATION_VAULT), ISOLATION_GUARD);
    ck_assert_int_eq(isolation_best(cell & ~PART(PART_NET_NS), PART(PART_NET_NS), ISOLATION_VAULT),
                     ISOLATION_CELL);
    ck_assert_int_eq(isolation_best(cell & ~PART(PART_NET_NS), PART(PART_PROC), ISOLATION_VAULT),
                     ISOLATION_GUARD);
}
END_TEST

// The level decided on for what is there, or ISOLATION_NONE with the message in *err.
static enum isolation_level
decide(unsigned there, struct isolation_demand demand, struct err *err)
{
    struct isolation_probe probe = {.there = there};
    enum isolation_level level;
    snprintf(probe.reasons[PART_NET_NS], PART_REASON_MAX, "Operation not permitted");
    return isolation_decide(&probe, &demand, &level, err) == 0 ? level : ISOLATION_NONE;
}

START_TEST(less_than_required_is_refused_with_the_way_out)
{
    struct err err = {0};
    unsigned vault = isolation_parts(ISOLATION_VAULT) | isolation_parts(ISOLATION_FENCE);
    unsigned no_network = vault & ~PART(PART_NET_NS);
    struct isolation_demand cell = {.require = ISOLATION_CELL};
    ck_assert_int_eq(decide(vault, cell, &err), ISOLATION_CELL);
    ck_assert_int_eq(decide(no_network, cell, &err), ISOLATION_NONE);
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
    static const char *const words[] = {"gives isolation fence, but cell is required",
                                        "missing: net-ns (Operation not permitted);",
                                        "on GitHub-hosted runners: ",
                                        "on GitLab docker executor: ",
                                        "on self-hosted: ",
                                        "kernel.apparmor_restrict_unprivileged_userns=0"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ck_assert_msg(strstr(err.message, words[i]), "%s is not in %s", words[i], err.message);
    ck_assert_ptr_null(strstr(err.message, "mount-ns"));
    cell.degraded = PART(PART_NET_NS);
    ck_assert_int_eq(decide(no_network, cell, &err), ISOLATION_CELL);
    // The strongest is put on, but an own user only when asked for.
    ck_assert_int_eq(decide(vault, (struct isolation_demand){.require = ISOLATION_GUARD}, &err),
                     ISOLATION_CELL);
    ck_assert_int_eq(decide(vault, (struct isolation_demand){.require = ISOLATION_VAULT}, &err),
                     ISOLATION_VAULT);
    struct isolation_demand only = {.require = ISOLATION_GUARD, .most = ISOLATION_GUARD};
    ck_assert_int_eq(decide(vault, only, &err), ISOLATION_GUARD);
    // However much is missing, the message keeps what is missing and the advice for each place.
    unsigned guard = isolation_parts(ISOLATION_GUARD);
    ck_assert_int_eq(decide(guard, (struct isolation_demand){.require = ISOLATION_VAULT}, &err),
                     ISOLATION_NONE);
    ck_assert_msg(strstr(err.message, "own-uid") && strstr(err.message, "on self-hosted: "), "%s",
                  err.message);
    ck_assert_uint_lt(strlen(err.message), sizeof(err.message) - 1);
}
END_TEST

START_TEST(nothing_starts_below_the_level)
{
    struct err err;
    struct isolation_probe probe;
    isolation_probe(&probe);
    struct isolation_demand demand = {.require = ISOLATION_VAULT};
    if (probe.level >= ISOLATION_VAULT)
        return;
    ck_assert_ptr_null(launcher_new_at("/nowhere/atoll-cell", &demand, &err));
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
    ck_assert_msg(strstr(err.message, "vault is required"), "%s", err.message);
}
END_TEST

UNIT_MAIN("sandbox/isolation", names_round_trip, probe_is_consistent, best_level_is_the_highest_that_is_whole,
          less_than_required_is_refused_with_the_way_out, nothing_starts_below_the_level)
