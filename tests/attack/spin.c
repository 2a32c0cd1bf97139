// SPDX-License-Identifier: Apache-2.0
// Computes for too long (argv[1] seconds), deaf to signals.
#include "tests/attack/attack.h"

#include <time.h>

int
main(int argc, char **argv)
{
    for (int signal_number = 1; signal_number < 65; signal_number++)
        signal(signal_number, SIG_IGN);
    for (time_t until = time(NULL) + attack_number(argc, argv, 1); time(NULL) < until;)
        ;
    return 0;
}
