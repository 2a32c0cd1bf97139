// SPDX-License-Identifier: Apache-2.0
// Copies memory into the supervisor (process id in argv[1], address in argv[2]).
#include "tests/attack/attack.h"

#include <sys/uio.h>

int
main(int argc, char **argv)
{
    char text[] = "attacked";
    struct iovec mine = {text, 8}, theirs = {(void *)attack_number(argc, argv, 2), 8};
    return attack_result(process_vm_writev((pid_t)attack_number(argc, argv, 1), &mine, 1, &theirs, 1, 0) ==
                         8);
}
