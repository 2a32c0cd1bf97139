// SPDX-License-Identifier: Apache-2.0
// Takes the randomness out of its addresses.
#include "tests/attack/attack.h"

#include <sys/personality.h>

int
main(void)
{
    return attack_result(personality(ADDR_NO_RANDOMIZE) >= 0);
}
