// SPDX-License-Identifier: Apache-2.0
// What every attack shares. An attack is a program that tries one thing and exits with 0 when it succeeded
// and with the errno when it was refused. tests/unit/sandbox/attack_test.c runs each with and without the
// sandbox.
#ifndef ATOLL_TESTS_ATTACK_H
#define ATOLL_TESTS_ATTACK_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

// The exit code of an attack: 0 when it succeeded, else the errno of its last call.
static inline int
attack_result(int succeeded)
{
    return succeeded ? 0 : errno > 0 && errno < 126 ? errno : 125;
}

// The number in argv[1].
static inline long
attack_number(int argc, char **argv)
{
    return argc > 1 ? strtol(argv[1], NULL, 10) : -1;
}

#endif
