// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/answers.h"

#include "base/clock.h"
#include "sandbox/culprit.h"
#include "steps/shared/target/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUTS_MAX_BYTES ((size_t)64 << 20)
#define CORPUS_MAX_BYTES ((size_t)64 << 20)
#define OUTPUT_MAX_BYTES ((size_t)32 << 20)
#define SMOKE_CALLS 12
#define FAULTS_MAX 6     // of one set; then the rest of it is left out
#define LIMIT_MIN_MS 250 // loading the inputs takes its time on a busy machine
#define DESCRIBED_MAX_BYTES 400
#define DESCRIBED_NESTED_BYTES 1200
#define DESCRIBED_CALL_BYTES 700
#define CULPRIT_MAX_NS (5 * CLOCK_S_NS)

// ---- cells
// -----------------------------------------------------------------------------------------------------

static void
cell_options_of(const struct workbench *bench, const char *object_path, const struct corpus *corpus,
                int64_t wall_ms, struct cell_options *options)
{
    *options = (struct cell_options){
        .object_path = object_path, .limits = bench->limits, .managed = bench->target.language->managed};
    options->limits.wall_ms = wall_ms;
    options->inputs_max_bytes = corpus->bytes.len > ((size_t)8 << 20) ? corpus->bytes.len : 0;
}

static struct cell *
open_cell(struct workbench *bench, const char *object_path, const struct corpus *corpus, int64_t wall_ms,
          struct err *err)
{
    struct cell_inputs inputs = corpus_inputs(corpus);
    struct cell_options options;
    cell_options_of(bench, object_path, corpus, wall_ms, &options);
    struct cell *cell = cell_new(bench->launcher, &options, err);
    if (cell != NULL && cell_load(cell, &inputs, err) != 0) {
        cell_free(cell);
        return NULL;
    }
    return cell;
}

// ---- asking the baseline
// ---------------------------------------------------------------------------------------

struct asking {
    struct answers *answers;
    struct workbench *bench;
    const char *object_path;
    struct cell *cell;
    int64_t slowest_ns, total_ns;
    json_t *decided;
};

static int
ask(struct asking *asking, const struct answers_set *set, size_t index, struct buf *output, bool *right,
    struct err *err)
{
    AUTO_BUF detail = BUF(4096);
    enum cell_fault fault;
    if (asking->cell == NULL) {
        asking->cell = open_cell(asking->bench, asking->object_path, set->corpus, set->call_ms, err);
        if (asking->cell == NULL)
            return -1;
    }
    buf_clear(output);
    // A busy machine makes calls late, and must not make a proof weaker.
    int64_t begun_ns = clock_mono_ns(), cpu_ns = cell_cpu_ns(asking->cell);
    if (cell_call(asking->cell, index, output, &fault, &detail, err) != 0)
        return -1;
    int64_t took_ns = clock_mono_ns() - begun_ns;
    *right = fault == CELL_OK;
    if (fault != CELL_OK) {
        cell_free(asking->cell);
        asking->cell = NULL;
        return 0;
    }
    asking->total_ns += cell_cpu_ns(asking->cell) - cpu_ns;
    if (took_ns > asking->slowest_ns)
        asking->slowest_ns = took_ns;
    return 0;
}

static void
keep(struct answers *answers, const struct corpus *from, size_t index, const struct buf *output)
{
    corpus_append(&answers->corpus, from, index);
    buf_add_str(&answers->outputs, buf_str(output));
    answers->offsets = realloc(answers->offsets, (answers->corpus.count + 1) * sizeof(size_t));
    if (answers->offsets == NULL)
        abort();
    answers->offsets[0] = 0;
    answers->offsets[answers->corpus.count] = answers->outputs.len;
}

