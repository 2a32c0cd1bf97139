// SPDX-License-Identifier: Apache-2.0
#include "sandbox/culprit.h"
#include "base/clock.h"

enum { OUTPUT_MAX_BYTES = 64 << 20, DETAIL_MAX_BYTES = 1 << 16 };

static struct cell *
open_cell(const struct culprit_spec *spec, struct err *err)
{
    struct cell *cell = cell_new(spec->launcher, spec->options, err);
    if (cell && cell_load(cell, spec->inputs, err) == 0)
        return cell;
    cell_free(cell);
    return NULL;
}

// Calls inputs [first, first + count) one by one. *failed is the first that fails, SIZE_MAX when none does.
static int
replay_calls(const struct culprit_spec *spec, size_t first, size_t count, size_t *failed, struct err *err)
{
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    AUTO_BUF detail = BUF(DETAIL_MAX_BYTES);
    int done = 0;
    struct cell *cell = open_cell(spec, err);
    *failed = SIZE_MAX;
    for (size_t i = first; cell && done == 0 && i < first + count && *failed == SIZE_MAX; i++) {
        enum cell_fault fault;
        done = cell_call(cell, i, &output, &fault, &detail, err);
        if (done == 0 && fault != CELL_OK)
            *failed = i;
    }
    done = cell ? done : -1;
    cell_free(cell);
    return done;
}

// Runs the first `count` inputs of the batch as one.
static int
replay_batch(const struct culprit_spec *spec, size_t count, size_t rounds, bool *fails, struct err *err)
{
    struct cell_batch batch = {0};
    struct cell *cell = open_cell(spec, err);
    int done = cell ? cell_batch(cell, spec->first, count, rounds, &batch, err) : -1;
    *fails = batch.fault != CELL_OK;
    cell_free(cell);
    return done;
}

// The shortest batch that fails, of which the first `count` inputs are known to.
static int
shorten(const struct culprit_spec *spec, int64_t until_ns, struct culprit *culprit, struct err *err)
{
    size_t passes = 0, fails = spec->count;
    while (fails - passes > 1 && clock_mono_ns() < until_ns) {
        size_t tried = passes + (fails - passes) / 2;
        bool failed;
        if (replay_batch(spec, tried, 1, &failed, err) < 0)
            return -1;
        *(failed ? &fails : &passes) = tried;
    }
    *culprit = (struct culprit){spec->first + fails - 1, fails - 1, fails - passes};
    return 1;
}

static int
find_in_batch(const struct culprit_spec *spec, int64_t until_ns, struct culprit *culprit, struct err *err)
{
    bool failed;
    if (replay_batch(spec, spec->count, 1, &failed, err) < 0)
        return -1;
    if (failed)
        return shorten(spec, until_ns, culprit, err);
    *culprit = (struct culprit){SIZE_MAX, 0, spec->count};
    return replay_batch(spec, spec->count, spec->rounds, &failed, err) < 0 ? -1 : failed;
}

int
culprit_find(const struct culprit_spec *spec, struct culprit *culprit, struct err *err)
{
    int64_t until_ns = clock_mono_ns() + spec->time_max_ns;
    size_t index, alone;
    if (replay_calls(spec, spec->first, spec->count, &index, err) < 0)
        return -1;
    if (index == SIZE_MAX)
        return find_in_batch(spec, until_ns, culprit, err);
    if (replay_calls(spec, index, 1, &alone, err) < 0)
        return -1;
    *culprit = (struct culprit){index, alone == index ? 0 : index - spec->first, 1};
    return 1;
}
