// SPDX-License-Identifier: Apache-2.0
// Leaves a POSIX message queue, and finds it in the next run.
#include "tests/attack/attack.h"

#include <mqueue.h>

int
main(int argc, char **argv)
{
    struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 8};
    int finds = attack_finds(argc, argv);
    int found = finds ? (int)mq_open("/atoll-attack", O_RDWR)
                      : (int)mq_open("/atoll-attack", O_RDWR | O_CREAT, 0600, &small);
    if (found >= 0 && finds)
        mq_unlink("/atoll-attack");
    return attack_result(found >= 0);
}
