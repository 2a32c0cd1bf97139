// SPDX-License-Identifier: Apache-2.0
// Puts what the supervisor (process id in argv[1]) reads and writes behind everybody else.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long idle = 3L << 13;
    return attack_result(syscall(SYS_ioprio_set, 1L /* process */, attack_number(argc, argv, 1), idle) == 0);
}
