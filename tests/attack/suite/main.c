// SPDX-License-Identifier: Apache-2.0
// suite --programs DIR [--rows FILE] [--skips FILE] [--document FILE] [ROW...]
// Tries every attack of the table: bare, where it must succeed, then at each level that the machine has, in
// both profiles. Prints TAP. As root all of it happens twice, the second time as an ordinary user.
#include "base/fs.h"
#include "tests/attack/suite/identity.h"
#include "tests/attack/suite/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRONG_MAX_BYTES = 1 << 16, RULES_NEEDED = 3 };

struct options {
    const char *programs, *rows, *skips, *document;
    const char *identity, *base; // of a suite that runs as somebody; NULL for the first one
    unsigned first;              // number of its first row
    bool alone;
    const char *const *names; // rows that are wanted, NULL-terminated; none: all
};

struct suite {
    struct options options;
    struct table table;
    struct world world;
    struct isolation_probe probe;
    unsigned number, failed;
};

static bool
is_wanted(const struct options *options, const char *name)
{
    for (const char *const *wanted = options->names; *wanted; wanted++)
        if (strcmp(*wanted, name) == 0)
            return true;
    return !*options->names;
}

static unsigned
count_rows(const struct options *options, const struct table *table)
{
    unsigned count = 0;
    VEC_EACH (const struct row, row, &table->rows)
        count += is_wanted(options, row->name);
    return count;
}

// One line of the protocol. Whatever is in `wrong` makes it a failure; a `skipped` reason makes it a skip.
static void
tell(struct suite *suite, const char *what, const char *seen, const char *skipped, struct buf *wrong)
{
    bool bad = wrong->len > 0;
    printf("%sok %u %s as %s%s%s%s%s\n%s", bad ? "not " : "", suite->number++, what, suite->options.identity,
           *seen ? ": " : "", seen, skipped ? " # skip " : "", skipped ? skipped : "", buf_text(wrong));
    fflush(stdout);
    suite->failed += bad;
}

static void
try_at(struct suite *suite, const struct row *row, enum isolation_level level, enum launch_profile profile,
       struct outcome *outcome, struct buf *wrong)
{
    struct trial trial = {&suite->world, row, level, profile};
    struct err err;
    if (trial_run(&trial, outcome, &err) < 0)
        buf_printf(wrong, "# at %s: %s\n", isolation_name(level), err.message);
}

// A program without the sandbox. The reason why its row may be left out, or NULL.
static const char *
try_bare(struct suite *suite, const struct row *row, struct buf *seen, struct buf *wrong)
{
    struct outcome outcome;
    try_at(suite, row, ISOLATION_NONE, LAUNCH_BUILD, &outcome, wrong);
    buf_printf(seen, "bare %s", outcome.proven ? "succeeds" : outcome.word);
    if (outcome.proven)
        return NULL;
    const char *reason = table_skip(&suite->table, row->name, suite->options.identity);
    if (!reason)
        buf_printf(wrong, "# without the sandbox it ends with %s instead of succeeding %s\n", outcome.word,
                   outcome.text);
    return reason;
}

static void
check_stopped(const struct row *row, const struct outcome *outcome, const char *where, struct buf *wrong)
{
    if (outcome->proven || outcome->leaked || outcome->touched || outcome->lingers)
        buf_printf(wrong, "# it escapes at %s:%s%s%s%s ends with %s %s\n", where,
                   outcome->proven ? " succeeds," : "", outcome->leaked ? " leaks a secret," : "",
                   outcome->touched ? " changes what is not its own," : "",
                   outcome->lingers ? " outlives its run," : "", outcome->word, outcome->text);
    else if (outcome->late)
        buf_printf(wrong, "# at %s it was ended later than a second after its limit\n", where);
    else if (!outcome->ran)
        buf_printf(wrong, "# %s did not run at %s: %s\n", row->name, where, outcome->text);
}

