// SPDX-License-Identifier: Apache-2.0
#include "sandbox/duet.h"
#include "base/clock.h"
#include "base/stats.h"
#include "base/vec.h"
#include "sandbox/culprit.h"
#include "sandbox/duet_record.h"
#include "sandbox/pin.h"
#include "sandbox/quads.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LOG_RATIOS = sizeof(((struct duet_result *)0)->log_ratios) / sizeof(double),
    OVERTIME = 4,
    BATCH_MIN_NS = 200000,
    BATCH_MAX_NS = 500000,
    BATCHES_PER_LAUNCH = 400,
    ENVIRONMENT_MAX_BYTES = 4096,
    FAULT_SHOWN_BYTES = 240
};

static const char *const names[] = {
    [DUET_FASTER] = "faster",         [DUET_SLOWER] = "slower",
    [DUET_EQUIVALENT] = "equivalent", [DUET_INCONCLUSIVE] = "inconclusive",
    [DUET_DIFFERS] = "differs",       [DUET_FAULT] = "fault",
};
static const char *const variant_names[] = {"baseline", "candidate"};
// To look for the input that a batch failed with.
#define CULPRIT_MAX_NS INT64_C(10000000000)

const char *
duet_verdict_name(enum duet_verdict verdict)
{
    return names[verdict];
}

struct duet {
    const struct duet_spec *spec;
    struct duet_result *result;
    struct rng rng;
    struct sequential test;
    struct quads_size size; // rounds 0: not calibrated yet
    struct buf bytes;       // the inputs in this launch's order
    VEC(size_t) offsets;
    VEC(size_t) order;
    struct cell_options cells[2]; // what this launch's are made with
    char paths[2][4096];
    VEC(double) per_call[2];
    VEC(double) batches;
    size_t suspicious[CHEATS]; // launches that another clock had to be taken for
    struct machine before;     // the first launch
    bool ended;                // by something else than the rule: see `end`
    enum duet_end end;
};

static void
duet_release(struct duet *duet)
{
    buf_release(&duet->bytes);
    vec_release(&duet->offsets);
    vec_release(&duet->order);
    vec_release(&duet->per_call[0]);
    vec_release(&duet->per_call[1]);
    vec_release(&duet->batches);
}

static void
end_with(struct duet *duet, enum duet_end end, const char *who, const char *text)
{
    duet->ended = true;
    duet->end = end;
    duet->result->verdict = duet_judge(&duet->test, end);
    snprintf(duet->result->detail, sizeof(duet->result->detail), "%s: %.380s", who, text);
}

// Ends with what the candidate was caught at.
static void
accuse(struct duet *duet, enum duet_end end, enum cheat cheat, const char *text)
{
    char named[224];
    snprintf(named, sizeof(named), "%s: %s", cheat_name(cheat), text);
    end_with(duet, end, variant_names[1], named);
    duet->result->cheat = cheat;
}

// Draws a new order of the inputs and copies them in it.
static int
shuffle(struct duet *duet, struct err *err)
{
    const struct cell_inputs *inputs = duet->spec->inputs;
    while (duet->order.count < inputs->count) {
        size_t next = duet->order.count;
        *vec_push(&duet->order) = next;
    }
    for (size_t i = inputs->count; i > 1; i--) {
        size_t j = rng_below(&duet->rng, i), kept = duet->order.items[j];
        duet->order.items[j] = duet->order.items[i - 1];
        duet->order.items[i - 1] = kept;
    }
    buf_clear(&duet->bytes);
    duet->offsets.count = 0;
    *vec_push(&duet->offsets) = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        size_t from = inputs->offsets[duet->order.items[i]], to = inputs->offsets[duet->order.items[i] + 1];
        buf_add(&duet->bytes, inputs->bytes + from, to - from);
        *vec_push(&duet->offsets) = duet->bytes.len;
    }
    return buf_check(&duet->bytes, "the inputs of a duet", err);
}

