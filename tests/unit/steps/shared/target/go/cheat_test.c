// SPDX-License-Identifier: Apache-2.0
// Each program of tests/attack/measure/go/ is caught in a duet, by its name, and wins in a harness that is
// built without what stops it: product sources with one edit or more, compiled here. Some are for the search
// alone to refuse, which looks at the text of a variant before anything is measured: they win a duet as it
// is.
#include "tests/attack/measure/trial.h"
#include "tests/unit/sandbox/cheating.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

enum { HONEST_DUETS = 4 };
#define ATTACKS "tests/attack/measure/go"
#define HARNESS_FOLDER "steps/shared/target/go" // an edit of it is found in harness.go

static const struct edit traps_set = {"sandbox/cell", "seal_managed_traps\\(\\) < 0", "false"};
static const struct edit process_timed = {HARNESS_FOLDER, "SYS_CLOCK_GETTIME, 2,", "SYS_CLOCK_GETTIME, 3,"};
static const struct edit goroutines_counted = {
    HARNESS_FOLDER, "runtime.NumGoroutine\\(\\) > h.goroutines \\|\\| runtime.GOMAXPROCS\\(1\\) != 1",
    "false"};
static const struct edit collector_looked_at = {HARNESS_FOLDER,
                                                "debug.SetGCPercent\\(atollGOGC\\) != atollGOGC", "false"};
static const struct edit texts_compared = {HARNESS_FOLDER, "h.texts\\(\\) != h.passed", "false"};

