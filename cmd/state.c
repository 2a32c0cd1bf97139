// SPDX-License-Identifier: Apache-2.0
// atoll state verify: whether the state is what atoll wrote.
#include "cmd/place.h"
#include "workflow/verify.h"

#include <stdio.h>
#include <string.h>

static void
print_problems(const struct terminal *terminal, const char *state, const json_t *problems)
{
    size_t index;
    json_t *problem;
    json_array_foreach(problems, index, problem)
    {
        const char *what = json_get_text(problem, "what", "");
        printf("%s%-13s%s %s%s%s\n", terminal_style(terminal, STYLE_BAD), json_get_text(problem, "check", ""),
               terminal_style(terminal, STYLE_PLAIN), what, *what != '\0' ? " " : "",
               json_get_text(problem, "problem", ""));
    }
    if (index == 0)
        printf("%s is whole.\n", state);
}

static int
verify(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    if (strcmp(arguments->operands[0], "verify") != 0)
        return err_set(err, ERR_USAGE, "unknown: atoll state %s; there is `atoll state verify`",
                       arguments->operands[0]);
    const char *state = place_readable(invocation, err);
    AUTO_JSON *problems = state == NULL ? NULL : state_problems(state, err);
    if (problems == NULL)
        return -1;
    if (invocation->terminal.json)
        terminal_json(problems);
    else
        print_problems(&invocation->terminal, state, problems);
    return json_array_size(problems) > 0 ? 1 : 0;
}

static const struct option options[] = {
    PLACE_STATE_OPTION,
    PLACE_CARRIER_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_state = {
    .name = "state",
    .operands = "verify",
    .summary = "Check the state: the file, the chain of events, blobs, and what must agree",
    .details = "Prints all that is wrong, and ends with exit code 1 then. docs/state.md says what to do.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = verify,
};
