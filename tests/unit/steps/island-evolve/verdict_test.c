// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/mutator.h"
#include "steps/island-evolve/verdict.h"
#include "steps/shared/candidate/recompute.h"
#include "tests/unit/steps/island-evolve/lab.h"

// Long on purpose: less machine code is faster here.
static const char unit[] = "#include <stddef.h>\n#include <stdint.h>\n\n"
                           "static uint32_t mix(uint32_t a) { return a * 31 + a / 3 + (a << 3) % 77; }\n"
                           "uint32_t digest(const uint8_t *data, size_t len)\n"
                           "{\n"
                           "    uint32_t a = 1;\n"
                           "    for (size_t i = 0; i < len; i++) {\n"
                           "        if (data[i] == 'x')\n"
                           "            a = mix(mix(mix(a))) + data[i];\n"
                           "        else\n"
                           "            a = mix(mix(mix(a))) + data[i];\n"
                           "    }\n"
                           "    return a;\n"
                           "}\n";
static const char train[] = "[\"abcx\", null]\n[\"hello\", null]\n[\"x\", null]";
static const char holdout[] = "[\"held out\", null]\n[\"\", null]";

#define HEAD "uint32_t digest(const uint8_t *data, size_t len)\n{\n    uint32_t a = 1;\n"
#define LOOP "    for (size_t i = 0; i < len; i++) {\n"
#define SHORT "static uint32_t small(uint32_t a) { return a * 31 + a / 3 + (a << 3) % 77; }\n"
#define ROUND "        for (int k = 0; k < 3; k++)\n            a = mix(a);\n        a += data[i];\n    }\n"
#define TAIL "    return a;\n}"

struct court {
    struct lab lab;
    struct recorder recorder;
    struct search search;
    struct verdict_spec spec;
    struct verdict verdict;
    struct search_spec search_spec;
};

static void
open_court_of(struct court *court, const char *text)
{
    struct lab *lab = &court->lab;
    *court = (struct court){0};
    lab_open(lab, text, "digest", train, holdout);
    LAB_OK(lab, recorder_init(&court->recorder, &lab->step, &lab->cascade, "salt", NULL, &lab->err));
    court->search_spec = (struct search_spec){
        .arena = &lab->arena, .salt = "salt", .islands = 1, .target = &lab->bench.target};
    court->search = (struct search){.spec = &court->search_spec, .rejected = json_object()};
    court->search.root = lab_candidate(lab, NULL, NULL);
    lab_evaluate(lab, court->search.root);
    court->spec = (struct verdict_spec){.step = &lab->step,
                                        .recorder = &court->recorder,
                                        .cascade = &lab->cascade,
                                        .search = &court->search,
                                        .min_speedup = 1.05,
                                        .margin = 0.01,
                                        .seconds = 10};
}

static void
open_court(struct court *court)
{
    open_court_of(court, unit);
}

static void
close_court(struct court *court)
{
    search_release(&court->search);
    lab_close(&court->lab);
}

// A candidate as the search left it: right, as far as it knows.
static struct candidate *
accuse(struct court *court, const char *text, double speedup, enum technique technique)
{
    struct candidate *candidate = lab_candidate(&court->lab, text, court->search.root);
    candidate->stage = STAGE_QUICK;
    candidate->speedup = speedup;
    candidate->techniques = 1u << technique;
    snprintf(candidate->note, sizeof candidate->note, "note");
    *vec_push(&court->search.candidates) = candidate;
    return candidate;
}

static void
reach(struct court *court)
{
    LAB_OK(&court->lab, verdict_reach(&court->spec, &court->verdict, &court->lab.err));
}

START_TEST(test_no_candidate)
{
    struct court court;
    open_court(&court);
    accuse(&court, HEAD LOOP ROUND TAIL, 1.01, TECHNIQUE_EDIT); // not worth a look
    reach(&court);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_ptr_nonnull(court.verdict.why);
    close_court(&court);
}
END_TEST

