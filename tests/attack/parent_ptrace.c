// SPDX-License-Identifier: Apache-2.0
// Attaches to the supervisor (process id in argv[1]) as a debugger.
#include "tests/attack/attack.h"

#include <sys/ptrace.h>

int
main(int argc, char **argv)
{
    return attack_result(ptrace(PTRACE_SEIZE, (pid_t)attack_number(argc, argv, 1), NULL, NULL) == 0);
}
