// SPDX-License-Identifier: Apache-2.0
// System calls that a function which only computes never makes: starting processes and threads, choosing CPUs
// and priorities. A host's filter traps them; they fail as they do under the launcher's own filter, and what
// was tried is noted for the supervisor.
#include "sandbox/cell/cell.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>

#ifndef CLONE_THREAD
#define CLONE_THREAD 0x00010000
#endif

// Where the handler notes what was tried; a handler has no argument of its own.
static _Atomic uint64_t *noted;

#if defined(__x86_64__)
enum { RESULT = REG_RAX, FIRST_ARGUMENT = REG_RDI };
#define REGISTER(context, number) ((context)->uc_mcontext.gregs[number])
#else
enum { RESULT = 0, FIRST_ARGUMENT = 0 };
#define REGISTER(context, number) ((context)->uc_mcontext.regs[number])
#endif

// clone and clone3 make processes and threads; the flags say which.
static enum cheat
of_clone(uint64_t flags)
{
    return flags & CLONE_THREAD ? CHEAT_THREAD : CHEAT_CHILD_PROCESS;
}

static enum cheat
cheat_of(int call, uint64_t argument)
{
    switch (call) {
    case __NR_clone:
        return of_clone(argument);
    case __NR_clone3:
        return of_clone(*(const uint64_t *)(uintptr_t)argument);
    case __NR_sched_setaffinity:
        return CHEAT_AFFINITY;
    case __NR_setpriority:
    case __NR_sched_setscheduler:
    case __NR_sched_setparam:
    case __NR_sched_setattr:
        return CHEAT_PRIORITY;
    default:
        return CHEAT_CHILD_PROCESS;
    }
}

static void
refuse(int signal_number, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    uint64_t none = CHEAT_NONE;
    (void)signal_number;
    enum cheat cheat = cheat_of(info->si_syscall, (uint64_t)REGISTER(context, FIRST_ARGUMENT));
    atomic_compare_exchange_strong(noted, &none, cheat);
    int code = info->si_syscall == __NR_clone3 ? ENOSYS : EPERM;
    REGISTER(context, RESULT) = (__typeof__(REGISTER(context, RESULT)))-code;
}

int
refusal_note(_Atomic uint64_t *where)
{
    struct sigaction action = {.sa_sigaction = refuse, .sa_flags = SA_SIGINFO | SA_NODEFER};
    noted = where;
    return sigaction(SIGSYS, &action, NULL);
}
