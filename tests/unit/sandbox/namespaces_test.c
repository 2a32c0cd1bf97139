// SPDX-License-Identifier: Apache-2.0
#include "sandbox/namespaces.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77 };

// Runs a check in a process that is thrown away; what it returns is its exit code, 0 when all was well.
static void
in_a_child(int (*check)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(check());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        printf("skipped: needs namespaces\n");
    else
        ck_assert_int_eq(status, 0);
}

static int
see_read_only(void)
{
    struct statvfs root, tmp;
    uid_t before = geteuid();
    if (namespaces_enter(PART_USER_NS) < 0 || namespaces_enter(PART_MOUNT_NS) < 0)
        return SKIPPED;
    if (geteuid() != before)
        return 1;
    if (open("/tmp/atoll-must-not-be", O_CREAT | O_WRONLY, 0600) >= 0 || errno != EROFS)
        return 2;
    if (statvfs("/", &root) < 0 || !(root.f_flag & ST_RDONLY) || !(root.f_flag & ST_NOSUID))
        return 3;
    int memory = namespaces_tmpfs(1 << 20);
    if (memory < 0 || namespaces_attach(memory, "/tmp") < 0 || statvfs("/tmp", &tmp) < 0)
        return 4;
    if (tmp.f_blocks * tmp.f_frsize != 1 << 20 || tmp.f_files != TMPFS_FILES)
        return 5;
    if (namespaces_resize("/tmp", 2 << 20) < 0 || statvfs("/tmp", &tmp) < 0)
        return 6;
    unsigned long flags = ST_NOSUID | ST_NODEV;
    bool kept = tmp.f_files == TMPFS_FILES && (tmp.f_flag & flags) == flags;
    return tmp.f_blocks * tmp.f_frsize == 2 << 20 && kept ? 0 : 7;
}

static int
see_other_names(void)
{
    char name[64] = "";
    if (namespaces_enter(PART_USER_NS) < 0 || namespaces_enter(PART_UTS_NS) < 0)
        return SKIPPED;
    gethostname(name, sizeof(name) - 1);
    return strcmp(name, "atoll") == 0 ? 0 : 1;
}

static int
see_own_processes(void)
{
    if (namespaces_enter(PART_USER_NS) < 0 || namespaces_enter(PART_MOUNT_NS) < 0 ||
        namespaces_enter(PART_PID_NS) < 0)
        return SKIPPED;
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(namespaces_proc() < 0 ? SKIPPED : getpid() == 1 && access("/proc/2", F_OK) != 0 ? 0 : 1);
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static int
see_another_user(void)
{
    if (!namespaces_privileged())
        return SKIPPED;
    unsigned id = namespaces_own_id();
    int map = namespaces_map(id);
    if (map < 0 || namespaces_become(id) < 0)
        return SKIPPED;
    if (geteuid() != id || getegid() != id || namespaces_privileged())
        return 1;
    return setuid(0) < 0 && errno == EPERM ? 0 : 2;
}

START_TEST(mounts_are_read_only_and_memory_is_limited)
{
    in_a_child(see_read_only);
}
END_TEST

START_TEST(the_host_has_no_name)
{
    in_a_child(see_other_names);
}
END_TEST

START_TEST(processes_are_numbered_anew)
{
    in_a_child(see_own_processes);
}
END_TEST

START_TEST(another_user_stays_it)
{
    in_a_child(see_another_user);
}
END_TEST

UNIT_MAIN("sandbox/namespaces", mounts_are_read_only_and_memory_is_limited, the_host_has_no_name,
          processes_are_numbered_anew, another_user_stays_it)
