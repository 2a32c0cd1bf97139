// SPDX-License-Identifier: Apache-2.0
// no_namespaces WHAT COMMAND...: runs a command where namespaces can't be made. WHAT is "user": no user
// namespace, as a sysctl or a security module says; or "all": what a container engine's default filter does
// (clone's flags, unshare and mount refused, clone3 unknown).
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
     0x02000000 /* CLONE_NEWCGROUP */)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(number, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(number), yes, no)
#define HAS(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)(bits), yes, no)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(code) RETURN(SECCOMP_RET_ERRNO | (code))

static int
install(struct sock_filter *code, size_t count)
{
    struct sock_fprog program = {(unsigned short)count, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, 2, &program) == 0 ? 0 : -1;
}

static int
without_user(void)
{
    struct sock_filter code[] = {
        LOAD(nr),      IS(__NR_unshare, 0, 3),    LOAD(args[0]), HAS(CLONE_NEWUSER, 0, 1),
        REFUSE(EPERM), RETURN(SECCOMP_RET_ALLOW),
    };
    return install(code, sizeof(code) / sizeof(code[0]));
}

static int
without_all(void)
{
    struct sock_filter code[] = {
        LOAD(nr),
        IS(__NR_clone3, 0, 1),
        REFUSE(ENOSYS),
        IS(__NR_unshare, 5, 0),
        IS(__NR_mount, 4, 0),
        IS(__NR_setns, 3, 0),
        IS(__NR_clone, 0, 3),
        LOAD(args[0]),
        HAS(NAMESPACES, 0, 1),
        REFUSE(EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return install(code, sizeof(code) / sizeof(code[0]));
}

int
main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "user") == 0 ? without_user() : without_all()) < 0) {
        perror("no_namespaces");
        return 125;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