// The inputs in this launch's order. Borrowed.
static struct cell_inputs
inputs_of(const struct duet *duet)
{
    return (struct cell_inputs){(const uint8_t *)buf_text(&duet->bytes), duet->offsets.items,
                                duet->spec->inputs->count};
}

// A failure that is the variant's own is a fault of the duet; any other is the machine's.
static int
own_up(struct duet *duet, size_t variant, struct err *err)
{
    if (err->kind != ERR_TARGET)
        return err_wrap(err, "measuring the %s", variant_names[variant]);
    end_with(duet, DUET_END_FAULT, variant_names[variant], err->message);
    return 0;
}

// Links a variant with a fresh layout, starts a cell for it and loads the inputs. *cell stays NULL on a
// fault.
static int
start_variant(struct duet *duet, size_t variant, struct cell **cell, struct err *err)
{
    const struct duet_spec *spec = duet->spec;
    const struct duet_variant *made = variant == 0 ? &spec->baseline : &spec->candidate;
    char *path = duet->paths[variant];
    if (made->link(made->context, rng_u64(&duet->rng), path, err) < 0)
        return own_up(duet, variant, err);
    struct cell_options *options = &duet->cells[variant];
    *options = (struct cell_options){.object_path = path,
                                     .managed = made->managed,
                                     .limits = spec->limits,
                                     .inputs_max_bytes = duet->bytes.len > 8 << 20 ? duet->bytes.len : 0,
                                     .environment_bytes = 1 + rng_below(&duet->rng, ENVIRONMENT_MAX_BYTES)};
    struct cell_inputs inputs = inputs_of(duet);
    *cell = cell_new(spec->launcher, options, err);
    if (!*cell)
        return own_up(duet, variant, err);
    if (cell_load(*cell, &inputs, err) < 0)
        return own_up(duet, variant, err);
    return 0;
}

// Describes the call that a batch failed at, as far as a replay tells; notes its input when it is known.
static void
describe_culprit(struct duet *duet, size_t variant, const struct quads_result *batch, struct buf *text)
{
    struct cell_inputs inputs = inputs_of(duet);
    struct culprit culprit;
    struct err ignored;
    struct culprit_spec spec = {
        .launcher = duet->spec->launcher,
        .options = &duet->cells[variant],
        .inputs = &inputs,
        .first = batch->window_first,
        .count = batch->window_count,
        .rounds = batch->rounds,
        .time_max_ns = CULPRIT_MAX_NS,
    };
    bool found = culprit_find(&spec, &culprit, &ignored) == 1;
    if (found && culprit.index != SIZE_MAX && culprit.either == 1) {
        duet->result->input = duet->order.items[culprit.index];
        buf_printf(text, " for input %zu", duet->result->input);
        if (culprit.earlier > 0)
            buf_printf(text, " after %zu other calls", culprit.earlier);
        return;
    }
    buf_printf(text, " in a batch of %zu inputs, %zu times each", batch->window_count, batch->rounds);
    if (found && culprit.either < batch->window_count)
        buf_printf(text, ", among its calls %zu to %zu", culprit.earlier + 2 - culprit.either,
                   culprit.earlier + 1);
    else if (!found)
        buf_puts(text, ", and not again");
}

// Ends with the fault that killed a variant's cell.
static void
blame(struct duet *duet, struct cell *const cells[2], const struct quads_result *batch)
{
    size_t variant = batch->variant;
    AUTO_BUF text = BUF(sizeof(duet->result->detail));
    buf_add_str(&text, str_head(str_of(cell_fault_text(cells[variant])), FAULT_SHOWN_BYTES));
    if (batch->window_count > 0)
        describe_culprit(duet, variant, batch, &text);
    end_with(duet, DUET_END_FAULT, variant_names[variant], buf_text(&text));
    duet->result->cheat = variant == 1 ? cell_cheat(cells[1]) : CHEAT_NONE;
}

