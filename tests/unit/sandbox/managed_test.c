// SPDX-License-Identifier: Apache-2.0
// Managed cells: a program that answers the doorbell itself. This one is C, so that no other toolchain is
// needed; its output is what it tried before its first answer.
#include "sandbox/cell.h"
#include "tests/unit/sandbox/fixture.h"

static const char head[] =
    "#include <errno.h>\n#include <linux/futex.h>\n#include <signal.h>\n#include <stdio.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n#include <sys/stat.h>\n"
    "#include <sys/syscall.h>\n#include <unistd.h>\n"
    "#include \"sandbox/cell/shared.h\"\n"
    "static char *tried(char *);\n"
    "int main(int argc, char **argv) {\n"
    "  struct stat info;\n"
    "  fstat(3, &info);\n"
    "  struct shared *s = mmap(NULL, info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);\n"
    "  const char *text = tried(argv[0]);\n"
    "  for (uint32_t seen = 1;;) {\n"
    "    atomic_store(&s->answer, seen);\n"
    "    while (atomic_load(&s->doorbell) == seen) {\n"
    "      atomic_store(&s->host_waits, 1);\n"
    "      if (atomic_load(&s->doorbell) == seen)\n"
    "        syscall(SYS_futex, &s->doorbell, FUTEX_WAIT, seen, NULL, NULL, 0);\n"
    "      atomic_store(&s->host_waits, 0);\n"
    "    }\n"
    "    seen = atomic_load(&s->doorbell);\n"
    "    s->status = SHARED_OK;\n"
    "    s->cpu_ns = 1000;\n"
    "    s->charge_ns = CHARGE;\n"
    "    s->done = s->op == SHARED_PREPARE ? s->count : strlen(text);\n"
    "    strcpy((char *)s + s->output_at, text);\n"
    "  }\n"
    "}\n";

static struct cell *
start(struct fixture *f, const char *charge, const char *tries)
{
    static const uint8_t bytes[1] = {0};
    static const size_t offsets[] = {0, 1};
    struct cell_inputs inputs = {bytes, offsets, 1};
    char *source = arena_printf(&f->arena, "#define CHARGE %s\n%s\n%s", charge, head, tries);
    char *path = fixture_compile(f, "program", source, NULL);
    struct cell_options options = {.object_path = path, .limits = {.wall_ms = 20000}, .managed = true};
    struct cell *cell = cell_new(f->launcher, &options, &f->err);
    ck_assert_msg(cell != NULL, "%s", f->err.message);
    OK(cell_load(cell, &inputs, &f->err), &f->err);
    return cell;
}

START_TEST(another_program_is_refused)
{
    struct fixture f;
    AUTO_BUF output = BUF(4096), detail = BUF(4096);
    enum cell_fault fault;
    fixture_init(&f);
    // The path that it was started by stands elsewhere now: the same words at another address are no
    // permission.
    struct cell *cell = start(
        &f, "0",
        "static char text[200];\n"
        "static char *tried(char *self) {\n"
        "  char *own[] = {self, NULL}, *shell[] = {\"/bin/true\", NULL};\n"
        "  execve(\"/bin/true\", shell, NULL);\n"
        "  int first = errno;\n"
        "  execve(self, own, NULL);\n"
        "  int second = errno;\n"
        "  int third = kill(getppid(), 0) < 0 ? errno : 0;\n"
        "  int fourth = kill(getpid(), 0) < 0 ? errno : 0;\n"
        "  snprintf(text, sizeof text, \"%d %d %d %d\", first == EPERM, second == EPERM, third == EPERM, "
        "fourth);\n"
        "  return text;\n"
        "}\n");
    OK(cell_call(cell, 0, &output, &fault, &detail, &f.err), &f.err);
    ck_assert_str_eq(buf_text(&output), "1 1 1 0");
    cell_free(cell);
    fixture_release(&f);
}
END_TEST

START_TEST(what_is_left_to_collect_is_charged)
{
    struct fixture f;
    struct cell_batch batch;
    fixture_init(&f);
    struct cell *cell = start(&f, "500", "static char *tried(char *self) { return self; }\n");
    OK(cell_batch(cell, 0, 1, 1, &batch, &f.err), &f.err);
    ck_assert_int_eq(batch.charge_ns, 500);
    ck_assert_int_eq(batch.cpu_ns, 1500);
    cell_free(cell);
    // A charge can't be turned into a gain.
    cell = start(&f, "-500", "static char *tried(char *self) { return self; }\n");
    OK(cell_batch(cell, 0, 1, 1, &batch, &f.err), &f.err);
    ck_assert_int_eq(batch.charge_ns, 0);
    ck_assert_int_eq(batch.cpu_ns, 1000);
    cell_free(cell);
    fixture_release(&f);
}
END_TEST

static const char threaded[] = "#include <pthread.h>\n"
                               "static void *rest(void *nothing) { while (STAYS) pause(); return nothing; }\n"
                               "static char *tried(char *self) {\n"
                               "  pthread_t thread;\n"
                               "  int failed = pthread_create(&thread, NULL, rest, NULL);\n"
                               "  if (!STAYS && !failed) pthread_join(thread, NULL);\n"
                               "  return failed ? \"failed\" : \"started\";\n"
                               "}\n";

