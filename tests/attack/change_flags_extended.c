// SPDX-License-Identifier: Apache-2.0
// Changes the inode flags of a file (argv[1]) that it may read, by the other request.
#include "tests/attack/attack.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

int
main(int argc, char **argv)
{
    struct fsxattr flags = {0};
    int fd = open(attack_word(argc, argv, 1), O_RDONLY);
    if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &flags) < 0)
        return attack_result(0);
    flags.fsx_xflags ^= FS_XFLAG_NODUMP;
    return attack_result(ioctl(fd, FS_IOC_FSSETXATTR, &flags) == 0);
}
