// SPDX-License-Identifier: Apache-2.0
// Copies memory out of the supervisor (process id in argv[1], address in argv[2]).
#include "tests/attack/attack.h"

#include <sys/uio.h>

int
main(int argc, char **argv)
{
    char text[64];
    struct iovec mine = {text, sizeof(text)};
    struct iovec theirs = {(void *)attack_number(argc, argv, 2), sizeof(text)};
    ssize_t got = process_vm_readv((pid_t)attack_number(argc, argv, 1), &mine, 1, &theirs, 1, 0);
    return attack_result(got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got);
}