// A collector of garbage has threads, more of them at one time than at another; they accuse nobody.
START_TEST(threads_of_a_runtime_are_no_cheat)
{
    struct fixture f;
    AUTO_BUF output = BUF(4096), detail = BUF(4096);
    enum cell_fault fault;
    struct witness without, with, plain[2];
    fixture_init(&f);
    struct cell *one = start(&f, "0\n#define STAYS 0", threaded),
                *two = start(&f, "0\n#define STAYS 1", threaded);
    OK(cell_call(two, 0, &output, &fault, &detail, &f.err), &f.err);
    ck_assert_str_eq(buf_text(&output), "started");
    ck_assert_int_eq(cell_cheat(two), CHEAT_NONE);
    cell_witness(one, &without);
    cell_witness(two, &with);
    ck_assert_int_eq(witness_compare(&without, &with), CHEAT_NONE);
    // Anybody else's would.
    witness_take(cell_pid(one), false, &plain[0]);
    witness_take(cell_pid(two), false, &plain[1]);
    ck_assert_int_eq(witness_compare(&plain[0], &plain[1]), CHEAT_THREAD);
    cell_free(one);
    cell_free(two);
    fixture_release(&f);
}
END_TEST

START_TEST(an_early_exit_is_named)
{
    struct fixture f;
    struct cell_batch batch;
    fixture_init(&f);
    struct cell *cell = start(&f, "(s->op == SHARED_RUN ? (exit(0), 0) : 0)",
                              "static char *tried(char *self) { return self; }\n");
    OK(cell_batch(cell, 0, 1, 1, &batch, &f.err), &f.err);
    ck_assert_int_eq(batch.fault, CELL_CRASHED);
    ck_assert_int_eq(cell_cheat(cell), CHEAT_EARLY_EXIT);
    ck_assert_str_eq(cell_fault_text(cell), "early-exit: exited with code 0 instead of returning");
    cell_free(cell);
    fixture_release(&f);
}
END_TEST

START_TEST(last_words_describe_the_end)
{
    struct fixture f;
    struct cell_batch batch;
    fixture_init(&f);
    struct cell *cell =
        start(&f, "(s->op == SHARED_RUN ? (dprintf(2, \"words\\nfatal error: no more\\n\"), exit(2), 0) : 0)",
              "static char *tried(char *self) { return self; }\n");
    OK(cell_batch(cell, 0, 1, 1, &batch, &f.err), &f.err);
    ck_assert_int_eq(batch.fault, CELL_CRASHED);
    ck_assert_str_eq(cell_fault_text(cell), "fatal error: no more");
    ck_assert_int_eq(cell_cheat(cell), CHEAT_NONE);
    cell_free(cell);
    fixture_release(&f);
}
END_TEST

// Runs a batch in which the program does this.
static enum cheat
cheat_of(struct fixture *f, const char *does, char text[128])
{
    struct cell_batch batch;
    char *charge = arena_printf(&f->arena, "(s->op == SHARED_RUN ? (%s, 0) : 0)", does);
    struct cell *cell = start(f, charge, "static char *tried(char *self) { return self; }\n");
    OK(cell_batch(cell, 0, 1, 1, &batch, &f->err), &f->err);
    ck_assert_int_eq(batch.fault, CELL_CRASHED);
    snprintf(text, 128, "%s", cell_fault_text(cell));
    enum cheat cheat = cell_cheat(cell);
    cell_free(cell);
    return cheat;
}

// Who starts processes, chooses CPUs or priorities is ended; Go's runtime says at which system call.
START_TEST(what_is_trapped_is_named)
{
    static const char *const calls[] = {"syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)",
                                        "syscall(SYS_sched_setaffinity, 0, 0, 0)",
                                        "syscall(SYS_setpriority, 0, 0, 5)"};
    static const char says[] = "dprintf(2, \"SIGSYS: bad system call\\nPC=0\\n\\nrax    %%#x\\nrbx    "
                               "0x1\\nr7     0x2\\nr8     %%#x\\n\", %s, %s), exit(2)";
    static const struct {
        const char *call, *text;
        enum cheat cheat;
    } reports[] = {
        {"SYS_sched_setaffinity", "affinity: changes on which CPUs something runs", CHEAT_AFFINITY},
        {"SYS_setpriority", "priority: changes how something is scheduled", CHEAT_PRIORITY},
        {"SYS_sched_setattr", "priority: changes how something is scheduled", CHEAT_PRIORITY},
        {"SYS_clone", "child-process: starts a process", CHEAT_CHILD_PROCESS},
    };
    struct fixture f;
    char text[128];
    fixture_init(&f);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        ck_assert_int_eq(cheat_of(&f, calls[i], text), CHEAT_NONE);
        ck_assert_str_eq(text, "signal 31 (Bad system call)");
    }
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        char *does = arena_printf(&f.arena, says, reports[i].call, reports[i].call);
        ck_assert_int_eq(cheat_of(&f, does, text), reports[i].cheat);
        ck_assert_str_eq(text, reports[i].text);
    }
    // Half a line is somebody else's.
    cheat_of(&f, "dprintf(2, \"no SIGSYS: bad system call\\n\"), exit(2)", text);
    ck_assert_str_eq(text, "early-exit: exited with code 2 instead of returning");
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("sandbox/managed", another_program_is_refused, what_is_left_to_collect_is_charged,
          threads_of_a_runtime_are_no_cheat, an_early_exit_is_named, what_is_trapped_is_named,
          last_words_describe_the_end)
