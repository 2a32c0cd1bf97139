// SPDX-License-Identifier: Apache-2.0
// The raw batches of a duet, packed, and the verdict computed from them again: the same doubles, bit for bit,
// on the same build.
//
// Format: "ADR1", then alpha and margin as little-endian doubles, then unsigned LEB128 numbers: the least
// number of launches; for each launch the number of quads (not 0), the clock, the calls in a batch, the empty
// batch of both variants, and for each quad 1 when the candidate's batches are the outer ones and its four
// times (baseline first and second, candidate first and second), each as the zigzag difference to the last
// time of that variant; then 0 and how the duet ended. A quad takes about 11 bytes, a duet of 60 launches
// some 60 KB.
#ifndef ATOLL_SANDBOX_DUET_RECORD_H
#define ATOLL_SANDBOX_DUET_RECORD_H

#include "base/buf.h"
#include "sandbox/batches.h"
#include "sandbox/duet.h"
#include "sandbox/sequential.h"

#define DUET_RECORD_MAX_BYTES ((size_t)4 << 20)

// How a duet ended: by the rule or for want of time, because the CPU's model changed, because outputs differ,
// by a fault.
enum duet_end { DUET_END_RULE, DUET_END_CPU, DUET_END_DIFFERS, DUET_END_FAULT };

// Appends the head, a launch, the end.
void duet_record_begin(struct buf *record, const struct sequential_rule *rule);
void duet_record_launch(struct buf *record, const struct batches *batches);
void duet_record_end(struct buf *record, enum duet_end end);

// What the batches say.
struct duet_replay {
    struct sequential_rule rule;
    enum duet_verdict verdict;
    struct sequential_estimate estimate;
    double log_e; // of E against equal speed
    size_t launches, quads;
};

// Called for each launch, in order; `batches` are borrowed.
typedef void (*duet_replay_fn)(void *context, const struct batches *batches, double log_ratio);

// Computes a verdict from a record; `each` may be NULL. ERR_PARSE when the record is damaged.
int duet_record_replay(struct str record, struct duet_replay *replay, duet_replay_fn each, void *context,
                       struct err *err) MUST_USE;

// The verdict that a duet's end and its launches make.
enum duet_verdict duet_judge(const struct sequential *test, enum duet_end end);

#endif
