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
send_call(struct wire *wire, const json_t *call, struct str content, struct err *err)
{
    return wire_put(wire, call, content, err) < 0 || wire_flush(wire, err) < 0 ? -1 : 0;
}

static int
take_reply(struct wire *wire, struct frame *reply, struct err *err)
{
    if (wire_wait(wire, reply, err) < 0)
        return -1;
    const json_t *error = json_object_get(reply->json, "error");
    if (!error)
        return 0;
    err_set(err, err_kind_of(json_get_text(error, "kind", "")), "%s", json_get_text(error, "message", ""));
    frame_release(reply);
    return -1;
}

static int
refuse_text(struct err *err)
{
    return err_set(err, ERR_USAGE, "a text for the journal is not UTF-8");
}

int
connection_call(struct journal *journal, json_t *call, struct str content, struct frame *reply,
                struct err *err)
{
    AUTO_JSON *held = call;
    if (!held)
        return refuse_text(err);
    if (journal->local)
        return serve(journal->local, held, content, reply, err);
    if (connection_settle(journal, err) < 0 || send_call(&journal->wire, held, content, err) < 0)
        return -1;
    return take_reply(&journal->wire, reply, err);
}

int
connection_send(struct journal *journal, json_t *call, struct str content, struct err *err)
{
    AUTO_JSON *held = call;
    AUTO_FRAME reply = {0};
    if (!held)
        return refuse_text(err);
    if (journal->local)
        return serve(journal->local, held, content, &reply, err);
    if (send_call(&journal->wire, held, content, err) < 0)
        return -1;
    journal->unanswered++;
    return 0;
}

int
connection_settle(struct journal *journal, struct err *err)
{
    int status = 0;
    while (status == 0 && journal->unanswered > 0) {
        AUTO_FRAME reply = {0};
        journal->unanswered--;
        status = take_reply(&journal->wire, &reply, err);
    }
    return status;
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
