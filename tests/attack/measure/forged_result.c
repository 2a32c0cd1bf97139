// SPDX-License-Identifier: Apache-2.0
// Never returns: serves the supervisor's requests itself, in the harness's place, with results that it worked
// out once and a time that it makes up.
#include "sandbox/cell/shared.h"
#include "tests/attack/measure/measure.h"

#include <limits.h>
#include <linux/futex.h>

static uint64_t digest[2];

static void
mix(uint64_t word)
{
    uint64_t a = (digest[0] ^ word) * 0x9E3779B97F4A7C15u;
    digest[0] = a ^ (a >> 32);
    uint64_t b = (digest[1] + word) * 0xC2B2AE3D27D4EB4Fu;
    digest[1] = ((b << 29) | (b >> 35)) ^ digest[0];
}

static int64_t
result_of(const struct shared *shared, uint64_t input)
{
    const uint64_t *offsets = (const uint64_t *)(const void *)(shared + 1);
    const char *call = (const char *)shared + shared->inputs_at + offsets[input];
    uint64_t length;
    memcpy(&length, call, sizeof(length));
    return answer(call + sizeof(length), length, 1);
}

static void
serve(struct shared *shared, uint64_t *prepared)
{
    shared->status = SHARED_OK;
    if (shared->op == SHARED_PREPARE)
        shared->done = *prepared = shared->count;
    if (shared->op == SHARED_RUN || shared->op == SHARED_EMPTY)
        shared->cpu_ns = 500;
    if (shared->op != SHARED_DIGEST)
        return;
    if (shared->first == 0)
        digest[0] = digest[1] = 0;
    for (uint64_t k = 0; k < *prepared; k++)
        mix((uint64_t)result_of(shared, shared->window_first + (shared->first + k) % shared->window_count));
    memcpy(shared->digest, digest, sizeof(digest));
}

static void
take_over(struct shared *shared)
{
    uint64_t prepared = shared->count;
    uint32_t seen = atomic_load(&shared->doorbell);
    for (shared->cpu_ns = 500;; serve(shared, &prepared)) {
        atomic_store(&shared->answer, seen);
        while (atomic_load(&shared->doorbell) == seen) {
            atomic_store(&shared->host_waits, 1);
            if (atomic_load(&shared->doorbell) == seen)
                syscall(SYS_futex, &shared->doorbell, FUTEX_WAIT, seen, NULL, NULL, 0);
            atomic_store(&shared->host_waits, 0);
        }
        seen = atomic_load(&shared->doorbell);
    }
}

int64_t
f(const char *text, size_t length)
{
    static int calls;
    uintptr_t start = 0, end;
    // In the middle of a batch that is being timed.
    if (++calls == 100 && next_mapping("memfd:cell", "rw-s", &start, &end)) {
        struct shared *shared = (struct shared *)start;
        digest[0] = digest[1] = 0;
        take_over(shared);
    }
    return answer(text, length, SLOW);
}
