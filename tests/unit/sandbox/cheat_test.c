// SPDX-License-Identifier: Apache-2.0
// Each program of tests/attack/measure/ is caught in a duet, by its name, and wins in a harness that is built
// without what stops it: product sources with one edit or more, compiled here.
#include "sandbox/cheat.h"
#include "tests/attack/measure/trial.h"
#include "tests/unit/sandbox/edited.h"
#include "tests/unit/sandbox/fixture.h"

enum { HONEST_DUETS = 10 };

static const struct edit addresses_moved = {"sandbox/cell", "\\(batch->generation\\+\\+ \\* 37 % SHIFTS\\)",
                                            "(batch->generation++ * 0)"};
static const struct edit inputs_compared = {"sandbox/cell",
                                            "memcmp\\((placed|block)->at, [^;{]*->bytes\\) != 0", "false"};
static const struct edit guards_compared = {"sandbox/cell", "\\.bytes \\+ k\\] != PLACE_POISON",
                                            ".bytes + k] != PLACE_POISON && false"};
static const struct edit calls_trapped = {"sandbox/cell",
                                          "IS\\(number, 0, 1\\), RETURN\\(SECCOMP_RET_TRAP\\)",
                                          "IS(number, 0, 1), RETURN(SECCOMP_RET_ALLOW)"};
static const struct edit whole_process_timed = {"sandbox/cell",
                                                "syscall\\(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID",
                                                "syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID"};

struct cheating {
    const char *name;
    enum cheat cheats[2]; // what the duet says, one or the other; CHEAT_NONE: the search refuses it before
    bool one_input;
    const struct edit *edits[EDITS_MAX + 1]; // that let it win, NULL at the end
};