static int
calibrate(struct duet *duet, struct cell *const cells[2], struct err *err)
{
    size_t count = duet->spec->inputs->count;
    int64_t target_ns = duet->spec->launch_ns / BATCHES_PER_LAUNCH;
    target_ns = target_ns < BATCH_MIN_NS ? BATCH_MIN_NS : target_ns;
    target_ns = target_ns > BATCH_MAX_NS ? BATCH_MAX_NS : target_ns;
    if (quads_calibrate(cells[0], count, target_ns, &duet->size, err) < 0)
        return own_up(duet, 0, err);
    if (cell_fault_text(cells[0])[0])
        blame(duet, cells, &(struct quads_result){.window_count = count, .rounds = 1});
    return 0;
}

// What only a single call's output shows: marks that the cell adds to it (sandbox/cell/batch.c).
static enum cheat
cheat_in(struct str output, struct str baseline)
{
    static const uint64_t marks[] = {UINT64_MAX - 1, UINT64_MAX - 2};
    static const enum cheat cheats[] = {CHEAT_WRITES_INPUT, CHEAT_WRITES_OUTSIDE};
    for (size_t i = 0; i < 2; i++) {
        struct str mark = str_n((const char *)&marks[i], sizeof(marks[i]));
        if (str_find(str_from(output, sizeof(uint64_t)), mark) >= 0 && str_find(baseline, mark) < 0)
            return cheats[i];
    }
    return CHEAT_WRONG_OUTPUT;
}

// Finds the input for which single calls differ. 0 with *index and *cheat, or 1 when none does.
static int
find_difference(struct cell *const cells[2], const struct quads_result *quads, size_t *index,
                enum cheat *cheat, struct err *err)
{
    AUTO_BUF a = BUF(64 << 20);
    AUTO_BUF b = BUF(64 << 20);
    AUTO_BUF detail = BUF(1 << 16);
    for (size_t i = 0; i < quads->window_count; i++) {
        enum cell_fault faults[2];
        *index = quads->window_first + i;
        if (cell_call(cells[0], *index, &a, &faults[0], &detail, err) < 0 || faults[0] != CELL_OK)
            return -1;
        if (cell_call(cells[1], *index, &b, &faults[1], &detail, err) < 0 || faults[1] != CELL_OK)
            return -1;
        if (str_eq(buf_str(&a), buf_str(&b)))
            continue;
        *cheat = cheat_in(buf_str(&b), buf_str(&a));
        return 0;
    }
    return 1;
}

static void
note_difference(struct duet *duet, struct cell *const cells[2], const struct quads_result *quads)
{
    struct err ignored;
    char text[128];
    size_t index;
    enum cheat cheat = CHEAT_WRONG_OUTPUT, tried = cell_cheat(cells[1]);
    duet->result->input = SIZE_MAX;
    if (find_difference(cells, quads, &index, &cheat, &ignored) == 0) {
        duet->result->input = duet->order.items[index];
        snprintf(text, sizeof(text), "other output than the baseline for input %zu", duet->result->input);
    } else {
        snprintf(text, sizeof(text), "other output than the baseline when run in a batch of %zu inputs",
                 quads->window_count);
    }
    accuse(duet, DUET_END_DIFFERS, tried != CHEAT_NONE ? tried : cheat, text);
}

static void
note_end(struct duet *duet, struct cell *const cells[2], const struct quads_result *quads)
{
    static const char unsteady[] = "the same inputs give different outputs from one batch to the next";
    switch (quads->end) {
    case QUADS_DIFFER:
        note_difference(duet, cells, quads);
        break;
    case QUADS_UNSTEADY:
        duet->result->input = SIZE_MAX;
        if (quads->variant == 0)
            end_with(duet, DUET_END_FAULT, variant_names[0], unsteady);
        else
            accuse(duet, DUET_END_DIFFERS, CHEAT_UNSTEADY_OUTPUT, unsteady);
        break;
    case QUADS_FAULT:
        blame(duet, cells, quads);
        break;
    case QUADS_CHEAT:
        accuse(duet, DUET_END_FAULT, quads->cheat, cheat_summary(quads->cheat));
        break;
    case QUADS_DONE:
        break;
    }
}

