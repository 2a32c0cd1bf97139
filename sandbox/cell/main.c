// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/cell.h"

#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "zygote") == 0)
        return zygote_main(strtol(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 16),
                           (unsigned)strtoul(argv[4], NULL, 10), argv[5]);
    if (argc == 4 && strcmp(argv[1], "host") == 0)
        return host_main(argv[2], strcmp(argv[3], "sanitized") == 0);
    if (argc == 3 && strcmp(argv[1], "enter") == 0)
        return enter_main(argv[2]);
    return 2;
}
