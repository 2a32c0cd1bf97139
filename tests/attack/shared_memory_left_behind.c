// SPDX-License-Identifier: Apache-2.0
// Leaves System V memory for the next run (the control removes it by ending its namespace or here).
#include "tests/attack/attack.h"
#include <sys/ipc.h>
#include <sys/shm.h>

int
main(void)
{
    int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    if (id >= 0)
        shmctl(id, IPC_RMID, NULL);
    return attack_result(id >= 0);
}
