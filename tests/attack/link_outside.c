// SPDX-License-Identifier: Apache-2.0
// Makes a hard link to a secret (its folder in argv[1]) beside it, under another name.
#include "tests/attack/attack.h"
#include <fcntl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    char from[4200], to[4200];
    snprintf(from, sizeof(from), "%s/secret", argc > 1 ? argv[1] : "");
    snprintf(to, sizeof(to), "%s/stolen", argc > 1 ? argv[1] : "");
    int linked = link(from, to) == 0;
    if (linked)
        unlink(to);
    return attack_result(linked);
}