static int
ask_set(struct asking *asking, const struct answers_set *set, const json_t *kept, size_t kept_first,
        struct err *err)
{
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    size_t faults = 0;
    asking->total_ns = 0;
    for (size_t i = 0; i < set->corpus->count; i++) {
        bool wanted = kept != NULL ? json_is_true(json_array_get(kept, kept_first + i))
                                   : asking->total_ns < set->total_ms * CLOCK_MS_NS && faults < FAULTS_MAX;
        bool right = false;
        if (wanted && ask(asking, set, i, &output, &right, err) != 0)
            return -1;
        if (right)
            keep(asking->answers, set->corpus, i, &output);
        faults += wanted && !right;
        asking->answers->left_out += wanted && !right;
        if (asking->decided != NULL)
            json_array_append_new(asking->decided, json_boolean(right));
    }
    cell_free(asking->cell);
    asking->cell = NULL;
    return 0;
}

static struct str
expected(const struct answers *answers, size_t index)
{
    size_t start = answers->offsets[index];
    return str_n(answers->outputs.ptr + start, answers->offsets[index + 1] - start);
}

// The digest of all outputs, from a process of its own; it also shows answers that change.
static int
take_digest(struct answers *answers, struct workbench *bench, const char *object_path, struct err *err)
{
    struct cell_batch batch;
    struct cell *cell = open_cell(bench, object_path, &answers->corpus, 20000, err);
    if (cell == NULL)
        return -1;
    int status = cell_batch(cell, 0, answers->corpus.count, 1, &batch, err);
    if (status == 0 && batch.fault != CELL_OK)
        status = err_set(err, ERR_TARGET, "the baseline faults when its inputs run one after the other: %s",
                         cell_fault_text(cell));
    if (status == 0) {
        answers->digest = batch.digest;
        int64_t batch_ms = batch.wall_ns / CLOCK_MS_NS;
        if (6 * batch_ms > answers->limit_ms)
            answers->limit_ms = 6 * batch_ms;
    }
    cell_free(cell);
    return status;
}

int
answers_init(struct answers *answers, struct workbench *bench, const char *object_path,
             const struct answers_set *sets, size_t count, const json_t *kept, json_t **decided,
             struct err *err)
{
    *answers = (struct answers){.outputs = BUF(OUTPUTS_MAX_BYTES), .smoke = SMOKE_CALLS};
    corpus_init(&answers->corpus, CORPUS_MAX_BYTES);
    struct asking asking = {.answers = answers, .bench = bench, .object_path = object_path};
    asking.decided = kept == NULL ? json_array() : NULL;
    int status = 0;
    for (size_t i = 0, first = 0; i < count && status == 0; first += sets[i++].corpus->count)
        status = ask_set(&asking, &sets[i], kept, first, err);
    cell_free(asking.cell);
    if (kept == NULL)
        *decided = asking.decided;
    if (status != 0)
        return -1;
    if (answers->corpus.count == 0)
        return err_set(
            err, ERR_TARGET,
            "the baseline faults on every input; check the roles of its parameters in the benchmark file");
    int64_t slowest_ms = asking.slowest_ns / CLOCK_MS_NS;
    answers->limit_ms = 20 * slowest_ms > LIMIT_MIN_MS ? 20 * slowest_ms : LIMIT_MIN_MS;
    if (answers->smoke > answers->corpus.count)
        answers->smoke = answers->corpus.count;
    return take_digest(answers, bench, object_path, err);
}

void
answers_release(struct answers *answers)
{
    corpus_release(&answers->corpus);
    buf_release(&answers->outputs);
    free(answers->offsets);
    *answers = (struct answers){0};
}

// ---- describing
// -----------------------------------------------------------------------------------------------

static uint64_t
word_at(struct str output, size_t at)
{
    uint64_t word = 0;
    if (at + 8 <= output.len)
        memcpy(&word, output.ptr + at, 8);
    return word;
}

static void
describe_number(uint64_t bits, bool is_signed, bool is_real, struct buf *text)
{
    double real;
    memcpy(&real, &bits, sizeof(real));
    if (is_real)
        buf_printf(text, "%.17g", real);
    else if (is_signed)
        buf_printf(text, "%lld", (long long)bits);
    else
        buf_printf(text, "%llu", (unsigned long long)bits);
}

