// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/lease.h"

// A child that holds the lease until it is killed; returns once it does.
static pid_t
holder(void)
{
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct lease lease;
        struct err err;
        char done = lease_acquire(&lease, "state.db", &err) == 0 ? 'y' : 'n';
        if (write(ready[1], &done, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char done = 0;
    ck_assert_int_eq((int)read(ready[0], &done, 1), 1);
    ck_assert_int_eq(done, 'y');
    close(ready[0]);
    close(ready[1]);
    return pid;
}

START_TEST(one_process_holds_it_and_is_named)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    ck_assert_int_eq(lease_holder("state.db"), 0);
    pid_t pid = holder();
    struct lease lease;
    ck_assert_int_eq(lease_holder("state.db"), pid);
    ck_assert_int_eq(lease_acquire(&lease, "state.db", &err), -1);
    ck_assert_int_eq(err.kind, ERR_LOCKED);
    ck_assert_int_eq(lease.fd, -1);
    char name[40];
    snprintf(name, sizeof(name), "process %d", (int)pid);
    ck_assert_msg(strstr(err.message, name), "%s", err.message);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(lease_holder("state.db"), 0);
    ck_assert_int_eq(lease_acquire(&lease, "state.db", &err), 0);
    lease_release(&lease);
    lease_release(&lease);
    pid = holder();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(a_missing_folder_is_an_error)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct lease lease;
    ck_assert_int_eq(lease_acquire(&lease, "no/state.db", &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_int_eq(lease_holder("no/state.db"), 0);
}
END_TEST

FAKE_MAIN("workflow/lease", one_process_holds_it_and_is_named, a_missing_folder_is_an_error)
