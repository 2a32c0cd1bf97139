// SPDX-License-Identifier: Apache-2.0
// Each program of tests/attack/measure/ is caught in a duet, by its name, and wins in a harness that is built
// without what stops it: product sources with one edit or more, compiled here.
#include "sandbox/cheat.h"
#include "tests/attack/measure/trial.h"
#include "tests/unit/sandbox/fixture.h"

#include <regex.h>

enum { EDITS_MAX = 6, HONEST_DUETS = 10, ARGUMENTS_MAX = 120, SOURCE_MAX_BYTES = 1 << 20 };
#define WON_SPEEDUP 2 // every cheat is worth far more

// What one safeguard is, and the code without it. `from` is a regular expression that is found in one file of
// the folder.
struct edit {
    const char *folder, *from, *to;
};

static const struct edit digest_compared = {
    "sandbox", "return memcmp\\(&a->digest, &b->digest, sizeof\\(a->digest\\)\\) == 0;",
    "return a != NULL && b != NULL;"};
static const struct edit end_noticed = {
    "sandbox", "return bury\\(cell, false, err\\);",
    "{ cell->shared->cpu_ns = 0; return 0; }"}; // an end is taken for an answer
static const struct edit process_examined = {"sandbox", "if \\(tried != CHEAT_NONE\\)", "if (false)"};
static const struct edit time_audited = {"sandbox", "if \\(hidden > HIDDEN_NS",
                                         "if (false && hidden > HIDDEN_NS"};
static const struct edit batches_audited = {"sandbox", "if \\(hides_time\\(launch\\)\\)",
                                            "if (false && hides_time(launch))"};
static const struct edit waits_counted = {"sandbox", "if \\(fabs\\(waits\\) >", "if (false && fabs(waits) >"};
static const struct edit empty_shared = {"sandbox", "share_empty\\(launch\\);", "(void)share_empty;"};
static const struct edit addresses_moved = {"sandbox/cell", "\\(batch->generation\\+\\+ \\* 37 % SHIFTS\\)",
                                            "(batch->generation++ * 0)"};
static const struct edit inputs_compared = {"sandbox/cell",
                                            "memcmp\\((placed|block)->at, [^;{]*->bytes\\) != 0", "false"};
static const struct edit guards_compared = {"sandbox/cell", "\\.bytes \\+ k\\] != PLACE_POISON",
                                            ".bytes + k] != PLACE_POISON && false"};
static const struct edit calls_trapped = {"sandbox/cell",
                                          "IS\\(number, 0, 1\\), RETURN\\(SECCOMP_RET_TRAP\\)",
                                          "IS(number, 0, 1), RETURN(SECCOMP_RET_ALLOW)"};
static const struct edit calls_denied = {
    "sandbox", "rule_all\\(filter, denied_run,.*rule\\(filter, SCMP_SYS\\(clone\\), refuse\\);",
    "(void)denied_run;"};
static const struct edit priorities_denied = {"sandbox", "SCMP_SYS\\(setpriority\\),", ""};
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

// ---- a harness without a safeguard
// -----------------------------------------------------------------------------------------------------

struct arguments {
    const char *items[ARGUMENTS_MAX];
    size_t count;
};

static void
add(struct arguments *arguments, const char *word)
{
    ck_assert_uint_lt(arguments->count + 1, ARGUMENTS_MAX);
    arguments->items[arguments->count++] = word;
}

