// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell.h"
#include "base/clock.h"
#include "base/vec.h"
#include "sandbox/cell/shared.h"
#include "sandbox/cell_end.h"
#include "sandbox/cell_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// An answer is awaited on the CPU for about a batch's length, then in short sleeps, for the cell may need our
// CPU.
#define SPIN_NS (CLOCK_MS_NS * 3 / 10)
#define SLEEP_MIN_NS (CLOCK_MS_NS / 20)
#define SLEEP_MAX_NS CLOCK_MS_NS

enum {
    WALL_DEFAULT_MS = 10000,
    INPUTS_DEFAULT_BYTES = 8 << 20,
    OUTPUT_MIN_BYTES = 1 << 20,
    OVERHEAD_BYTES = 64 << 20, // address space of the cell itself
    TEXT_MAX_BYTES = 1 << 16,
    READ_PATHS_MAX = 64
};

// A managed runtime reserves address space for heaps that it never uses.
#define MANAGED_OVERHEAD_BYTES ((size_t)4 << 30)

struct cell {
    struct launcher *launcher;
    pid_t pid;    // -1 after a fault
    bool managed; // a program of its own runtime
    struct shared *shared;
    size_t shared_bytes, inputs_room, input_count;
    int64_t wall_ms, spin_ns;
    clockid_t cpu_clock;
    int64_t cpu_ns; // read last
    uint32_t doorbell;
    enum cell_fault fault;
    enum cheat cheat;
    struct buf fault_text;
};

const char *
cell_fault_text(const struct cell *cell)
{
    return buf_text(&cell->fault_text);
}

static int64_t
read_cpu_ns(struct cell *cell)
{
    struct timespec used;
    if (cell->pid > 0 && clock_gettime(cell->cpu_clock, &used) == 0)
        cell->cpu_ns = (int64_t)used.tv_sec * CLOCK_S_NS + used.tv_nsec;
    return cell->cpu_ns;
}

int64_t
cell_cpu_ns(const struct cell *cell)
{
    return read_cpu_ns((struct cell *)(uintptr_t)cell);
}

pid_t
cell_pid(const struct cell *cell)
{
    return cell->pid;
}

int64_t
cell_waits(const struct cell *cell)
{
    int64_t waits = cell->pid > 0 ? witness_waits(cell->pid, cell->managed) - cell->doorbell : 0;
    return waits > 0 ? waits : 0;
}

enum cheat
cell_cheat(const struct cell *cell)
{
    uint64_t refused = atomic_load(&cell->shared->refused);
    return cell->cheat == CHEAT_NONE && refused < CHEATS ? (enum cheat)refused : cell->cheat;
}

void
cell_witness(const struct cell *cell, struct witness *witness)
{
    witness_take(cell->pid, cell->managed, witness);
}

// Stops the process and notes how it failed.
static int
bury(struct cell *cell, bool timed_out, struct err *err)
{
    struct launch_result ended;
    read_cpu_ns(cell);
    pid_t pid = cell->pid;
    cell->pid = -1;
    if (launcher_stop(cell->launcher, pid, &ended, err) < 0)
        return -1;
    if (timed_out) {
        cell->fault = CELL_TIMED_OUT;
        buf_printf(&cell->fault_text, "no answer within %lld ms", (long long)cell->wall_ms);
    } else {
        cell->fault = cell_end_judge(&ended, cell->managed, &cell->fault_text, &cell->cheat);
    }
    if (ended.cpu_ns > cell->cpu_ns)
        cell->cpu_ns = ended.cpu_ns;
    launch_result_release(&ended);
    return 0;
}

static void
futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void
ring(struct cell *cell)
{
    struct shared *shared = cell->shared;
    atomic_store(&shared->doorbell, ++cell->doorbell);
    if (atomic_load(&shared->host_waits))
        futex_wake(&shared->doorbell);
}

static bool
answered(const struct cell *cell)
{
    return atomic_load_explicit(&cell->shared->answer, memory_order_acquire) == cell->doorbell;
}

// The longer it takes, the less does it matter when we see it.
static void
sleep_for_answer(int64_t waited_ns)
{
    int64_t ns = waited_ns / 16;
    ns = ns < SLEEP_MIN_NS ? SLEEP_MIN_NS : ns;
    nanosleep(&(struct timespec){0, ns > SLEEP_MAX_NS ? SLEEP_MAX_NS : ns}, NULL);
}

