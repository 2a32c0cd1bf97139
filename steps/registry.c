// SPDX-License-Identifier: Apache-2.0
#include "steps/registry.h"

#include "steps/benchmark-generate/benchmark_generate.h"
#include "steps/correctness-test/correctness_test.h"
#include "steps/shell/shell.h"

static const struct step_ops *const all_steps[] = {
    &step_benchmark_generate,
    &step_correctness_test,
    &step_shell,
    NULL,
};

static const struct table_set *const all_tables[] = {
    NULL,
};

const struct registry step_registry = {.steps = all_steps, .tables = all_tables};
