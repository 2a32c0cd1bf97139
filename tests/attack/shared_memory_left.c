// SPDX-License-Identifier: Apache-2.0
// Leaves System V memory, and finds it in the next run.
#include "tests/attack/attack.h"

#include <sys/ipc.h>
#include <sys/shm.h>

int
main(int argc, char **argv)
{
    int id = shmget(0x41544f4c, 4096, attack_finds(argc, argv) ? 0 : IPC_CREAT | 0600);
    if (id >= 0 && attack_finds(argc, argv))
        shmctl(id, IPC_RMID, NULL);
    return attack_result(id >= 0);
}
