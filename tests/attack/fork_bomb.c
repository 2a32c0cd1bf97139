// SPDX-License-Identifier: Apache-2.0
// Has many processes at once (argv[1]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long wanted = attack_number(argc, argv, 1), have = 0;
    int leader = getpid();
    setpgid(0, 0);
    signal(SIGTERM, SIG_IGN);
    for (pid_t pid; have < wanted && (pid = fork()) >= 0; have++)
        if (pid == 0) {
            signal(SIGTERM, SIG_DFL);
            for (int i = 0; i < 600 && getppid() == leader; i++)
                usleep(50000);
            _exit(0);
        }
    int refused = errno;
    if (have == wanted)
        sleep(1);
    kill(0, SIGTERM);
    errno = refused;
    return attack_result(have == wanted);
}
