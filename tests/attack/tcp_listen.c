// SPDX-License-Identifier: Apache-2.0
// Waits for connections from the network.
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int
main(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    return attack_result(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0);
}
