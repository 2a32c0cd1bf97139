// SPDX-License-Identifier: Apache-2.0
// Each program of tests/attack/measure/ is caught in a duet, by its name, and wins in a harness that is built
// without what stops it: product sources with one edit or more, compiled here.
#include "tests/attack/measure/trial.h"
#include "tests/unit/above.h"
#include "tests/unit/sandbox/cheating.h"
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

// Two names where it is a matter of addresses or of the machine's load which batch is wrong first.
static const struct cheating cheatings[] = {
    {OUTPUT, "constant_output", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "only_when_timed", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "reads_clock", {CHEAT_WRONG_OUTPUT, CHEAT_UNSTEADY_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "caches_by_address", {CHEAT_UNSTEADY_OUTPUT, CHEAT_WRONG_OUTPUT}, false, {&addresses_moved}},
    {OUTPUT, "writes_input", {CHEAT_WRITES_INPUT}, true, {&inputs_compared}},
    {OUTPUT, "writes_outside", {CHEAT_WRITES_OUTSIDE}, true, {&guards_compared}},
    {HARNESS, "early_exit", {CHEAT_EARLY_EXIT}, false, {&end_noticed, &digest_compared, &process_examined}},
    {HARNESS, "forged_result", {CHEAT_FORGED_RESULT}, false, {&process_examined}},
    {HARNESS, "harness_memory", {CHEAT_HARNESS_MEMORY}, false, {&empty_shared}},
    {CLOCK, "interposed_clock", {CHEAT_HIDDEN_TIME}, false, {&time_audited, &batches_audited}},
    {CLOCK, "detects_audit", {CHEAT_HIDDEN_TIME}, false, {&batches_audited}},
    {CLOCK, "sleeps", {CHEAT_WAITS}, false, {&waits_counted}},
    {PROCESS, "in_a_child", {CHEAT_CHILD_PROCESS}, false, {&calls_trapped, &calls_denied, &process_examined}},
    {PROCESS,
     "in_a_thread",
     {CHEAT_THREAD},
     false,
     {&calls_trapped, &calls_denied, &process_examined, &whole_process_timed, &time_audited,
      &batches_audited}},
    {PROCESS, "changes_affinity", {CHEAT_AFFINITY}, false, {&calls_trapped, &calls_denied}},
    {PROCESS,
     "changes_priority",
     {CHEAT_PRIORITY},
     false,
     {&calls_trapped, &priorities_denied, &process_examined}},
    {PROCESS, "handles_signals", {CHEAT_SIGNAL_HANDLER}, false, {&process_examined}},
    // The search refuses these before anything is measured (tests/unit/steps/island-evolve/cheat_test.c).
    {SEARCHED, "caches_answers", {CHEAT_NONE}, false, {NULL}},
    {SEARCHED, "in_a_constructor", {CHEAT_NONE}, false, {NULL}},
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
    fixture_init(&s->f);
    s->build = fs_dir_name(&s->f.arena, above(&s->f.arena, "atoll-cell"));
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

static void
try_cheat(struct stage *s, const struct cheating *cheating, struct buf *wrong)
{
    struct duet_result result;
    AUTO_BUF said = BUF(1 << 16);
    char *object = object_of(s, cheating->name);
    struct trial trial = {s->honest, object, .one_input = cheating->one_input};
    OK(trial_run(s->f.launcher, &trial, &result, &s->f.err), &s->f.err);
    cheating_judge(cheating, &result, wrong);
    if (cheating->edits[0] && !wins(s, cheating, object, &said))
        buf_printf(wrong, "%s does not win without its safeguards: %s\n", cheating->name, buf_text(&said));
}

static void
try_group(enum cheat_group group)
{
    struct stage s;
    AUTO_BUF wrong = BUF(1 << 20);
    stage_init(&s);
    for (size_t i = 0; i < sizeof(cheatings) / sizeof(cheatings[0]); i++)
        if (cheatings[i].group == group)
            try_cheat(&s, &cheatings[i], &wrong);
    ck_assert_msg(wrong.len == 0, "\n%s", buf_text(&wrong));
    fixture_release(&s.f);
}

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

UNIT_MAIN("sandbox/cheat", names_are_told_apart, honesty_is_not_accused, CHEATING_TESTS)
