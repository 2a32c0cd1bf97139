// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/differential.h"

#include "steps/shared/target/outcome.h"

#include <unistd.h>

#define OUTPUT_MAX_BYTES (32u << 20)
#define DIFFER_MAX 20  // enough to pick a small one from
#define FAULTS_MAX 100 // of the baseline; then the rest is left out
#define HANGS_MAX 3    // likewise; each takes the whole time limit

// One side: an object built once, and a cell that is started again after a fault.
struct side {
    struct workbench *bench;
    struct str variant;
    enum build_kind kind;
    const struct corpus *corpus;
    struct cell *cell;
    char object[4096]; // "" until it is needed
    size_t faults, hangs;
};

static int
ready(struct side *side, struct err *err)
{
    if (side->cell != NULL)
        return 0;
    if (side->object[0] == '\0' &&
        workbench_object(side->bench, side->variant, side->kind, side->object, err) != 0) {
        side->object[0] = '\0';
        return -1;
    }
    struct cell_inputs inputs = corpus_inputs(side->corpus);
    side->cell = workbench_cell(side->bench, side->object, side->kind, err);
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
    side->faults += *fault != CELL_OK;
    side->hangs += *fault == CELL_TIMED_OUT;
    return 0;
}

// An output as its bytes; where there are structs in it, by their names; of another language in its own form.
static json_t *
output_json(const struct side *side, size_t index, const struct buf *output)
{
    const struct signature *signature = &side->bench->target.signature;
    AUTO_ARENA arena = {0};
    struct value values[SIGNATURE_PARAMETERS_MAX];
    if (signature->calls != NULL)
        return signature->calls->output(signature, buf_str(output));
    if (!outcome_is_nested(signature))
        return json_bytes(buf_str(output));
    (void)corpus_call_values(&arena, side->corpus, index, signature, values);
    return outcome_json(signature, values, buf_str(output));
}

static json_t *
describe(const struct side *side, size_t index, const struct buf *expected, enum cell_fault fault,
         const struct buf *got, const struct buf *detail)
{
    json_t *json = json_object();
    json_object_set_new(json, "args", corpus_call_json(side->corpus, index, &side->bench->target.signature));
    json_object_set_new(json, "expected", output_json(side, index, expected));
    json_object_set_new(json, "got",
                        fault == CELL_OK ? output_json(side, index, got) : json_text(buf_str(detail)));
    return json;
}

// Whether the baseline, built as the candidate is, fails on a call, too: what a sanitizer finds in both is no
// difference.
static int
fails_too(struct side *witness, size_t index, bool *fails, struct err *err)
{
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES), detail = BUF(4096);
    enum cell_fault fault;
    *fails = false;
    if (witness->kind == BUILD_PLAIN)
        return 0;
    if (call(witness, index, &output, &fault, &detail, err) != 0)
        return -1;
    *fails = fault != CELL_OK;
    return 0;
}

static size_t
call_bytes(const struct corpus *corpus, size_t index)
{
    return corpus->offsets[index + 1] - corpus->offsets[index];
}

// The three processes of a comparison and what was found so far.
struct comparison {
    struct side baseline, candidate, witness; // witness: the baseline, built as the candidate
    struct buf expected, got, detail;
    struct differential *result;
    size_t smallest;     // bytes of the counterexample's call
    struct corpus *kept; // gets the calls that were compared, or NULL
};

static int
compare_call(struct comparison *c, size_t index, struct err *err)
{
    enum cell_fault fault;
    if (c->baseline.faults >= FAULTS_MAX || c->baseline.hangs >= HANGS_MAX) {
        c->result->left_out++;
        return 0;
    }
    if (call(&c->baseline, index, &c->expected, &fault, &c->detail, err) != 0)
        return -1;
    if (fault != CELL_OK) {
        c->result->left_out++;
        return 0;
    }
    if (call(&c->candidate, index, &c->got, &fault, &c->detail, err) != 0)
        return -1;
    bool same = fault == CELL_OK && str_eq(buf_str(&c->expected), buf_str(&c->got)), fails = false;
    if (fault != CELL_OK && fails_too(&c->witness, index, &fails, err) != 0)
        return -1;
    if (fails) {
        c->result->left_out++;
        return 0;
    }
    c->result->compared++;
    if (c->kept != NULL && outcome_is_timed(&c->baseline.bench->target.signature, buf_str(&c->expected)))
        corpus_append(c->kept, c->baseline.corpus, index);
    if (same)
        return 0;
    c->result->differ++;
    size_t bytes = call_bytes(c->candidate.corpus, index);
    if (bytes < c->smallest) {
        c->smallest = bytes;
        json_decref(c->result->counterexample);
        c->result->counterexample = describe(&c->candidate, index, &c->expected, fault, &c->got, &c->detail);
    }
    return 0;
}

static void
side_release(struct side *side)
{
    if (side->cell != NULL)
        cell_free(side->cell);
    if (side->object[0] != '\0')
        unlink(side->object);
}

static int
run(struct comparison *c, struct err *err)
{
    const struct corpus *corpus = c->baseline.corpus;
    int status = 0;
    c->expected = c->got = BUF(OUTPUT_MAX_BYTES);
    c->detail = BUF(4096);
    c->smallest = SIZE_MAX;
    *c->result = (struct differential){0};
    for (size_t i = 0; i < corpus->count && status == 0 && c->result->differ < DIFFER_MAX; i++)
        status = compare_call(c, i, err);
    side_release(&c->baseline);
    side_release(&c->candidate);
    side_release(&c->witness);
    buf_release(&c->expected);
    buf_release(&c->got);
    buf_release(&c->detail);
    if (status != 0) {
        json_decref(c->result->counterexample);
        c->result->counterexample = NULL;
    }
    return status;
}

int
differential_run(struct workbench *bench, struct str candidate, enum build_kind kind,
                 const struct corpus *corpus, struct differential *result, struct err *err)
{
    struct str baseline = target_baseline(&bench->target);
    struct comparison c = {
        .baseline = {.bench = bench, .variant = baseline, .kind = BUILD_PLAIN, .corpus = corpus},
        .candidate = {.bench = bench, .variant = candidate, .kind = kind, .corpus = corpus},
        .witness = {.bench = bench, .variant = baseline, .kind = kind, .corpus = corpus},
        .result = result,
    };
    return run(&c, err);
}

int
differential_between(struct workbench *baseline, struct workbench *candidate, const struct corpus *corpus,
                     struct corpus *kept, struct differential *result, struct err *err)
{
    struct comparison c = {
        .baseline = {.bench = baseline, .variant = target_baseline(&baseline->target), .corpus = corpus},
        .candidate = {.bench = candidate, .variant = target_baseline(&candidate->target), .corpus = corpus},
        .result = result,
        .kept = kept,
    };
    return run(&c, err);
}
