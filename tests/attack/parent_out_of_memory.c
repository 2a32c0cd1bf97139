// SPDX-License-Identifier: Apache-2.0
// Makes the supervisor (process id in argv[1]) the first to be killed when memory runs out.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/oom_score_adj", attack_number(argc, argv, 1));
    int fd = open(path, O_WRONLY);
    return attack_result(fd >= 0 && write(fd, "900", 3) == 3);
}
