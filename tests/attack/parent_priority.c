// SPDX-License-Identifier: Apache-2.0
// Takes CPU time away from the supervisor (process id in argv[1]).
#include "tests/attack/attack.h"

#include <sys/resource.h>

int
main(int argc, char **argv)
{
    return attack_result(setpriority(PRIO_PROCESS, (id_t)attack_number(argc, argv, 1), 15) == 0);
}