// Two names where it is a matter of addresses or of the machine's load which batch is wrong first.
static const struct cheating cheatings[] = {
    {OUTPUT, "constant_output", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "only_when_timed", {CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "reads_clock", {CHEAT_WRONG_OUTPUT, CHEAT_UNSTEADY_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "caches_by_address", {CHEAT_UNSTEADY_OUTPUT, CHEAT_WRONG_OUTPUT}, false, {&digest_compared}},
    {OUTPUT, "writes_input", {CHEAT_WRITES_INPUT}, true, {&texts_compared}},
    {HARNESS, "early_exit", {CHEAT_EARLY_EXIT}, false, {&end_noticed, &digest_compared, &process_examined}},
    {HARNESS,
     "forged_result",
     {CHEAT_FORGED_RESULT},
     false,
     {&process_examined, &time_audited, &batches_audited}},
    {HARNESS, "harness_memory", {CHEAT_HARNESS_MEMORY}, false, {&empty_shared}},
    {HARNESS, "never_collects", {CHEAT_HARNESS_MEMORY}, false, {&collector_looked_at}},
    {CLOCK, "interposed_clock", {CHEAT_HIDDEN_TIME}, false, {&time_audited, &batches_audited}},
    {CLOCK, "detects_audit", {CHEAT_HIDDEN_TIME}, false, {&batches_audited}},
    {CLOCK, "sleeps", {CHEAT_WAITS}, false, {&waits_counted}},
    // Who handles a signal in Go is a goroutine.
    {PROCESS, "in_a_child", {CHEAT_CHILD_PROCESS}, false, {&traps_set, &calls_denied}},
    {PROCESS,
     "in_a_thread",
     {CHEAT_THREAD},
     false,
     {&goroutines_counted, &process_timed, &time_audited, &batches_audited, &waits_counted}},
    {PROCESS, "changes_affinity", {CHEAT_AFFINITY}, false, {&traps_set, &calls_denied}},
    {PROCESS,
     "changes_priority",
     {CHEAT_PRIORITY},
     false,
     {&traps_set, &priorities_denied, &process_examined}},
    {PROCESS, "handles_signals", {CHEAT_THREAD}, false, {&goroutines_counted}},
    {SEARCHED, "caches_answers", {CHEAT_NONE}, false, {NULL}},
    {SEARCHED, "in_a_constructor", {CHEAT_NONE}, false, {NULL}},
};

// An attack as a package with the function as a target.
struct attack {
    struct workshop w;
    struct target target;
    struct builder *builder;
    char *program;
};

static void
add_source(struct workshop *w, const char *name, const char *as)
{
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
    const char *path = arena_printf(&w->arena, ATTACKS "/%s.go", name);
    OK(fs_read(path, SOURCE_MAX_BYTES, &text, &w->err), &w->err);
    workshop_file(w, as, buf_text(&text));
}

// Builds it; the program's path.
static char *
build(struct attack *attack)
{
    struct workshop *w = &attack->w;
    struct built built;
    char path[4096];
    OK(builder_compile(attack->builder, target_baseline(&attack->target), BUILD_PLAIN, &built, &w->err),
       &w->err);
    ck_assert_msg(built.ok, "%s", buf_text(&built.diagnostics));
    OK(builder_link(attack->builder, &built, BUILD_PLAIN, 0, path, &w->err), &w->err);
    buf_release(&built.diagnostics);
    return arena_dup(&w->arena, path);
}

static void
attack_init(struct attack *attack, const char *name)
{
    struct workshop *w = &attack->w;
    workshop_init(w);
    workshop_file(w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    add_source(w, "measure", "measure.go");
    add_source(w, name, "tag.go");
    OK(target_open(&w->arena, w->repository, "tag.go", "f", NULL, NULL, &attack->target, &w->err), &w->err);
    attack->builder = builder_new(w->launcher, &attack->target, w->scratch, &w->err);
    ck_assert_msg(attack->builder != NULL, "%s", w->err.message);
    attack->program = build(attack);
}

static void
attack_release(struct attack *attack)
{
    builder_free(attack->builder);
    target_close(&attack->target);
    workshop_release(&attack->w);
}

// The program with a harness that some of these edits changed, which the builder left in its scratch folder.
static char *
edited_program_of(struct attack *attack, const struct edit *const *edits)
{
    struct workshop *w = &attack->w;
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
    const char *path = fs_join(&w->arena, w->scratch, "atoll_cell_test.go");
    if (!edits_concern(edits, HARNESS_FOLDER))
        return attack->program;
    OK(fs_read(path, SOURCE_MAX_BYTES, &text, &w->err), &w->err);
    for (size_t i = 0; edits[i]; i++)
        ck_assert_msg(strcmp(edits[i]->folder, HARNESS_FOLDER) != 0 || edit_apply(edits[i], &text),
                      "harness.go has not: %s", edits[i]->from);
    OK(fs_write(path, buf_str(&text), &w->err), &w->err);
    return build(attack);
}

// Whether a cheat wins in a harness without its safeguards.
static bool
wins(const struct attack *honest, struct attack *attack, const struct cheating *cheating, struct buf *said)
{
    struct workshop *w = &attack->w;
    const char *build_folder = fs_dir_name(&w->arena, w->cell);
    struct edited at = {&w->arena, &w->err, w->folder, build_folder};
    char *program = edited_program_of(attack, cheating->edits);
    struct edited_trial trial = {honest->program, program, cheating->one_input, true, cheating->edits};
    return edited_wins(&at, &trial, said);
}

static void
try_cheat(const struct attack *honest, const struct cheating *cheating, struct buf *wrong)
{
    struct attack attack;
    struct duet_result result;
    AUTO_BUF said = BUF(1 << 16);
    attack_init(&attack, cheating->name);
    struct trial trial = {honest->program, attack.program, cheating->one_input, true};
    OK(trial_run(attack.w.launcher, &trial, &result, &attack.w.err), &attack.w.err);
    cheating_judge(cheating, &result, wrong);
    if (cheating->edits[0] && !wins(honest, &attack, cheating, &said))
        buf_printf(wrong, "%s does not win without its safeguards: %s\n", cheating->name, buf_text(&said));
    attack_release(&attack);
}

static void
try_group(enum cheat_group group)
{
    struct attack honest;
    AUTO_BUF wrong = BUF(1 << 20);
    if (!has_go())
        return;
    attack_init(&honest, "honest");
    for (size_t i = 0; i < sizeof(cheatings) / sizeof(cheatings[0]); i++)
        if (cheatings[i].group == group)
            try_cheat(&honest, &cheatings[i], &wrong);
    ck_assert_msg(wrong.len == 0, "\n%s", buf_text(&wrong));
    attack_release(&honest);
}

START_TEST(honesty_is_not_accused)
{
    struct attack honest, concurrent;
    struct duet_result result;
    if (!has_go())
        return;
    attack_init(&honest, "honest");
    attack_init(&concurrent, "honest_goroutine");
    struct launcher *launcher = honest.w.launcher;
    for (size_t i = 0; i < HONEST_DUETS; i++) {
        struct trial trial = {honest.program, honest.program, .one_input = i % 2 == 0, .managed = true};
        OK(trial_run(launcher, &trial, &result, &honest.w.err), &honest.w.err);
        ck_assert_msg(result.cheat == CHEAT_NONE, "%s", result.detail);
    }
    // A goroutine that ends with its call leaves nothing behind.
    struct trial trial = {honest.program, concurrent.program, .managed = true};
    OK(trial_run(launcher, &trial, &result, &honest.w.err), &honest.w.err);
    ck_assert_msg(result.cheat != CHEAT_THREAD, "%s", result.detail);
    attack_release(&concurrent);
    attack_release(&honest);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/cheat", honesty_is_not_accused, CHEATING_TESTS)
