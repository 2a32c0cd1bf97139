// SPDX-License-Identifier: Apache-2.0
#include "base/host.h"
#include "tests/unit/unit.h"

#include <time.h>

START_TEST(gives_the_machines_clocks)
{
    const struct host *host = host_real();
    int64_t wall_s = host->wall_ns(host->context) / 1000000000;
    ck_assert_int_le(llabs(wall_s - (int64_t)time(NULL)), 2);
    int64_t before = host->mono_ns(host->context);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    ck_assert_int_ge(host->mono_ns(host->context) - before, 2000000);
}
END_TEST

START_TEST(gives_the_environment)
{
    const struct host *host = host_real();
    setenv("ATOLL_HOST_TEST", "value", 1);
    ck_assert_str_eq(host->env(host->context, "ATOLL_HOST_TEST"), "value");
    unsetenv("ATOLL_HOST_TEST");
    ck_assert_ptr_null(host->env(host->context, "ATOLL_HOST_TEST"));
}
END_TEST

UNIT_MAIN("base/host", gives_the_machines_clocks, gives_the_environment)
