// SPDX-License-Identifier: Apache-2.0
#include "tests/attack/suite/world.h"
#include "base/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/fs.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 22 };

// Files of the victim's folder and what stands in them.
static const struct {
    const char *path, *content;
} files[] = {
    {"secret", PLANTED "-file\n"},
    {"movable", "to be moved\n"},
    {"removable", "to be removed\n"},
    {"github_env", "A=B\n"},
    {"repo/.git/config", "[http]\n\textraheader = " PLANTED "-config\n"},
    {"repo/.git/hooks/pre-push", "#!/bin/sh\n"},
    {"repo/.github/workflows/ci.yml", "on: push\n"},
    {"repo/.gitlab-ci.yml", "stages: [build]\n"},
};

static int
listen_inet(int kind, unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || (kind == SOCK_STREAM && listen(fd, 9) < 0) ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

static int
listen_unix(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(at.sun_path));
    if (path[0] == '@')
        at.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 9) == 0 ? fd : -1;
}

int
world_open(struct world *world, struct arena *arena, const char *base, const char *programs,
           const char *helper, struct err *err)
{
    *world = (struct world){.arena = arena,
                            .victim = fs_join(arena, base, "victim"),
                            .scratch = fs_join(arena, base, "scratch"),
                            .tool = fs_join(arena, base, "victim/tool"),
                            .programs = arena_dup(arena, programs),
                            .helper = arena_dup(arena, helper),
                            .docker_socket = fs_join(arena, base, "docker.sock"),
                            .abstract_name = arena_printf(arena, "@atoll-attack-%ld", (long)getpid())};
    world->listeners[0] = listen_inet(SOCK_STREAM, &world->tcp_port);
    world->listeners[1] = listen_inet(SOCK_DGRAM, &world->udp_port);
    world->listeners[2] = listen_unix(world->docker_socket);
    world->listeners[3] = listen_unix(world->abstract_name);
    for (size_t i = 0; i < LISTENERS; i++)
        if (world->listeners[i] < 0)
            return err_sys(err, ERR_IO, "making listener %zu", i);
    return 0;
}

// Takes a caller or a datagram off a listener.
static bool
was_called(int listener)
{
    char bytes[16];
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || recv(listener, bytes, sizeof(bytes), 0) > 0;
}

// Without waiting for the disk, as fs_write would: thousands of files are made.
static int
put_file(const char *path, struct str content, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool done = fd >= 0 && write(fd, content.ptr, content.len) == (ssize_t)content.len;
    if (fd >= 0)
        close(fd);
    return done ? 0 : err_sys(err, ERR_IO, "writing %s", path);
}

int
world_reset(struct world *world, struct err *err)
{
    AUTO_BUF tool = BUF(FILE_MAX_BYTES);
    if (fs_remove_tree(world->victim, err) < 0 || fs_remove_tree(world->scratch, err) < 0 ||
        fs_mkdirs(world->scratch, err) < 0 || fs_mkdirs(world->victim, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *path = fs_join(world->arena, world->victim, files[i].path);
        if (fs_mkdirs(fs_dir_name(world->arena, path), err) < 0 ||
            put_file(path, str_of(files[i].content), err) < 0)
            return -1;
    }
    if (fs_read(fs_join(world->arena, world->programs, "self_exe_rewrite"), FILE_MAX_BYTES, &tool, err) < 0 ||
        put_file(world->tool, buf_str(&tool), err) < 0)
        return -1;
    chmod(world->tool, 0755);
    for (size_t i = 0; i < LISTENERS; i++)
        while (was_called(world->listeners[i]))
            ;
    return 0;
}

static void
describe_file(const FTSENT *entry, struct buf *out)
{
    const struct stat *info = entry->fts_statp;
    char names[256] = {0};
    int flags = 0, fd = S_ISREG(info->st_mode) ? open(entry->fts_accpath, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t named = llistxattr(entry->fts_accpath, names, sizeof(names) - 1);
    uint64_t sum = 14695981039346656037ULL; // FNV-1a
    unsigned char bytes[4096];
    if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        flags = 0;
    for (ssize_t got; fd >= 0 && (got = read(fd, bytes, sizeof(bytes))) > 0;)
        for (ssize_t i = 0; i < got; i++)
            sum = (sum ^ bytes[i]) * 1099511628211ULL;
    if (fd >= 0)
        close(fd);
    buf_printf(out, "%s mode %o owner %u links %u times %lld flags %x attributes %zd %s sum %llx\n",
               entry->fts_path, info->st_mode, info->st_uid, (unsigned)info->st_nlink,
               (long long)info->st_mtim.tv_sec, (unsigned)flags, named, names, (unsigned long long)sum);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

void
world_describe(struct world *world, struct buf *out)
{
    char *const roots[] = {world->victim, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    for (FTSENT *entry; walk && (entry = fts_read(walk));)
        if (entry->fts_info != FTS_DP)
            describe_file(entry, out);
    if (walk)
        fts_close(walk);
    static const char *const names[LISTENERS] = {"tcp", "udp", "docker", "abstract"};
    for (size_t i = 0; i < LISTENERS; i++)
        if (was_called(world->listeners[i]))
            buf_printf(out, "%s was called\n", names[i]);
}

void
world_close(struct world *world)
{
    for (size_t i = 0; i < LISTENERS; i++)
        close(world->listeners[i]);
}
