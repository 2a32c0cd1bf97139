// SPDX-License-Identifier: Apache-2.0
// Reads the limits of the supervisor (process id in argv[1]).
#include "tests/attack/attack.h"

#include <sys/resource.h>

int
main(int argc, char **argv)
{
    struct rlimit limit;
    return attack_result(prlimit((pid_t)attack_number(argc, argv, 1), RLIMIT_NOFILE, NULL, &limit) == 0);
}
