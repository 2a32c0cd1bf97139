// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_dropped_descriptor_is_closed)
{
    int ends[2], kept;
    ck_assert_int_eq(pipe(ends), 0);
    kept = ends[0];
    fd_drop(&ends[0]);
    ck_assert_int_eq(ends[0], -1);
    ck_assert_int_eq(fcntl(kept, F_GETFD), -1);
    fd_drop(&ends[0]);
    {
        AUTO_FD end = ends[1];
        kept = end;
    }
    ck_assert_int_eq(fcntl(kept, F_GETFD), -1);
}
END_TEST

static void
count_bytes(void *context, struct str bytes)
{
    *(size_t *)context += bytes.len;
}

START_TEST(all_that_is_there_is_taken)
{
    int ends[2];
    size_t seen = 0;
    AUTO_BUF out = BUF(100000);
    static char much[60000];
    memset(much, 'm', sizeof(much));
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    ck_assert(fd_take(&ends[0], &out, count_bytes, &seen));
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_ge(ends[0], 0);
    ck_assert_int_eq(write(ends[1], much, sizeof(much)), sizeof(much));
    ck_assert(fd_take(&ends[0], &out, count_bytes, &seen));
    ck_assert_uint_eq(out.len, sizeof(much));
    ck_assert_int_eq(write(ends[1], much, sizeof(much)), sizeof(much));
    ck_assert(!fd_take(&ends[0], &out, count_bytes, &seen));
    ck_assert_uint_eq(out.len, 100000);
    ck_assert_uint_eq(seen, 2 * sizeof(much));
    ck_assert(!out.full);
    close(ends[1]);
    ck_assert(fd_take(&ends[0], &out, NULL, NULL));
    ck_assert_int_eq(ends[0], -1);
    ck_assert(fd_take(&ends[0], &out, NULL, NULL));
}
END_TEST

UNIT_MAIN("base/fd", a_dropped_descriptor_is_closed, all_that_is_there_is_taken)