// Waits for the answer; on a fault the cell is dead and has its reason.
static int
await_answer(struct cell *cell, int64_t since_ns, struct err *err)
{
    int64_t now_ns = since_ns;
    while (!answered(cell)) {
        shared_pause();
        now_ns = clock_mono_ns();
        if (now_ns - since_ns < cell->spin_ns)
            continue;
        if (!launcher_alive(cell->launcher, cell->pid) && !answered(cell))
            return bury(cell, false, err);
        if (now_ns - since_ns > cell->wall_ms * CLOCK_MS_NS)
            return bury(cell, true, err);
        sleep_for_answer(now_ns - since_ns);
    }
    return 0;
}

// The object's own code failed at something without dying of it: that is a fault too, and the host ends.
static int
give_up(struct cell *cell, struct err *err)
{
    char text[sizeof(cell->shared->text)];
    memcpy(text, cell->shared->text, sizeof(text));
    text[sizeof(text) - 1] = 0;
    if (bury(cell, false, err) < 0)
        return -1;
    cell->fault = CELL_CRASHED;
    buf_clear(&cell->fault_text);
    buf_puts(&cell->fault_text, text);
    return 0;
}

// Makes a request and waits for its answer. A request that can't be served is an error, a fault is not.
static int
ask(struct cell *cell, enum shared_op op, struct err *err)
{
    char text[sizeof(cell->shared->text)];
    if (cell->fault != CELL_OK)
        return err_set(err, ERR_INTERNAL, "a request to a dead cell");
    cell->shared->op = op;
    ring(cell);
    if (await_answer(cell, clock_mono_ns(), err) < 0)
        return -1;
    if (cell->fault == CELL_OK && cell->shared->status == SHARED_FAILED)
        return give_up(cell, err);
    if (cell->fault != CELL_OK || cell->shared->status != SHARED_INVALID)
        return 0;
    memcpy(text, cell->shared->text, sizeof(text));
    text[sizeof(text) - 1] = 0;
    return err_set(err, ERR_TARGET, "%s", text);
}

