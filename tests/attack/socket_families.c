// SPDX-License-Identifier: Apache-2.0
// Makes a socket of any family that the kernel has.
#include "tests/attack/attack.h"

#include <sys/socket.h>

int
main(void)
{
    for (int family = 0; family < 64; family++)
        for (int kind = SOCK_STREAM; kind <= SOCK_SEQPACKET; kind++)
            if (socket(family, kind, 0) >= 0)
                return 0;
    return attack_result(0);
}
