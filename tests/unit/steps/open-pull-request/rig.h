// SPDX-License-Identifier: Apache-2.0
// A repository with one function and its own test, a bare origin, evidence for a variant, and the step run on
// them: each run is a step of its own on one state, as in the runs of later weeks.
#ifndef ATOLL_TESTS_OPEN_PULL_REQUEST_RIG_H
#define ATOLL_TESTS_OPEN_PULL_REQUEST_RIG_H

#include "base/db.h"
#include "base/git.h"
#include "steps/open-pull-request/open_pull_request.h"
#include "steps/shared/forge/forge.h"
#include "steps/shared/ledger/ledger.h"
#include "steps/shared/rollout/rollout.h"
#include "tests/unit/steps/shared/target/workshop.h"
#include "workflow/journal.h"

#define RIG_MAX_BYTES (1u << 20)
#define RIG_BRANCH "atoll/twice"
#define RIG_ROLLOUT ".atoll/rollout/twice.flagd.json"
#define RIG_MARKER "<!-- atoll target: src/x.c:twice -->"

static const char rig_source[] = "int twice(int x);\n\n"
                                 "int twice(int x)\n{\n    return x + x;\n}\n";
static const char rig_suite[] = "int twice(int x);\nint main(void) { return twice(4) != 8; }\n";
static const char rig_variant[] = "int twice(int x)\n{\n    return 2 * x;\n}";
static const char rig_other[] = "int twice(int x)\n{\n    return x << 1;\n}";

struct rig {
    struct workshop w;
    struct repo *repo;
    char *origin, *state;
    json_t *with;    // inputs; the tests change them
    json_t *outputs; // of the last run
};

static const struct table_set *const rig_tables[] = {&table_ledger, NULL};
static const struct step_ops *const rig_steps[] = {&step_open_pull_request, NULL};
static const struct registry rig_registry = {.steps = rig_steps, .tables = rig_tables};
static const struct repo_author rig_person = {"A U Thor", "author@example.org", 1700000000};

// A step on the rig's state; end it with rig_step_end.
static inline struct step
rig_step(struct rig *rig, const char *run, const json_t *sandbox)
{
    struct step step = {.run_id = run,
                        .id = "publish",
                        .with = rig->with,
                        .repository = rig->w.repository,
                        .scratch = rig->w.scratch,
                        .cell_path = rig->w.cell,
                        .mode = "normal",
                        .sandbox = sandbox,
                        .attempt = 1,
                        .host = host_real(),
                        .arena = &rig->w.arena,
                        .outputs = rig->outputs};
    // A local journal has one run, so the step's id stands for the run too.
    step.journal = journal_open_local(rig->state, &rig_registry, run, &rig->w.err);
    ck_assert_msg(step.journal != NULL, "%s", rig->w.err.message);
    return step;
}

// Makes `text` the winner's variant.
static inline void
rig_winner(struct rig *rig, const char *text)
{
    char hash[65];
    struct step step = rig_step(rig, "blobs", NULL);
    OK(journal_blob_put(&step, str_of(text), hash, &rig->w.err), &rig->w.err);
    journal_close_local(step.journal);
    json_set_text(json_object_get(json_object_get(rig->with, "evidence"), "winner"), "variant", hash);
}

// What the state calls a variant, in the arena.
static inline const char *
rig_hash(struct rig *rig)
{
    const json_t *winner = json_object_get(json_object_get(rig->with, "evidence"), "winner");
    return arena_dup(&rig->w.arena, json_get_text(winner, "variant", ""));
}

// Names the winner's file and function.
static inline void
rig_aim(struct rig *rig, const char *file, const char *function)
{
    json_t *winner = json_object_get(json_object_get(rig->with, "evidence"), "winner");
    json_t *target = json_object_get(json_object_get(winner, "benchmark"), "target");
    json_set_text(winner, "file", file);
    json_set_text(winner, "function", function);
    json_set_text(target, "file", file);
    json_set_text(target, "function", function);
}

// Commits a file of the work tree on main.
static inline void
rig_commit_file(struct rig *rig, const char *path, const char *text)
{
    char head[REPO_OID_SIZE], oid[REPO_OID_SIZE];
    struct err absent;
    const struct repo_change change = {.path = path, .content = str_of(text)};
    bool is_first = repo_resolve(rig->repo, "refs/heads/main", head, &absent) != 0;
    workshop_file(&rig->w, path, text);
    OK(repo_commit(rig->repo, is_first ? NULL : head, "refs/heads/main", &change, 1, "By hand", &rig_person,
                   oid, &rig->w.err),
       &rig->w.err);
}