static void
describe_bytes(struct str bytes, struct buf *text)
{
    bool cut = bytes.len > DESCRIBED_MAX_BYTES;
    json_t *json = json_bytes(str_head(bytes, DESCRIBED_MAX_BYTES));
    char *compact = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    buf_puts(text, compact != NULL ? compact : "?");
    if (cut)
        buf_printf(text, "... (%zu bytes)", bytes.len);
    free(compact);
    json_decref(json);
}

// An output in the form of its language, cut where it is long.
static void
describe_json(const json_t *json, struct buf *text)
{
    char *compact = json_compact(json);
    buf_add_str(text, str_head(str_of(compact), DESCRIBED_MAX_BYTES));
    if (strlen(compact) > DESCRIBED_MAX_BYTES)
        buf_puts(text, "...");
    free(compact);
}

void
answers_describe(const struct signature *signature, struct str output, struct buf *text)
{
    size_t at = 8;
    if (signature->calls != NULL) {
        AUTO_JSON *json = signature->calls->output(signature, output);
        describe_json(json, text);
        return;
    }
    if (signature->result_size > 0) {
        buf_puts(text, "result ");
        describe_number(word_at(output, 0), signature->result_signed, signature->result_real, text);
    }
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (parameter->kind != CELL_INOUT && parameter->kind != CELL_OUT)
            continue;
        size_t bytes = (size_t)word_at(output, at);
        if (at + 8 > output.len || bytes > output.len - at - 8)
            return;
        buf_printf(text, "%s%s ", text->len > 0 ? ", " : "", parameter->name);
        describe_bytes(str_n(output.ptr + at + 8, bytes), text);
        at += 8 + bytes;
    }
}

// ---- checking
// -------------------------------------------------------------------------------------------------

struct checking {
    const struct answers *answers;
    struct workbench *bench;
    const char *object_path;
    struct cell *cell;
    struct refutation *refutation;
};

static int
refute(struct checking *checking, const char *reason, const struct buf *detail)
{
    checking->refutation->reason = reason;
    snprintf(checking->refutation->detail, checking->refutation->detail_size, "%s", buf_text(detail));
    return 1;
}

static const char *
reason_of(enum cell_fault fault)
{
    return fault == CELL_TIMED_OUT ? "timeout" : "crash";
}

static void
describe_output(const struct checking *checking, size_t index, struct str output, struct buf *text)
{
    const struct signature *signature = &checking->bench->target.signature;
    AUTO_ARENA arena = {0};
    struct value values[SIGNATURE_PARAMETERS_MAX];
    if (!outcome_is_nested(signature)) {
        answers_describe(signature, output, text);
        return;
    }
    (void)corpus_call_values(&arena, &checking->answers->corpus, index, signature, values);
    json_t *json = outcome_json(signature, values, output);
    char *compact = json_compact(json);
    size_t length = strlen(compact);
    buf_add_str(text, str_n(compact, length < DESCRIBED_NESTED_BYTES ? length : DESCRIBED_NESTED_BYTES));
    if (length > DESCRIBED_NESTED_BYTES)
        buf_puts(text, "...");
    free(compact);
    json_decref(json);
}

static int
check_call(struct checking *checking, size_t index, struct err *err)
{
    const struct signature *signature = &checking->bench->target.signature;
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES), fault_text = BUF(512), detail = BUF(4096);
    enum cell_fault fault;
    if (cell_call(checking->cell, index, &output, &fault, &fault_text, err) != 0)
        return -1;
    struct str wanted = expected(checking->answers, index);
    if (fault == CELL_OK && str_eq(buf_str(&output), wanted))
        return 0;
    corpus_describe_call(&checking->answers->corpus, index, signature, DESCRIBED_CALL_BYTES, &detail);
    if (fault != CELL_OK) {
        buf_printf(&detail, ": %s", buf_text(&fault_text));
        return refute(checking, reason_of(fault), &detail);
    }
    AUTO_BUF want = BUF(1500), got = BUF(1500);
    describe_output(checking, index, wanted, &want);
    describe_output(checking, index, buf_str(&output), &got);
    buf_printf(&detail, " expected %s, got %s", buf_text(&want), buf_text(&got));
    return refute(checking, "wrong-output", &detail);
}

