// SPDX-License-Identifier: Apache-2.0
// Kills the supervisor (process id in argv[1]) by the number of its thread.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long process = attack_number(argc, argv, 1);
    return attack_result(syscall(SYS_tgkill, process, process, SIGKILL) == 0);
}
