// SPDX-License-Identifier: Apache-2.0
// Opens what the supervisor (process id in argv[1]) has open (descriptor in argv[2]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/fd/%ld", attack_number(argc, argv, 1),
             attack_number(argc, argv, 2));
    return attack_result(attack_show_file(path));
}
