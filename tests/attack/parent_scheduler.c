// SPDX-License-Identifier: Apache-2.0
// Puts the supervisor (process id in argv[1]) behind everybody else.
#include "tests/attack/attack.h"

#include <sched.h>

int
main(int argc, char **argv)
{
    struct sched_param none = {0};
    return attack_result(sched_setscheduler((pid_t)attack_number(argc, argv, 1), SCHED_IDLE, &none) == 0);
}
