// SPDX-License-Identifier: Apache-2.0
// A small service with a flag in a repository with a bare origin, a pull request for it, and the step run on
// them. The treatment is planted through the text that stands for TREATMENT in the source.
#ifndef ATOLL_TESTS_CANARY_EXPERIMENT_RIG_H
#define ATOLL_TESTS_CANARY_EXPERIMENT_RIG_H

#include "base/fs.h"
#include "base/git.h"
#include "steps/canary-experiment/canary_experiment.h"
#include "steps/shared/forge/forge.h"
#include "steps/shared/ledger/ledger.h"
#include "steps/shared/rollout/rollout.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"
#include "workflow/journal.h"

#define RIG_BRANCH "refs/heads/atoll/digest"
#define RIG_ROLLOUT ".atoll/rollout/digest.flagd.json"
#define RIG_MAX_BYTES (1u << 20)

// 40 lines of traffic at about a millisecond a line.
#define RIG_ROUNDS 600000

// What TREATMENT may be: `line` is the request, `burn(n)` spends n rounds, the value is the answer.
#define RIG_FASTER "burn(" RIG_TEXT(RIG_ROUNDS) " / 2); return answer(line);"
#define RIG_EQUAL "burn(" RIG_TEXT(RIG_ROUNDS) "); return answer(line);"
#define RIG_SLOWER "burn(" RIG_TEXT(RIG_ROUNDS) " / 10 * 11); return answer(line);"
#define RIG_WRONG "return answer(line) + (strstr(line, \"27\") != NULL);"
#define RIG_CRASH "(void)line; abort();"
#define RIG_KILLED "(void)line; return (unsigned)raise(SIGKILL);"
#define RIG_TEXT_OF(x) #x
#define RIG_TEXT(x) RIG_TEXT_OF(x)

static const char rig_source[] =
    "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n"
    "static int flag(void) {\n"
    "    const char *value = getenv(\"ATOLL_FLAG_DIGEST\");\n"
    "    return value != NULL && strcmp(value, \"on\") == 0;\n"
    "}\n"
    "static unsigned by_the_clock(void) {\n"
    "    struct timespec now;\n"
    "    clock_gettime(CLOCK_MONOTONIC, &now);\n"
    "    return (unsigned)now.tv_nsec;\n"
    "}\n"
    "static void burn(long rounds) {\n"
    "    unsigned x = 1;\n"
    "    for (long i = 0; i < rounds; i++)\n"
    "        __asm__ volatile(\"imul %%0, %%0\" : \"+r\"(x));\n"
    "}\n"
    "static unsigned answer(const char *line) {\n"
    "    unsigned sum = 7;\n"
    "    while (*line) sum = sum * 31 + (unsigned char)*line++;\n"
    "    return sum;\n"
    "}\n"
    "static unsigned control(const char *line) { %s }\n"
    "static unsigned treatment(const char *line) { %s }\n"
    "int main(void) {\n"
    "    char line[256];\n"
    "    burn(0);\n"
    "    fprintf(stderr, \"started at %%u\\n\", by_the_clock());\n"
    "    while (fgets(line, sizeof line, stdin))\n"
    "        printf(\"%%u\\n\", flag() ? treatment(line) : control(line));\n"
    "    return 0;\n"
    "}\n";

struct rig {
    struct arena arena;
    struct err err;
    char *folder, *repository, *origin, *state;
    const char *cell;
    struct repo *repo;
    char commit[REPO_OID_SIZE]; // of the pull request
    const char *url;
    json_t *with;
    json_t *outputs; // of the last run
};

#define RIG_OK(rig, call) ck_assert_msg((call) == 0, "%s", (rig)->err.message)

static const struct table_set *const rig_tables[] = {&table_ledger, NULL};
static const struct step_ops *const rig_steps[] = {&step_canary_experiment, NULL};
static const struct registry rig_registry = {.steps = rig_steps, .tables = rig_tables};
static const struct repo_author rig_author = {"A U Thor", "author@example.org", 1700000000};

// Writes a file of the work tree.
static inline void
rig_write(struct rig *rig, const char *path, const char *text)
{
    RIG_OK(rig, fs_write(fs_join(&rig->arena, rig->repository, path), str_of(text), &rig->err));
}

// The rollout file of a rollout, in the arena.
static inline const char *
rig_flag_text(struct rig *rig, const struct rollout *rollout)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    RIG_OK(rig, flag_format_flagd.write(rollout, &text, &rig->err));
    return arena_str(&rig->arena, buf_str(&text));
}

// Commits on top of the branch (or makes it on main) and pushes.
static inline void
rig_push(struct rig *rig, const char *parent, const struct repo_change *changes, size_t count,
         const char *ref, const char *expect, char oid[REPO_OID_SIZE])
{
    RIG_OK(rig, repo_commit(rig->repo, parent, NULL, changes, count, "Change\n\nAtoll-Target: d.c:digest\n",
                            &rig_author, oid, &rig->err));
    RIG_OK(rig, repo_push(rig->repo, "origin", oid, ref, expect, &rig->err));
}