static int
check_calls(struct checking *checking, size_t first, size_t end, struct err *err)
{
    for (size_t i = first; i < end; i++) {
        int status = check_call(checking, i, err);
        if (status != 0)
            return status;
    }
    return 0;
}

// Describes the call at which the batch of all calls fails, though none does alone, as far as replays tell.
static void
describe_culprit(const struct checking *checking, struct buf *detail)
{
    const struct corpus *corpus = &checking->answers->corpus;
    struct cell_options options;
    struct cell_inputs inputs = corpus_inputs(corpus);
    struct culprit culprit;
    struct err ignored;
    cell_options_of(checking->bench, checking->object_path, corpus, checking->answers->limit_ms, &options);
    struct culprit_spec spec = {.launcher = checking->bench->launcher,
                                .options = &options,
                                .inputs = &inputs,
                                .count = corpus->count,
                                .rounds = 1,
                                .time_max_ns = CULPRIT_MAX_NS};
    if (culprit_find(&spec, &culprit, &ignored) != 1 || culprit.index == SIZE_MAX || culprit.either > 1)
        return;
    buf_puts(detail, " ");
    corpus_describe_call(corpus, culprit.index, &checking->bench->target.signature, DESCRIBED_CALL_BYTES,
                         detail);
    buf_printf(detail, " after %zu other calls", culprit.earlier);
}

// Looks for the call that fails, with a fresh cell; when none does alone, the batch itself is to blame.
static int
check_failed_batch(struct checking *checking, enum cell_fault fault, struct err *err)
{
    const struct answers *answers = checking->answers;
    AUTO_BUF detail = BUF(2048);
    buf_printf(&detail, "in a batch of %zu calls: %s", answers->corpus.count,
               cell_fault_text(checking->cell));
    cell_free(checking->cell);
    checking->cell =
        open_cell(checking->bench, checking->object_path, &answers->corpus, answers->limit_ms, err);
    if (checking->cell == NULL)
        return err->kind == ERR_TARGET ? refute(checking, reason_of(fault), &detail) : -1;
    int status = check_calls(checking, answers->smoke, answers->corpus.count, err);
    if (status != 0)
        return status;
    describe_culprit(checking, &detail);
    return refute(checking, reason_of(fault), &detail);
}

static int
check_batch(struct checking *checking, struct err *err)
{
    const struct answers *answers = checking->answers;
    AUTO_BUF detail = BUF(1024);
    struct cell_batch batch;
    if (cell_batch(checking->cell, 0, answers->corpus.count, 1, &batch, err) != 0)
        return -1;
    if (batch.fault != CELL_OK)
        return check_failed_batch(checking, batch.fault, err);
    if (memcmp(&batch.digest, &answers->digest, sizeof(batch.digest)) == 0)
        return 0;
    int status = check_calls(checking, 0, answers->corpus.count, err);
    if (status != 0)
        return status;
    buf_puts(&detail, "right for single calls and wrong in a batch: it depends on earlier calls or writes "
                      "outside of its buffers");
    return refute(checking, "wrong-output", &detail);
}

int
answers_check(const struct answers *answers, struct workbench *bench, const char *object_path,
              struct refutation *refutation, struct err *err)
{
    struct checking checking = {
        .answers = answers, .bench = bench, .object_path = object_path, .refutation = refutation};
    checking.cell = open_cell(bench, object_path, &answers->corpus, answers->limit_ms, err);
    if (checking.cell == NULL) {
        if (err->kind != ERR_TARGET)
            return -1;
        snprintf(refutation->detail, refutation->detail_size, "%s", err->message);
        refutation->reason = "crash";
        return 1;
    }
    int status = check_calls(&checking, 0, answers->smoke, err);
    refutation->in_smoke = status == 1;
    if (status == 0)
        status = check_batch(&checking, err);
    cell_free(checking.cell); // may be none
    return status;
}
