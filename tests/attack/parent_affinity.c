// SPDX-License-Identifier: Apache-2.0
// Moves the caller (process id in argv[1]) to other CPUs: those that it already has.
#include "tests/attack/attack.h"
#include <sched.h>

int
main(int argc, char **argv)
{
    cpu_set_t cpus;
    pid_t parent = (pid_t)attack_number(argc, argv);
    return attack_result(sched_getaffinity(parent, sizeof(cpus), &cpus) == 0 &&
                         sched_setaffinity(parent, sizeof(cpus), &cpus) == 0);
}
