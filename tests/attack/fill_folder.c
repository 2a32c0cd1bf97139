// SPDX-License-Identifier: Apache-2.0
// Fills a folder (argv[1]) with files, each below the limit of one (argv[2] MiB in all).
#include "tests/attack/attack.h"

static const char *
name_of(const char *folder, long i)
{
    static struct attack_path path;
    char name[32];
    snprintf(name, sizeof(name), "fill%ld", i);
    path = attack_below(folder, name);
    return path.text;
}

int
main(int argc, char **argv)
{
    static char chunk[1 << 20];
    const char *folder = attack_word(argc, argv, 1);
    long wanted = attack_number(argc, argv, 2), have = 0;
    memset(chunk, 'x', sizeof(chunk));
    for (; have < wanted; have++) {
        int fd = open(name_of(folder, have), O_WRONLY | O_CREAT, 0600);
        if (fd < 0 || write(fd, chunk, sizeof(chunk)) != sizeof(chunk) || close(fd) < 0)
            break;
    }
    int refused = errno;
    if (have == wanted)
        sleep(1);
    for (long i = 0; i <= have; i++)
        unlink(name_of(folder, i));
    errno = refused;
    return attack_result(have == wanted);
}
