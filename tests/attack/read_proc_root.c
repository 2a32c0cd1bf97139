// SPDX-License-Identifier: Apache-2.0
// Reads a file (argv[1]) through the link to the root folder in /proc.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(attack_show_file(attack_below("/proc/self/root", attack_word(argc, argv, 1)).text));
}
