// SPDX-License-Identifier: Apache-2.0
// Runs a program (argv[1]) that belongs to root and asks to run as such.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    execl(attack_word(argc, argv, 1), "setuid_helper", NULL);
    return attack_result(0);
}
