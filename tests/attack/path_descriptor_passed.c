// SPDX-License-Identifier: Apache-2.0
// Opens a folder that was not given (argv[1]) for its path only, passes the descriptor through a socket, and
// reads a file below what arrives.
#include "tests/attack/attack.h"

#include <sys/socket.h>

union space {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};
static int
passed(int fd)
{
    int ends[2];
    union space space = {0};
    char byte = 'x';
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof(space)};
    space.header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&space.header), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || sendmsg(ends[0], &message, 0) != 1)
        return -1;
    memset(&space, 0, sizeof(space));
    if (recvmsg(ends[1], &message, 0) != 1 || message.msg_controllen < sizeof(space.header))
        return -1;
    memcpy(&fd, CMSG_DATA(&space.header), sizeof(fd));
    return fd;
}

int
main(int argc, char **argv)
{
    int folder = open(attack_word(argc, argv, 1), O_PATH | O_DIRECTORY);
    int arrived = folder >= 0 ? passed(folder) : -1;
    return attack_result(arrived >= 0 && attack_show(openat(arrived, "secret", O_RDONLY)));
}
