// SPDX-License-Identifier: Apache-2.0
// Reads from every descriptor that it was started with.
#include "tests/attack/attack.h"

int
main(void)
{
    int shown = 0;
    for (int fd = 3; fd < 1024; fd++) {
        char text[64];
        ssize_t got = pread(fd, text, sizeof(text), 0);
        shown += got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got;
    }
    return attack_result(shown > 0);
}
