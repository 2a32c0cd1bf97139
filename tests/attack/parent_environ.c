// SPDX-License-Identifier: Apache-2.0
// Reads the environment of the supervisor (process id in argv[1]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    char path[64], text[1 << 16];
    snprintf(path, sizeof(path), "/proc/%ld/environ", attack_number(argc, argv, 1));
    int fd = open(path, O_RDONLY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    return attack_result(got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got);
}
