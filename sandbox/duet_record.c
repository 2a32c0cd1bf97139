// SPDX-License-Identifier: Apache-2.0
#include "sandbox/duet_record.h"

#include <math.h>
#include <string.h>

static const char magic[] = "ADR1";

static const enum duet_verdict verdicts[] = {
    [SEQUENTIAL_INCONCLUSIVE] = DUET_INCONCLUSIVE,
    [SEQUENTIAL_FASTER] = DUET_FASTER,
    [SEQUENTIAL_SLOWER] = DUET_SLOWER,
    [SEQUENTIAL_EQUIVALENT] = DUET_EQUIVALENT,
};

enum duet_verdict
duet_judge(const struct sequential *test, enum duet_end end)
{
    switch (end) {
    case DUET_END_DIFFERS:
        return DUET_DIFFERS;
    case DUET_END_FAULT:
        return DUET_FAULT;
    case DUET_END_CPU:
        return DUET_INCONCLUSIVE;
    case DUET_END_RULE:
        break;
    }
    return verdicts[sequential_judge(test)];
}

// ---- writing

static void
add_number(struct buf *record, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_putc(record, (char)(value | 0x80));
    buf_putc(record, (char)value);
}

static void
add_double(struct buf *record, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    buf_add_u64(record, bits);
}

static void
add_difference(struct buf *record, int64_t *last, int64_t value)
{
    int64_t difference = value - *last;
    uint64_t folded = (uint64_t)difference << 1;
    add_number(record, difference < 0 ? ~folded : folded);
    *last = value;
}

void
duet_record_begin(struct buf *record, const struct sequential_rule *rule)
{
    buf_puts(record, magic);
    add_double(record, rule->alpha);
    add_double(record, rule->margin);
    add_number(record, rule->launches_min);
}

void
duet_record_launch(struct buf *record, const struct batches *batches)
{
    int64_t last[2] = {0, 0};
    add_number(record, batches->quads.count);
    add_number(record, batches->clock);
    add_number(record, batches->calls);
    for (size_t v = 0; v < 2; v++)
        add_number(record, (uint64_t)batches->empty_ns[v]);
    VEC_EACH (struct batches_quad, quad, &batches->quads) {
        buf_putc(record, quad->candidate_first ? 1 : 0);
        for (size_t i = 0; i < 4; i++)
            add_difference(record, &last[i / 2], quad->ns[i / 2][i % 2]);
    }
}

void
duet_record_end(struct buf *record, enum duet_end end)
{
    add_number(record, 0);
    add_number(record, end);
}

// ---- reading

// What is left of a record; `bad` once it ended too early or holds what can't be.
struct reader {
    struct str rest;
    bool bad;
};

static uint64_t
take_number(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && reader->rest.len > 0; shift += 7) {
        uint8_t byte = (uint8_t)reader->rest.ptr[0];
        reader->rest = str_from(reader->rest, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader->bad = true;
    return 0;
}

static double
take_double(struct reader *reader)
{
    uint64_t bits = 0;
    double value;
    reader->bad |= reader->rest.len < sizeof(bits);
    for (size_t i = 0; !reader->bad && i < sizeof(bits); i++)
        bits |= (uint64_t)(uint8_t)reader->rest.ptr[i] << 8 * i;
    reader->rest = str_from(reader->rest, sizeof(bits));
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int64_t
take_difference(struct reader *reader, int64_t *last)
{
    uint64_t folded = take_number(reader);
    reader->bad |= __builtin_add_overflow(*last, (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1), last);
    return *last;
}

static void
take_launch(struct reader *reader, uint64_t quads, struct batches *batches)
{
    int64_t last[2] = {0, 0};
    uint64_t clock = take_number(reader);
    reader->bad |= clock >= QUADS_CLOCKS;
    batches->clock = reader->bad ? QUADS_CPU : (enum quads_clock)clock;
    batches->calls = take_number(reader);
    for (size_t v = 0; v < 2; v++)
        batches->empty_ns[v] = (int64_t)take_number(reader);
    batches->quads.count = 0;
    for (uint64_t i = 0; i < quads && !reader->bad; i++) {
        struct batches_quad *quad = vec_push(&batches->quads);
        uint64_t first = take_number(reader);
        reader->bad |= first > 1;
        quad->candidate_first = first == 1;
        for (size_t k = 0; k < 4; k++)
            quad->ns[k / 2][k % 2] = take_difference(reader, &last[k / 2]);
    }
}

static bool
take_head(struct reader *reader, struct sequential_rule *rule)
{
    struct str head = str_head(reader->rest, sizeof(magic) - 1);
    reader->rest = str_from(reader->rest, sizeof(magic) - 1);
    if (!str_is(head, magic))
        return false;
    rule->alpha = take_double(reader);
    rule->margin = take_double(reader);
    rule->launches_min = take_number(reader);
    return !reader->bad && rule->alpha > 0 && rule->alpha < 1 && rule->margin >= 0;
}

int
duet_record_replay(struct str record, struct duet_replay *replay, duet_replay_fn each, void *context,
                   struct err *err)
{
    struct reader reader = {.rest = record};
    struct sequential test;
    *replay = (struct duet_replay){0};
    if (!take_head(&reader, &replay->rule))
        return err_set(err, ERR_PARSE, "the raw batches have no head as duets write it");
    sequential_init(&test, replay->rule);
    struct batches batches = {0};
    for (uint64_t quads; (quads = take_number(&reader)) > 0 && !reader.bad;) {
        take_launch(&reader, quads, &batches);
        double log_ratio = batches_log_ratio(&batches);
        if (reader.bad)
            break;
        sequential_add(&test, log_ratio);
        replay->launches++;
        replay->quads += batches.quads.count;
        if (each != NULL)
            each(context, &batches, log_ratio);
    }
    batches_release(&batches);
    uint64_t end = take_number(&reader);
    if (reader.bad || end > DUET_END_FAULT || reader.rest.len > 0)
        return err_set(err, ERR_PARSE, "the raw batches are damaged after launch %zu", replay->launches);
    replay->verdict = duet_judge(&test, (enum duet_end)end);
    replay->estimate = sequential_estimate(&test);
    replay->log_e = eprocess_log(&test.process, 0);
    return 0;
}
