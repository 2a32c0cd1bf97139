// SPDX-License-Identifier: Apache-2.0
// A cell hosts one variant of the target in a sandboxed process (atoll-cell, linked to libc alone). It is
// driven by a doorbell in shared memory: load inputs, prepare a batch, run it (the only timed part), digest
// all outputs. The caller owns the clock; the code in the cell never sees an expected output.
#ifndef ATOLL_SANDBOX_CELL_H
#define ATOLL_SANDBOX_CELL_H

#include "sandbox/cell_abi.h"
#include "sandbox/cheat.h"
#include "sandbox/launcher.h"
#include "sandbox/witness.h"

struct cell;

// Encoded calls (cell_abi.h), concatenated; offsets[i] is where call i begins, offsets[count] the end. All
// borrowed.
struct cell_inputs {
    const uint8_t *bytes;
    const size_t *offsets;
    size_t count;
};

// How a call or batch failed: the candidate's fault, not the machine's.
enum cell_fault { CELL_OK, CELL_CRASHED, CELL_TIMED_OUT, CELL_LOAD_FAILED, CELL_SANITIZER };

struct cell_options {
    const char *object_path;       // the shared object
    const char *const *read_paths; // what it needs beside it; may be NULL
    struct launch_limits limits;   // wall_ms is per request here
    size_t inputs_max_bytes;       // capacity for inputs; 0 = 8 MiB
    size_t environment_bytes;      // size of a random environment variable (layout), 0 = none
    bool sanitized; // the object was built with address/undefined sanitizers: preload their runtime
    // The object is a program with a runtime of its own (Go) that answers as sandbox/cell/shared.h says;
    // sanitized: it was built with its language's race detector.
    bool managed;
};

struct cell_digest {
    uint64_t words[2];
};

// Starts a process and loads the object into it. -1 with ERR_TARGET when the object does not load.
struct cell *cell_new(struct launcher *launcher, const struct cell_options *options,
                      struct err *err) MUST_USE;

// Kills the process.
void cell_free(struct cell *cell);

// Copies inputs into the cell, replacing earlier ones.
int cell_load(struct cell *cell, const struct cell_inputs *inputs, struct err *err) MUST_USE;

// Runs call `index` once and gives its canonical output, or how it failed (then `detail` holds a line of
// text: signal, sanitizer report, time-out; the cell is dead after a fault and must be freed). -1 only for
// the machine's failures.
int cell_call(struct cell *cell, size_t index, struct buf *output, enum cell_fault *fault, struct buf *detail,
              struct err *err) MUST_USE;

struct cell_batch {
    int64_t wall_ns;        // measured outside, from doorbell to answer
    int64_t cpu_ns;         // CPU time of the calls alone: the kernel's clock, read in the cell around them
    int64_t charge_ns;      // the part of all three that is no time that has passed: memory left to collect
    int64_t outside_cpu_ns; // the same read outside, with 5 to 30 us of waking up a part in it: checks cpu_ns
    size_t parts;           // how many pieces the batch was run in, for want of room
    struct cell_digest digest;
    enum cell_fault fault;
};

// Prepares (copies, untimed) inputs [first, first + count), runs them `rounds` times in a row (inputs are
// prepared for every round, so count * rounds calls happen), digests every output. The digest does not depend
// on how the calls were cut into batches of the same order.
int cell_batch(struct cell *cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
               struct err *err) MUST_USE;

// The same loop without the calls: the cost to subtract.
int cell_empty(struct cell *cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
               struct err *err) MUST_USE;

// What the last fault was, as one line or a sanitizer's report; "" before any. Borrowed from the cell.
const char *cell_fault_text(const struct cell *cell);

// CPU time that the process has used so far, loading included.
int64_t cell_cpu_ns(const struct cell *cell);

// Its process id, for scheduling and clocks only; -1 after a fault.
pid_t cell_pid(const struct cell *cell);

// How often the process gave up the CPU of its own will beyond waiting for requests: it slept or did input or
// output.
int64_t cell_waits(const struct cell *cell);

// What the variant was caught at so far: it ended its process, or tried what a function that only computes
// does not.
enum cheat cell_cheat(const struct cell *cell);

// What the kernel says about the process, which must be alive.
void cell_witness(const struct cell *cell, struct witness *witness);

// "crashed" and so on, static.
const char *cell_fault_name(enum cell_fault fault);

#endif