static void
run_compiler(struct stage *s, const struct arguments *arguments)
{
    struct proc_spec spec = {.argv = arguments->items, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    OK(proc_run(&spec, &result, &s->f.err), &s->f.err);
    ck_assert_msg(result.exit_code == 0, "%s", buf_text(&result.out));
}

// Replaces what the edit finds; false when it finds nothing.
static bool
apply(const struct edit *edit, struct buf *text)
{
    regex_t pattern;
    regmatch_t match;
    AUTO_BUF out = BUF(SOURCE_MAX_BYTES);
    ck_assert_int_eq(regcomp(&pattern, edit->from, REG_EXTENDED), 0);
    bool found = regexec(&pattern, buf_text(text), 1, &match, 0) == 0;
    regfree(&pattern);
    if (!found)
        return false;
    buf_add(&out, text->ptr, (size_t)match.rm_so);
    buf_puts(&out, edit->to);
    buf_add_str(&out, str_from(buf_str(text), (size_t)match.rm_eo));
    buf_clear(text);
    buf_add_str(text, buf_str(&out));
    return true;
}

// Reads a source and makes the edits that are found in it; how many.
static size_t
edit_source(struct stage *s, const char *path, const char *folder, const struct cheating *cheating,
            bool applied[EDITS_MAX], struct buf *text)
{
    size_t count = 0;
    OK(fs_read(path, SOURCE_MAX_BYTES, text, &s->f.err), &s->f.err);
    for (size_t i = 0; cheating->edits[i]; i++)
        if (strcmp(cheating->edits[i]->folder, folder) == 0 && apply(cheating->edits[i], text))
            applied[i] = ++count > 0;
    return count;
}

// Writes the sources of a folder, edited, into the fixture's folder and adds their paths: those that an edit
// changed, or all of them.
static void
add_sources(struct stage *s, const char *folder, const struct cheating *cheating, bool all,
            bool applied[EDITS_MAX], struct arguments *out)
{
    struct fs_list sources;
    OK(fs_glob(&s->f.arena, arena_printf(&s->f.arena, "%s/*.c", folder), &sources, &s->f.err), &s->f.err);
    for (size_t i = 0; i < sources.count; i++) {
        AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
        size_t edits = edit_source(s, sources.paths[i], folder, cheating, applied, &text);
        if (edits == 0 && !all)
            continue;
        char *path = fs_join(&s->f.arena, s->f.folder, fs_base_name(sources.paths[i]));
        OK(fs_write(path, buf_str(&text), &s->f.err), &s->f.err);
        add(out, path);
    }
}

static void
begin(struct arguments *arguments)
{
    static const char *const words[] = {
        "gcc",
        "-O1",
        "-w",
        "-std=gnu17",
        "-I.",
        "-D_GNU_SOURCE",
#if defined(__SANITIZE_ADDRESS__)
        "-fsanitize=address,undefined",
#elif defined(__SANITIZE_THREAD__)
        "-fsanitize=thread",
#endif
        "-o"
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        add(arguments, words[i]);
}

// Builds trial.c and the cell without the safeguards.
static void
build_harness(struct stage *s, const struct cheating *cheating, const char *trial, const char *cell)
{
    bool applied[EDITS_MAX] = {false};
    static const char *const libraries[] = {"-lseccomp", "-lcrypto", "-lgcov", "-lm", "-ldl"};
    struct arguments program = {0},
                     host = {.items = {"gcc", "-O2", "-w", "-std=gnu17", "-I.", "-D_GNU_SOURCE", "-o"},
                             .count = 7};
    begin(&program);
    add(&program, trial);
    add(&program, "tests/attack/measure/trial.c");
    add_sources(s, "sandbox", cheating, false, applied, &program);
    add(&program, fs_join(&s->f.arena, s->build, "sandbox.a"));
    add(&program, fs_join(&s->f.arena, s->build, "base.a"));
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
        add(&program, libraries[i]);
    add(&host, cell);
    add_sources(s, "sandbox/cell", cheating, true, applied, &host);
    add(&host, "sandbox/namespaces.c"); // as the Makefile builds atoll-cell
    add(&host, "-ldl");
    for (size_t i = 0; cheating->edits[i]; i++)
        ck_assert_msg(applied[i], "no file of %s/ has: %s", cheating->edits[i]->folder,
                      cheating->edits[i]->from);
    run_compiler(s, &program);
    run_compiler(s, &host);
}

// Whether a cheat wins there.
static bool
wins(struct stage *s, const struct cheating *cheating, const char *object, struct buf *said)
{
    const char *trial = fs_join(&s->f.arena, s->f.folder, "trial"),
               *cell = fs_join(&s->f.arena, s->f.folder, "atoll-cell");
    build_harness(s, cheating, trial, cell);
    const char *const argv[] = {trial, cell, s->honest, object, cheating->one_input ? "one" : "many", NULL};
    struct proc_spec spec = {.argv = argv, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    OK(proc_run(&spec, &result, &s->f.err), &s->f.err);
    buf_add_str(said, str_trim(buf_str(&result.out)));
    struct str rest = buf_str(said), verdict = str_cut(&rest, ' ');
    double speedup = 0;
    bool told = str_to_double(str_cut(&rest, ' '), &speedup);
    return told && speedup > WON_SPEEDUP && rest.len == 0 &&
           (str_is(verdict, "faster") || str_is(verdict, "inconclusive"));
}

// ---- the tests
// -----------------------------------------------------------------------------------------------------

static void
try_cheat(struct stage *s, const struct cheating *cheating, struct buf *wrong)
{
    struct duet_result result;
    AUTO_BUF said = BUF(1 << 16);
    char *object = object_of(s, cheating->name);
    OK(trial_run(s->f.launcher, s->honest, object, cheating->one_input, &result, &s->f.err), &s->f.err);
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
        OK(trial_run(s.f.launcher, s.honest, other, i % 2 == 0, &result, &s.f.err), &s.f.err);
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
