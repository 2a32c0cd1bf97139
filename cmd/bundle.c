// SPDX-License-Identifier: Apache-2.0
// atoll export and import: a state as one file.
#include "cmd/place.h"

#include "base/fs.h"
#include "workflow/bundle.h"
#include "workflow/lease.h"
#include "workflow/state.h"

#include <stdio.h>

static int
tell(struct invocation *invocation, const char *what, const char *from, const char *to)
{
    if (invocation->terminal.json) {
        AUTO_JSON *answer = json_pack("{s:s, s:s, s:s}", "done", what, "from", from, "to", to);
        terminal_json(answer);
    } else {
        printf("%s %s to %s.\n", what, from, to);
    }
    return 0;
}

static int export(struct invocation *invocation, struct err *err)
{
    const char *file = invocation->arguments->operands[0], *state = place_readable(invocation, err);
    if (state == NULL)
        return -1;
    if (!fs_exists(state))
        return err_set(err, ERR_NOT_FOUND, "there is no state %s to export", state);
    return bundle_export(state, file, err) != 0 ? -1 : tell(invocation, "Exported", state, file);
}

static int
import(struct invocation *invocation, struct err *err)
{
    const char *file = invocation->arguments->operands[0], *state = place_state(invocation);
    struct lease lease;
    if (state_make_folder(state, err) != 0 || lease_acquire(&lease, state, err) != 0)
        return -1;
    int result = bundle_import(file, state, arguments_has(invocation->arguments, "replace"), err);
    lease_release(&lease);
    return result != 0 ? -1 : tell(invocation, "Imported", file, state);
}

static const struct option export_options[] = {
    PLACE_STATE_OPTION,
    PLACE_CARRIER_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
static const struct option import_options[] = {
    PLACE_STATE_OPTION,
    {"replace", OPTION_FLAG, NULL, "replace the state that is there, in one step", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_export = {
    .name = "export",
    .operands = "FILE",
    .summary = "Write the state to one file, also while it is in use",
    .details = "FILE is a tar.zst of a manifest with SHA-256 sums and the state; `tar --zstd -xf` opens it.",
    .options = export_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = export,
};
const struct command command_import = {
    .name = "import",
    .operands = "FILE",
    .summary = "Make the state in an exported file the one here",
    .details =
        "Everything is checked before the state that is there is touched, which --replace has to allow.",
    .options = import_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = import,
};
