// SPDX-License-Identifier: Apache-2.0
// A real sshd for the user who runs the test, with a host key that its known_hosts has and a key that only
// an agent holds. All of it ends with the test.
#ifndef ATOLL_TESTS_SSH_SERVER_H
#define ATOLL_TESTS_SSH_SERVER_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/server.h"

#include <errno.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define SSH_SERVER_PATIENCE_NS (20 * CLOCK_S_NS)

static const char *const ssh_programs[] = {"/usr/sbin/sshd", "/usr/bin/ssh-agent", "/usr/bin/ssh-keygen",
                                           "/usr/bin/ssh-add"};

// Whether this machine has what it takes; says so when it has not. sshd of the superuser wants its own
// folder.
static inline bool
ssh_server_find(void)
{
    for (size_t i = 0; i < sizeof(ssh_programs) / sizeof(ssh_programs[0]); i++) {
        if (access(ssh_programs[i], X_OK) == 0)
            continue;
        printf("skipped: needs %s\n", ssh_programs[i]);
        return false;
    }
    if (geteuid() == 0 && mkdir("/run/sshd", 0755) < 0 && errno != EEXIST) {
        printf("skipped: needs /run/sshd\n");
        return false;
    }
    return true;
}

static inline void
ssh_server_run(const char *const *argv)
{
    struct err err;
    AUTO_PROC_RESULT result = {0};
    int status = proc_run(&(struct proc_spec){.argv = argv}, &result, &err);
    ck_assert_msg(status == 0 && result.exit_code == 0, "%s: %s", argv[0], buf_text(&result.err));
}

static inline void
ssh_server_spawn(const char *const *argv)
{
    pid_t pid = fork();
    if (pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(1);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static inline int
ssh_server_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(bind(fd, (struct sockaddr *)&address, size) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static inline void
ssh_server_await_port(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int64_t deadline_ns = clock_mono_ns() + SSH_SERVER_PATIENCE_NS;
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        close(fd);
        if (up)
            return;
        ck_assert_msg(clock_mono_ns() < deadline_ns, "sshd does not answer");
        usleep(20000);
    }
}

static inline void
ssh_server_write(const char *path, const char *text)
{
    struct err err;
    ck_assert_msg(fs_write(path, str_of(text), &err) == 0, "%s", err.message);
}

static inline char *
ssh_server_read(struct arena *arena, const char *path)
{
    struct err err;
    AUTO_BUF text = BUF(10000);
    ck_assert_msg(fs_read(path, 10000, &text, &err) == 0, "%s", err.message);
    return arena_str(arena, str_trim(buf_str(&text)));
}

static inline void
ssh_server_add_key(struct arena *arena, const char *folder)
{
    const char *socket_path = fs_join(arena, folder, "agent"), *key = fs_join(arena, folder, "key");
    const char *const agent[] = {"/usr/bin/ssh-agent", "-D", "-a", socket_path, NULL};
    const char *const add[] = {"/usr/bin/ssh-add", "-q", key, NULL};
    int64_t deadline_ns = clock_mono_ns() + SSH_SERVER_PATIENCE_NS;
    ssh_server_spawn(agent);
    while (!fs_exists(socket_path) && clock_mono_ns() < deadline_ns)
        usleep(10000);
    setenv("SSH_AUTH_SOCK", socket_path, 1);
    ssh_server_run(add);
}

// Starts sshd and an agent with their files in `folder`, whose known_hosts goes to HOME/.ssh, and gives
// "user@127.0.0.1:port". HOME must be set before libgit2 is first used.
static inline const char *
ssh_server_start(struct arena *arena, const char *folder, const char *home)
{
    struct err err;
    ck_assert(fs_mkdirs(folder, &err) == 0 && fs_mkdirs(fs_join(arena, home, ".ssh"), &err) == 0);
    const char *host_key = fs_join(arena, folder, "host"), *key = fs_join(arena, folder, "key");
    const char *keys[] = {host_key, key};
    for (size_t i = 0; i < 2; i++) {
        const char *const argv[] = {
            "/usr/bin/ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", keys[i], NULL};
        ssh_server_run(argv);
    }
    int port = ssh_server_free_port();
    const char *public_key = ssh_server_read(arena, arena_printf(arena, "%s.pub", key));
    ssh_server_write(fs_join(arena, folder, "authorized"), arena_printf(arena, "%s\n", public_key));
    ssh_server_write(fs_join(arena, home, ".ssh/known_hosts"),
                     arena_printf(arena, "[127.0.0.1]:%d %s\n", port,
                                  ssh_server_read(arena, arena_printf(arena, "%s.pub", host_key))));
    const char *config = fs_join(arena, folder, "config");
    ssh_server_write(config, arena_printf(arena,
                                          "Port %d\nListenAddress 127.0.0.1\nHostKey %s\n"
                                          "AuthorizedKeysFile %s/authorized\nStrictModes no\nUsePAM no\n"
                                          "PermitRootLogin yes\nPidFile none\n",
                                          port, host_key, folder));
    const char *const sshd[] = {"/usr/sbin/sshd", "-D", "-e", "-f", config, NULL};
    ssh_server_spawn(sshd);
    ssh_server_await_port(port);
    ssh_server_add_key(arena, folder);
    const struct passwd *user = getpwuid(geteuid());
    ck_assert_ptr_nonnull(user);
    return arena_printf(arena, "%s@127.0.0.1:%d", user->pw_name, port);
}

#endif
