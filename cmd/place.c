// SPDX-License-Identifier: Apache-2.0
#include "cmd/place.h"

#include "base/fs.h"
#include "steps/registry.h"
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/peek.h"

const char *
place_state(const struct invocation *invocation)
{
    const char *given = arguments_text(invocation->arguments, "state", NULL);
    return given != NULL ? given : engine_state_path(invocation->arena, invocation->repository);
}

const char *
place_candidates(const struct invocation *invocation)
{
    const char *state = place_state(invocation);
    if (arguments_has(invocation->arguments, "state") || fs_exists(state))
        return state;
    return fs_join(invocation->arena, invocation->repository, ".atoll/state/evolve.db");
}

// What travels and is not worked on here now; `carrier` NULL for what stays.
static struct peek
peek_of(const struct invocation *invocation)
{
    const char *state = place_state(invocation);
    const char *carrier = arguments_text(invocation->arguments, "carrier", NULL);
    bool told = carrier != NULL || arguments_text(invocation->arguments, "state", NULL) == NULL;
    if (carrier == NULL && told)
        carrier = engine_carrier(invocation->arena, invocation->repository);
    bool here = carrier == NULL || *carrier == '\0' || lease_holder(state) > 0;
    return (struct peek){.carrier = here ? NULL : carrier,
                         .repository = invocation->repository,
                         .state_path = state,
                         .host = invocation->host};
}

// A state that is not there is no fault of the disk.
static int
check_exists(const char *state, struct err *err)
{
    if (fs_exists(state))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "no run yet: there is no state at %s; `atoll run` makes one", state);
}

const char *
place_readable(struct invocation *invocation, struct err *err)
{
    struct peek peek = peek_of(invocation);
    if (peek.carrier == NULL)
        return check_exists(peek.state_path, err) < 0 ? NULL : peek.state_path;
    const char *copy = peek_fetch(&peek, invocation->arena, err);
    if (copy != NULL || !fs_exists(peek.state_path))
        return copy;
    if (err->kind != ERR_NOT_FOUND)
        terminal_warning(&invocation->terminal, err->message);
    return peek.state_path;
}

int
place_send(struct invocation *invocation, const struct message *message, const char **where, struct err *err)
{
    struct peek peek = peek_of(invocation);
    bool delivered;
    *where = "carrier";
    if (peek.carrier != NULL)
        return peek_post(&peek, message, err);
    // A pause is for runs to come, too.
    if (message->run != NULL && check_exists(peek.state_path, err) < 0)
        return -1;
    if (engine_send(peek.state_path, &step_registry, invocation->host, message, &delivered, err) != 0)
        return -1;
    *where = delivered ? "state" : "supervisor";
    return 0;
}