static void
note_launch(struct duet *duet, const struct quads_result *quads)
{
    struct duet_result *result = duet->result;
    sequential_add(&duet->test, quads->log_ratio);
    if (result->launches < LOG_RATIOS)
        result->log_ratios[result->launches] = quads->log_ratio;
    result->launches++;
    result->quads += quads->quads;
    duet->suspicious[quads->cheat]++;
    *vec_push(&duet->batches) = quads->batch_ns;
    for (size_t i = 0; i < 2; i++)
        *vec_push(&duet->per_call[i]) = quads->ns_per_call[i];
    if (duet->spec->record != NULL)
        duet_record_launch(duet->spec->record, &quads->batches);
}

static int
run_cells(struct duet *duet, struct cell *const cells[2], struct err *err)
{
    struct quads_result quads;
    if (duet->size.rounds == 0 && calibrate(duet, cells, err) < 0)
        return -1;
    if (duet->ended)
        return 0;
    struct quads_spec spec = {.cells = {cells[0], cells[1]},
                              .input_count = duet->spec->inputs->count,
                              .size = duet->size,
                              .launch_ns = duet->spec->launch_ns,
                              .rng = &duet->rng};
    if (quads_run(&spec, &quads, err) < 0)
        return err_wrap(err, "measuring");
    if (quads.end == QUADS_DONE)
        note_launch(duet, &quads);
    else
        note_end(duet, cells, &quads);
    quads_result_release(&quads);
    return 0;
}

// Looks at the machine before a launch: times of two CPU models are not comparable.
static void
look_at_machine(struct duet *duet)
{
    struct duet_result *result = duet->result;
    machine_read(duet->spec->proc, &result->machine);
    if (result->launches == 0 && duet->before.cpu[0] == '\0')
        duet->before = result->machine;
    result->steal_pct = machine_steal_pct(&duet->before, &result->machine);
    if (strcmp(duet->before.cpu, result->machine.cpu) == 0)
        return;
    char text[sizeof(result->detail)];
    snprintf(text, sizeof(text), "was %.160s, is %.160s after %zu launches", duet->before.cpu,
             result->machine.cpu, result->launches);
    end_with(duet, DUET_END_CPU, "the CPU", text);
}

static int
run_launch(struct duet *duet, struct err *err)
{
    struct cell *cells[2] = {NULL, NULL};
    int done = shuffle(duet, err);
    size_t first = rng_below(&duet->rng, 2);
    for (size_t i = 0; i < 2 && done == 0 && !duet->ended; i++)
        done = start_variant(duet, first ^ i, &cells[first ^ i], err);
    if (done == 0 && !duet->ended) {
        const pid_t processes[] = {cell_pid(cells[0]), cell_pid(cells[1])};
        bool pinned = pin_together(processes, 2, &duet->rng);
        duet->result->pinned = pinned && (duet->result->pinned || duet->result->launches == 0);
        done = run_cells(duet, cells, err);
    }
    for (size_t i = 0; i < 2; i++) {
        if (cells[i])
            duet->result->cpu_seconds += (double)cell_cpu_ns(cells[i]) / 1e9;
        cell_free(cells[i]);
    }
    return done;
}

static void
update(struct duet *duet)
{
    struct sequential_estimate estimate = sequential_estimate(&duet->test);
    duet->result->speedup = estimate.speedup;
    duet->result->low = estimate.low;
    duet->result->high = estimate.high;
    duet->result->verdict = duet_judge(&duet->test, DUET_END_RULE);
}

static void
tell(const struct duet *duet, int64_t took_ns)
{
    const struct duet_spec *spec = duet->spec;
    const struct duet_result *result = duet->result;
    double left = sequential_launches_left(&duet->test);
    struct duet_progress progress = {
        .launches = result->launches,
        .speedup = result->speedup,
        .low = result->low,
        .high = result->high,
        .launches_left = left,
        .seconds_left = left * (double)took_ns / 1e9 / (double)result->launches,
    };
    if (spec->progress != NULL)
        spec->progress(spec->progress_context, &progress);
}

