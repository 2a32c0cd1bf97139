// SPDX-License-Identifier: Apache-2.0
// Has many threads at once (argv[1]).
#include "tests/attack/attack.h"

#include <pthread.h>

static void *
wait_long(void *unused)
{
    sleep(30);
    return unused;
}

int
main(int argc, char **argv)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (long i = attack_number(argc, argv, 1); i > 0; i--) {
        pthread_t thread;
        errno = pthread_create(&thread, &small, wait_long, NULL);
        if (errno)
            return attack_result(0);
    }
    sleep(1);
    return 0;
}