// Makes both repositories, the bare one as remote origin.
static inline void
rig_repositories(struct rig *rig)
{
    RIG_OK(rig, repo_init(rig->origin, true, &rig->err));
    RIG_OK(rig, repo_init(rig->repository, false, &rig->err));
    const char *path = fs_join(&rig->arena, rig->repository, ".git/config");
    AUTO_BUF config = BUF(RIG_MAX_BYTES);
    RIG_OK(rig, fs_read(path, RIG_MAX_BYTES, &config, &rig->err));
    buf_printf(&config, "[remote \"origin\"]\n\turl = %s\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
               rig->origin);
    RIG_OK(rig, fs_write(path, buf_str(&config), &rig->err));
    rig->repo = repo_open(rig->repository, &rig->err);
    ck_assert_msg(rig->repo != NULL, "%s", rig->err.message);
}

// Opens the pull request on the local forge.
static inline void
rig_request(struct rig *rig)
{
    struct pull_request request = {.remote_url = rig->origin,
                                   .branch = "atoll/digest",
                                   .base = "main",
                                   .title = "Make digest faster",
                                   .body = STR("\n<!-- atoll target: d.c:digest -->\n\n# Make it faster\n"),
                                   .marker = "<!-- atoll target: d.c:digest -->"};
    RIG_OK(rig, forge_local.publish(&rig->arena, &request, &rig->url, &rig->err));
}

// A repository whose service has these bodies, with traffic, branch and pull request; `rollout` NULL: off.
static inline void
rig_open_with(struct rig *rig, const char *control, const char *treatment, const struct rollout *rollout)
{
    static const double stages[] = {1, 5, 25, 50, 100};
    const struct rollout off = {"digest", "d.c", "atoll-digest", stages, 5, 0, ROLLOUT_OFF, 1700000000, NULL};
    char oid[REPO_OID_SIZE];
    *rig = (struct rig){0};
    rig->cell = above(&rig->arena, "atoll-cell");
    rig->folder = fs_temp_dir(&rig->arena, NULL, "canary", &rig->err);
    ck_assert_msg(rig->folder != NULL, "%s", rig->err.message);
    rig->repository = fs_join(&rig->arena, rig->folder, "repository");
    rig->origin = fs_join(&rig->arena, rig->folder, "origin.git");
    rig->state = fs_join(&rig->arena, rig->folder, "state.db");
    rig_repositories(rig);
    const char *source = arena_printf(&rig->arena, rig_source, control, treatment);
    const char *flag = rig_flag_text(rig, rollout != NULL ? rollout : &off);
    const struct repo_change changes[] = {
        {.path = "d.c", .content = str_of(source)},
        {.path = "Makefile", .content = STR("d: d.c\n\tcc -O1 -o d d.c\n")},
        {.path = RIG_ROLLOUT, .content = str_of(flag)},
        {.path = ".atoll/flags", .content = STR("# flags\nother = on\natoll-digest = off\n")},
    };
    rig_push(rig, NULL, changes, 2, "refs/heads/main", REPO_NO_OID, oid);
    rig_push(rig, oid, changes, 4, RIG_BRANCH, REPO_NO_OID, rig->commit);
    AUTO_BUF traffic = BUF(RIG_MAX_BYTES);
    for (int i = 0; i < 40; i++)
        buf_printf(&traffic, "request %d\n", i);
    rig_write(rig, "traffic.txt", buf_text(&traffic));
    rig_request(rig);
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:{s:s, s:{s:f}, s:{s:f}}}}",
                  "branch", "atoll/digest", "commit", rig->commit, "base", "main", "url", rig->url,
                  "rollout_file", RIG_ROLLOUT, "flag", "atoll-digest", "variable", "ATOLL_FLAG_DIGEST",
                  "remote", "origin", "function", "digest", "file", "d.c", "evidence", "winner", "variant",
                  "f00d", "benchmark", "share", 0.8, "holdout", "speedup", 2.0);
    rig->with = json_pack("{s:o, s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:s, s:s}", "pull-request", request,
                          "build", "make -s", "run", "./d", "traffic", "traffic.txt", "quads", 60,
                          "min-cpu-seconds", 0.005, "margin", 0.01, "timeout", 20.0, "lease", 86400.0,
                          "author-name", "atoll", "author-email", "atoll@localhost");
    ck_assert(rig->with != NULL);
}

// The service with its usual control, switched off.
static inline void
rig_open(struct rig *rig, const char *treatment)
{
    rig_open_with(rig, RIG_EQUAL, treatment, NULL);
}

// Removes everything.
static inline void
rig_close(struct rig *rig)
{
    json_decref(rig->with);
    json_decref(rig->outputs);
    repo_free(rig->repo);
    RIG_OK(rig, fs_remove_tree(rig->folder, &rig->err));
    arena_release(&rig->arena);
}