static int
share_memory(struct cell *cell, const struct cell_options *options, int *fd, struct err *err)
{
    size_t inputs = options->inputs_max_bytes ? options->inputs_max_bytes : INPUTS_DEFAULT_BYTES;
    // Offsets and inputs, then the output of one call.
    cell->inputs_room = 2 * inputs;
    size_t output_at = sizeof(struct shared) + cell->inputs_room;
    cell->shared_bytes = output_at + (inputs < OUTPUT_MIN_BYTES ? OUTPUT_MIN_BYTES : inputs);
    *fd = memfd_create("cell", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0 || ftruncate(*fd, (off_t)cell->shared_bytes) < 0)
        return err_sys(err, ERR_IO, "making shared memory");
    // The other side must not be able to take pages away from under us.
    fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    void *mapped = mmap(NULL, cell->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (mapped == MAP_FAILED)
        return err_sys(err, ERR_IO, "mapping shared memory");
    cell->shared = mapped;
    cell->shared->output_at = output_at;
    cell->shared->size = cell->shared_bytes;
    return 0;
}

static int
start_process(struct cell *cell, const struct cell_options *options, int fd, struct err *err)
{
    struct cell_environment environment;
    char object[PATH_MAX];
    if (!realpath(options->object_path, object))
        return err_sys(err, ERR_TARGET, "opening %s", options->object_path);
    const char *paths[READ_PATHS_MAX + 1] = {object, launcher_cell_path(cell->launcher)};
    size_t count = 2;
    for (; options->read_paths && options->read_paths[count - 2] && count < READ_PATHS_MAX; count++)
        paths[count] = options->read_paths[count - 2];
    const char *const argv[] = {launcher_cell_path(cell->launcher), options->managed ? "enter" : "host",
                                object,
                                options->managed     ? NULL
                                : options->sanitized ? "sanitized"
                                                     : "plain",
                                NULL};
    struct launch_spec spec = {.profile = options->managed ? LAUNCH_MANAGED : LAUNCH_RUN,
                               .argv = argv,
                               .read_paths = paths,
                               .pass_fds = &fd,
                               .pass_fd_count = 1,
                               .limits = options->limits};
    spec.limits.wall_ms = 0;
    if (spec.limits.memory_bytes > 0)
        spec.limits.memory_bytes +=
            cell->shared_bytes + (options->managed ? MANAGED_OVERHEAD_BYTES : OVERHEAD_BYTES);
    if (options->sanitized)
        spec.limits.memory_bytes = 0;
    int done = cell_environment_init(&environment, options, err);
    spec.env = environment.strings;
    if (done == 0)
        done = launcher_start(cell->launcher, &spec, &cell->pid, err);
    cell_environment_release(&environment);
    return done;
}

static int
await_open(struct cell *cell, struct err *err)
{
    char text[sizeof(cell->shared->text)];
    if (clock_getcpuclockid(cell->pid, &cell->cpu_clock) != 0)
        cell->cpu_clock = CLOCK_MONOTONIC;
    if (await_answer(cell, clock_mono_ns(), err) < 0)
        return -1;
    if (cell->fault != CELL_OK)
        return err_set(err, ERR_TARGET, "the object failed while it was loaded: %s", cell_fault_text(cell));
    if (cell->shared->status == SHARED_OK)
        return 0;
    memcpy(text, cell->shared->text, sizeof(text));
    text[sizeof(text) - 1] = 0;
    return err_set(err, ERR_TARGET, "the object does not load: %s", text);
}

struct cell *
cell_new(struct launcher *launcher, const struct cell_options *options, struct err *err)
{
    cpu_set_t cpus;
    struct cell *cell = vec_grow(NULL, &(size_t){0}, 1, sizeof(*cell));
    *cell = (struct cell){.launcher = launcher, .pid = -1, .doorbell = 1, .fault_text = BUF(TEXT_MAX_BYTES)};
    cell->managed = options->managed;
    cell->wall_ms = options->limits.wall_ms > 0 ? options->limits.wall_ms : WALL_DEFAULT_MS;
    // On a single CPU a spinning supervisor would only keep the cell from running.
    cell->spin_ns = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) < 2 ? 0 : SPIN_NS;
    int fd = -1, done = share_memory(cell, options, &fd, err);
    if (done == 0) {
        atomic_store(&cell->shared->doorbell, cell->doorbell);
        done = start_process(cell, options, fd, err);
    }
    if (fd >= 0)
        close(fd);
    if (done == 0)
        done = await_open(cell, err);
    if (done == 0)
        return cell;
    cell_free(cell);
    return NULL;
}

void
cell_free(struct cell *cell)
{
    struct err ignored;
    if (!cell)
        return;
    if (cell->pid > 0)
        (void)!launcher_stop(cell->launcher, cell->pid, NULL, &ignored);
    if (cell->shared)
        munmap(cell->shared, cell->shared_bytes);
    buf_release(&cell->fault_text);
    vec_free(cell);
}

int
cell_load(struct cell *cell, const struct cell_inputs *inputs, struct err *err)
{
    size_t start = inputs->offsets[0], bytes = inputs->offsets[inputs->count] - start;
    size_t table = (inputs->count + 1) * sizeof(uint64_t);
    if (inputs->count > cell->inputs_room / sizeof(uint64_t) || table + bytes > cell->inputs_room)
        return err_set(err, ERR_LIMIT, "%zu inputs of %zu bytes do not fit in a cell of %zu bytes",
                       inputs->count, bytes, cell->inputs_room);
    uint64_t *offsets = (uint64_t *)(void *)(cell->shared + 1);
    for (size_t i = 0; i <= inputs->count; i++)
        offsets[i] = inputs->offsets[i] - start;
    cell->shared->inputs_at = sizeof(struct shared) + table;
    // The other side can write all of the shared header: no address is ever read back from it.
    if (bytes > 0)
        memcpy((char *)offsets + table, inputs->bytes + start, bytes);
    cell->input_count = cell->shared->count = inputs->count;
    if (ask(cell, SHARED_LOAD, err) < 0)
        return -1;
    if (cell->fault != CELL_OK)
        return err_set(err, ERR_TARGET, "loading inputs: %s", cell_fault_text(cell));
    return 0;
}

