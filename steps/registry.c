// SPDX-License-Identifier: Apache-2.0
#include "steps/registry.h"

#include "steps/benchmark-generate/benchmark_generate.h"
#include "steps/canary-experiment/canary_experiment.h"
#include "steps/correctness-test/correctness_test.h"
#include "steps/island-evolve/island_evolve.h"
#include "steps/open-pull-request/open_pull_request.h"
#include "steps/profile-fetch/profile_fetch.h"
#include "steps/shared/candidate/candidate.h"
#include "steps/shared/hotspot/hotspot_table.h"
#include "steps/shared/ledger/ledger.h"
#include "steps/shell/shell.h"
#include "steps/wait/wait.h"

static const struct step_ops *const all_steps[] = {
    &step_profile_fetch,
    &step_benchmark_generate,
    &step_island_evolve,
    &step_correctness_test,
    &step_open_pull_request,
    &step_canary_experiment,
    &step_shell,
    &step_wait,
    NULL,
};

static const struct table_set *const all_tables[] = {
    &table_hotspot,
    &candidate_tables,
    &table_ledger,
    NULL,
};

const struct registry step_registry = {.steps = all_steps, .tables = all_tables};
