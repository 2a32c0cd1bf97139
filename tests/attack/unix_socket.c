// SPDX-License-Identifier: Apache-2.0
// Makes a Unix socket, as one does to talk to a container daemon.
#include "tests/attack/attack.h"
#include <sys/socket.h>

int
main(void)
{
    return attack_result(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}