// Two names where it is a matter of addresses or of the machine's load which batch is wrong first.
static const struct cheating outputs[] = {
    {"constant_output", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {"only_when_timed", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {"reads_clock", {CHEAT_WRONG_OUTPUT, CHEAT_UNSTEADY_OUTPUT}, false, {&digest_compared}},
    {"caches_by_address", {CHEAT_UNSTEADY_OUTPUT, CHEAT_WRONG_OUTPUT}, false, {&addresses_moved}},
    {"writes_input", {CHEAT_WRITES_INPUT}, true, {&inputs_compared}},
    {"writes_outside", {CHEAT_WRITES_OUTSIDE}, true, {&guards_compared}},
};
static const struct cheating harness[] = {
    {"early_exit", {CHEAT_EARLY_EXIT}, false, {&end_noticed, &digest_compared, &process_examined}},
    {"forged_result", {CHEAT_FORGED_RESULT}, false, {&process_examined}},
    {"harness_memory", {CHEAT_HARNESS_MEMORY}, false, {&empty_shared}},
};
static const struct cheating clocks[] = {
    {"interposed_clock", {CHEAT_HIDDEN_TIME}, false, {&time_audited, &batches_audited}},
    {"detects_audit", {CHEAT_HIDDEN_TIME}, false, {&batches_audited}},
    {"sleeps", {CHEAT_WAITS}, false, {&waits_counted}},
};
static const struct cheating processes[] = {
    {"in_a_child", {CHEAT_CHILD_PROCESS}, false, {&calls_trapped, &calls_denied, &process_examined}},
    {"in_a_thread",
     {CHEAT_THREAD},
     false,
     {&calls_trapped, &calls_denied, &process_examined, &whole_process_timed, &time_audited,
      &batches_audited}},
    {"changes_affinity", {CHEAT_AFFINITY}, false, {&calls_trapped, &calls_denied}},
    {"changes_priority", {CHEAT_PRIORITY}, false, {&calls_trapped, &priorities_denied, &process_examined}},
    {"handles_signals", {CHEAT_SIGNAL_HANDLER}, false, {&process_examined}},
};
// The search refuses these before anything is measured (tests/unit/steps/island-evolve/cheat_test.c).
static const struct cheating searched[] = {
    {"caches_answers", {CHEAT_NONE}, false, {NULL}},
    {"in_a_constructor", {CHEAT_NONE}, false, {NULL}},
};

struct stage {
    struct fixture f;
    char *build; // where the archives are
    char *honest;
};

static char *
object_of(struct stage *s, const char *name)
{
    const char *source = arena_printf(&s->f.arena, "#include \"tests/attack/measure/%s.c\"\n", name);
    return fixture_object(&s->f, arena_printf(&s->f.arena, "%s.so", name), source);
}

static void
stage_init(struct stage *s)
{
    char *self;
    fixture_init(&s->f);
    OK(fs_self_dir(&s->f.arena, &self, &s->f.err), &s->f.err);
    s->build = fs_real(&s->f.arena, fs_join(&s->f.arena, self, "../../.."), &s->f.err);
    s->honest = object_of(s, "honest");
}

// Whether a cheat wins in a harness without its safeguards.
static bool
wins(struct stage *s, const struct cheating *cheating, const char *object, struct buf *said)
{
    struct edited at = {&s->f.arena, &s->f.err, s->f.folder, s->build};
    struct edited_trial trial = {s->honest, object, cheating->one_input, false, cheating->edits};
    return edited_wins(&at, &trial, said);
}

// ---- the tests
// -----------------------------------------------------------------------------------------------------

static void
try_cheat(struct stage *s, const struct cheating *cheating, struct buf *wrong)
{
    struct duet_result result;
    AUTO_BUF said = BUF(1 << 16);
    char *object = object_of(s, cheating->name);
    struct trial trial = {s->honest, object, .one_input = cheating->one_input};
    OK(trial_run(s->f.launcher, &trial, &result, &s->f.err), &s->f.err);
    bool faster = result.verdict == DUET_FASTER || result.verdict == DUET_INCONCLUSIVE,
         ahead = faster && result.speedup > 1.5;
    bool named = result.cheat == cheating->cheats[0] || (result.cheat && result.cheat == cheating->cheats[1]);
    if (!named || ahead != (cheating->cheats[0] == CHEAT_NONE) ||
        !strstr(result.detail, cheat_name(result.cheat)))
        buf_printf(wrong, "%s: %s, %.3f times as fast, \"%s\": %s\n", cheating->name,
                   duet_verdict_name(result.verdict), result.speedup, cheat_name(result.cheat),
                   result.detail);
    if (cheating->edits[0] && !wins(s, cheating, object, &said))
        buf_printf(wrong, "%s does not win without its safeguards: %s\n", cheating->name, buf_text(&said));
}

static void
try_all(const struct cheating *cheatings, size_t count)
{
    struct stage s;
    AUTO_BUF wrong = BUF(1 << 20);
    stage_init(&s);
    for (size_t i = 0; i < count; i++)
        try_cheat(&s, &cheatings[i], &wrong);
    ck_assert_msg(wrong.len == 0, "\n%s", buf_text(&wrong));
    fixture_release(&s.f);
}

#define TRY(table) try_all(table, sizeof(table) / sizeof((table)[0]))

START_TEST(what_gives_other_output_is_caught)
{
    TRY(outputs);
}
END_TEST

START_TEST(what_answers_for_the_harness_is_caught)
{
    TRY(harness);
}
END_TEST

START_TEST(what_bends_the_time_is_caught)
{
    TRY(clocks);
}
END_TEST

START_TEST(what_leaves_its_process_is_caught)
{
    TRY(processes);
}
END_TEST

START_TEST(what_only_the_search_sees_wins_a_duet)
{
    TRY(searched);
}
END_TEST

START_TEST(honesty_is_not_accused)
{
    struct stage s;
    struct duet_result result;
    stage_init(&s);
    char *other = object_of(&s, "honest");
    for (int i = 0; i < HONEST_DUETS; i++) {
        struct trial trial = {s.honest, other, .one_input = i % 2 == 0};
        OK(trial_run(s.f.launcher, &trial, &result, &s.f.err), &s.f.err);
        ck_assert_msg(result.cheat == CHEAT_NONE, "%s", result.detail);
    }
    fixture_release(&s.f);
}
END_TEST

START_TEST(names_are_told_apart)
{
    for (enum cheat a = CHEAT_WRONG_OUTPUT; a < CHEATS; a++) {
        ck_assert(cheat_name(a)[0] && cheat_summary(a)[0]);
        for (enum cheat b = CHEAT_NONE; b < a; b++)
            ck_assert_str_ne(cheat_name(a), cheat_name(b));
    }
    ck_assert_str_eq(cheat_name(CHEAT_NONE), "");
    ck_assert_str_eq(cheat_name(CHEATS), "");
}
END_TEST

UNIT_MAIN("sandbox/cheat", names_are_told_apart, honesty_is_not_accused, what_gives_other_output_is_caught,
          what_answers_for_the_harness_is_caught, what_bends_the_time_is_caught,
          what_leaves_its_process_is_caught, what_only_the_search_sees_wins_a_duet)
