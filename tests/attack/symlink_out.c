// SPDX-License-Identifier: Apache-2.0
// Reads a file that was not given (argv[1]) through a symbolic link in its own folder.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(symlink(attack_word(argc, argv, 1), "link") == 0 && attack_show_file("link"));
}