// Makes both repositories and the inputs.
static inline void
rig_open(struct rig *rig)
{
    struct workshop *w = &rig->w;
    *rig = (struct rig){0};
    workshop_init(w);
    rig->origin = fs_join(&w->arena, w->folder, "origin.git");
    rig->state = fs_join(&w->arena, w->folder, "state.db");
    OK(repo_init(rig->origin, true, &w->err), &w->err);
    OK(repo_init(w->repository, false, &w->err), &w->err);
    const char *path = fs_join(&w->arena, w->repository, ".git/config");
    AUTO_BUF config = BUF(RIG_MAX_BYTES);
    OK(fs_read(path, RIG_MAX_BYTES, &config, &w->err), &w->err);
    buf_printf(&config, "[remote \"origin\"]\n\turl = %s\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
               rig->origin);
    OK(fs_write(path, buf_str(&config), &w->err), &w->err);
    rig->repo = repo_open(w->repository, &w->err);
    ck_assert_msg(rig->repo != NULL, "%s", w->err.message);
    rig_commit_file(rig, "src/x.c", rig_source);
    rig_commit_file(rig, "t.c", rig_suite);
    const char *with =
        "{\"evidence\": {\"verdict\": \"proven\", \"isolation\": \"guard\","
        "  \"checks\": [{\"name\": \"holdout\", \"ok\": true, \"detail\": \"40 calls\"}],"
        "  \"winner\": {\"candidate\": \"c1\", \"speedup\": 2.0, \"speedup_low\": 1.9,"
        "   \"speedup_high\": 2.1, \"evaluations\": 12, \"notes\": [\"one shift\"],"
        "   \"holdout\": {\"speedup\": 2.5, \"speedup_low\": 2.4, \"speedup_high\": 2.6},"
        "   \"benchmark\": {\"share\": 0.2, \"target\": {\"recipe\": {\"cc\": \"gcc\","
        "    \"flags\": [\"-O2\"]}}}}},"
        " \"remote\": \"origin\", \"base\": \"main\", \"forge\": \"local\","
        " \"guard\": \"per-process\", \"stages\": [\"1\", \"50\", \"100\"], \"lease\": 86400,"
        " \"draft\": false, \"author-name\": \"atoll\", \"author-email\": \"atoll@localhost\"}";
    rig->with = json_read(str_of(with), "with", &w->err);
    ck_assert_msg(rig->with != NULL, "%s", w->err.message);
    rig_aim(rig, "src/x.c", "twice");
    rig_winner(rig, rig_variant);
}

// Removes everything.
static inline void
rig_close(struct rig *rig)
{
    json_decref(rig->with);
    json_decref(rig->outputs);
    repo_free(rig->repo);
    workshop_release(&rig->w);
}

#define AUTO_RIG __attribute__((cleanup(rig_close))) struct rig

// Runs the step as (an attempt of) the run `run`; gives what it returns.
static inline int
rig_run(struct rig *rig, const char *run)
{
    AUTO_JSON *sandbox = json_object();
    json_decref(rig->outputs);
    rig->outputs = json_object();
    rig->w.err = (struct err){0};
    struct step step = rig_step(rig, run, sandbox);
    int status = step_open_pull_request.run(&step, &rig->w.err);
    journal_close_local(step.journal);
    return status;
}

// What an output says.
static inline const char *
rig_said(const struct rig *rig, const char *name)
{
    return json_get_text(rig->outputs, name, "");
}

// Runs the step and expects the status.
static inline void
rig_expect(struct rig *rig, const char *run, const char *status)
{
    OK(rig_run(rig, run), &rig->w.err);
    ck_assert_msg(strcmp(rig_said(rig, "status"), status) == 0, "%s: %s", rig_said(rig, "status"),
                  rig_said(rig, "summary"));
    ck_assert_str_ne(rig_said(rig, "summary"), "");
}

// Runs the step and expects an error whose message holds `part`.
static inline void
rig_refuses(struct rig *rig, const char *run, enum err_kind kind, const char *part)
{
    ck_assert_int_eq(rig_run(rig, run), -1);
    ck_assert_msg(strstr(rig->w.err.message, part) != NULL, "%s", rig->w.err.message);
    ck_assert_int_eq(rig->w.err.kind, kind);
}

// Where a branch stands on the remote, "" when it is not there; in the arena, fetched.
static inline const char *
rig_tip_of(struct rig *rig, const char *branch)
{
    char tip[REPO_OID_SIZE] = "", fetched[REPO_OID_SIZE];
    const char *ref = arena_printf(&rig->w.arena, "refs/heads/%s", branch);
    struct err absent;
    if (repo_remote_ref(rig->repo, "origin", ref, tip, &absent) != 0)
        return "";
    OK(repo_fetch(rig->repo, "origin", ref, fetched, &rig->w.err), &rig->w.err);
    return arena_dup(&rig->w.arena, tip);
}

static inline const char *
rig_tip(struct rig *rig)
{
    return rig_tip_of(rig, RIG_BRANCH);
}

