// SPDX-License-Identifier: Apache-2.0
#include "workflow/signal.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_KEY "paused"

// A pause or its end, by time of sending: one that was overtaken by a later one changes nothing.
static int
set_pause(struct state *state, const struct message *message, struct err *err)
{
    bool on = strcmp(message->kind, "pause") == 0;
    AUTO_JSON *value =
        json_pack("{s:b, s:s, s:I}", "on", on, "by", message->sender, "at_ns", (json_int_t)message->sent_ns);
    char *text = value ? json_compact(value) : strdup("{}");
    json_t *params = json_pack("[ssI]", PAUSE_KEY, text, (json_int_t)message->sent_ns);
    free(text);
    return state_run(state,
                     "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET"
                     " value = excluded.value WHERE json_extract(meta.value, '$.at_ns') <= ?3",
                     params, NULL, err);
}

// Whether somebody has to take it later. An ended run has nothing to cancel, also when it is tried again.
static bool
is_lasting(const struct message *message, const json_t *run)
{
    const char *status = json_get_text(run, "status", "running");
    bool open = strcmp(status, "running") == 0 || strcmp(status, "waiting") == 0;
    return strcmp(message->kind, "signal") == 0 || (strcmp(message->kind, "cancel") == 0 && open);
}

int
signal_receive(struct state *state, const struct message *message, struct err *err)
{
    AUTO_JSON *rows = state_rows(state, "SELECT number, epoch, status FROM run WHERE id = ?",
                                 json_pack("[s]", message->run ? message->run : ""), err);
    if (!rows)
        return -1;
    const json_t *run = json_array_get(rows, 0);
    bool lasting = is_lasting(message, run);
    json_int_t now_ns = (json_int_t)state_now(state);
    char *data = message->data ? json_compact(message->data) : NULL;
    json_t *params = json_pack("[sss?ss?sIIo]", message->id, message->kind, message->run, message->name, data,
                               message->sender, (json_int_t)message->sent_ns, now_ns,
                               lasting ? json_null() : json_integer(now_ns));
    free(data);
    int64_t changed;
    if (state_run(state,
                  "INSERT INTO signal(id, kind, run, name, data, sender, sent_ns, received_ns, consumed_ns)"
                  " VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING",
                  params, &changed, err) < 0)
        return -1;
    if (changed == 0)
        return 0;
    bool pause = strcmp(message->kind, "pause") == 0 || strcmp(message->kind, "unpause") == 0;
    if (pause && set_pause(state, message, err) < 0)
        return -1;
    state_event(state,
                (struct event){.run = json_get_int(run, "number", 0),
                               .type = "signal-received",
                               .epoch = json_get_int(run, "epoch", 0)},
                json_pack("{s:s, s:s, s:s, s:s}", "id", message->id, "kind", message->kind, "name",
                          message->name, "sender", message->sender));
    return 0;
}

static void
refuse(struct state *state, const char *id, const char *why)
{
    json_t *details = json_object();
    json_set_text(details, "id", id);
    json_set_text(details, "why", why);
    state_event(state, (struct event){.type = "message-refused"}, details);
}

// 1 when the file has done its duty, 0 when it must stay: somebody may make it readable.
static int
take_one(struct state *state, const char *folder, const char *id, struct arena *arena, struct err *err)
{
    AUTO_BUF text = BUF(INBOX_MESSAGE_MAX_BYTES);
    struct message message;
    struct err problem;
    json_t *json = NULL;
    if (inbox_read(folder, id, &text, &problem) < 0 ||
        message_read(buf_str(&text), id, arena, &message, &json, &problem) < 0) {
        refuse(state, id, problem.message);
        return problem.kind == ERR_LIMIT || problem.kind == ERR_PARSE ? 1 : 0;
    }
    AUTO_JSON *held = json;
    return signal_receive(state, &message, err) < 0 ? -1 : 1;
}

int
signal_take_inbox(struct state *state, const char *state_path, struct arena *arena, const char ***ids,
                  size_t *count, struct err *err)
{
    const char *folder = inbox_folder(arena, state_path);
    size_t found, taken = 0;
    *count = 0;
    if (inbox_list(folder, arena, ids, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found; i++) {
        int done = take_one(state, folder, (*ids)[i], arena, err);
        if (done < 0)
            return -1;
        if (done > 0)
            (*ids)[taken++] = (*ids)[i];
    }
    *count = taken;
    return 0;
}

void
signal_drop_taken(const char *state_path, const char *const *ids, size_t count)
{
    AUTO_ARENA arena = {0};
    struct err ignored;
    for (size_t i = 0; i < count; i++)
        (void)!inbox_drop(inbox_folder(&arena, state_path), ids[i], &ignored);
}

// The text of a column of the first row; 1, 0 without a row, -1. Takes `rows`.
static int
first_text(json_t *rows, const char *column, struct arena *arena, const char **text)
{
    AUTO_JSON *held = rows;
    const json_t *row = json_array_get(held, 0);
    *text = row ? arena_dup(arena, json_get_text(row, column, "")) : NULL;
    return !held ? -1 : row ? 1 : 0;
}

int
signal_wants_cancel(struct state *state, const char *run, struct arena *arena, const char **who,
                    struct err *err)
{
    json_t *rows = state_rows(state,
                              "SELECT sender FROM signal WHERE run = ? AND name = '' AND kind = 'cancel'"
                              " AND consumed_ns IS NULL LIMIT 1",
                              json_pack("[s]", run), err);
    return first_text(rows, "sender", arena, who);
}

int
signal_settle_cancel(struct state *state, const char *run, struct err *err)
{
    return state_run(
        state, "UPDATE signal SET consumed_ns = ? WHERE run = ? AND kind = 'cancel' AND consumed_ns IS NULL",
        json_pack("[Is]", (json_int_t)state_now(state), run), NULL, err);
}

int
signal_paused(struct state *state, struct arena *arena, const char **who, struct err *err)
{
    json_t *rows = state_rows(state,
                              "SELECT json_extract(value, '$.by') AS who FROM meta WHERE key = ?"
                              " AND json_extract(value, '$.on')",
                              json_pack("[s]", PAUSE_KEY), err);
    return first_text(rows, "who", arena, who);
}