static int
check_window(const struct cell *cell, size_t first, size_t count, struct err *err)
{
    if (count > 0 && first < cell->input_count && count <= cell->input_count - first)
        return 0;
    return err_set(err, ERR_INTERNAL, "inputs %zu..%zu of %zu", first, first + count, cell->input_count);
}

int
cell_call(struct cell *cell, size_t index, struct buf *output, enum cell_fault *fault, struct buf *detail,
          struct err *err)
{
    struct shared *shared = cell->shared;
    buf_clear(output);
    if (check_window(cell, index, 1, err) < 0)
        return -1;
    shared->window_first = index;
    shared->window_count = 1;
    if (ask(cell, SHARED_CALL, err) < 0)
        return -1;
    *fault = cell->fault;
    if (cell->fault != CELL_OK) {
        buf_clear(detail);
        buf_add_str(detail, buf_str(&cell->fault_text));
        return 0;
    }
    size_t output_at = sizeof(struct shared) + cell->inputs_room, done = shared->done;
    if (done > cell->shared_bytes - output_at)
        return err_set(err, ERR_LIMIT, "the output of input %zu is larger than %zu bytes", index,
                       cell->shared_bytes - output_at);
    buf_add(output, (const char *)shared + output_at, done);
    return buf_check(output, "the output of a call", err);
}

// The timed part: nothing between the two readings of the clock but the doorbell and the answer.
static int
ask_timed(struct cell *cell, enum shared_op op, struct cell_batch *batch, struct err *err)
{
    cell->shared->op = op;
    int64_t cpu_ns = read_cpu_ns(cell);
    int64_t start_ns = clock_mono_ns();
    ring(cell);
    if (await_answer(cell, start_ns, err) < 0)
        return -1;
    batch->wall_ns += clock_mono_ns() - start_ns;
    batch->outside_cpu_ns += read_cpu_ns(cell) - cpu_ns;
    batch->cpu_ns += cell->shared->cpu_ns;
    batch->parts++;
    return 0;
}

// Prepares, times and digests as many calls as fit; *done counts on.
static int
run_part(struct cell *cell, enum shared_op op, size_t total, size_t *done, struct cell_batch *batch,
         struct err *err)
{
    struct shared *shared = cell->shared;
    shared->first = *done;
    shared->count = total - *done;
    if (ask(cell, SHARED_PREPARE, err) < 0)
        return -1;
    if (cell->fault != CELL_OK)
        return 0;
    uint64_t prepared = shared->done;
    if (prepared == 0 || prepared > total - *done)
        return err_set(err, ERR_TARGET, "the cell answers nonsense");
    if (ask_timed(cell, op, batch, err) < 0)
        return -1;
    shared->first = *done;
    *done += prepared;
    if (op == SHARED_EMPTY || cell->fault != CELL_OK)
        return 0;
    if (ask(cell, SHARED_DIGEST, err) < 0)
        return -1;
    int64_t charge_ns = cell->managed && shared->charge_ns > 0 ? shared->charge_ns : 0;
    batch->charge_ns += charge_ns;
    batch->wall_ns += charge_ns;
    batch->cpu_ns += charge_ns;
    batch->outside_cpu_ns += charge_ns;
    return 0;
}

static int
run_batch(struct cell *cell, enum shared_op op, size_t first, size_t count, size_t rounds,
          struct cell_batch *batch, struct err *err)
{
    size_t total, done = 0;
    *batch = (struct cell_batch){0};
    if (check_window(cell, first, count, err) < 0)
        return -1;
    if (__builtin_mul_overflow(count, rounds, &total))
        return err_set(err, ERR_INTERNAL, "too many calls");
    while (done < total && cell->fault == CELL_OK) {
        cell->shared->window_first = first;
        cell->shared->window_count = count;
        if (run_part(cell, op, total, &done, batch, err) < 0)
            return -1;
    }
    batch->fault = cell->fault;
    batch->digest = (struct cell_digest){{cell->shared->digest[0], cell->shared->digest[1]}};
    return 0;
}

int
cell_batch(struct cell *cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
           struct err *err)
{
    return run_batch(cell, SHARED_RUN, first, count, rounds, batch, err);
}

int
cell_empty(struct cell *cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
           struct err *err)
{
    return run_batch(cell, SHARED_EMPTY, first, count, rounds, batch, err);
}
