// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sandbox/timed_run.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SHELL "/bin/sh"

static struct timed_result
run_spec(struct timed_spec *spec, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct timed_result result;
    struct err err;
    spec->path = SHELL;
    spec->argv = argv;
    ck_assert_msg(timed_run(spec, &result, &err) == 0, "%s", err.message);
    return result;
}

static struct timed_result
run_script(const char *script)
{
    struct timed_spec spec = {.cancel_fd = -1};
    return run_spec(&spec, script);
}

// Whether a process has ended, or does within a second; whoever inherits it may not have reaped it.
static bool
is_gone(pid_t pid)
{
    char path[64], text[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 100; i++) {
        FILE *file = fopen(path, "re");
        if (file == NULL)
            return true;
        size_t got = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[got] = '\0';
        const char *state = strrchr(text, ')');
        if (state == NULL || state[2] == 'Z' || state[2] == 'X')
            return true;
        usleep(10000);
    }
    return false;
}

START_TEST(ends_are_told)
{
    struct timed_result good = run_script("exit 0"), bad = run_script("exit 3"),
                        killed = run_script("kill -9 $$");
    ck_assert_int_eq(good.exit_code, 0);
    ck_assert_int_eq(bad.exit_code, 3);
    ck_assert_int_eq(bad.signal, 0);
    ck_assert_int_eq(killed.exit_code, -1);
    ck_assert_int_eq(killed.signal, SIGKILL);
    ck_assert(!good.timed_out && !good.cancelled);
}
END_TEST

START_TEST(time_of_children_counts)
{
    struct timed_result idle = run_script("exit 0");
    struct timed_result busy =
        run_script("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; exit 0");
    ck_assert(idle.cpu_ns > 0 && idle.wall_ns > 0);
    ck_assert_msg(busy.cpu_ns > idle.cpu_ns + 10 * CLOCK_MS_NS, "%lld ns against %lld",
                  (long long)busy.cpu_ns, (long long)idle.cpu_ns);
}
END_TEST

START_TEST(waiting_shows)
{
    struct timed_result slept = run_script("sleep 0.05; exit 0");
    ck_assert_int_ge(slept.wall_ns, 50 * CLOCK_MS_NS);
    ck_assert_int_gt(slept.waits, 1);
}
END_TEST

START_TEST(output_is_kept_as_far_as_it_fits)
{
    struct buf out = BUF(1000), complaints = BUF(1000);
    struct timed_spec spec = {.cancel_fd = -1, .out = &out, .err = &complaints};
    run_spec(&spec, "echo one; echo two >&2");
    ck_assert_str_eq(buf_text(&out), "one\n");
    ck_assert_str_eq(buf_text(&complaints), "two\n");
    struct timed_result flood = run_spec(&spec, "head -c 1000000 /dev/zero");
    ck_assert_int_eq(flood.exit_code, 0);
    ck_assert_uint_eq(out.len, 1000);
    ck_assert_uint_eq(complaints.len, 0);
    buf_release(&out);
    buf_release(&complaints);
}
END_TEST

START_TEST(input_and_padding_are_given)
{
    struct buf out = BUF(10000);
    struct timed_spec spec = {.cancel_fd = -1, .out = &out, .padding_bytes = 77};
    run_spec(&spec, "cat; printf %s \"$ATOLL_PADDING\"");
    ck_assert_uint_eq(out.len, 77);
    spec.stdin_path = "/proc/self/comm";
    spec.padding_bytes = 0;
    run_spec(&spec, "cat");
    ck_assert_uint_gt(out.len, 0);
    buf_release(&out);
}
END_TEST

START_TEST(too_long_ends_the_whole_group)
{
    struct buf out = BUF(1000);
    struct timed_spec spec = {.cancel_fd = -1, .out = &out, .wall_max_ns = 500 * CLOCK_MS_NS};
    struct timed_result result = run_spec(&spec, "sleep 100 & echo $!; wait");
    ck_assert(result.timed_out && !result.cancelled);
    ck_assert_int_eq(result.signal, SIGKILL);
    ck_assert_int_lt(result.wall_ns, 60 * CLOCK_S_NS);
    pid_t left = (pid_t)strtol(buf_text(&out), NULL, 10);
    ck_assert_int_gt(left, 1);
    ck_assert(is_gone(left));
    buf_release(&out);
}
END_TEST

START_TEST(what_a_good_run_leaves_behind_is_ended)
{
    struct buf out = BUF(1000);
    struct timed_spec spec = {.cancel_fd = -1, .out = &out};
    struct timed_result result = run_spec(&spec, "sleep 100 >/dev/null 2>&1 & echo $!");
    ck_assert_int_eq(result.exit_code, 0);
    pid_t left = (pid_t)strtol(buf_text(&out), NULL, 10);
    ck_assert_int_gt(left, 1);
    ck_assert(is_gone(left));
    buf_release(&out);
}
END_TEST

START_TEST(can_be_cancelled)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    struct timed_spec spec = {.cancel_fd = ends[0]};
    struct timed_result result = run_spec(&spec, "sleep 100");
    ck_assert(result.cancelled && !result.timed_out);
    ck_assert_int_eq(result.signal, SIGKILL);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(what_is_not_there_is_the_users_mistake)
{
    static const char *const paths[] = {"/nowhere/at/all", "/etc/passwd", "/"};
    for (size_t i = 0; i < 3; i++) {
        const char *const argv[] = {paths[i], NULL};
        struct timed_spec spec = {.path = paths[i], .argv = argv, .cancel_fd = -1};
        struct timed_result result;
        struct err err;
        ck_assert_int_eq(timed_run(&spec, &result, &err), -1);
        ck_assert_int_eq(err.kind, ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(err.message, paths[i]));
    }
}
END_TEST

UNIT_MAIN("sandbox/timed_run", ends_are_told, time_of_children_counts, waiting_shows,
          output_is_kept_as_far_as_it_fits, input_and_padding_are_given, too_long_ends_the_whole_group,
          what_a_good_run_leaves_behind_is_ended, can_be_cancelled, what_is_not_there_is_the_users_mistake)
