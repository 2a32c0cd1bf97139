// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "sandbox/duet_record.h"
#include "tests/unit/unit.h"

#include <math.h>

static const struct sequential_rule rule = {0.01, 0.02, 8};

// A launch with a speed-up of about 1.3.
static void
fill(struct batches *batches, struct rng *rng, size_t quads)
{
    batches->clock = (enum quads_clock)rng_below(rng, QUADS_CLOCKS);
    batches->calls = 1 + rng_below(rng, 5000);
    batches->empty_ns[0] = (int64_t)rng_below(rng, 9000);
    batches->empty_ns[1] = (int64_t)rng_below(rng, 9000);
    batches->quads.count = 0;
    for (size_t i = 0; i < quads; i++) {
        struct batches_quad *quad = vec_push(&batches->quads);
        quad->candidate_first = rng_below(rng, 2) == 1;
        for (size_t k = 0; k < 4; k++)
            quad->ns[k / 2][k % 2] = (int64_t)((k < 2 ? 520000 : 400000) + rng_below(rng, 30000));
    }
}

// A record of `launches`, and what the rule says of them.
static void
write_record(struct buf *record, size_t launches, enum duet_end end, struct sequential *test)
{
    struct rng rng;
    struct batches batches = {0};
    rng_init(&rng, 5, 5);
    sequential_init(test, rule);
    duet_record_begin(record, &rule);
    for (size_t i = 0; i < launches; i++) {
        fill(&batches, &rng, 3 + i);
        sequential_add(test, batches_log_ratio(&batches));
        duet_record_launch(record, &batches);
    }
    duet_record_end(record, end);
    batches_release(&batches);
}

struct seen {
    struct rng rng;
    size_t launches;
};

// Each launch comes back as it was.
static void
see(void *context, const struct batches *batches, double log_ratio)
{
    struct seen *seen = context;
    struct batches expected = {0};
    fill(&expected, &seen->rng, 3 + seen->launches++);
    ck_assert_int_eq(batches->clock, expected.clock);
    ck_assert_uint_eq(batches->calls, expected.calls);
    ck_assert_mem_eq(batches->empty_ns, expected.empty_ns, sizeof(expected.empty_ns));
    ck_assert_uint_eq(batches->quads.count, expected.quads.count);
    for (size_t i = 0; i < expected.quads.count; i++) {
        ck_assert_mem_eq(batches->quads.items[i].ns, expected.quads.items[i].ns,
                         sizeof(expected.quads.items[i].ns));
        ck_assert(batches->quads.items[i].candidate_first == expected.quads.items[i].candidate_first);
    }
    ck_assert(log_ratio == batches_log_ratio(&expected));
    batches_release(&expected);
}

START_TEST(what_was_written_comes_back)
{
    struct err err;
    struct sequential test;
    struct duet_replay replay;
    struct seen seen = {.launches = 0};
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    rng_init(&seen.rng, 5, 5);
    write_record(&record, 12, DUET_END_RULE, &test);
    ck_assert_msg(duet_record_replay(buf_str(&record), &replay, see, &seen, &err) == 0, "%s", err.message);
    struct sequential_estimate estimate = sequential_estimate(&test);
    ck_assert_mem_eq(&replay.rule, &rule, sizeof(rule));
    ck_assert_int_eq(replay.verdict, DUET_FASTER);
    ck_assert_mem_eq(&replay.estimate, &estimate, sizeof(estimate));
    ck_assert(replay.log_e == eprocess_log(&test.process, 0));
    ck_assert_uint_eq(replay.launches, 12);
    ck_assert_uint_eq(replay.quads, 12 * 3 + 66);
    ck_assert_uint_lt(record.len, 13 * replay.quads + 12 * 12 + 40);
}
END_TEST

START_TEST(the_end_counts)
{
    static const enum duet_verdict expected[] = {[DUET_END_RULE] = DUET_FASTER,
                                                 [DUET_END_CPU] = DUET_INCONCLUSIVE,
                                                 [DUET_END_DIFFERS] = DUET_DIFFERS,
                                                 [DUET_END_FAULT] = DUET_FAULT};
    for (int end = DUET_END_RULE; end <= DUET_END_FAULT; end++) {
        struct err err;
        struct sequential test;
        struct duet_replay replay;
        AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
        write_record(&record, 9, (enum duet_end)end, &test);
        ck_assert_int_eq(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &err), 0);
        ck_assert_int_eq(replay.verdict, expected[end]);
    }
}
END_TEST

START_TEST(launches_that_decide_too_little)
{
    struct err err;
    struct sequential test;
    struct duet_replay replay;
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    write_record(&record, 7, DUET_END_RULE, &test);
    ck_assert_int_eq(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &err), 0);
    ck_assert_int_eq(replay.verdict, DUET_INCONCLUSIVE);
    buf_clear(&record);
    write_record(&record, 0, DUET_END_RULE, &test);
    ck_assert_int_eq(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &err), 0);
    ck_assert(replay.launches == 0 && replay.estimate.speedup == 1 && isinf(replay.estimate.high));
}
END_TEST

// Cut anywhere it is refused; with any byte changed it is refused or another record.
START_TEST(damage_is_told_or_seen)
{
    struct err err;
    struct sequential test;
    struct duet_replay replay;
    size_t launches = 0;
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES), again = BUF(DUET_RECORD_MAX_BYTES);
    write_record(&record, 9, DUET_END_RULE, &test);
    for (size_t cut = 0; cut < record.len; cut++)
        ck_assert_int_eq(duet_record_replay(str_head(buf_str(&record), cut), &replay, NULL, NULL, &err), -1);
    buf_putc(&record, 0);
    ck_assert_int_eq(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &err), -1);
    ck_assert_msg(strstr(err.message, "after launch 9"), "%s", err.message);
    buf_cut(&record, record.len - 1);
    for (size_t at = 0; at < record.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            buf_clear(&again);
            buf_add_str(&again, buf_str(&record));
            again.ptr[at] = (char)(again.ptr[at] ^ 1 << bit);
            launches += duet_record_replay(buf_str(&again), &replay, NULL, NULL, &err) == 0 ? 1 : 0;
        }
    ck_assert_uint_gt(launches, 0);
}
END_TEST

UNIT_MAIN("sandbox/duet_record", what_was_written_comes_back, the_end_counts, launches_that_decide_too_little,
          damage_is_told_or_seen)
