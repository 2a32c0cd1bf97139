// SPDX-License-Identifier: Apache-2.0
// The A/A pool: how often this state's measurements call a baseline different from itself. One full
// comparison in twenty is A/A; they are pooled per class of host (architecture and CPU model), over all runs.
// While their rate is too high, verdicts of that class are refused. One that is called different among few
// says little: more are made at once, each with layouts of its own, until it is one of six.
//
// Table: comparison(host, run, step, candidate, kind, is_aa, different), one row a full comparison; it stays
// when the run itself is removed from the state.
#ifndef ATOLL_STEPS_SHARED_CANDIDATE_AA_H
#define ATOLL_STEPS_SHARED_CANDIDATE_AA_H

#include "workflow/journal.h"

enum { AA_EVERY = 20, AA_ENOUGH = 6 };

struct aa {
    uint64_t different, of; // A/A comparisons called faster or slower, and all of them
    uint64_t comparisons;   // full comparisons, A/A included
};

// A full comparison that was made.
struct aa_comparison {
    const char *host; // struct machine's cpu
    const char *candidate, *kind;
    bool is_aa, different;
};

// The pool of a class of host, queued rows of this step included.
int aa_read(struct step *step, const char *host, struct aa *aa, struct err *err) MUST_USE;

// Queues a comparison's row and counts it in *aa.
int aa_note(struct step *step, const struct aa_comparison *comparison, struct aa *aa,
            struct err *err) MUST_USE;

// The kind of the next A/A comparison, "aa1", "aa2", ..; and whether a kind is one of these.
void aa_next_kind(const struct aa *aa, char kind[24]);
bool aa_is_kind(const char *kind);

// Whether an A/A comparison is due before the next one: so that a twentieth of all are, the first at once,
// and AA_ENOUGH where one was called different.
bool aa_is_due(const struct aa *aa);

// Whether verdicts are refused: the lower 95 % bound of the rate (Clopper & Pearson) is above 1 %. Then
// `reason` says so.
bool aa_refuses(const struct aa *aa, char reason[200]);

#endif
