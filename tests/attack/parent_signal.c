// SPDX-License-Identifier: Apache-2.0
// Signals the caller (process id in argv[1]); signal 0, so that a success hurts nobody.
#include "tests/attack/attack.h"
#include <signal.h>

int
main(int argc, char **argv)
{
    return attack_result(kill((pid_t)attack_number(argc, argv), 0) == 0);
}
