// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"
#include "tests/unit/unit.h"

#include <errno.h>

START_TEST(sets_kind_and_message)
{
    struct err err = {.sys = 7};
    ck_assert_int_eq(err_set(&err, ERR_PARSE, "line %d: %s", 3, "no colon"), -1);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    ck_assert_int_eq(err.sys, 0);
    ck_assert_str_eq(err.message, "line 3: no colon");
}
END_TEST

START_TEST(keeps_errno)
{
    struct err err;
    errno = ENOENT;
    ck_assert_int_eq(err_sys(&err, ERR_IO, "opening %s", "state.db"), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_int_eq(err.sys, ENOENT);
    ck_assert_str_eq(err.message, "opening state.db: No such file or directory");
}
END_TEST

START_TEST(wraps_outermost_first)
{
    struct err err;
    errno = ENOSPC;
    err_sys(&err, ERR_IO, "writing page 4");
    err_wrap(&err, "opening %s", "state.db");
    ck_assert_int_eq(err_wrap(&err, "resuming run %d", 7), -1);
    ck_assert_str_eq(err.message,
                     "resuming run 7: opening state.db: writing page 4: No space left on device");
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_int_eq(err.sys, ENOSPC);
}
END_TEST

START_TEST(cuts_a_long_chain_at_the_end)
{
    struct err err;
    char inner[900];
    memset(inner, 'i', sizeof(inner));
    inner[sizeof(inner) - 1] = '\0';
    err_set(&err, ERR_NET, "%s", inner);
    char outer[201];
    memset(outer, 'o', sizeof(outer));
    outer[sizeof(outer) - 1] = '\0';
    err_wrap(&err, "%s", outer);
    ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
    ck_assert_int_eq(strncmp(err.message, outer, 200), 0);
    ck_assert_int_eq(strncmp(err.message + 200, ": iii", 5), 0);

    for (int i = 0; i < 20; i++)
        err_wrap(&err, "%s", inner);
    ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
    ck_assert_int_eq(strncmp(err.message + 899, ": ii", 4), 0);
}
END_TEST

START_TEST(stays_on_one_line)
{
    struct err err;
    err_set(&err, ERR_TARGET, "first\nsecond\r\nthird");
    ck_assert_str_eq(err.message, "first second  third");
}
END_TEST

START_TEST(may_quote_its_own_message)
{
    struct err err;
    err_set(&err, ERR_IO, "disk full");
    err_set(&err, ERR_CONFIG, "cannot: %s!", err.message);
    ck_assert_str_eq(err.message, "cannot: disk full!");
    err_wrap(&err, "again %s", err.message);
    ck_assert_str_eq(err.message, "again cannot: disk full!: cannot: disk full!");
}
END_TEST

START_TEST(a_kind_fixes_exit_code_retry_and_hint)
{
    ck_assert_int_eq(err_exit_code(ERR_INTERNAL), 1);
    ck_assert_int_eq(err_exit_code(ERR_USAGE), 2);
    ck_assert_int_eq(err_exit_code(ERR_CONFIG), 2);
    ck_assert_int_eq(err_exit_code(ERR_NO_IMPROVEMENT), 3);
    ck_assert_int_eq(err_exit_code(ERR_ENVIRONMENT), 4);
    ck_assert_int_eq(err_exit_code(ERR_LOCKED), 5);
    ck_assert(err_retryable(ERR_IO) && err_retryable(ERR_NET) && err_retryable(ERR_TIMEOUT));
    ck_assert(!err_retryable(ERR_CONFIG) && !err_retryable(ERR_TARGET) && !err_retryable(ERR_CANCELLED));
    ck_assert_ptr_nonnull(strstr(err_hint(ERR_ENVIRONMENT), "doctor"));
    ck_assert_ptr_null(err_hint(ERR_PARSE));
}
END_TEST

START_TEST(names_lead_back_to_kinds)
{
    static const enum err_kind kinds[] = {
#define KIND(kind, name, exit_code, retryable, hint) kind,
        ERR_KINDS(KIND)};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        ck_assert_int_eq(err_kind_of(err_name(kinds[i])), kinds[i]);
    ck_assert_str_eq(err_name(ERR_NO_IMPROVEMENT), "no-improvement");
    ck_assert_int_eq(err_kind_of("io"), ERR_IO);
    ck_assert_int_eq(err_kind_of("weather"), ERR_INTERNAL);
}
END_TEST

UNIT_MAIN("base/err", sets_kind_and_message, keeps_errno, wraps_outermost_first, cuts_a_long_chain_at_the_end,
          stays_on_one_line, may_quote_its_own_message, a_kind_fixes_exit_code_retry_and_hint,
          names_lead_back_to_kinds)