// One program in the sandbox at one level. Profile run refuses more, so that only the effect counts there.
static void
try_contained(struct suite *suite, const struct row *row, enum isolation_level level, struct buf *seen,
              struct buf *wrong)
{
    const char *expected = row->expected[level - ISOLATION_GUARD];
    bool open = table_expects(expected, "open");
    struct outcome outcome;
    char where[48];
    snprintf(where, sizeof(where), "%s", isolation_name(level));
    try_at(suite, row, level, LAUNCH_BUILD, &outcome, wrong);
    buf_printf(seen, ", %s %s", where, outcome.proven ? "succeeds" : outcome.word);
    if (open && outcome.proven)
        return;
    check_stopped(row, &outcome, where, wrong);
    if (!table_expects(expected, outcome.word) && !table_expects(expected, "contained"))
        buf_printf(wrong, "# at %s it ends with %s instead of %s %s\n", where, outcome.word, expected,
                   outcome.text);
    if (open)
        return;
    snprintf(where, sizeof(where), "%s, profile run", isolation_name(level));
    try_at(suite, row, level, LAUNCH_RUN, &outcome, wrong);
    check_stopped(row, &outcome, where, wrong);
}

static void
try_row(struct suite *suite, const struct row *row)
{
    AUTO_BUF seen = BUF(WRONG_MAX_BYTES);
    AUTO_BUF wrong = BUF(WRONG_MAX_BYTES);
    if (row->alone && !suite->options.alone) {
        const char *reason = table_skip(&suite->table, row->name, suite->options.identity);
        if (!reason)
            buf_printf(&wrong,
                       "# it needs namespaces, and tests/attack/skips does not permit to leave it out\n");
        tell(suite, row->name, "", reason, &wrong);
        return;
    }
    const char *skipped = try_bare(suite, row, &seen, &wrong);
    enum isolation_level best = isolation_best(suite->probe.there, TRIAL_DEGRADED, ISOLATION_VAULT);
    for (enum isolation_level level = ISOLATION_GUARD; level <= best; level++)
        try_contained(suite, row, level, &seen, &wrong);
    tell(suite, row->name, buf_text(&seen), wrong.len > 0 ? NULL : skipped, &wrong);
}

// A level that is not there must be permitted to be missing; fence is not where the kernel, asked past the
// sandbox's own probe, has what it takes.
static void
tell_level(struct suite *suite, enum isolation_level level)
{
    AUTO_BUF wrong = BUF(WRONG_MAX_BYTES);
    char name[32];
    snprintf(name, sizeof(name), "level-%s", isolation_name(level));
    if (level <= suite->probe.level) {
        tell(suite, name, "", NULL, &wrong);
        return;
    }
    const char *reason = table_skip(&suite->table, name, suite->options.identity);
    long rules = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u /* the version */);
    if (!reason || (level == ISOLATION_FENCE && rules >= RULES_NEEDED))
        buf_printf(&wrong, "# this machine does not give it, and tests/attack/skips does not permit that\n");
    tell(suite, name, "", reason, &wrong);
}

// The suite as somebody. The exit code.
static int
run_as(struct suite *suite)
{
    struct err err;
    struct arena *arena = &suite->table.arena;
    const struct options *options = &suite->options;
    char *helper = fs_join(arena, options->base, "../setuid_helper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (world_open(&suite->world, arena, options->base, options->programs, helper, &err) < 0) {
        fprintf(stderr, "suite: %s\n", err.message);
        return 1;
    }
    isolation_probe(&suite->probe);
    suite->number = options->first;
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++)
        tell_level(suite, level);
    VEC_EACH (const struct row, row, &suite->table.rows)
        if (is_wanted(options, row->name))
            try_row(suite, row);
    world_close(&suite->world);
    return suite->failed > 0;
}

// Copies the programs to where every user can start them, and plants the one that belongs to root.
static char *
prepare(struct suite *suite, struct err *err)
{
    struct arena *arena = &suite->table.arena;
    // Not in /tmp, of which level cell gives every run an empty one: victims are to be in sight.
    char *base = fs_temp_dir(arena, "/var/tmp", "attack", err);
    if (!base)
        return NULL;
    char *helper = fs_join(arena, base, "setuid_helper");
    chmod(base, 0755);
    AUTO_BUF program = BUF(1 << 24);
    if (fs_copy_tree(suite->options.programs, fs_join(arena, base, "programs"), err) < 0 ||
        fs_read(fs_join(arena, suite->options.programs, "setuid_helper"), 1 << 24, &program, err) < 0 ||
        fs_write(helper, buf_str(&program), err) < 0)
        return NULL;
    chmod(fs_join(arena, base, "programs"), 0755);
    setenv("ATTACK_TOKEN", PLANTED "-environment", 1);
    if (chmod(helper, 04755) == 0)
        return base;
    err_sys(err, ERR_IO, "planting %s", helper);
    return NULL;
}

