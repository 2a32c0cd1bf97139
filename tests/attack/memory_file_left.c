// SPDX-License-Identifier: Apache-2.0
// Leaves a daemon with a file in memory; the next run opens it through /proc.
#include "tests/attack/attack.h"

#include <dirent.h>
#include <sys/mman.h>

static int
find_in(const char *process)
{
    char path[300], link[64];
    for (int fd = 3; fd < 32; fd++) {
        snprintf(path, sizeof(path), "/proc/%s/fd/%d", process, fd);
        ssize_t length = readlink(path, link, sizeof(link) - 1);
        if (length > 0 && (link[length] = 0, strstr(link, "memfd:attack")) && open(path, O_RDONLY) >= 0)
            return 1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (attack_finds(argc, argv)) {
        DIR *processes = opendir("/proc");
        for (struct dirent *entry; processes && (entry = readdir(processes));)
            if (find_in(entry->d_name))
                return 0;
        return attack_result(0);
    }
    if (memfd_create("attack", 0) < 0)
        return attack_result(0);
    if (attack_become_daemon())
        sleep(60);
    return 0;
}
