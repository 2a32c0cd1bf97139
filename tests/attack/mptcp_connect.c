// SPDX-License-Identifier: Apache-2.0
// Connects by multipath TCP, which TCP rules do not see (port in argv[1]).
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    int fd = socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)attack_number(argc, argv, 1)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return attack_result(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
}
