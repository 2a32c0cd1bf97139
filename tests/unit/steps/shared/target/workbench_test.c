// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/workbench.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

#include <signal.h>

static struct launch_limits
limits_of(const char *sandbox, int64_t wall_ms)
{
    struct err err;
    AUTO_JSON *json = json_read(str_of(sandbox), "sandbox", &err);
    ck_assert_ptr_nonnull(json);
    struct step step = {.sandbox = json};
    return workbench_limits(&step, wall_ms);
}

START_TEST(commands_have_limits_without_a_word)
{
    struct launch_limits limits = limits_of("{}", 600000);
    ck_assert_int_eq(limits.wall_ms, 600000);
    ck_assert_uint_eq(limits.memory_bytes, 0);
    ck_assert_uint_gt(limits.processes, 0);
    ck_assert_uint_gt(limits.file_bytes, 0);
    ck_assert_uint_gt(limits.open_files, 0);
}
END_TEST

START_TEST(commands_have_the_limits_of_the_pipeline)
{
    struct launch_limits limits = limits_of("{\"memory\": 1048576, \"wall\": 1.5, \"processes\": 7}", 600000);
    ck_assert_int_eq(limits.wall_ms, 1500);
    ck_assert_uint_eq(limits.memory_bytes, 1048576);
    ck_assert_uint_eq(limits.processes, 7);
    ck_assert_int_eq(limits_of("{\"wall\": 100}", 2000).wall_ms, 2000); // the shorter one holds
}
END_TEST

START_TEST(a_kill_that_no_limit_explains_is_a_loss)
{
    static const struct {
        struct launch_result result;
        bool lost;
    } ends[] = {
        {{.exit_code = 0}, false},
        {{.exit_code = 1}, false},
        {{.exit_code = 128 + SIGKILL}, true},
        {{.exit_code = 128 + SIGABRT}, false},
        {{.exit_code = -1, .signal = SIGKILL}, true},
        {{.exit_code = -1, .signal = SIGSEGV}, false},
        {{.exit_code = -1, .signal = SIGKILL, .limit = "wall"}, false},
        {{.exit_code = 128 + SIGKILL, .limit = "memory"}, false},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct err err = {0};
        int status = workbench_check_lost(&ends[i].result, "make", &err);
        ck_assert_msg((status < 0) == ends[i].lost, "end %zu", i);
        ck_assert(status == 0 || err.kind == ERR_LOST);
    }
}
END_TEST

// Runs `go list` in a folder; whether it takes the folder for a module.
static bool
go_lists(const char *tree, const char *home, const char *temp, struct err *err)
{
    const char *const argv[] = {"go", "list", "./...", NULL},
                      *const env[] = {"PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin",
                                      home,
                                      temp,
                                      "GOTOOLCHAIN=local",
                                      "GOFLAGS=-mod=mod",
                                      NULL};
    struct proc_spec spec = {.argv = argv, .env = env, .cwd = tree, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    ck_assert_msg(proc_run(&spec, &result, err) == 0, "%s", err->message);
    return str_find(buf_str(&result.out), STR("example.com/m\n")) == 0;
}

START_TEST(temporary_files_stand_below_the_tree)
{
    struct arena arena = {0};
    struct err err;
    char *tree = fs_temp_dir(&arena, NULL, "tree", &err);
    ck_assert_ptr_nonnull(tree);
    const char *itself = arena_printf(&arena, "TMPDIR=%s", tree),
               *home = arena_printf(&arena, "HOME=%s", tree), *temp = workbench_temp(&arena, tree, &err);
    ck_assert_ptr_nonnull(temp);
    ck_assert(str_starts(str_of(temp), str_of(itself)) && fs_exists(temp + strlen("TMPDIR=")));
    ck_assert_ptr_eq(workbench_temp(&arena, "/dev/null", &err), NULL);
    if (proc_find(&arena, "go") != NULL) {
        ck_assert_int_eq(
            fs_write(fs_join(&arena, tree, "go.mod"), STR("module example.com/m\n\ngo 1.21\n"), &err), 0);
        ck_assert_int_eq(fs_write(fs_join(&arena, tree, "m.go"), STR("package m\n"), &err), 0);
        ck_assert(go_lists(tree, home, temp, &err));
        ck_assert(!go_lists(tree, home, itself, &err));
    }
    ck_assert_int_eq(fs_remove_tree(tree, &err), 0);
    arena_release(&arena);
}
END_TEST

UNIT_MAIN("target/workbench", commands_have_limits_without_a_word, commands_have_the_limits_of_the_pipeline,
          a_kill_that_no_limit_explains_is_a_loss, temporary_files_stand_below_the_tree)
