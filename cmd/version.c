// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "cmd/command.h"

#include <stdio.h>

static int
run(struct invocation *invocation, struct err *err)
{
    (void)err;
    if (invocation->terminal.json) {
        AUTO_JSON *json = json_object();
        json_set_text(json, "version", ATOLL_VERSION);
        terminal_json(json);
    } else {
        printf("atoll %s\n", ATOLL_VERSION);
    }
    return 0;
}

const struct command command_version = {
    .name = "version", .operands = "", .summary = "Print the version", .anywhere = true, .run = run};
