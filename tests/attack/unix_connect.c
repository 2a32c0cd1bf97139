// SPDX-License-Identifier: Apache-2.0
// Connects to a Unix socket, as one does to a container daemon's or a key agent's (path in argv[1], with an @
// in front an abstract name).
#include "tests/attack/attack.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

int
main(int argc, char **argv)
{
    const char *path = attack_word(argc, argv, 1);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(to.sun_path));
    if (path[0] == '@')
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return attack_result(fd >= 0 && connect(fd, (struct sockaddr *)&to, size) == 0 &&
                         write(fd, "GET /", 5) == 5);
}
