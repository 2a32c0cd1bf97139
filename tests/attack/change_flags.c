// SPDX-License-Identifier: Apache-2.0
// Changes the inode flags of a file (argv[1]) that it may read.
#include "tests/attack/attack.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

int
main(int argc, char **argv)
{
    int fd = open(attack_word(argc, argv, 1), O_RDONLY), flags = 0;
    if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return attack_result(0);
    flags ^= FS_NODUMP_FL;
    return attack_result(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0);
}
