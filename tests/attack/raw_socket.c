// SPDX-License-Identifier: Apache-2.0
// Makes a socket for packets that it writes itself.
#include "tests/attack/attack.h"

#include <netinet/in.h>
#include <sys/socket.h>

int
main(void)
{
    return attack_result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
}
