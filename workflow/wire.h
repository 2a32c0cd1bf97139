// SPDX-License-Identifier: Apache-2.0
// Frames between the supervisor and a step process over a stream socket: u32 length of the value, u32 length
// of the binary tail (both little endian), the packed JSON object (workflow/packing.h), the tail. Each is at
// most WIRE_MAX_BYTES.
//
// From the supervisor: first the assignment, later one reply a call: {"ok": true, ...} or {"error": {"kind",
// "message"}}. From the step: calls {"call": NAME, ...} that wait for their reply, and notes (`progress`,
// `warn`) that get none.
#ifndef ATOLL_WORKFLOW_WIRE_H
#define ATOLL_WORKFLOW_WIRE_H

#include "base/buf.h"
#include "base/json.h"

#define WIRE_MAX_BYTES ((size_t)64 << 20)

struct frame {
    json_t *json;    // object, owned
    struct buf tail; // owned
};

// A local frame that is released at the end of its scope; `(struct frame){0}` is empty.
#define AUTO_FRAME __attribute__((cleanup(frame_release))) struct frame

// Drops both parts; the frame is empty and usable again.
void frame_release(struct frame *frame);

// One end of the connection.
struct wire {
    int fd;
    struct buf in;  // read and not yet taken
    size_t taken;   // bytes of `in` that were taken
    struct buf out; // to be written
    size_t written; // bytes of `out` that were
    bool ended;     // the other side closed
};

// Starts on a descriptor that stays the caller's.
void wire_init(struct wire *wire, int fd);

// Frees the buffers.
void wire_release(struct wire *wire);

// Queues a frame. Borrows both. ERR_LIMIT.
int wire_put(struct wire *wire, const json_t *json, struct str tail, struct err *err) MUST_USE;

// Writes what is queued as far as the descriptor takes it now; a blocking one takes all. 1 = all written, 0 =
// more is left, -1 = ERR_IO.
int wire_flush(struct wire *wire, struct err *err) MUST_USE;

// Reads what is there now (a blocking descriptor: waits for at least one byte); sets `ended` at the end.
// ERR_IO.
int wire_fill(struct wire *wire, struct err *err) MUST_USE;

// Takes the next whole frame out of what was read. `frame` must be empty. 1 = *frame is owned by the caller,
// 0 = none yet, -1 = ERR_PARSE or ERR_LIMIT: the other side can't be understood any more.
int wire_take(struct wire *wire, struct frame *frame, struct err *err) MUST_USE;

// Waits for the next frame on a blocking descriptor. ERR_IO when the other side is gone.
int wire_wait(struct wire *wire, struct frame *frame, struct err *err) MUST_USE;

#endif
