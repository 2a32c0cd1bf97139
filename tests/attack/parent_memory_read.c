// SPDX-License-Identifier: Apache-2.0
// Reads the memory of the supervisor (process id in argv[1], address in argv[2]) through /proc.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    char path[64], text[64];
    snprintf(path, sizeof(path), "/proc/%ld/mem", attack_number(argc, argv, 1));
    int fd = open(path, O_RDONLY);
    ssize_t got = fd >= 0 ? pread(fd, text, sizeof(text), attack_number(argc, argv, 2)) : -1;
    return attack_result(got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got);
}
