// SPDX-License-Identifier: Apache-2.0
// What a test finds above its own program: the programs of its build, the sources of the repository.
#ifndef ATOLL_TESTS_UNIT_ABOVE_H
#define ATOLL_TESTS_UNIT_ABOVE_H

#include "base/fs.h"
#include "tests/unit/unit.h"

// The real path of `name`, such as "atoll-cell", in the nearest folder above that has it; the test fails
// where none has.
static inline char *
above(struct arena *arena, const char *name)
{
    struct err err;
    char *self, *path = NULL;
    ck_assert_msg(fs_self_dir(arena, &self, &err) == 0, "%s", err.message);
    for (const char *folder = self; path == NULL && folder[1] != '\0'; folder = fs_dir_name(arena, folder)) {
        const char *wanted = fs_join(arena, folder, name);
        if (fs_exists(wanted))
            path = fs_real(arena, wanted, &err);
    }
    ck_assert_msg(path != NULL, "no %s above %s", name, self);
    return path;
}

#endif
