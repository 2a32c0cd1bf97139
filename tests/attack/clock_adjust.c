// SPDX-License-Identifier: Apache-2.0
// Adjusts the machine's clock (by nothing).
#include "tests/attack/attack.h"

#include <sys/timex.h>

int
main(void)
{
    struct timex nothing = {.modes = ADJ_OFFSET_SINGLESHOT, .offset = 0};
    return attack_result(adjtimex(&nothing) >= 0);
}
