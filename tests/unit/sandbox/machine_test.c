// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "sandbox/machine.h"
#include "tests/unit/unit.h"

#include <stdio.h>

struct proc {
    struct arena arena;
    struct err err;
    char *folder;
};

static void
proc_write(struct proc *proc, const char *name, const char *text)
{
    ck_assert_int_eq(fs_write(fs_join(&proc->arena, proc->folder, name), str_of(text), &proc->err), 0);
}

static void
proc_init(struct proc *proc)
{
    *proc = (struct proc){0};
    proc->folder = fs_temp_dir(&proc->arena, NULL, "proc", &proc->err);
    ck_assert_ptr_nonnull(proc->folder);
}

static void
proc_release(struct proc *proc)
{
    ck_assert_int_eq(fs_remove_tree(proc->folder, &proc->err), 0);
    arena_release(&proc->arena);
}

START_TEST(names_the_cpu)
{
    struct proc proc;
    struct machine machine;
    proc_init(&proc);
    proc_write(&proc, "cpuinfo",
               "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
               "model name\t: Intel(R) Xeon(R) Platinum 8488C\nstepping\t: 8\n\nprocessor\t: 1\n"
               "model name\t: another\n");
    machine_read(proc.folder, &machine);
    ck_assert_msg(strstr(machine.cpu, " Intel(R) Xeon(R) Platinum 8488C (6/143/8)"), "%s", machine.cpu);
    proc_write(&proc, "cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
    machine_read(proc.folder, &machine);
    ck_assert_msg(strstr(machine.cpu, " 0x41 0xd0c"), "%s", machine.cpu);
    proc_release(&proc);
}
END_TEST

START_TEST(tells_load_and_steal)
{
    struct proc proc;
    struct machine before, after;
    proc_init(&proc);
    proc_write(&proc, "loadavg", "3.25 2.00 1.00 2/150 999\n");
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    proc_write(&proc, "stat", "cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 2 3\n");
    machine_read(proc.folder, &before);
    ck_assert(before.load == 3.25 && before.ticks == 1000 && before.stolen == 100);
    proc_write(&proc, "stat", "cpu  200 0 100 770 0 0 0 130 50 0\n");
    machine_read(proc.folder, &after);
    ck_assert_double_eq_tol(machine_steal_pct(&before, &after), 15, 1e-12);
    ck_assert(machine_steal_pct(&before, &before) == 0 && machine_steal_pct(&after, &before) == 0);
    proc_release(&proc);
}
END_TEST

START_TEST(what_is_not_told_is_nothing)
{
    struct proc proc;
    struct machine machine;
    proc_init(&proc);
    machine_read(proc.folder, &machine);
    ck_assert(machine.load == 0 && machine.ticks == 0 && machine.stolen == 0);
    machine_read(NULL, &machine); // the real one
    ck_assert_uint_gt(machine.ticks, 0);
    ck_assert_uint_gt(strlen(machine.cpu), 6);
    proc_release(&proc);
}
END_TEST

UNIT_MAIN("sandbox/machine", names_the_cpu, tells_load_and_steal, what_is_not_told_is_nothing)
