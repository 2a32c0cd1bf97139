// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "sandbox/cgroup.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(folder_or_reason)
{
    AUTO_BUF folder = BUF(4096), reason = BUF(200), probe = BUF(4200);
    if (!cgroup_find(&folder, &reason)) {
        printf("skipped: needs a control group that can be divided: %s\n", buf_text(&reason));
        ck_assert_uint_gt(reason.len, 0);
        return;
    }
    // What it tried is gone, and what it promised holds.
    buf_printf(&probe, "%s/atoll-probe-%ld", buf_text(&folder), (long)getpid());
    ck_assert(!fs_exists(buf_text(&probe)));
    ck_assert_int_eq(mkdir(buf_text(&probe), 0755), 0);
    size_t length = probe.len;
    static const char *const files[] = {"memory.max", "pids.max", "cgroup.kill", "cgroup.procs"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        buf_printf(&probe, "/%s", files[i]);
        ck_assert_msg(access(buf_text(&probe), W_OK) == 0, "%s", buf_text(&probe));
        buf_cut(&probe, length);
    }
    ck_assert_int_eq(rmdir(buf_text(&probe)), 0);
}
END_TEST

UNIT_MAIN("sandbox/cgroup", folder_or_reason)
