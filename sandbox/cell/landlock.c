// SPDX-License-Identifier: Apache-2.0
// File system, TCP and signal scope by Landlock, as far as the kernel's ABI goes. The constants are written
// out: the headers of a stable distribution are older than the kernels it meets.
#include "sandbox/cell/cell.h"
#include "sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_MAKE_CHAR (1ULL << 6)
#define FS_MAKE_SOCK (1ULL << 9)
#define FS_MAKE_BLOCK (1ULL << 11)
#define FS_REFER (1ULL << 13)     // ABI 2
#define FS_TRUNCATE (1ULL << 14)  // ABI 3
#define FS_IOCTL_DEV (1ULL << 15) // ABI 5
#define FS_ABI_1 (FS_REFER - 1)
#define FS_ABI_3 ((1ULL << 15) - 1)
#define FS_OF_A_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE (FS_ABI_3 & ~(FS_MAKE_CHAR | FS_MAKE_SOCK | FS_MAKE_BLOCK))
#define NET_TCP 3ULL   // bind and connect, ABI 4
#define SCOPE_ALL 3ULL // abstract Unix sockets and signals, ABI 6

struct ruleset {
    uint64_t fs, net, scope;
};

struct path_rule {
    uint64_t access;
    int32_t fd;
} __attribute__((packed));

// What programs need to start and compilers to work. No secret lives here: of /etc only what is public by its
// nature.
static const char *const system_read[] = {"/usr",
                                          "/lib",
                                          "/lib32",
                                          "/lib64",
                                          "/libx32",
                                          "/bin",
                                          "/sbin",
                                          "/etc/alternatives",
                                          "/etc/ca-certificates",
                                          "/etc/bash.bashrc",
                                          "/etc/debian_version",
                                          "/etc/group",
                                          "/etc/host.conf",
                                          "/etc/hosts",
                                          "/etc/ld.so.cache",
                                          "/etc/ld.so.conf",
                                          "/etc/ld.so.conf.d",
                                          "/etc/ld.so.preload",
                                          "/etc/localtime",
                                          "/etc/locale.alias",
                                          "/etc/mime.types",
                                          "/etc/nsswitch.conf",
                                          "/etc/os-release",
                                          "/etc/passwd",
                                          "/etc/perl",
                                          "/etc/profile",
                                          "/etc/protocols",
                                          "/etc/python3",
                                          "/etc/services",
                                          "/etc/ssl/certs",
                                          "/etc/ssl/openssl.cnf",
                                          "/etc/timezone",
                                          "/dev/urandom",
                                          "/dev/random",
                                          "/proc/cpuinfo",
                                          "/proc/meminfo",
                                          "/proc/stat",
                                          "/sys/devices/system/cpu",
                                          "/sys/kernel/mm/transparent_hugepage",
                                          NULL};
static const char *const system_write[] = {"/dev/null", "/dev/zero", "/dev/full", NULL};
// Where these stand, below folders that are rules of their own.
static const char *const system_folders[SYSTEM_FOLDERS] = {"/", "/dev", "/etc", "/etc/ssl"};
// Of the program itself, or all of it where it is the run's own.
static const char *const self_read[] = {"/proc/self", NULL}, *const own_read[] = {"/proc", NULL};
static const char *const own_write[] = {"/tmp", "/dev/shm", NULL};

// Allows `access` below a path. What is not there needs no rule.
static int
allow(int ruleset, const char *path, uint64_t access)
{
    struct stat info;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
        access &= FS_OF_A_FILE;
    struct path_rule rule = {access, fd};
    long done = syscall(SYS_landlock_add_rule, ruleset, 1 /* path beneath */, &rule, 0);
    close(fd);
    return done == 0 ? 0 : -1;
}

static int
allow_all(int ruleset, const char *const *paths, uint64_t access)
{
    for (; *paths; paths++)
        if (allow(ruleset, *paths, access) < 0)
            return -1;
    return 0;
}

// What a kernel can deny; before ABI 2 renaming between folders is denied always.
static uint64_t
known_access(uint32_t abi)
{
    return FS_ABI_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
           (abi >= 5 ? FS_IOCTL_DEV : 0);
}

static uint64_t
read_and_write(uint32_t abi)
{
    return (FS_READ | FS_WRITE) & known_access(abi);
}

static void
stat_folders(struct stat folders[SYSTEM_FOLDERS])
{
    memset(folders, 0, sizeof(folders[0]) * SYSTEM_FOLDERS);
    for (size_t i = 0; i < SYSTEM_FOLDERS; i++)
        (void)stat(system_folders[i], &folders[i]);
}

// A file that takes the place of another changes the folder.
static bool
still_hold(const struct rules *rules)
{
    struct stat folders[SYSTEM_FOLDERS];
    stat_folders(folders);
    for (size_t i = 0; i < SYSTEM_FOLDERS; i++) {
        const struct stat *now = &folders[i], *then = &rules->folders[i];
        if (now->st_dev != then->st_dev || now->st_ino != then->st_ino ||
            now->st_ctim.tv_sec != then->st_ctim.tv_sec || now->st_ctim.tv_nsec != then->st_ctim.tv_nsec)
            return false;
    }
    return true;
}

int
landlock_prepare(struct order *order)
{
    uint32_t abi = order->landlock_abi;
    struct ruleset attributes = {
        .fs = known_access(abi), .net = abi >= 4 ? NET_TCP : 0, .scope = abi >= 6 ? SCOPE_ALL : 0};
    size_t size = abi >= 6 ? sizeof(attributes) : abi >= 4 ? 16 : 8;
    struct rules *rules = &order->rules;
    stat_folders(rules->folders);
    rules->fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (rules->fd < 0 || allow_all(rules->fd, system_read, FS_READ) < 0)
        return -1;
    return allow_all(rules->fd, system_write, read_and_write(abi));
}

int
landlock_apply(struct order *order)
{
    if (!still_hold(&order->rules) && (close(order->rules.fd) < 0 || landlock_prepare(order) < 0))
        return -1;
    int ruleset = order->rules.fd;
    uint64_t write = read_and_write(order->landlock_abi);
    bool memory = order->parts & PART(PART_TMPFS);
    if (allow_all(ruleset, order->parts & PART(PART_PROC) ? own_read : self_read, FS_READ) < 0 ||
        (memory && order->request.profile == LAUNCH_BUILD && allow_all(ruleset, own_write, write) < 0) ||
        allow_all(ruleset, (const char *const *)order->read_paths, FS_READ) < 0 ||
        allow_all(ruleset, (const char *const *)order->write_paths, write) < 0)
        return -1;
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
