// SPDX-License-Identifier: Apache-2.0
// Renames the machine (to what it is called).
#include "tests/attack/attack.h"

int
main(void)
{
    char name[256];
    return attack_result(gethostname(name, sizeof(name)) == 0 && sethostname(name, strlen(name)) == 0);
}
