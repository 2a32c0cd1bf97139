// SPDX-License-Identifier: Apache-2.0
// Changes the inode flags of a file (argv[1]) outside by a system call of Linux 6.17.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    struct {
        uint64_t flags;
        uint32_t extent, extents, project, copied;
    } given = {0};
    const char *path = attack_word(argc, argv, 1);
    if (syscall(468L /* file_getattr */, AT_FDCWD, path, &given, sizeof(given), 0) < 0)
        return attack_result(0);
    given.flags ^= 0x80; // FS_XFLAG_NODUMP
    return attack_result(syscall(469L /* file_setattr */, AT_FDCWD, path, &given, sizeof(given), 0) == 0);
}
