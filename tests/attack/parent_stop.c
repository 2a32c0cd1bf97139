// SPDX-License-Identifier: Apache-2.0
// Stops the supervisor (process id in argv[1]), which could then enforce no limit.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(kill((pid_t)attack_number(argc, argv, 1), SIGSTOP) == 0);
}
