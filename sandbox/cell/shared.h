// SPDX-License-Identifier: Apache-2.0
// The memory that a supervisor shares with a host: this header, then the offsets of the inputs (u64, count +
// 1), the inputs, and at output_at the canonical output of one call. The supervisor writes a request and
// rings the doorbell (adds one); the host answers by storing the doorbell's value. Whoever finds nothing to
// do spins for a while, then says that it waits and sleeps on the futex. Whatever the host writes is
// untrusted: the supervisor checks it.
#ifndef ATOLL_SANDBOX_CELL_SHARED_H
#define ATOLL_SANDBOX_CELL_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

enum shared_op {
    SHARED_OPEN = 1, // the object is being loaded
    SHARED_LOAD,     // `count` inputs are in place
    SHARED_PREPARE,  // copy the inputs of `count` calls, the first being call number `first` of a batch
    SHARED_RUN,      // call them
    SHARED_EMPTY,    // the same loop without the calls
    SHARED_DIGEST,   // add their outputs to the digest; a batch begins with first == 0
    SHARED_CALL      // call input `first` once and write its output
};

enum shared_status {
    SHARED_OK,
    SHARED_FAILED, // `text` says why: the object's fault
    SHARED_INVALID // `text` says why: the request can't be served
};

struct shared {
    _Alignas(64) _Atomic uint32_t doorbell;
    _Atomic uint32_t host_waits;
    _Alignas(64) _Atomic uint32_t answer;
    _Alignas(64) uint64_t op;
    uint64_t first, count;
    uint64_t window_first, window_count; // a batch's call k has input window_first + k % window_count
    uint64_t inputs_at, output_at, size; // byte offsets from the header
    _Alignas(64) uint64_t status;
    uint64_t done;  // SHARED_PREPARE: how many calls fitted; SHARED_CALL: bytes of output
    int64_t cpu_ns; // SHARED_RUN, SHARED_EMPTY: CPU time of the calls
    uint64_t digest[2];
    int64_t charge_ns; // SHARED_DIGEST: CPU time that the calls leave to be spent later (memory to collect)
    _Atomic uint64_t refused; // enum cheat: the first system call that was trapped
    char text[512];
};

// What whoever spins does in between.
static inline void
shared_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
