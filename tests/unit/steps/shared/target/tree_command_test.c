// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/tree_command.h"

#include "base/proc.h"
#include "tests/unit/steps/shared/target/workshop.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct launch_limits
limits_of(const char *sandbox, int64_t wall_ms)
{
    struct err err;
    AUTO_JSON *json = json_read(str_of(sandbox), "sandbox", &err);
    ck_assert_ptr_nonnull(json);
    struct step step = {.sandbox = json};
    return tree_command_limits(&step, wall_ms);
}

START_TEST(commands_have_limits_without_a_word)
{
    struct launch_limits limits = limits_of("{}", 600000);
    ck_assert_int_eq(limits.wall_ms, 600000);
    ck_assert_uint_eq(limits.memory_bytes, 0);
    ck_assert_uint_gt(limits.processes, 0);
    ck_assert_uint_gt(limits.file_bytes, 0);
    ck_assert_uint_gt(limits.disk_bytes, 0);
    ck_assert_uint_gt(limits.open_files, 0);
}
END_TEST

START_TEST(commands_have_the_limits_of_the_pipeline)
{
    struct launch_limits limits =
        limits_of("{\"memory\": 1048576, \"wall\": 1.5, \"processes\": 7, \"disk\": 2097152}", 600000);
    ck_assert_int_eq(limits.wall_ms, 1500);
    ck_assert_uint_eq(limits.memory_bytes, 1048576);
    ck_assert_uint_eq(limits.processes, 7);
    ck_assert_uint_eq(limits.disk_bytes, 2097152);
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
        int status = tree_command_check_lost(&ends[i].result, "make", &err);
        ck_assert_msg((status < 0) == ends[i].lost, "end %zu", i);
        ck_assert(status == 0 || err.kind == ERR_LOST);
    }
}
END_TEST

// The last line of what a command prints in a tree, or the error.
static const char *
last_line(struct workshop *w, const char *tree, const char *file, const char *text)
{
    AUTO_JSON *sandbox = json_object();
    struct step step = {.sandbox = sandbox, .arena = &w->arena};
    struct launch_result result;
    struct tree_command command = {.launcher = w->launcher,
                                   .tree = tree,
                                   .command = text,
                                   .file = file,
                                   .variable = "FLAG=on",
                                   .input = STR("asked\n"),
                                   .wall_ms = 60000};
    if (tree_command_run(&step, &command, &result, &w->err) != 0)
        return arena_printf(&w->arena, "ERR %s", w->err.message);
    const char *line = arena_str(&w->arena, str_last_line(buf_str(&result.output)));
    launch_result_release(&result);
    return line;
}

START_TEST(a_command_finds_its_folders_in_the_tree)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    const char *tree = w.repository;
    ck_assert_str_eq(last_line(&w, tree, "x.c", "pwd"), tree);
    ck_assert_str_eq(last_line(&w, tree, "x.c", "echo \"$HOME\""), tree);
    ck_assert_str_eq(last_line(&w, tree, "x.c", "cd \"$TMPDIR\"; echo > made; ls"), "made");
    ck_assert_ptr_nonnull(strstr(last_line(&w, "/dev/null", "x.c", "true"), "ERR"));
}
END_TEST

START_TEST(a_command_gets_its_input_and_its_variable)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    ck_assert_str_eq(last_line(&w, w.repository, "x.c", "read -r line; echo \"$line $FLAG\"; echo"),
                     "asked on");
}
END_TEST

START_TEST(a_command_ends_with_its_first_failure)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    ck_assert_str_eq(last_line(&w, w.repository, "x.c", "echo first; false; echo second"), "first");
    ck_assert_ptr_nonnull(strstr(last_line(&w, w.repository, "x.c", "kill -9 $$"), "killed from outside"));
}
END_TEST

START_TEST(a_go_command_sees_the_module_in_the_tree)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    if (proc_find(&w.arena, "go") == NULL)
        return;
    workshop_file(&w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    workshop_file(&w, "m.go", "package m\n");
    const char *list = "GOTOOLCHAIN=local GOFLAGS=-mod=mod go list ./...";
    ck_assert_str_eq(last_line(&w, w.repository, "m.go", list), "example.com/m");
}
END_TEST

// A go command outside of the system's folders, and a cache of modules: here a script that reads both.
START_TEST(a_go_command_is_found_and_read_where_it_is)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    const char *folder = fs_real(&w.arena, w.folder, &w.err), *tree = w.repository;
    const char *go = fs_join(&w.arena, folder, "sdk/bin/go");
    OK(fs_write(go,
                STR("#!/bin/sh\nread -r word <$GOMODCACHE/word\nread -r version <${0%/bin/go}/VERSION\n"
                    "echo $GOPROXY $GOTOOLCHAIN $GOENV $version $word\n"),
                &w.err),
       &w.err);
    ck_assert_int_eq(chmod(go, 0755), 0);
    OK(fs_write(fs_join(&w.arena, folder, "sdk/VERSION"), STR("go1.99\n"), &w.err), &w.err);
    OK(fs_write(fs_join(&w.arena, folder, "modules/word"), STR("module\n"), &w.err), &w.err);
    setenv("PATH", arena_printf(&w.arena, "%s/sdk/bin:/usr/bin:/bin", folder), 1);
    setenv("GOMODCACHE", fs_join(&w.arena, folder, "modules"), 1);
    ck_assert_str_eq(last_line(&w, tree, "m.go", "go"), "off local off go1.99 module");
    ck_assert_str_eq(last_line(&w, tree, "x.c", "echo \"$PATH$GOPROXY\""), "/usr/local/bin:/usr/bin:/bin");
    // Where GOMODCACHE says nothing, GOPATH and HOME do.
    unsetenv("GOMODCACHE");
    setenv("GOPATH", arena_printf(&w.arena, "%s:/elsewhere", folder), 1);
    ck_assert_str_eq(last_line(&w, tree, "m.go", "echo \"$GOMODCACHE\""),
                     fs_join(&w.arena, folder, "pkg/mod"));
    unsetenv("GOPATH");
    setenv("HOME", folder, 1);
    ck_assert_str_eq(last_line(&w, tree, "m.go", "echo \"$GOMODCACHE\""),
                     fs_join(&w.arena, folder, "go/pkg/mod"));
}
END_TEST

UNIT_MAIN("target/tree_command", a_go_command_is_found_and_read_where_it_is,
          commands_have_limits_without_a_word, commands_have_the_limits_of_the_pipeline,
          a_kill_that_no_limit_explains_is_a_loss, a_command_finds_its_folders_in_the_tree,
          a_command_gets_its_input_and_its_variable, a_command_ends_with_its_first_failure,
          a_go_command_sees_the_module_in_the_tree)
