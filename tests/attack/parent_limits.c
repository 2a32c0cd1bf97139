// SPDX-License-Identifier: Apache-2.0
// Lowers the number of files that the supervisor (process id in argv[1]) may open.
#include "tests/attack/attack.h"

#include <sys/resource.h>

int
main(int argc, char **argv)
{
    struct rlimit few = {20, 20};
    return attack_result(prlimit((pid_t)attack_number(argc, argv, 1), RLIMIT_NOFILE, &few, NULL) == 0);
}
