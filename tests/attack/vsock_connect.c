// SPDX-License-Identifier: Apache-2.0
// Talks over the socket family of virtual machines, with itself.
#include "tests/attack/attack.h"

#include <linux/vm_sockets.h>
#include <sys/socket.h>

int
main(void)
{
    struct sockaddr_vm at = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = 61234};
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 1) < 0)
        return attack_result(0);
    at.svm_cid = 1; // VMADDR_CID_LOCAL
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    return attack_result(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
}
