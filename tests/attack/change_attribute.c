// SPDX-License-Identifier: Apache-2.0
// Sets an extended attribute of a file (argv[1]) outside.
#include "tests/attack/attack.h"

#include <sys/xattr.h>

int
main(int argc, char **argv)
{
    return attack_result(setxattr(attack_word(argc, argv, 1), "user.attack", "x", 1, 0) == 0);
}
