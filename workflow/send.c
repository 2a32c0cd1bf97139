// SPDX-License-Identifier: Apache-2.0
// Messages to a state, and their delivery when nobody works on it.
#include "base/fs.h"
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/run.h"
#include "workflow/signal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 2000
#define NAP_MS 10

static int
check_run(const char *state_path, const char *run, struct err *err)
{
    struct db *db;
    if (!run)
        return 0;
    if (state_open_reader(state_path, &db, err) < 0)
        return -1;
    AUTO_JSON *params = json_pack("[s]", run);
    AUTO_JSON *rows = db_rows(db, "SELECT status FROM run WHERE id = ?", params, err);
    db_close(db);
    if (!rows)
        return -1;
    const char *status = json_get_text(json_array_get(rows, 0), "status", NULL);
    if (!status)
        return err_set(err, ERR_NOT_FOUND, "no run %s in the state %s", run, state_path);
    if (strcmp(status, "running") != 0 && strcmp(status, "waiting") != 0)
        return err_set(err, ERR_CONFLICT, "run %s ended already: %s", run, status);
    return 0;
}

// All that lies in the inbox, in one transaction.
static int
deliver(struct state *state, const char *state_path, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char **ids;
    size_t count;
    if (state_begin(state, err) < 0)
        return -1;
    if (signal_take_inbox(state, state_path, &arena, &ids, &count, err) < 0 ||
        run_cancel_others(state, NULL, err) < 0) {
        state_rollback(state);
        return -1;
    }
    if (state_commit(state, err) < 0)
        return -1;
    signal_drop_taken(state_path, ids, count);
    return 0;
}

static int
put_message(const char *state_path, const struct host *host, const struct message *given, char id[27],
            struct err *err)
{
    AUTO_ARENA arena = {0};
    struct secrets secrets = {0};
    state_secrets_of(state_path, host, &secrets);
    char *text = message_seal(given, host, &secrets, id, err);
    secrets_release(&secrets);
    int result = text ? inbox_put(inbox_folder(&arena, state_path), id, str_of(text), err) : -1;
    free(text);
    return result;
}

// Takes the lease, unless the owner of the state takes the message in meanwhile: 1 with the lease, 0, -1. An
// owner may be one that is about to end and looks no more, or another sender.
static int
outwait_owner(struct lease *lease, const char *state_path, const char *id, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *file = arena_printf(&arena, "%s/%s.json", inbox_folder(&arena, state_path), id);
    for (int i = 0; i < PATIENCE_MS / NAP_MS; i++) {
        bool mine = lease_acquire(lease, state_path, err) == 0;
        if (!mine && err->kind != ERR_LOCKED)
            return -1;
        bool taken = !fs_exists(file);
        if (mine && !taken)
            return 1;
        if (mine)
            lease_release(lease);
        if (taken)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
    }
    return 0;
}

int
engine_send(const char *state_path, const struct registry *registry, const struct host *host,
            const struct message *message, bool *delivered, struct err *err)
{
    struct lease lease;
    char id[27];
    *delivered = false;
    // The folder of the state before that of the inbox, which would make it without its .gitignore.
    if (check_run(state_path, message->run, err) < 0 || state_make_folder(state_path, err) < 0 ||
        put_message(state_path, host, message, id, err) < 0)
        return -1;
    int mine = outwait_owner(&lease, state_path, id, err);
    if (mine <= 0)
        return mine;
    struct state *state = state_open(state_path, registry, host, err);
    int result = state ? deliver(state, state_path, err) : -1;
    state_close(state);
    lease_release(&lease);
    *delivered = result == 0;
    return result;
}
