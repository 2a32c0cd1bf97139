// SPDX-License-Identifier: Apache-2.0
// Lets the kernel kill the supervisor (process id in argv[1]): names it as the one to be told of input.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    int ends[2];
    int armed = pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, (int)attack_number(argc, argv, 1)) == 0 &&
                fcntl(ends[0], F_SETSIG, SIGKILL) == 0 && fcntl(ends[0], F_SETFL, O_ASYNC) == 0;
    return attack_result(armed && write(ends[1], "x", 1) == 1);
}