// Runs the step on `state` as step `id`; gives what it returns.
static inline int
rig_run(struct rig *rig, const char *id)
{
    AUTO_ARENA arena = {0};
    AUTO_JSON *sandbox = json_object();
    json_decref(rig->outputs);
    rig->outputs = json_object();
    struct step step = {.run_id = "run",
                        .id = id,
                        .with = rig->with,
                        .repository = rig->repository,
                        .scratch = fs_join(&arena, rig->folder, "scratch"),
                        .cell_path = rig->cell,
                        .mode = "normal",
                        .sandbox = sandbox,
                        .attempt = 1,
                        .host = host_real(),
                        .arena = &arena,
                        .outputs = rig->outputs};
    RIG_OK(rig, fs_mkdirs(step.scratch, &rig->err));
    step.journal = journal_open_local(rig->state, &rig_registry, id, &rig->err);
    ck_assert_msg(step.journal != NULL, "%s", rig->err.message);
    int status = step_canary_experiment.run(&step, &rig->err);
    journal_close_local(step.journal);
    return status;
}

// What an output says.
static inline const char *
rig_said(struct rig *rig, const char *name)
{
    return json_get_text(rig->outputs, name, "");
}

// Runs the step and expects a decision whose reason holds `reason`.
static inline void
rig_expect(struct rig *rig, const char *decision, const char *reason)
{
    int status = rig_run(rig, "canary");
    ck_assert_msg(status == 0, "%s", rig->err.message);
    ck_assert_msg(strcmp(rig_said(rig, "decision"), decision) == 0, "%s", rig_said(rig, "summary"));
    ck_assert_msg(strstr(rig_said(rig, "reason"), reason) != NULL, "%s", rig_said(rig, "reason"));
    ck_assert(strstr(rig_said(rig, "summary"), "no live users") != NULL);
    ck_assert_str_eq(rig_said(rig, "mode"), "shadow");
    ck_assert_str_eq(rig_said(rig, "function"), "digest");
    ck_assert_str_ne(rig_said(rig, "next"), "");
}

// Where the branch stands on the remote.
static inline const char *
rig_tip(struct rig *rig)
{
    char tip[REPO_OID_SIZE];
    RIG_OK(rig, repo_remote_ref(rig->repo, "origin", RIG_BRANCH, tip, &rig->err));
    return arena_dup(&rig->arena, tip);
}

// A file at a commit.
static inline const char *
rig_file(struct rig *rig, const char *commit, const char *path)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    char fetched[REPO_OID_SIZE];
    RIG_OK(rig, repo_fetch(rig->repo, "origin", RIG_BRANCH, fetched, &rig->err));
    RIG_OK(rig, repo_read(rig->repo, commit, path, RIG_MAX_BYTES, &text, &rig->err));
    return arena_str(&rig->arena, buf_str(&text));
}

// The rollout file of the branch, read back.
static inline struct rollout
rig_rollout(struct rig *rig)
{
    struct rollout rollout;
    const char *text = rig_file(rig, rig_tip(rig), RIG_ROLLOUT);
    RIG_OK(rig, flag_format_flagd.read(&rig->arena, str_of(text), RIG_ROLLOUT, &rollout, &rig->err));
    return rollout;
}

// How many commits the branch has on top of the pull request's.
static inline int
rig_commits(struct rig *rig)
{
    char oid[REPO_OID_SIZE];
    RIG_OK(rig, repo_fetch(rig->repo, "origin", RIG_BRANCH, oid, &rig->err));
    for (int count = 0; count < 10; count++) {
        if (strcmp(oid, rig->commit) == 0)
            return count;
        const char *parent = arena_printf(&rig->arena, "%s~1", oid);
        RIG_OK(rig, repo_resolve(rig->repo, parent, oid, &rig->err));
    }
    ck_abort_msg("the branch does not come from the pull request");
    return -1;
}

// The pull request's text.
static inline const char *
rig_page(struct rig *rig)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    RIG_OK(rig, fs_read(rig->url, RIG_MAX_BYTES, &text, &rig->err));
    return arena_str(&rig->arena, buf_str(&text));
}

// How often `needle` stands in `text`.
static inline int
rig_count(const char *text, const char *needle)
{
    int count = 0;
    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle))
        count++;
    return count;
}

// The ledger's entries of the target; owned.
static inline json_t *
rig_ledger(struct rig *rig)
{
    json_t *rows;
    struct step step = {.run_id = "run", .id = "look", .arena = &rig->arena};
    step.journal = journal_open_local(rig->state, &rig_registry, "look", &rig->err);
    ck_assert_msg(step.journal != NULL, "%s", rig->err.message);
    RIG_OK(rig, ledger_rows(&step, "d.c", "digest", &rows, &rig->err));
    journal_close_local(step.journal);
    return rows;
}

#endif