// What showed in most launches is no disturbance. Hidden time ends in a fault; one that waits was compared by
// the wall clock, and that says it all.
static void
name_cheats(struct duet *duet)
{
    size_t launches = duet->result->launches;
    if (duet->ended || launches == 0)
        return;
    if (2 * duet->suspicious[CHEAT_HIDDEN_TIME] > launches)
        accuse(duet, DUET_END_FAULT, CHEAT_HIDDEN_TIME, cheat_summary(CHEAT_HIDDEN_TIME));
    if (2 * duet->suspicious[CHEAT_WAITS] <= launches)
        return;
    duet->result->cheat = CHEAT_WAITS;
    snprintf(duet->result->detail, sizeof(duet->result->detail), "%s: %s: the wall clock was taken",
             variant_names[1], cheat_name(CHEAT_WAITS));
}

// Whether a further launch would end too late. A verdict needs its least number of launches: on a busy
// machine they may take several times the budget.
static bool
is_out_of_time(const struct duet_spec *spec, size_t launches, int64_t ended_ns)
{
    int64_t budget_ns = launches < spec->launches_min ? OVERTIME * spec->budget_ns : spec->budget_ns;
    return spec->budget_ns > 0 && launches > 0 && ended_ns > budget_ns;
}

static int
run_launches(struct duet *duet, int64_t begun_ns, struct err *err)
{
    const struct duet_spec *spec = duet->spec;
    struct duet_result *result = duet->result;
    const struct host *host = spec->host;
    int64_t longest_ns = 0;
    while (result->launches < spec->launches_max) {
        int64_t start_ns = host->mono_ns(host->context);
        if (is_out_of_time(spec, result->launches, start_ns + longest_ns - begun_ns))
            return 0;
        look_at_machine(duet);
        if (!duet->ended && run_launch(duet, err) < 0)
            return -1;
        if (duet->ended)
            return 0;
        int64_t took_ns = host->mono_ns(host->context) - start_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
        update(duet);
        tell(duet, start_ns + took_ns - begun_ns);
        if (result->verdict != DUET_INCONCLUSIVE)
            return 0;
    }
    return 0;
}

static void
conclude(struct duet *duet)
{
    struct duet_result *result = duet->result;
    struct machine after;
    machine_read(duet->spec->proc, &after);
    result->machine.load = after.load;
    result->steal_pct = machine_steal_pct(&duet->before, &after);
    if (result->launches == 0)
        return;
    result->batch_us = stats_median(duet->batches.items, duet->batches.count) / 1e3;
    for (size_t i = 0; i < 2; i++)
        result->ns_per_call[i] = stats_median(duet->per_call[i].items, duet->per_call[i].count);
}

int
duet_run(const struct duet_spec *spec, struct duet_result *result, struct err *err)
{
    size_t bytes = spec->inputs->offsets[spec->inputs->count] - spec->inputs->offsets[0];
    struct duet duet = {.spec = spec, .result = result, .bytes = BUF(bytes + 1)};
    *result =
        (struct duet_result){.verdict = DUET_INCONCLUSIVE, .speedup = 1, .high = INFINITY, .input = SIZE_MAX};
    if (spec->inputs->count == 0)
        return err_set(err, ERR_TARGET, "there are no inputs to measure with");
    struct sequential_rule rule = {spec->alpha, spec->margin, spec->launches_min};
    rng_init(&duet.rng, spec->seed, 0);
    sequential_init(&duet.test, rule);
    if (spec->record != NULL)
        duet_record_begin(spec->record, &rule);
    int64_t begun_ns = spec->host->mono_ns(spec->host->context);
    int done = run_launches(&duet, begun_ns, err);
    name_cheats(&duet);
    result->seconds = (double)(spec->host->mono_ns(spec->host->context) - begun_ns) / 1e9;
    conclude(&duet);
    duet_release(&duet);
    if (done == 0 && spec->record != NULL) {
        duet_record_end(spec->record, duet.end);
        done = buf_check(spec->record, "the raw batches of a duet", err);
    }
    return done;
}
