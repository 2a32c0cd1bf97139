// SPDX-License-Identifier: Apache-2.0
// Leaves System V semaphores, and finds them in the next run.
#include "tests/attack/attack.h"

#include <sys/ipc.h>
#include <sys/sem.h>

int
main(int argc, char **argv)
{
    int id = semget(0x41544f4c, 1, attack_finds(argc, argv) ? 0 : IPC_CREAT | 0600);
    if (id >= 0 && attack_finds(argc, argv))
        semctl(id, 0, IPC_RMID);
    return attack_result(id >= 0);
}
