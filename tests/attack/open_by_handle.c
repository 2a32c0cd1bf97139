// SPDX-License-Identifier: Apache-2.0
// Reads a file (argv[1]) by the number of its inode, past all folders.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    union {
        struct file_handle handle;
        char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } space = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount_id, mount_fd = open(".", O_RDONLY | O_DIRECTORY);
    if (name_to_handle_at(AT_FDCWD, attack_word(argc, argv, 1), &space.handle, &mount_id, 0) < 0 ||
        mount_fd < 0)
        return attack_result(0);
    return attack_result(attack_show(open_by_handle_at(mount_fd, &space.handle, O_RDONLY)));
}
