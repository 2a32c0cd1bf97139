// SPDX-License-Identifier: Apache-2.0
// `atoll-cell host`: loads a shared object and serves requests through shared memory until it is killed.
#include "sandbox/cell/batch.h"
#include "sandbox/cell/cell.h"
#include "sandbox/cell/shared.h"

#include <dlfcn.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SHARED_FD = 3, SPINS = 2000 };

static void
futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

// The next doorbell after `last`. Around a timed run the host sleeps at once: spinning would show outside as
// CPU time of the variant. It also does when the supervisor slept, which will take long to ring again.
static uint32_t
wait_for_request(struct shared *shared, uint32_t last, bool spin)
{
    for (int i = 0; i < SPINS && spin; i++) {
        if (atomic_load_explicit(&shared->doorbell, memory_order_acquire) != last)
            return atomic_load(&shared->doorbell);
        shared_pause();
    }
    while (atomic_load(&shared->doorbell) == last) {
        atomic_store(&shared->host_waits, 1);
        if (atomic_load(&shared->doorbell) == last)
            futex(&shared->doorbell, FUTEX_WAIT, last);
        atomic_store(&shared->host_waits, 0);
    }
    return atomic_load(&shared->doorbell);
}

static int64_t
cpu_ns(void)
{
    struct timespec used;
    syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

// From outside, a running process's CPU clock stands still between ticks; reading it in here brings it up to
// date.
static void
answer(struct shared *shared, uint32_t doorbell)
{
    (void)cpu_ns();
    atomic_store(&shared->answer, doorbell);
}

static void
fail(struct shared *shared, enum shared_status status, const char *text)
{
    shared->status = status;
    snprintf(shared->text, sizeof(shared->text), "%s", text ? text : "unknown reason");
}

// A symbol that must be there.
static void *
symbol(struct shared *shared, void *handle, const char *name)
{
    char text[128];
    void *address = dlsym(handle, name);
    if (!address && shared->status == SHARED_OK) {
        snprintf(text, sizeof(text), "the object does not export %s", name);
        fail(shared, SHARED_FAILED, text);
    }
    return address;
}

static void
open_contexts(struct shared *shared, struct batch_object *object, void *handle)
{
    object->setup = (setup_fn *)(uintptr_t)symbol(shared, handle, "atoll_setup");
    object->teardown = (teardown_fn *)(uintptr_t)symbol(shared, handle, "atoll_teardown");
    object->digest = (digest_fn *)(uintptr_t)symbol(shared, handle, "atoll_digest");
}

static void
open_object(struct shared *shared, struct batch *batch, const char *path)
{
    shared->status = SHARED_OK;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        fail(shared, SHARED_FAILED, dlerror());
        return;
    }
    struct batch_object *object = &batch->object;
    object->parameters = symbol(shared, handle, "atoll_parameters");
    const int32_t *result_kind = symbol(shared, handle, "atoll_result_kind");
    object->run = (batch_fn *)(uintptr_t)symbol(shared, handle, "atoll_batch");
    object->empty = (batch_fn *)(uintptr_t)symbol(shared, handle, "atoll_empty");
    if (shared->status != SHARED_OK)
        return;
    const struct cell_parameter *result = dlsym(handle, "atoll_result");
    object->result = result ? *result : (struct cell_parameter){.kind = *result_kind};
    for (; object->parameters[object->stride].kind != CELL_END; object->stride++)
        object->contexts += object->parameters[object->stride].kind == CELL_CONTEXT;
    if (object->contexts > 0)
        open_contexts(shared, object, handle);
}

static void
load_inputs(struct shared *shared, struct batch *batch)
{
    char text[64];
    size_t bad = 0;
    batch->offsets = (const uint64_t *)(const void *)(shared + 1);
    batch->inputs = (const uint8_t *)shared + shared->inputs_at;
    batch->input_count = shared->count;
    if (batch_load(batch, &bad))
        return;
    snprintf(text, sizeof(text), "input %zu does not fit the signature", bad);
    fail(shared, SHARED_INVALID, text);
}

static void
prepare(struct shared *shared, struct batch *batch, size_t from, size_t count)
{
    struct window window = {shared->window_first, shared->window_count};
    if (window.count == 0 || window.first + window.count > batch->input_count) {
        fail(shared, SHARED_INVALID, "no such inputs");
        return;
    }
    shared->done = batch_prepare(batch, window, from, count);
    if (shared->done == 0 && batch->refused)
        fail(shared, SHARED_FAILED, "the setup of a context gave NULL");
    else if (shared->done == 0)
        fail(shared, SHARED_INVALID, "the buffers of one call do not fit in a cell");
}

// Makes the prepared calls. Read in here, the kernel's CPU clock has neither doorbell nor waiting in it.
static void
call(struct shared *shared, const struct batch *batch, batch_fn *fn)
{
    int64_t before_ns = cpu_ns();
    fn(batch->slots, batch->object.stride, batch->count, batch->results);
    shared->cpu_ns = cpu_ns() - before_ns;
}

static void
call_once(struct shared *shared, struct batch *batch)
{
    prepare(shared, batch, 0, 1);
    if (shared->status != SHARED_OK)
        return;
    call(shared, batch, batch->object.run);
    shared->done =
        batch_output(batch, (uint8_t *)shared + shared->output_at, shared->size - shared->output_at);
}

static void
serve(struct shared *shared, struct batch *batch)
{
    switch ((enum shared_op)shared->op) {
    case SHARED_LOAD:
        load_inputs(shared, batch);
        break;
    case SHARED_PREPARE:
        prepare(shared, batch, shared->first, shared->count);
        break;
    case SHARED_RUN:
        call(shared, batch, batch->object.run);
        break;
    case SHARED_EMPTY:
        call(shared, batch, batch->object.empty);
        break;
    case SHARED_DIGEST:
        if (shared->first == 0)
            batch->digest[0] = batch->digest[1] = 0;
        batch_digest(batch);
        shared->digest[0] = batch->digest[0];
        shared->digest[1] = batch->digest[1];
        break;
    case SHARED_CALL:
        call_once(shared, batch);
        break;
    case SHARED_OPEN:
    default:
        fail(shared, SHARED_INVALID, "no such request");
    }
}

int
host_main(const char *object, bool sanitized)
{
    struct stat info;
    static struct batch batch;
    if (fstat(SHARED_FD, &info) < 0)
        return 2;
    struct shared *shared =
        mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
    batch.area_bytes = BATCH_AREA_BYTES;
    batch.area = mmap(NULL, batch.area_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || batch.area == MAP_FAILED)
        return 2;
    close(SHARED_FD);
    batch.separate = sanitized;
    if (refusal_note(&shared->refused) < 0 || policy_seal(NULL) < 0)
        return 2;
    open_object(shared, &batch, object);
    for (uint32_t seen = 1;;) {
        bool timed = shared->op == SHARED_PREPARE || shared->op == SHARED_RUN || shared->op == SHARED_EMPTY;
        answer(shared, seen);
        seen = wait_for_request(shared, seen, !timed);
        shared->status = SHARED_OK;
        serve(shared, &batch);
    }
}
