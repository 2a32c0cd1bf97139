// SPDX-License-Identifier: Apache-2.0
// Does nothing for too long (argv[1] seconds), deaf to signals.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    for (int signal_number = 1; signal_number < 65; signal_number++)
        signal(signal_number, SIG_IGN);
    for (unsigned left = (unsigned)attack_number(argc, argv, 1); left > 0;)
        left = sleep(left);
    return 0;
}
