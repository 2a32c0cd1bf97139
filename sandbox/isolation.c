// SPDX-License-Identifier: Apache-2.0
#include "sandbox/isolation.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
    [ISOLATION_NONE] = "none",
    [ISOLATION_GUARD] = "guard",
    [ISOLATION_FENCE] = "fence",
    [ISOLATION_CELL] = "cell",
};

enum { LANDLOCK_NEEDED = 3 };

// Whether a process can be started in a namespace of its own.
static bool
can_clone(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    if (pid < 0)
        return false;
    while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return true;
}

void
isolation_probe(struct isolation_probe *probe)
{
    unsigned action = SECCOMP_RET_ERRNO;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* version */);
    probe->landlock_abi = abi > 0 ? (int)abi : 0;
    probe->seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
    probe->user_namespace = can_clone(CLONE_NEWUSER);
    probe->network_namespace = can_clone(CLONE_NEWNET);
    probe->level = ISOLATION_NONE;
    if (probe->seccomp)
        probe->level = probe->landlock_abi >= LANDLOCK_NEEDED ? ISOLATION_FENCE : ISOLATION_GUARD;
}

const char *
isolation_name(enum isolation_level level)
{
    return names[level];
}

bool
isolation_parse(const char *name, enum isolation_level *level)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *level = (enum isolation_level)i;
            return true;
        }
    return false;
}
