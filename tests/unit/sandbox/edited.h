// SPDX-License-Identifier: Apache-2.0
// A harness that is built without a safeguard: product sources with one edit or more, compiled into the
// program of tests/attack/measure/trial.c and an atoll-cell of its own. A cheat has to win there.
#ifndef ATOLL_TESTS_SANDBOX_EDITED_H
#define ATOLL_TESTS_SANDBOX_EDITED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/proc.h"
#include "sandbox/duet.h"
#include "tests/unit/unit.h"

#include <regex.h>
#include <string.h>

enum { EDITS_MAX = 6, ARGUMENTS_MAX = 120, SOURCE_MAX_BYTES = 1 << 20 };
#define WON_SPEEDUP 2 // every cheat is worth far more

// What one safeguard is, and the code without it. `from` is a regular expression that is found in one file of
// the folder.
struct edit {
    const char *folder, *from, *to;
};

// Safeguards that more than one test takes out.
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
static const struct edit calls_denied = {
    "sandbox", "rule_all\\(filter, denied_run,.*rule\\(filter, SCMP_SYS\\(clone\\), refuse\\);",
    "(void)denied_run;"};
static const struct edit priorities_denied = {"sandbox", "SCMP_SYS\\(setpriority\\),", ""};

// Where an edited harness is built.
struct edited {
    struct arena *arena;
    struct err *err;
    const char *folder; // for what is built
    const char *build;  // where the archives and the whole atoll-cell are
};

// A cheat for a trial there.
struct edited_trial {
    const char *baseline, *candidate;
    bool one_input, managed;
    const struct edit *const *edits; // NULL at the end
};

struct edited_command {
    const char *items[ARGUMENTS_MAX];
    size_t count;
};

static inline void
edited_add(struct edited_command *command, const char *word)
{
    ck_assert_uint_lt(command->count + 1, ARGUMENTS_MAX);
    command->items[command->count++] = word;
}

static inline void
edited_compile(const struct edited *at, const struct edited_command *command)
{
    struct proc_spec spec = {.argv = command->items, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    ck_assert_msg(proc_run(&spec, &result, at->err) == 0, "%s", at->err->message);
    ck_assert_msg(result.exit_code == 0, "%s", buf_text(&result.out));
}

// Replaces what the edit finds; false when it finds nothing.
static inline bool
edit_apply(const struct edit *edit, struct buf *text)
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

// Reads a source and makes the edits of its folder that are found in it; how many.
static inline size_t
edited_source(const struct edited *at, const char *path, const char *folder, const struct edit *const *edits,
              bool applied[EDITS_MAX], struct buf *text)
{
    size_t count = 0;
    ck_assert_msg(fs_read(path, SOURCE_MAX_BYTES, text, at->err) == 0, "%s", at->err->message);
    for (size_t i = 0; edits[i]; i++)
        if (strcmp(edits[i]->folder, folder) == 0 && edit_apply(edits[i], text))
            applied[i] = ++count > 0;
    return count;
}

// Writes the sources of a folder, edited, into the scratch folder and adds their paths: those that an edit
// changed, or all of them.
static inline void
edited_folder(const struct edited *at, const char *folder, const struct edit *const *edits, bool all,
              bool applied[EDITS_MAX], struct edited_command *out)
{
    struct fs_list sources;
    const char *pattern = arena_printf(at->arena, "%s/*.c", folder);
    ck_assert_msg(fs_glob(at->arena, pattern, &sources, at->err) == 0, "%s", at->err->message);
    for (size_t i = 0; i < sources.count; i++) {
        AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
        if (edited_source(at, sources.paths[i], folder, edits, applied, &text) == 0 && !all)
            continue;
        char *path = fs_join(at->arena, at->folder, fs_base_name(sources.paths[i]));
        ck_assert_msg(fs_write(path, buf_str(&text), at->err) == 0, "%s", at->err->message);
        edited_add(out, path);
    }
}

// Whether one of the edits is in this folder.
static inline bool
edits_concern(const struct edit *const *edits, const char *folder)
{
    for (size_t i = 0; edits[i]; i++)
        if (strcmp(edits[i]->folder, folder) == 0)
            return true;
    return false;
}

// Builds trial.c without the safeguards.
static inline void
edited_program(const struct edited *at, const struct edit *const *edits, bool applied[EDITS_MAX],
               const char *path)
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
    static const char *const libraries[] = {"-lseccomp", "-lcrypto", "-lgcov", "-lm", "-ldl"};
    struct edited_command program = {0};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        edited_add(&program, words[i]);
    edited_add(&program, path);
    edited_add(&program, "tests/attack/measure/trial.c");
    edited_folder(at, "sandbox", edits, false, applied, &program);
    edited_add(&program, fs_join(at->arena, at->build, "sandbox.a"));
    edited_add(&program, fs_join(at->arena, at->build, "base.a"));
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
        edited_add(&program, libraries[i]);
    edited_compile(at, &program);
}

// Builds atoll-cell without the safeguards, as the Makefile builds the whole one; its path.
static inline const char *
edited_cell(const struct edited *at, const struct edit *const *edits, bool applied[EDITS_MAX])
{
    if (!edits_concern(edits, "sandbox/cell"))
        return fs_join(at->arena, at->build, "atoll-cell");
    const char *path = fs_join(at->arena, at->folder, "atoll-cell");
    struct edited_command cell = {.items = {"gcc", "-O2", "-w", "-std=gnu17", "-I.", "-D_GNU_SOURCE", "-o"},
                                  .count = 7};
    edited_add(&cell, path);
    edited_folder(at, "sandbox/cell", edits, true, applied, &cell);
    edited_add(&cell, "sandbox/namespaces.c");
    edited_add(&cell, "-ldl");
    edited_compile(at, &cell);
    return path;
}

// Whether the cheat wins without the safeguards of sandbox/ and sandbox/cell/ among its edits; `said` gets
// what the trial said.
static inline bool
edited_wins(const struct edited *at, const struct edited_trial *trial, struct buf *said)
{
    bool applied[EDITS_MAX] = {false};
    const char *program = fs_join(at->arena, at->folder, "trial");
    edited_program(at, trial->edits, applied, program);
    const char *cell = edited_cell(at, trial->edits, applied);
    for (size_t i = 0; trial->edits[i]; i++)
        ck_assert_msg(applied[i] || !str_starts(str_of(trial->edits[i]->folder), STR("sandbox")),
                      "no file of %s/ has: %s", trial->edits[i]->folder, trial->edits[i]->from);
    const char *const argv[] = {program,
                                cell,
                                trial->baseline,
                                trial->candidate,
                                trial->one_input ? "one" : "many",
                                trial->managed ? "managed" : "native",
                                NULL};
    struct proc_spec spec = {.argv = argv, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    ck_assert_msg(proc_run(&spec, &result, at->err) == 0, "%s", at->err->message);
    buf_add_str(said, str_trim(buf_str(&result.out)));
    struct str rest = buf_str(said), verdict = str_cut(&rest, ' ');
    double speedup = 0;
    bool told = str_to_double(str_cut(&rest, ' '), &speedup);
    return told && speedup > WON_SPEEDUP && rest.len == 0 &&
           (str_is(verdict, "faster") || str_is(verdict, "inconclusive"));
}

#endif
