// SPDX-License-Identifier: Apache-2.0
// Kills the supervisor (process id in argv[1]) through a descriptor of it.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long process = syscall(SYS_pidfd_open, attack_number(argc, argv, 1), 0);
    return attack_result(process >= 0 && syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0);
}
