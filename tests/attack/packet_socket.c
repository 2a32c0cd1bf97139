// SPDX-License-Identifier: Apache-2.0
// Listens to every frame that the machine receives.
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

int
main(void)
{
    return attack_result(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) >= 0);
}
