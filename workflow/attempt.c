// SPDX-License-Identifier: Apache-2.0
#include "workflow/attempt.h"

#include "base/clock.h"
#include "workflow/run.h"

#include <stdlib.h>

int
attempt_check(const json_t *row, const json_t *policy, int64_t now_ns, int64_t *wait_ns, struct err *err)
{
    int64_t next_ns = json_get_int(row, "next_ns", 0), scheduled_ns = json_get_int(row, "scheduled_ns", 0);
    int64_t start_ns = json_get_int(policy, "schedule_to_start_ns", 0);
    int64_t close_ns = json_get_int(policy, "schedule_to_close_ns", 0);
    int64_t due_ns = next_ns ? next_ns : scheduled_ns;
    char span[24];
    *wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
    if (close_ns > 0 && scheduled_ns > 0 && now_ns - scheduled_ns > close_ns) {
        clock_human(close_ns, span, sizeof(span));
        return err_set(err, ERR_TIMEOUT, "it was not done within %s of its first attempt (schedule-to-close)",
                       span);
    }
    if (start_ns > 0 && due_ns > 0 && now_ns - due_ns > start_ns) {
        clock_human(start_ns, span, sizeof(span));
        return err_set(err, ERR_TIMEOUT,
                       "no attempt started within %s of when it was due (schedule-to-start)", span);
    }
    return 0;
}

static int64_t
wait_of(const json_t *policy, int64_t failures)
{
    double coefficient = json_get_real(policy, "coefficient", 1);
    double wait = (double)json_get_int(policy, "initial_ns", 0);
    double most = (double)json_get_int(policy, "maximum_ns", 0);
    for (int64_t i = 1; i < failures && coefficient > 1; i++)
        wait *= coefficient;
    if (most > 0 && wait > most)
        wait = most;
    return wait < 9e18 ? (int64_t)wait : INT64_MAX / 2;
}

static json_t *
identity(const struct activity *activity)
{
    const struct server *server = activity->server;
    return json_pack("[Isss]", (json_int_t)server->run, server->step, activity->name, activity->key);
}

#define SAME " WHERE run = ?1 AND step = ?2 AND name = ?3 AND key = ?4 AND committed_ns IS NULL"
#define FENCED SAME " AND (SELECT epoch FROM run WHERE number = ?1) = ?5"

static int
find_counts(const struct activity *activity, json_t **row, struct err *err)
{
    AUTO_JSON *rows =
        state_rows(activity->server->state,
                   "SELECT failures, coalesce(scheduled_ns, begun_ns) AS scheduled_ns FROM activity" SAME,
                   identity(activity), err);
    if (!rows)
        return -1;
    *row = json_incref(json_array_get(rows, 0));
    return *row ? 0 : err_set(err, ERR_CONFLICT, "activity %s failed without being begun", activity->name);
}

static void
add_event(const struct activity *activity, const char *type, json_t *details)
{
    const struct server *server = activity->server;
    json_object_set_new(details, "name", json_string(activity->name));
    json_object_set_new(details, "key", json_string(activity->key));
    state_event(server->state,
                (struct event){.run = server->run,
                               .type = type,
                               .step = server->step,
                               .attempt = server->attempt,
                               .epoch = server->epoch},
                details);
}

int
attempt_fail(const struct activity *activity, const json_t *policy, bool final, enum err_kind kind,
             const char *message, bool *again, struct err *err)
{
    json_t *found;
    if (run_check_epoch(activity->server->state, activity->server->run, activity->server->epoch, err) < 0 ||
        find_counts(activity, &found, err) < 0)
        return -1;
    AUTO_JSON *row = found;
    int64_t failures = json_get_int(row, "failures", 0) + 1, now_ns = state_now(activity->server->state);
    int64_t next_ns = now_ns + wait_of(policy, failures);
    int64_t close_ns = json_get_int(policy, "schedule_to_close_ns", 0);
    bool late = close_ns > 0 && next_ns - json_get_int(row, "scheduled_ns", now_ns) > close_ns;
    *again = !final && !late && failures < json_get_int(policy, "attempts", 1);
    json_t *error = json_object();
    json_set_text(error, "kind", err_name(kind));
    json_set_text(error, "message", message);
    char *text = json_compact(error);
    json_t *params = identity(activity);
    json_array_append_new(params, json_integer(activity->server->epoch));
    json_array_append_new(params, json_integer(*again ? failures : 0));
    json_array_append_new(params, *again ? json_integer(next_ns) : json_null());
    json_array_append_new(params, json_string(text));
    free(text);
    json_object_set_new(error, "again", json_boolean(*again));
    add_event(activity, "activity-failed", error);
    return state_run(activity->server->state,
                     "UPDATE activity SET failures = ?6, next_ns = ?7, error = ?8, scheduled_ns ="
                     " CASE WHEN ?7 IS NULL THEN NULL ELSE coalesce(scheduled_ns, begun_ns) END" FENCED,
                     params, NULL, err);
}

int
attempt_beat(const struct activity *activity, const json_t *details, struct err *err)
{
    char *text = json_compact(details ? details : json_null());
    json_t *params = identity(activity);
    json_array_append_new(params, json_integer(activity->server->epoch));
    json_array_append_new(params, json_string(text));
    free(text);
    return state_run(activity->server->state, "UPDATE activity SET details = ?6" FENCED, params, NULL, err);
}
