// SPDX-License-Identifier: Apache-2.0
// Prints its own environment.
#include "tests/attack/attack.h"

#include <linux/limits.h>

extern char **environ;
int
main(void)
{
    int shown = 0;
    for (char **variable = environ; *variable; variable++)
        shown += puts(*variable) > 0;
    errno = ENOENT;
    return attack_result(shown > 0);
}
