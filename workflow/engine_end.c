// SPDX-License-Identifier: Apache-2.0
#include "workflow/engine_call.h"

#include "base/fs.h"
#include "workflow/notice.h"
#include "workflow/overlap.h"
#include "workflow/signal.h"

#include <stdio.h>
#include <string.h>

static int
write_end(struct engine *engine, const char *status, const json_t *error, struct err *err)
{
    if (state_begin(engine->state, err) < 0)
        return -1;
    int result;
    if (strcmp(status, "interrupted") == 0) {
        state_event(
            engine->state,
            (struct event){.run = engine->run.number, .type = "run-interrupted", .epoch = engine->run.epoch},
            NULL);
        result = 0;
    } else {
        result = run_finish(engine->state, &engine->run, status, error, err);
    }
    if (result < 0) {
        state_rollback(engine->state);
        return -1;
    }
    return state_commit(engine->state, err);
}

// One line a wait, for whoever has to do something about it.
static int
tell_waits(struct engine *engine, struct err *err)
{
    AUTO_JSON *status = engine_status(engine->state_path, engine->run.id, err);
    size_t i;
    json_t *wait;
    if (!status)
        return -1;
    json_array_foreach(json_object_get(status, "waiting_for"), i, wait)
        notice_tell(engine->options, "waiting", engine->run.id, json_get_text(wait, "step", ""),
                    json_get_text(wait, "text", ""), wait);
    return 0;
}

static int
finish_waiting(struct engine *engine, int64_t due_ns, struct err *err)
{
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "waiting");
    engine->outcome->due_ns = due_ns;
    if (state_begin(engine->state, err) < 0)
        return -1;
    if (run_wait(engine->state, &engine->run, due_ns, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    return state_commit(engine->state, err) < 0 ? -1 : tell_waits(engine, err);
}

static int
finish_cancelled(struct engine *engine, const char *by, struct err *err)
{
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "cancelled");
    if (state_begin(engine->state, err) < 0)
        return -1;
    if (signal_settle_cancel(engine->state, engine->run.id, err) < 0 ||
        run_finish(engine->state, &engine->run, "cancelled", NULL, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    if (state_commit(engine->state, err) < 0)
        return -1;
    return err_set(err, ERR_CANCELLED, "run %s was cancelled by %s", engine->run.id,
                   by && *by ? by : "somebody");
}

int
engine_finish(struct engine *engine, enum supervision_end end, const struct supervision *supervision,
              struct err *err)
{
    if (end == SUPERVISION_WAITING)
        return finish_waiting(engine, supervision->due_ns, err);
    if (end == SUPERVISION_CANCELLED)
        return finish_cancelled(engine, supervision->cancelled_by, err);
    const struct task *failed = end == SUPERVISION_ENDED ? schedule_failed(&engine->schedule) : NULL;
    const char *status = end == SUPERVISION_STOPPED ? "interrupted" : failed ? "failed" : "succeeded";
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "%s", status);
    if (write_end(engine, status, failed ? failed->error : NULL, err) < 0)
        return -1;
    AUTO_JSON *details = json_pack("{s:s, s:s, s:s}", "pipeline", engine->pipeline->name, "status", status,
                                   "state", engine->state_path);
    engine_tell(engine, "run-finished", status, details);
    if (end == SUPERVISION_STOPPED)
        return err_set(err, ERR_CANCELLED, "run %s was interrupted; the next `atoll run` goes on with it",
                       engine->run.id);
    if (!failed) {
        struct err ignored;
        (void)!fs_remove_tree(supervision->scratch, &ignored);
        return 0;
    }
    snprintf(engine->outcome->step, sizeof(engine->outcome->step), "%s", failed->key);
    const char *message = secrets_mask_text(state_secrets(engine->state), &engine->arena,
                                            json_get_text(failed->error, "message", ""));
    err_set(err, err_kind_of(json_get_text(failed->error, "kind", "")), "step %s: %s", failed->key, message);
    return -1;
}

// Whether a trigger was kept while this run was unfinished.
int
engine_take_buffered(struct engine *engine, struct err *err)
{
    if (state_begin(engine->state, err) < 0)
        return -1;
    int kept = overlap_take(engine->state, engine->pipeline->name, err);
    if (kept < 0) {
        state_rollback(engine->state);
        return -1;
    }
    engine->again = kept > 0;
    return state_commit(engine->state, err);
}
