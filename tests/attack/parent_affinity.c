// SPDX-License-Identifier: Apache-2.0
// Moves the supervisor (process id in argv[1]) to one CPU, which changes what it measures.
#include "tests/attack/attack.h"

#include <sched.h>

int
main(int argc, char **argv)
{
    cpu_set_t cpus, one;
    pid_t parent = (pid_t)attack_number(argc, argv, 1);
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
        return attack_result(0);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &cpus))
            CPU_SET(cpu, &one);
    return attack_result(sched_setaffinity(parent, sizeof(one), &one) == 0);
}
