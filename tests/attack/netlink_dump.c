// SPDX-License-Identifier: Apache-2.0
// Asks the kernel for its network devices.
#include "tests/attack/attack.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

int
main(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body;
    } ask = {.header = {.nlmsg_len = sizeof(ask),
                        .nlmsg_type = RTM_GETLINK,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    char answer[8192];
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    return attack_result(fd >= 0 && send(fd, &ask, sizeof(ask), 0) > 0 &&
                         recv(fd, answer, sizeof(answer), 0) > 0);
}
