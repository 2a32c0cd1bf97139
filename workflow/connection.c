// SPDX-License-Identifier: Apache-2.0
#include "workflow/connection.h"

#include <string.h>

void
connection_init(struct journal *journal, int fd)
{
    memset(journal, 0, sizeof(*journal));
    wire_init(&journal->wire, fd);
    buf_init(&journal->stores, WIRE_MAX_BYTES);
}

void
connection_release(struct journal *journal)
{
    wire_release(&journal->wire);
    buf_release(&journal->stores);
    json_drop(&journal->details);
}

// The supervisor's work in one transaction of its own.
static int
serve(const struct server *server, const json_t *call, struct str content, struct frame *reply,
      struct err *err)
{
    AUTO_FRAME frame = {.json = json_incref((json_t *)call), .tail = BUF(WIRE_MAX_BYTES)};
    buf_add_str(&frame.tail, content);
    buf_init(&reply->tail, WIRE_MAX_BYTES);
    bool fenced;
    if (state_begin(server->state, err) < 0)
        return -1;
    if (server_apply(server, &frame, &reply->json, &reply->tail, &fenced, err) < 0) {
        state_rollback(server->state);
        return -1;
    }
    return state_commit(server->state, err);
}

static int
exchange(struct wire *wire, const json_t *call, struct str content, struct frame *reply, struct err *err)
{
    if (wire_put(wire, call, content, err) < 0 || wire_flush(wire, err) < 0)
        return -1;
    return wire_wait(wire, reply, err);
}

int
connection_call(struct journal *journal, json_t *call, struct str content, struct frame *reply,
                struct err *err)
{
    AUTO_JSON *held = call;
    if (!held)
        return err_set(err, ERR_USAGE, "a text for the journal is not UTF-8");
    if (journal->local)
        return serve(journal->local, held, content, reply, err);
    if (exchange(&journal->wire, held, content, reply, err) < 0)
        return -1;
    const json_t *error = json_object_get(reply->json, "error");
    if (!error)
        return 0;
    err_set(err, err_kind_of(json_get_text(error, "kind", "")), "%s", json_get_text(error, "message", ""));
    frame_release(reply);
    return -1;
}

void
connection_tell(struct journal *journal, json_t *note)
{
    AUTO_JSON *held = note;
    struct err ignored;
    if (!held)
        return;
    if (journal->local) {
        AUTO_FRAME reply = {0};
        if (strcmp(json_get_text(held, "call", ""), "progress") != 0)
            (void)!serve(journal->local, held, STR(""), &reply, &ignored);
        return;
    }
    if (wire_put(&journal->wire, held, STR(""), &ignored) == 0)
        (void)!wire_flush(&journal->wire, &ignored);
}
