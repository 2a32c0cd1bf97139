// SPDX-License-Identifier: Apache-2.0
// Counts its own cycles, by an interface that had many holes.
#include "tests/attack/attack.h"

#include <linux/perf_event.h>

int
main(void)
{
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof(event),
                                    .config = PERF_COUNT_SW_TASK_CLOCK,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1};
    return attack_result(syscall(SYS_perf_event_open, &event, 0L, -1L, -1L, 0L) >= 0);
}
