// SPDX-License-Identifier: Apache-2.0
// Leaves a System V message queue, and finds it in the next run.
#include "tests/attack/attack.h"

#include <sys/ipc.h>
#include <sys/msg.h>

int
main(int argc, char **argv)
{
    int id = msgget(0x41544f4c, attack_finds(argc, argv) ? 0 : IPC_CREAT | 0600);
    if (id >= 0 && attack_finds(argc, argv))
        msgctl(id, IPC_RMID, NULL);
    return attack_result(id >= 0);
}
