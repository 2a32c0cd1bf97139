// SPDX-License-Identifier: Apache-2.0
#include "workflow/wire.h"

#include "workflow/packing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES 8
#define READ_BYTES ((size_t)64 << 10)
#define READ_MAX_BYTES (2 * (WIRE_MAX_BYTES + HEAD_BYTES) + READ_BYTES)

void
frame_release(struct frame *frame)
{
    json_decref(frame->json);
    frame->json = NULL;
    buf_release(&frame->tail);
}

void
wire_init(struct wire *wire, int fd)
{
    memset(wire, 0, sizeof(*wire));
    wire->fd = fd;
    buf_init(&wire->in, READ_MAX_BYTES);
    buf_init(&wire->out, READ_MAX_BYTES);
}

void
wire_release(struct wire *wire)
{
    buf_release(&wire->in);
    buf_release(&wire->out);
}

int
wire_put(struct wire *wire, const json_t *json, struct str tail, struct err *err)
{
    AUTO_BUF packed = BUF(WIRE_MAX_BYTES);
    packing_add(&packed, json);
    if (packed.full || tail.len > WIRE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a message of the journal is larger than %zu bytes", WIRE_MAX_BYTES);
    buf_add_u32(&wire->out, (uint32_t)packed.len);
    buf_add_u32(&wire->out, (uint32_t)tail.len);
    buf_add_str(&wire->out, buf_str(&packed));
    buf_add_str(&wire->out, tail);
    return buf_check(&wire->out, "what waits to be sent", err);
}

int
wire_flush(struct wire *wire, struct err *err)
{
    while (wire->written < wire->out.len) {
        ssize_t n =
            send(wire->fd, wire->out.ptr + wire->written, wire->out.len - wire->written, MSG_NOSIGNAL);
        if (n > 0) {
            wire->written += (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        return err_sys(err, ERR_IO, "sending over the journal's socket");
    }
    buf_clear(&wire->out);
    wire->written = 0;
    return 1;
}

// Forgets the bytes that were taken.
static void
compact(struct wire *wire)
{
    if (wire->taken == 0)
        return;
    size_t left = wire->in.len - wire->taken;
    memmove(wire->in.ptr, wire->in.ptr + wire->taken, left);
    wire->in.len = left;
    wire->in.ptr[left] = '\0';
    wire->taken = 0;
}

int
wire_fill(struct wire *wire, struct err *err)
{
    compact(wire);
    for (;;) {
        char bytes[READ_BYTES];
        ssize_t n = recv(wire->fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (n < 0 && errno != ECONNRESET)
            return err_sys(err, ERR_IO, "reading from the journal's socket");
        if (n <= 0) {
            wire->ended = true;
            return 0;
        }
        buf_add(&wire->in, bytes, (size_t)n);
        return buf_check(&wire->in, "what was received", err) < 0 ? -1 : 1;
    }
}

static uint32_t
read_u32(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int
wire_take(struct wire *wire, struct frame *frame, struct err *err)
{
    size_t there = wire->in.len - wire->taken;
    if (there < HEAD_BYTES)
        return 0;
    const char *head = wire->in.ptr + wire->taken;
    size_t json_len = read_u32(head), tail_len = read_u32(head + 4);
    if (json_len > WIRE_MAX_BYTES || tail_len > WIRE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a message of the journal is larger than %zu bytes", WIRE_MAX_BYTES);
    if (there < HEAD_BYTES + json_len + tail_len)
        return 0;
    frame->json = packing_read(str_n(head + HEAD_BYTES, json_len), err);
    if (!frame->json)
        return -1;
    if (!json_is_object(frame->json)) {
        frame_release(frame);
        return err_set(err, ERR_PARSE, "a message of the journal is not an object");
    }
    buf_init(&frame->tail, WIRE_MAX_BYTES);
    buf_add(&frame->tail, head + HEAD_BYTES + json_len, tail_len);
    wire->taken += HEAD_BYTES + json_len + tail_len;
    return 1;
}

int
wire_wait(struct wire *wire, struct frame *frame, struct err *err)
{
    for (;;) {
        int got = wire_take(wire, frame, err);
        if (got != 0)
            return got > 0 ? 0 : -1;
        if (wire->ended)
            return err_set(err, ERR_IO, "the supervisor is gone");
        if (wire_fill(wire, err) < 0)
            return -1;
    }
}
