// SPDX-License-Identifier: Apache-2.0
// What the search's tests share: one C function in a folder, with inputs, a journal over a state file, and a
// cascade on top of them. Measurements are recorded ones (deterministic mode): less machine code is faster.
#ifndef ATOLL_TESTS_ISLAND_EVOLVE_LAB_H
#define ATOLL_TESTS_ISLAND_EVOLVE_LAB_H

#include "base/fs.h"
#include "steps/island-evolve/cascade.h"
#include "steps/island-evolve/island_evolve.h"
#include "steps/shared/ledger/ledger.h"
#include "steps/shared/target/captured.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

struct lab {
    struct arena arena;
    struct err err;
    char *folder;
    struct step step;
    json_t *record; // as benchmark-generate makes it
    struct workbench bench;
    struct cascade cascade;
};

#define LAB_OK(lab, call) ck_assert_msg((call) == 0, "%s", (lab)->err.message)

static const struct table_set *const lab_tables[] = {&candidate_tables, &table_ledger, NULL};
static const struct step_ops *const lab_steps[] = {&step_island_evolve, NULL};
static const struct registry lab_registry = {.steps = lab_steps, .tables = lab_tables};

// Opens the state (again), as a new attempt of the step does.
static inline void
lab_open_journal(struct lab *lab)
{
    if (lab->step.journal != NULL)
        journal_close_local(lab->step.journal);
    lab->step.journal =
        journal_open_local(fs_join(&lab->arena, lab->folder, "state.db"), &lab_registry, "evolve", &lab->err);
    ck_assert_msg(lab->step.journal != NULL, "%s", lab->err.message);
}

// Stores calls (JSON arrays of arguments, one a line) as a blob.
static inline void
lab_put_calls(struct lab *lab, const char *key, const char *calls)
{
    struct corpus corpus;
    AUTO_BUF packed = BUF(1 << 20);
    char hash[65];
    corpus_init(&corpus, 1 << 20);
    struct str rest = str_of(calls);
    while (rest.ptr != NULL && rest.len > 0) {
        AUTO_JSON *call = json_read(str_cut(&rest, '\n'), "call", &lab->err);
        ck_assert_msg(call != NULL, "%s", lab->err.message);
        LAB_OK(lab, captured_add(&corpus, &lab->bench.target.signature, call, "call", &lab->err));
    }
    corpus_pack(&corpus, &packed);
    corpus_release(&corpus);
    LAB_OK(lab, journal_blob_put(&lab->step, buf_str(&packed), hash, &lab->err));
    json_set_text(lab->record, key, hash);
}

// `text` is the file, `function` the target, `train` and `holdout` calls, one JSON array a line. `recipe` is
// taken over.
static inline void
lab_open_file(struct lab *lab, const char *file, const char *text, json_t *recipe, const char *function,
              const char *train, const char *holdout)
{
    *lab = (struct lab){0};
    lab->folder = fs_temp_dir(&lab->arena, NULL, "lab", &lab->err);
    ck_assert_msg(lab->folder != NULL, "%s", lab->err.message);
    LAB_OK(lab, fs_write(fs_join(&lab->arena, lab->folder, "go.mod"),
                         STR("module example.com/m\n\ngo 1.21\n"), &lab->err));
    LAB_OK(lab, fs_write(fs_join(&lab->arena, lab->folder, file), str_of(text), &lab->err));
    lab->step = (struct step){
        .run_id = "run",
        .id = "evolve",
        .with = json_object(),
        .repository = lab->folder,
        .scratch = fs_join(&lab->arena, lab->folder, "scratch"),
        .cell_path = above(&lab->arena, "atoll-cell"),
        .mode = "deterministic",
        .seed = 1,
        .sandbox = json_object(),
        .attempt = 1,
        .host = host_real(),
        .arena = &lab->arena,
        .outputs = json_object(),
    };
    ck_assert_msg(lab->step.cell_path != NULL, "%s", lab->err.message);
    LAB_OK(lab, fs_mkdirs(lab->step.scratch, &lab->err));
    lab_open_journal(lab);
    lab->record = json_pack("{s:s, s:s, s:{s:s, s:s, s:o}, s:{}}", "function", function, "file", file,
                            "target", "file", file, "function", function, "recipe", recipe, "distribution");
    LAB_OK(lab, workbench_open(&lab->step, json_object_get(lab->record, "target"), &lab->bench, &lab->err));
    lab_put_calls(lab, "train", train);
    lab_put_calls(lab, "holdout", holdout);
    LAB_OK(lab, workbench_inputs(&lab->step, lab->record, &lab->bench, &lab->err));
    cascade_init(&lab->cascade, &lab->step, &lab->bench, lab->record);
}

// The same with a file in C.
static inline void
lab_open(struct lab *lab, const char *text, const char *function, const char *train, const char *holdout)
{
    json_t *recipe = json_pack("{s:s, s:[s], s:[]}", "cc", "cc", "flags", "-O2", "link");
    lab_open_file(lab, "unit.c", text, recipe, function, train, holdout);
}

static inline void
lab_close(struct lab *lab)
{
    cascade_release(&lab->cascade);
    workbench_release(&lab->bench);
    journal_close_local(lab->step.journal);
    json_decref((json_t *)(uintptr_t)lab->step.with);
    json_decref((json_t *)(uintptr_t)lab->step.sandbox);
    json_decref(lab->step.outputs);
    json_decref(lab->record);
    LAB_OK(lab, fs_remove_tree(lab->folder, &lab->err));
    arena_release(&lab->arena);
}

// A candidate with this text, child of `parent` (NULL: the baseline).
static inline struct candidate *
lab_candidate(struct lab *lab, const char *text, const struct candidate *parent)
{
    static unsigned number;
    struct candidate *candidate = ARENA_NEW(&lab->arena, struct candidate);
    snprintf(candidate->id, sizeof candidate->id, "%016x", ++number);
    candidate->text = text != NULL ? str_of(text) : target_baseline(&lab->bench.target);
    candidate->parents[0] = parent;
    candidate->mutator = candidate->technique = parent == NULL ? "baseline" : "test";
    candidate->lineage = parent == NULL ? "" : "test";
    return candidate;
}

// Lets it climb.
static inline void
lab_evaluate(struct lab *lab, struct candidate *candidate)
{
    struct duet_result duet;
    LAB_OK(lab, cascade_evaluate(&lab->cascade, candidate, &duet, &lab->err));
    cascade_remember(&lab->cascade, candidate);
}

// Expects where and why a text is dropped (NULL: it is right), and that the detail holds `detail`.
static inline struct candidate *
lab_expect(struct lab *lab, const struct candidate *root, const char *text, enum stage stage,
           const char *reason, const char *detail)
{
    struct candidate *candidate = lab_candidate(lab, text, root);
    lab_evaluate(lab, candidate);
    ck_assert_msg(candidate->stage == stage, "stage %s: %s: %s", stage_name(candidate->stage),
                  candidate->reason ? candidate->reason : "right", candidate->detail);
    if (reason == NULL)
        ck_assert_msg(candidate->reason == NULL, "%s: %s", candidate->reason, candidate->detail);
    else
        ck_assert_str_eq(candidate->reason != NULL ? candidate->reason : "right", reason);
    ck_assert_msg(strstr(candidate->detail, detail) != NULL, "%s", candidate->detail);
    return candidate;
}

#endif