START_TEST(test_a_winner_without_what_it_does_not_need)
{
    struct court court;
    open_court(&court);
    const struct candidate *winner =
        accuse(&court, "// A remark that nobody needs.\n" HEAD LOOP ROUND "    // Another one.\n" TAIL, 1.4,
               TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_msg(court.verdict.winner != NULL, "%s", court.verdict.why);
    ck_assert_ptr_ne(court.verdict.winner, winner);
    ck_assert_int_lt(str_find(court.verdict.winner->text, STR("nobody needs")), 0);
    ck_assert_int_ge(str_find(court.verdict.winner->text, STR("k < 3")), 0);
    ck_assert_double_gt(court.verdict.holdout.speedup, 1.05);
    ck_assert_double_gt(court.verdict.train.speedup, 1.05);
    close_court(&court);
}
END_TEST

START_TEST(test_a_sanitizer_refutes)
{
    // Reads one byte behind the data, and does nothing with it.
    struct court court;
    open_court(&court);
    accuse(&court,
           HEAD
           "    for (const uint8_t *at = data, *end = data + len; *(const volatile uint8_t *)at, at < end; "
           "at++) "
           "{\n        for (int k = 0; k < 3; k++)\n            a = mix(a);\n        a += *at;\n    }\n" TAIL,
           1.4, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_msg(strstr(court.verdict.why, "sanitizer: on [") != NULL, "%s", court.verdict.why);
    ck_assert_msg(strstr(court.verdict.why, "AddressSanitizer") != NULL, "%s", court.verdict.why);
    close_court(&court);
}
END_TEST

START_TEST(test_holdout_refutes)
{
    struct court court;
    json_t *rows;
    open_court(&court);
    const struct candidate *cheat =
        accuse(&court, HEAD "    if (len == 8 && data[0] == 'h')\n        return 5;\n" LOOP ROUND TAIL, 3,
               TECHNIQUE_TABLE);
    reach(&court);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_int_eq(json_get_int(court.search.rejected, "wrong-output", 0), 1);
    ck_assert_ptr_nonnull(strstr(court.verdict.why, "held out")); // the input that shows it
    LAB_OK(&court.lab, journal_flush(&court.lab.step, &court.lab.err));
    LAB_OK(&court.lab, journal_rows(&court.lab.step, "candidate.of_step", json_pack("[ss]", "run", "evolve"),
                                    &rows, &court.lab.err));
    bool stored = false;
    for (size_t i = 0; i < json_array_size(rows); i++)
        stored |= strcmp(json_get_text(json_array_get(rows, i), "id", ""), cheat->id) == 0 &&
                  strcmp(json_get_text(json_array_get(rows, i), "reason", ""), "wrong-output") == 0;
    ck_assert(stored);
    json_decref(rows);
    close_court(&court);
}
END_TEST

// Puts an undecided measurement into the journal as if it had been made before.
static void
note_holdout(struct court *court, const char *id, double speedup)
{
    struct lab *lab = &court->lab;
    const char *key = arena_printf(&lab->arena, "holdout/%s", id);
    AUTO_JSON *input = json_pack("{s:s, s:s}", "variant", id, "benchmark", "salt");
    AUTO_JSON *duet = json_pack("{s:i, s:f, s:f, s:f, s:i}", "verdict", (int)DUET_INCONCLUSIVE, "speedup",
                                speedup, "low", 0.9, "high", 2 * speedup, "launches", 4);
    json_t *known = NULL;
    ck_assert_int_eq(journal_begin(&lab->step, "measure", key, input, &known, &lab->err), 0);
    LAB_OK(lab, journal_commit(&lab->step, "measure", key, duet, &lab->err));
}

START_TEST(test_holdout_is_no_faster)
{
    struct court court;
    char text[2000];
    double speedup;
    open_court(&court);
    accuse(&court, HEAD LOOP ROUND TAIL, 1.4, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_msg(court.verdict.winner != NULL, "%s", court.verdict.why);
    snprintf(text, sizeof text, "%.*s", (int)court.verdict.winner->text.len, court.verdict.winner->text.ptr);
    speedup = court.verdict.train.speedup;
    close_court(&court);

    open_court(&court);
    note_holdout(&court, accuse(&court, text, 1.4, TECHNIQUE_EDIT)->id, speedup);
    reach(&court);
    ck_assert_double_gt(court.verdict.train.speedup, 1.05);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_int_eq(json_get_int(court.search.rejected, "not-faster", 0), 1);
    ck_assert_msg(strstr(court.verdict.why, "on holdout") != NULL, "%s", court.verdict.why);
    close_court(&court);
}
END_TEST

START_TEST(test_only_hints)
{
    static const char text[] = "__attribute__((optimize(\"Os\")))\n" HEAD LOOP "        if (data[i] == 'x')\n"
                               "            a = mix(mix(mix(a))) + data[i];\n        else\n            a = "
                               "mix(mix(mix(a))) + data[i];\n    }\n" TAIL;
    struct court court;
    open_court(&court);
    accuse(&court, text, 1.5, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_double_eq(court.verdict.hints_speedup, 1.5);
    ck_assert_str_eq(court.verdict.hints_note, "note");
    close_court(&court);
}
END_TEST

START_TEST(test_too_small_a_gain)
{
    struct court court;
    open_court(&court);
    court.spec.min_speedup = 50;
    accuse(&court, HEAD LOOP ROUND TAIL, 1.4, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_ptr_null(court.verdict.winner);
    ck_assert_int_eq(json_get_int(court.search.rejected, "not-faster", 0), 1);
    ck_assert_ptr_nonnull(strstr(court.verdict.why, "not-faster"));
    close_court(&court);
}
END_TEST

START_TEST(test_of_equals_the_shorter)
{
    struct court court;
    open_court(&court);
    accuse(
        &court,
        HEAD
        "    // Much text that changes nothing at all, line by line, over and over again.\n" LOOP ROUND TAIL,
        1.45, TECHNIQUE_TABLE);
    const struct candidate *plain = accuse(&court, HEAD LOOP ROUND TAIL, 1.44, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_ptr_eq(court.verdict.winner, plain);
    // It stands for itself in the state, although its machine code was seen before.
    json_t *rows;
    LAB_OK(&court.lab, journal_flush(&court.lab.step, &court.lab.err));
    LAB_OK(&court.lab, journal_rows(&court.lab.step, "candidate.of_step", json_pack("[ss]", "run", "evolve"),
                                    &rows, &court.lab.err));
    const char *stage = "";
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(json_get_text(json_array_get(rows, i), "id", ""), plain->id) == 0)
            stage = arena_dup(&court.lab.arena, json_get_text(json_array_get(rows, i), "stage", ""));
    ck_assert_str_eq(stage, "full");
    json_decref(rows);
    close_court(&court);
}
END_TEST

// ---- with the real meter: four rounds of a chain of multiplications, of which one is enough

#define CHAIN                                                                                              \
    "for (size_t i = 0; i < len; i++)\n            for (int k = 0; k < 60; k++)\n                a = a * " \
    "31 + data[i];\n"
#define DIGEST "uint32_t digest(const uint8_t *data, size_t len)\n{\n    uint32_t a = 0;\n"
#define LONG_DIGEST                                                                                 \
    DIGEST "    for (volatile int again = 0; again < 4; again++) {\n        a = 1;\n        " CHAIN \
           "    }\n    return a;\n}"

static void
open_timed_court(struct court *court)
{
    open_court_of(court, "#include <stddef.h>\n#include <stdint.h>\n\n" LONG_DIGEST "\n");
    court->lab.cascade.meter.recorded = false;
}

START_TEST(test_a_clock_finds_what_is_faster)
{
    struct court court;
    open_timed_court(&court);
    // Ten times is what a ranking thought; the verdict measures for itself.
    accuse(&court, DIGEST "    a = 1;\n    " CHAIN "    return a;\n}", 10, TECHNIQUE_EDIT);
    reach(&court);
    ck_assert_msg(court.verdict.winner != NULL, "%s", court.verdict.why);
    const struct duet_result *duets[] = {&court.verdict.train, &court.verdict.holdout};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(duets[i]->verdict, DUET_FASTER);
        ck_assert_uint_ge(duets[i]->launches, 6);
        ck_assert_msg(duets[i]->speedup > 2.5 && duets[i]->speedup < 6, "%.3f", duets[i]->speedup);
        ck_assert(duets[i]->low > 1.05 && duets[i]->low < duets[i]->speedup);
        ck_assert(duets[i]->cpu_seconds > 0 && duets[i]->seconds > 0);
    }
    // The first to get that far has half of the error, and what it takes is in the state.
    AUTO_JSON *kept =
        verdicts_recompute(fs_join(&court.lab.arena, court.lab.folder, "state.db"), NULL, &court.lab.err);
    const json_t *verdicts = json_object_get(kept, "verdicts");
    ck_assert_uint_eq(json_array_size(verdicts), 3); // A/A, train, holdout
    ck_assert(json_get_bool(kept, "same", false));
    for (size_t i = 1; i < 3; i++)
        ck_assert_double_eq(json_get_real(json_array_get(verdicts, i), "alpha", 0), 0.005);
    close_court(&court);
}
END_TEST

// What a clock says of a candidate that the search thought to be faster: no winner.
static bool
clock_refuses(const char *text)
{
    struct court court;
    open_timed_court(&court);
    accuse(&court, text, 1.5, TECHNIQUE_EDIT);
    reach(&court);
    bool refused = court.verdict.winner == NULL && json_get_int(court.search.rejected, "not-faster", 0) == 1;
    close_court(&court);
    return refused;
}

START_TEST(test_a_clock_refuses_what_is_not_faster)
{
    static const char equal[] =
        DIGEST "    volatile int left = 4;\n    while (left-- > 0) {\n        a = 1;\n        " CHAIN
               "    }\n    return a;\n}";
    static const char slower[] =
        DIGEST "    for (volatile int again = 0; again < 8; again++) {\n        a = 1;\n        " CHAIN
               "    }\n    return a;\n}";
    ck_assert(clock_refuses(slower));
    // A busy machine may lend an equal one speed once, not three times.
    ck_assert(clock_refuses(equal) || clock_refuses(equal) || clock_refuses(equal));
}
END_TEST

UNIT_MAIN("island-evolve/verdict", test_a_sanitizer_refutes, test_no_candidate,
          test_a_winner_without_what_it_does_not_need, test_holdout_refutes, test_holdout_is_no_faster,
          test_only_hints, test_too_small_a_gain, test_of_equals_the_shorter,
          test_a_clock_finds_what_is_faster, test_a_clock_refuses_what_is_not_faster)
