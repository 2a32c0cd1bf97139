// SPDX-License-Identifier: Apache-2.0
// Each program of tests/attack/ succeeds without the sandbox and is refused inside, under both profiles.
#include "tests/unit/sandbox/fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum target { NOTHING, CALLER, PORT, FOLDER };

static const struct attack {
    const char *name;
    enum target target; // what argv[1] names
    enum isolation_level stopped_at;
    int landlock_abi; // that refusing it needs
    bool needs_root;  // the control succeeds as root, not always as somebody else (mknod, Yama)
} attacks[] = {
    {"tcp_connect", PORT, ISOLATION_GUARD, 0, false},
    {"udp_send", NOTHING, ISOLATION_GUARD, 0, false},
    {"unix_socket", NOTHING, ISOLATION_GUARD, 0, false},
    {"parent_environ", CALLER, ISOLATION_FENCE, 3, false},
    {"parent_memory", CALLER, ISOLATION_FENCE, 3, true},
    {"parent_ptrace", CALLER, ISOLATION_GUARD, 0, true},
    {"parent_signal", CALLER, ISOLATION_FENCE, 6, false},
    {"parent_affinity", CALLER, ISOLATION_GUARD, 0, false},
    {"key_left_behind", NOTHING, ISOLATION_GUARD, 0, false},
    {"shared_memory_left_behind", NOTHING, ISOLATION_GUARD, 0, false},
    {"user_namespace", NOTHING, ISOLATION_GUARD, 0, false},
    {"write_outside", FOLDER, ISOLATION_FENCE, 3, false},
    {"read_outside", FOLDER, ISOLATION_FENCE, 3, false},
    {"link_outside", FOLDER, ISOLATION_FENCE, 3, false},
    {"device_node", FOLDER, ISOLATION_GUARD, 0, true},
};
enum { ATTACKS = sizeof(attacks) / sizeof(attacks[0]) };

static int
listen_somewhere(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

static int
run_bare(const char *program, const char *argument)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, program, argument, NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
run_sandboxed(struct fixture *f, enum launch_profile profile, const char *program, const char *argument)
{
    const char *const argv[] = {program, argument, NULL}, *const read_paths[] = {program, NULL};
    struct launch_spec spec = {
        .profile = profile, .argv = argv, .read_paths = read_paths, .limits = {.wall_ms = 20000}};
    struct launch_result result;
    OK(launcher_run(f->launcher, &spec, &result, &f->err), &f->err);
    launch_result_release(&result);
    return result.exit_code;
}

static char *
compile_attack(struct fixture *f, const char *name)
{
    AUTO_BUF source = BUF(1 << 16);
    OK(fs_read(arena_printf(&f->arena, "tests/attack/%s.c", name), 1 << 16, &source, &f->err), &f->err);
    return fixture_compile(f, name, buf_text(&source), NULL);
}

// Appends what went wrong with one attack.
static void
try_attack(struct fixture *f, const struct attack *attack, const char *argument, struct buf *wrong)
{
    struct isolation_probe probe;
    isolation_probe(&probe);
    char *program = compile_attack(f, attack->name);
    if ((!attack->needs_root || geteuid() == 0) && run_bare(program, argument) != 0)
        buf_printf(wrong, "%s fails without the sandbox, too\n", attack->name);
    if (launcher_level(f->launcher) < attack->stopped_at || probe.landlock_abi < attack->landlock_abi) {
        skip_without_landlock(attack->name, attack->landlock_abi);
        return;
    }
    for (int profile = LAUNCH_BUILD; profile <= LAUNCH_RUN; profile++)
        if (run_sandboxed(f, (enum launch_profile)profile, program, argument) <= 0)
            buf_printf(wrong, "%s succeeds in profile %d\n", attack->name, profile);
}

START_TEST(attacks_are_refused)
{
    struct fixture f;
    unsigned port;
    AUTO_BUF wrong = BUF(1 << 16);
    fixture_init(&f);
    char *folder = fs_temp_dir(&f.arena, NULL, "outside", &f.err);
    OK(fs_write(fs_join(&f.arena, folder, "secret"), STR("planted"), &f.err), &f.err);
    int listener = listen_somewhere(&port);
    const char *arguments[] = {[NOTHING] = NULL,
                               [CALLER] = arena_printf(&f.arena, "%ld", (long)getpid()),
                               [PORT] = arena_printf(&f.arena, "%u", port),
                               [FOLDER] = folder};
    for (size_t i = 0; i < ATTACKS; i++)
        try_attack(&f, &attacks[i], arguments[attacks[i].target], &wrong);
    ck_assert_msg(wrong.len == 0, "%s", buf_text(&wrong));
    close(listener);
    OK(fs_remove_tree(folder, &f.err), &f.err);
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("sandbox/attack", attacks_are_refused)
