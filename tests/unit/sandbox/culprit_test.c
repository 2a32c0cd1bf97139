// SPDX-License-Identifier: Apache-2.0
#include "sandbox/culprit.h"
#include "tests/unit/sandbox/fixture.h"
#include "tests/unit/sandbox/objects.h"

enum { ROUNDS = 10 };

static int64_t time_max_ns = INT64_C(120000000000);

// What is found out about an object whose batch of all six calls, ten times each, failed.
static int
find_in(const char *object, size_t first, int64_t wall_ms, struct culprit *culprit)
{
    struct fixture f;
    struct calls calls;
    fixture_init(&f);
    calls_init(&calls);
    calls_add_texts(&calls);
    char *path = fixture_object(&f, "x.so", object);
    struct cell_options options = {.object_path = path,
                                   .limits = {.wall_ms = wall_ms, .memory_bytes = 256 << 20}};
    struct culprit_spec spec = {.launcher = f.launcher,
                                .options = &options,
                                .inputs = &calls.inputs,
                                .first = first,
                                .count = calls.inputs.count - first,
                                .rounds = ROUNDS,
                                .time_max_ns = time_max_ns};
    int found = culprit_find(&spec, culprit, &f.err);
    ck_assert_msg(found >= 0, "%s", f.err.message);
    calls_release(&calls);
    fixture_release(&f);
    return found;
}

static void
is_found(const char *object, size_t index, size_t earlier)
{
    struct culprit culprit;
    ck_assert_int_eq(find_in(object, 0, 60000, &culprit), 1);
    ck_assert_uint_eq(culprit.index, index);
    ck_assert_uint_eq(culprit.earlier, earlier);
    ck_assert_uint_eq(culprit.either, 1);
}

START_TEST(one_that_fails_alone)
{
    struct culprit culprit;
    is_found(TEXT_OBJECT("if (n == 14) abort(); return 0;"), 3, 0);
    ck_assert_int_eq(find_in(TEXT_OBJECT("if (n == 2) abort(); return 0;"), 2, 60000, &culprit), 1);
    ck_assert_uint_eq(culprit.index, 5);
    ck_assert_uint_eq(culprit.earlier, 0);
    ck_assert_int_eq(find_in(TEXT_OBJECT("while (*(volatile char *)t == 't') ; return 0;"), 0, 500, &culprit),
                     1);
    ck_assert_uint_eq(culprit.index, 4);
}
END_TEST

START_TEST(one_that_fails_after_others)
{
    is_found(TEXT_OBJECT("static int calls; if (++calls == 4) abort(); return 0;"), 3, 3);
}
END_TEST

// The fourth call of any batch, of which a single call is one, too.
#define FOURTH_OF_A_BATCH                                                                                \
    OBJECT("{CELL_TEXT, -1, 1}, {CELL_COUNT, 0, 8}", "int64_t f(const char *t, size_t n) { return 0; }", \
           "(i == 3 ? (abort(), 0) : f(s[0].p, s[1].u))")

START_TEST(one_that_fails_in_a_batch_only)
{
    struct culprit culprit;
    is_found(FOURTH_OF_A_BATCH, 3, 3);
    ck_assert_int_eq(find_in(FOURTH_OF_A_BATCH, 1, 60000, &culprit), 1);
    ck_assert_uint_eq(culprit.index, 4);
    ck_assert_uint_eq(culprit.earlier, 3);
}
END_TEST

// Without time for a further replay all of the batch is to blame.
START_TEST(what_is_left_when_time_is_up)
{
    struct culprit culprit;
    time_max_ns = 0;
    ck_assert_int_eq(find_in(FOURTH_OF_A_BATCH, 0, 60000, &culprit), 1);
    ck_assert_uint_eq(culprit.index, 5);
    ck_assert_uint_eq(culprit.either, 6);
}
END_TEST

START_TEST(one_that_fails_in_a_later_round)
{
    struct culprit culprit;
    ck_assert_int_eq(
        find_in(TEXT_OBJECT("static int calls; if (++calls == 40) abort(); return 0;"), 0, 60000, &culprit),
        1);
    ck_assert_uint_eq(culprit.index, SIZE_MAX);
}
END_TEST

START_TEST(what_does_not_fail_again)
{
    struct culprit culprit;
    ck_assert_int_eq(find_in(SUM_OBJECT, 0, 60000, &culprit), 0);
}
END_TEST

UNIT_MAIN("sandbox/culprit", one_that_fails_alone, one_that_fails_after_others,
          one_that_fails_in_a_batch_only, what_is_left_when_time_is_up, one_that_fails_in_a_later_round,
          what_does_not_fail_again)
