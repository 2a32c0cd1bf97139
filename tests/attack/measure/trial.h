// SPDX-License-Identifier: Apache-2.0
// A short duet of two finished objects by the protocol of measure.h, or of two programs of a managed language
// whose function takes a string: encoded, it is the same.
#ifndef ATOLL_TESTS_ATTACK_MEASURE_TRIAL_H
#define ATOLL_TESTS_ATTACK_MEASURE_TRIAL_H

#include "base/buf.h"
#include "sandbox/duet.h"

#include <stdio.h>
#include <string.h>

enum { TRIAL_INPUTS = 16, TRIAL_LENGTH = 23, TRIAL_LAUNCHES = 3 };

// What is compared with what.
struct trial {
    char *baseline, *candidate; // their paths
    bool one_input, managed;
};

// "Links" by handing out the finished object whose path is the context.
static inline int
trial_link(void *context, uint64_t layout_seed, char path[4096], struct err *err)
{
    (void)layout_seed;
    (void)err;
    snprintf(path, 4096, "%s", (const char *)context);
    return 0;
}

// Texts of one length, or only one of them.
static inline size_t
trial_inputs(struct buf *bytes, size_t offsets[TRIAL_INPUTS + 1], bool one)
{
    size_t count = one ? 1 : TRIAL_INPUTS;
    for (size_t i = 0; i < count; i++) {
        char text[TRIAL_LENGTH + 1];
        offsets[i] = bytes->len;
        snprintf(text, sizeof(text), "text number %02u to hash.", (unsigned)i % 100);
        buf_add_u64(bytes, TRIAL_LENGTH);
        buf_add(bytes, text, sizeof(text));
    }
    offsets[count] = bytes->len;
    return count;
}

// Compares the candidate with the baseline.
static inline int
trial_run(struct launcher *launcher, const struct trial *trial, struct duet_result *result, struct err *err)
{
    size_t offsets[TRIAL_INPUTS + 1];
    AUTO_BUF bytes = BUF(1 << 16);
    struct cell_inputs inputs = {.offsets = offsets,
                                 .count = trial_inputs(&bytes, offsets, trial->one_input)};
    inputs.bytes = (const uint8_t *)buf_text(&bytes);
    struct duet_spec spec = {.launcher = launcher,
                             .host = host_real(),
                             .baseline = {trial->baseline, trial_link, trial->managed},
                             .candidate = {trial->candidate, trial_link, trial->managed},
                             .inputs = &inputs,
                             .limits = {.wall_ms = 20000, .memory_bytes = 256 << 20},
                             .alpha = 0.01,
                             .margin = 0.02,
                             .launches_min = TRIAL_LAUNCHES,
                             .launches_max = TRIAL_LAUNCHES,
                             .launch_ns = trial->managed ? 100000000 : 40000000,
                             .seed = 7};
    return duet_run(&spec, result, err);
}

#endif
