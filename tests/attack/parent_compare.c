// SPDX-License-Identifier: Apache-2.0
// Asks whether the supervisor (process id in argv[1]) shares resources, which tells kernel addresses' order.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(syscall(SYS_kcmp, attack_number(argc, argv, 1), getpid(), 1 /* KCMP_VM */, 0, 0) >=
                         0);
}
