// SPDX-License-Identifier: Apache-2.0
#include "tests/attack/suite/identity.h"
#include "base/buf.h"
#include "base/fs.h"
#include "tests/attack/suite/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64, METADATA_ADDRESS = (int)0xa9fea9fe };

static bool
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

// The same user inside as outside, with all capabilities there.
static bool
enter_user_namespace(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof(users), "%u %u 1", getuid(), getuid());
    snprintf(groups, sizeof(groups), "%u %u 1", getgid(), getgid());
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", users) && put("/proc/self/gid_map", groups);
}

// Gives an address to a loopback device, and switches it on.
static bool
add_address(int fd, const char *device, uint32_t address)
{
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
    memcpy(&request.ifr_addr, &in, sizeof(in));
    bool done = ioctl(fd, SIOCSIFADDR, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0 && done;
}

static bool
serve_metadata(int listener)
{
    static const char answer[] = PLANTED "-metadata\n";
    pid_t pid = fork();
    if (pid != 0)
        return pid > 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int caller = accept(listener, NULL, NULL);
        (void)!write(caller, answer, sizeof(answer) - 1);
        close(caller);
    }
}

// An empty network with the machine itself and a metadata service in it. The server stays outside of the
// process namespace that comes next.
static bool
enter_network(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl((uint32_t)METADATA_ADDRESS)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && add_address(fd, "lo", INADDR_LOOPBACK) &&
           add_address(fd, "lo:1", (uint32_t)METADATA_ADDRESS) &&
           bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 9) == 0 && serve_metadata(fd);
}

static bool
drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0;
}

static bool
become(const char *identity, bool was_root)
{
    if (strcmp(identity, "root") == 0)
        return was_root;
    if (!was_root)
        return drop_capabilities();
    return setgroups(0, NULL) == 0 && setresgid(IDENTITY_SPARE, IDENTITY_SPARE, IDENTITY_SPARE) == 0 &&
           setresuid(IDENTITY_SPARE, IDENTITY_SPARE, IDENTITY_SPARE) == 0;
}

// Execs the program in the middle of the namespaces.
_Noreturn static void
start(const char *identity, bool was_root, bool alone, const char *const *argv)
{
    const char *words[ARGUMENTS_MAX + 2];
    size_t count = 0;
    for (; count < ARGUMENTS_MAX && argv[count]; count++)
        words[count] = argv[count];
    words[count] = alone ? "alone" : "together";
    words[count + 1] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!become(identity, was_root))
        _exit(126);
    // Becoming somebody else cleared it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(words[0], (char *const *)words);
    _exit(127);
}

static bool
enter_all(bool was_root)
{
    return (was_root || enter_user_namespace()) && enter_network() &&
           unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) == 0;
}

static int
wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// In a child, since namespaces can't be left again; 125 when the machine does not give them.
_Noreturn static void
run_alone(const char *identity, bool was_root, const char *const *argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!enter_all(was_root))
        _exit(125);
    pid_t pid = fork();
    if (pid == 0) {
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
            _exit(125);
        start(identity, was_root, true, argv);
    }
    _exit(pid < 0 ? 125 : wait_for(pid));
}

int
identity_run(const char *identity, const char *const *argv, struct err *err)
{
    bool was_root = geteuid() == 0;
    for (int alone = 1; alone >= 0; alone--) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0)
            return err_sys(err, ERR_IO, "starting the attacks as %s", identity);
        if (pid == 0 && alone)
            run_alone(identity, was_root, argv);
        if (pid == 0)
            start(identity, was_root, false, argv);
        int code = wait_for(pid);
        if (!alone || code != 125)
            return code;
    }
    return -1;
}
