// SPDX-License-Identifier: Apache-2.0
#include "steps/correctness-test/differential.h"

#include <string.h>

#define OUTPUT_MAX_BYTES (32u << 20)
#define DIFFER_MAX 20 // enough to pick a small one from

// One side: a cell that is started again after a fault.
struct side {
    struct workbench *bench;
    struct str variant;
    enum build_kind kind;
    const struct corpus *corpus;
    struct cell *cell;
};

static int
ready(struct side *side, struct err *err)
{
    if (side->cell != NULL)
        return 0;
    struct built built = {.diagnostics = BUF(8192)};
    side->cell = workbench_cell(side->bench, side->variant, side->kind, &built, err);
    buf_release(&built.diagnostics);
    struct cell_inputs inputs = corpus_inputs(side->corpus);
    return side->cell != NULL ? cell_load(side->cell, &inputs, err) : -1;
}

static int
call(struct side *side, size_t index, struct buf *output, enum cell_fault *fault, struct buf *detail,
     struct err *err)
{
    buf_clear(output);
    buf_clear(detail);
    if (ready(side, err) != 0 || cell_call(side->cell, index, output, fault, detail, err) != 0)
        return -1;
    if (*fault != CELL_OK) {
        cell_free(side->cell);
        side->cell = NULL;
    }
    return 0;
}

static json_t *
describe(const struct side *side, size_t index, const struct buf *expected, enum cell_fault fault,
         const struct buf *got, const struct buf *detail)
{
    json_t *json = json_object();
    json_object_set_new(json, "args", corpus_call_json(side->corpus, index, &side->bench->target.signature));
    json_object_set_new(json, "expected", json_bytes(buf_str(expected)));
    json_object_set_new(json, "got",
                        fault == CELL_OK ? json_bytes(buf_str(got)) : json_text(buf_str(detail)));
    return json;
}

static size_t
call_bytes(const struct corpus *corpus, size_t index)
{
    return corpus->offsets[index + 1] - corpus->offsets[index];
}

int
differential_run(struct workbench *bench, struct str candidate, enum build_kind kind,
                 const struct corpus *corpus, struct differential *result, struct err *err)
{
    *result = (struct differential){0};
    struct side baseline = {bench, target_baseline(&bench->target), BUILD_PLAIN, corpus, NULL};
    struct side other = {bench, candidate, kind, corpus, NULL};
    AUTO_BUF expected = BUF(OUTPUT_MAX_BYTES), got = BUF(OUTPUT_MAX_BYTES), detail = BUF(4096);
    size_t smallest = SIZE_MAX;
    int status = 0;
    for (size_t i = 0; i < corpus->count && status == 0 && result->differ < DIFFER_MAX; i++) {
        enum cell_fault fault;
        status = call(&baseline, i, &expected, &fault, &detail, err);
        if (status == 0 && fault != CELL_OK) {
            result->left_out++;
            continue;
        }
        if (status == 0)
            status = call(&other, i, &got, &fault, &detail, err);
        if (status != 0)
            break;
        result->compared++;
        if (fault == CELL_OK && str_eq(buf_str(&expected), buf_str(&got)))
            continue;
        result->differ++;
        if (call_bytes(corpus, i) < smallest) {
            smallest = call_bytes(corpus, i);
            json_decref(result->counterexample);
            result->counterexample = describe(&other, i, &expected, fault, &got, &detail);
        }
    }
    if (baseline.cell != NULL)
        cell_free(baseline.cell);
    if (other.cell != NULL)
        cell_free(other.cell);
    return status;
}
