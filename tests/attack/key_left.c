// SPDX-License-Identifier: Apache-2.0
// Leaves a key in the user's keyring, and finds it in the next run.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    if (!attack_finds(argc, argv))
        return attack_result(syscall(SYS_add_key, "user", "atoll-attack", "x", 1L, -4L) >= 0);
    long key = syscall(SYS_keyctl, 10L /* search */, -4L, "user", "atoll-attack", 0L);
    if (key >= 0)
        syscall(SYS_keyctl, 9L /* unlink */, key, -4L);
    return attack_result(key >= 0);
}
