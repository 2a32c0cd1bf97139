// SPDX-License-Identifier: Apache-2.0
// Kills the supervisor (process id in argv[1]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(kill((pid_t)attack_number(argc, argv, 1), SIGKILL) == 0);
}
