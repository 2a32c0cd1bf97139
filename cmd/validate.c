// SPDX-License-Identifier: Apache-2.0
// atoll validate and schema: the pipeline file, checked and described from the same tables.
#include "base/fs.h"
#include "cmd/command.h"
#include "steps/registry.h"
#include "workflow/manual.h"
#include "workflow/pipeline.h"
#include "workflow/schema.h"

#include <stdio.h>

#define PIPELINE_MAX_BYTES (1 << 20)

static void
print_problems(struct invocation *invocation, const struct problems *problems)
{
    if (invocation->terminal.json) {
        AUTO_JSON *list = json_array();
        VEC_EACH (const struct problem, problem, &problems->list) {
            json_array_append_new(list, problem_json(problem));
        }
        terminal_json(list);
        return;
    }
    VEC_EACH (const struct problem, problem, &problems->list)
        terminal_problem(&invocation->terminal, stdout, problem->mark.file, problem->mark.line,
                         problem->mark.column, problem->text);
}

static int
validate(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *path = arguments->operand_count > 0
                           ? arguments->operands[0]
                           : fs_join(invocation->arena, invocation->repository, ".atoll/pipeline.yml");
    AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
    if (fs_read(path, PIPELINE_MAX_BYTES, &text, err) != 0) {
        err->kind = ERR_CONFIG;
        return -1;
    }
    AUTO_PROBLEMS problems = {0};
    struct pipeline *pipeline =
        pipeline_read(invocation->arena, buf_str(&text), path, &step_registry, &problems);
    if (pipeline == NULL) {
        print_problems(invocation, &problems);
        return err_exit_code(ERR_CONFIG);
    }
    if (invocation->terminal.json)
        print_problems(invocation, &problems);
    else if (!invocation->terminal.quiet)
        printf("%s: valid; %zu steps\n", path, pipeline->step_count);
    pipeline_release(pipeline);
    return 0;
}

static int
schema(struct invocation *invocation, struct err *err)
{
    if (arguments_has(invocation->arguments, "manual")) {
        AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
        if (manual_write(&step_registry, &text, err) != 0)
            return -1;
        fputs(buf_text(&text), stdout);
        return 0;
    }
    AUTO_JSON *json = schema_of(&step_registry);
    terminal_json(json);
    return 0;
}

static const struct option schema_options[] = {
    {"manual", OPTION_FLAG, NULL, "print the reference manual of the file (Markdown) instead", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_validate = {
    .name = "validate",
    .operands = "[PIPELINE]",
    .summary = "Check a pipeline file; all problems in one go",
    .operands_max = 1,
    .run = validate,
};
const struct command command_schema = {
    .name = "schema",
    .operands = "",
    .summary = "Print the JSON Schema of the pipeline file, steps included",
    .options = schema_options,
    .anywhere = true,
    .run = schema,
};