static int
run_identity(struct suite *suite, const char *base, const char *identity, unsigned first)
{
    const struct options *options = &suite->options;
    struct arena *arena = &suite->table.arena;
    struct err err;
    char *own = fs_join(arena, base, identity);
    const char *argv[64] = {fs_join(arena, base, "programs/suite"),
                            "--token=" PLANTED "-argument",
                            "--programs",
                            fs_join(arena, base, "programs"),
                            "--rows",
                            options->rows,
                            "--skips",
                            options->skips,
                            "--identity",
                            identity,
                            "--base",
                            own,
                            "--first",
                            arena_printf(arena, "%u", first)};
    size_t count = 14;
    for (const char *const *name = options->names; *name && count < 62; name++)
        argv[count++] = *name;
    if (fs_mkdirs(own, &err) < 0 ||
        (geteuid() == 0 && strcmp(identity, "user") == 0 && chown(own, IDENTITY_SPARE, IDENTITY_SPARE) < 0)) {
        fprintf(stderr, "suite: preparing %s failed\n", own);
        return 1;
    }
    int code = identity_run(identity, argv, &err);
    if (code < 0 || code > 1)
        fprintf(stderr, "suite: running as %s ended with %d\n", identity, code);
    return code;
}

static void
check_document(struct suite *suite)
{
    AUTO_BUF wrong = BUF(WRONG_MAX_BYTES);
    struct err err;
    if (table_check_document(&suite->table, suite->options.document, &wrong, &err) < 0)
        buf_printf(&wrong, "# %s\n", err.message);
    suite->options.identity = "anybody";
    suite->number = 1;
    tell(suite, "what guard does not stop is told", "", NULL, &wrong);
}

static int
run_all(struct suite *suite)
{
    static const char *const identities[] = {"user", "root"};
    unsigned each = ROW_LEVELS + count_rows(&suite->options, &suite->table);
    size_t count = geteuid() == 0 ? 2 : 1;
    struct err err;
    int worst = 0;
    printf("1..%zu\n", 1 + count * each);
    check_document(suite);
    char *base = prepare(suite, &err);
    if (!base) {
        fprintf(stderr, "suite: %s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        int code = run_identity(suite, base, identities[i], 2 + (unsigned)i * each);
        worst = code != 0 ? 1 : worst;
    }
    if (fs_remove_tree(base, &err) < 0)
        fprintf(stderr, "suite: %s\n", err.message);
    return worst || suite->failed > 0;
}

static bool
take_option(struct options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **into;
    } known[] = {{"--programs", &options->programs}, {"--rows", &options->rows},
                 {"--skips", &options->skips},       {"--document", &options->document},
                 {"--identity", &options->identity}, {"--base", &options->base}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, name) == 0) {
            *known[i].into = value;
            return true;
        }
    options->first = (unsigned)strtoul(value, NULL, 10);
    return strcmp(name, "--first") == 0;
}

int
main(int argc, char **argv)
{
    struct suite suite = {.options = {.rows = "tests/attack/table",
                                      .skips = "tests/attack/skips",
                                      .document = "docs/security.md"}};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strncmp(argv[at], "--token=", 8) == 0)
            continue;
        if (at + 1 == argc || !take_option(&suite.options, argv[at], argv[at + 1])) {
            fprintf(stderr, "suite: %s is not known or has no value\n", argv[at]);
            return 2;
        }
        at++;
    }
    if (suite.options.identity && at < argc) {
        suite.options.alone = strcmp(argv[argc - 1], "alone") == 0;
        argv[argc - 1] = NULL;
    }
    suite.options.names = (const char *const *)argv + at;
    struct err err;
    if (!suite.options.programs ||
        table_read(&suite.table, suite.options.rows, suite.options.skips, &err) < 0) {
        fprintf(stderr, "suite: %s\n", suite.options.programs ? err.message : "--programs is missing");
        return 2;
    }
    int code = suite.options.identity ? run_as(&suite) : run_all(&suite);
    table_release(&suite.table);
    return code;
}