// A file at a commit, in the arena.
static inline const char *
rig_file(struct rig *rig, const char *commit, const char *path)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    OK(repo_read(rig->repo, commit, path, RIG_MAX_BYTES, &text, &rig->w.err), &rig->w.err);
    return arena_str(&rig->w.arena, buf_str(&text));
}

// The message of a commit, in the arena.
static inline const char *
rig_message(struct rig *rig, const char *commit)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    OK(repo_message(rig->repo, commit, &text, &rig->w.err), &rig->w.err);
    return arena_str(&rig->w.arena, buf_str(&text));
}

// The rollout of the branch, moved on by `change` and pushed as canary-experiment does it, with the entry in
// the ledger unless `event` is LEDGER_TRIED. In the arena.
static inline const char *
rig_decide(struct rig *rig, const char *run, void (*change)(struct rollout *), enum ledger_event event)
{
    static const struct repo_author author = {"atoll", "atoll@localhost", 1700000001};
    const char *tip = rig_tip(rig);
    struct rollout rollout;
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    char oid[REPO_OID_SIZE];
    OK(flag_format_flagd.read(&rig->w.arena, str_of(rig_file(rig, tip, RIG_ROLLOUT)), RIG_ROLLOUT, &rollout,
                              &rig->w.err),
       &rig->w.err);
    change(&rollout);
    OK(flag_format_flagd.write(&rollout, &text, &rig->w.err), &rig->w.err);
    const struct repo_change file = {.path = RIG_ROLLOUT, .content = buf_str(&text)};
    OK(repo_commit(rig->repo, tip, NULL, &file, 1, "Decide\n\nAtoll-Target: src/x.c:twice\n", &author, oid,
                   &rig->w.err),
       &rig->w.err);
    OK(repo_push(rig->repo, "origin", oid, "refs/heads/" RIG_BRANCH, tip, &rig->w.err), &rig->w.err);
    if (event != LEDGER_TRIED) {
        struct step step = rig_step(rig, run, NULL);
        AUTO_JSON *details = json_pack("{s:s, s:s}", "commit", oid, "reason", rollout.reason);
        const struct ledger_entry entry = {"src/x.c", "twice", rig_hash(rig), event, details};
        OK(ledger_note(&step, &entry, &rig->w.err), &rig->w.err);
        journal_close_local(step.journal);
    }
    return arena_dup(&rig->w.arena, oid);
}

// Commits one file on top of `parent` and makes that the branch's tip; in the arena.
static inline const char *
rig_push(struct rig *rig, const char *parent, const char *path, const char *text, const char *message,
         const struct repo_author *author)
{
    char oid[REPO_OID_SIZE];
    const struct repo_change change = {.path = path, .content = str_of(text)};
    const char *tip = rig_tip(rig);
    OK(repo_commit(rig->repo, parent, NULL, &change, 1, message, author, oid, &rig->w.err), &rig->w.err);
    OK(repo_push(rig->repo, "origin", oid, "refs/heads/" RIG_BRANCH, *tip != '\0' ? tip : REPO_NO_OID,
                 &rig->w.err),
       &rig->w.err);
    return arena_dup(&rig->w.arena, oid);
}

// The pull request's file of a branch ("twice"), as a path.
static inline const char *
rig_page_path(struct rig *rig, const char *name)
{
    return arena_printf(&rig->w.arena, "%s/origin.pull-requests/atoll-%s.md", rig->w.folder, name);
}

static inline const char *
rig_page(struct rig *rig)
{
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    OK(fs_read(rig_page_path(rig, "twice"), RIG_MAX_BYTES, &text, &rig->w.err), &rig->w.err);
    return arena_str(&rig->w.arena, buf_str(&text));
}

// Writes `state: ..` into the pull request, as a person does.
static inline void
rig_set_page(struct rig *rig, const char *state)
{
    const char *text = arena_printf(&rig->w.arena, "---\nstate: %s\n---\n%s\n", state, RIG_MARKER);
    OK(fs_write(rig_page_path(rig, "twice"), str_of(text), &rig->w.err), &rig->w.err);
}

// Runs a statement on the state.
static inline void
rig_sql(struct rig *rig, const char *sql)
{
    struct db *db = db_open(rig->state, DB_WRITE, &rig->w.err);
    ck_assert_msg(db != NULL, "%s", rig->w.err.message);
    OK(db_exec(db, sql, &rig->w.err), &rig->w.err);
    db_close(db);
}

// How many entries of an event the ledger has for src/x.c:twice.
static inline int
rig_noted(struct rig *rig, const char *event)
{
    struct step step = rig_step(rig, "look", NULL);
    AUTO_JSON *rows = NULL;
    OK(ledger_rows(&step, "src/x.c", "twice", &rows, &rig->w.err), &rig->w.err);
    journal_close_local(step.journal);
    int count = 0;
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) count += strcmp(json_get_text(row, "event", ""), event) == 0;
    return count;
}

#endif
