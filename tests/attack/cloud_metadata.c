// SPDX-License-Identifier: Apache-2.0
// Asks the cloud's metadata service for the machine's credentials.
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int
main(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0xa9fea9fe)};
    return attack_result(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && attack_show(fd));
}
