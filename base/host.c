// SPDX-License-Identifier: Apache-2.0
#include "base/host.h"

#include "base/clock.h"

#include <stdlib.h>

static int64_t
real_wall_ns(void *context)
{
    (void)context;
    return clock_wall_ns();
}

static int64_t
real_mono_ns(void *context)
{
    (void)context;
    return clock_mono_ns();
}

static const char *
real_env(void *context, const char *variable)
{
    (void)context;
    return getenv(variable);
}

const struct host *
host_real(void)
{
    static const struct host real = {.wall_ns = real_wall_ns, .mono_ns = real_mono_ns, .env = real_env};
    return &real;
}
