// SPDX-License-Identifier: Apache-2.0
// The wire format of Protocol Buffers: fields of a number and a varint, 4 or 8 bytes, or a run of bytes
// (https://protobuf.dev/programming-guides/encoding). Nothing is copied; every length is checked against what
// is there.
#ifndef ATOLL_STEPS_PROFILE_FETCH_PROTO_H
#define ATOLL_STEPS_PROFILE_FETCH_PROTO_H

#include "base/err.h"
#include "base/str.h"

struct proto {
    struct str data;  // the whole file; offsets in errors count from its start
    const char *name; // of the file, for errors; borrowed
    struct str rest;  // what is left of the message at hand
};
struct proto_field {
    uint64_t number;
    bool is_bytes; // `bytes` holds the content, else `value`
    uint64_t value;
    struct str bytes;
    const char *at; // where the field starts
};

// Reads the whole of `data` as one message.
struct proto proto_of(struct str data, const char *name);

// Reads a message inside: `message` is the content of a field of `outer`.
struct proto proto_inner(const struct proto *outer, struct str message);

// 1 with the next field, 0 at the end, -1 with ERR_PARSE.
int proto_next(struct proto *proto, struct proto_field *field, struct err *err) MUST_USE;

// Checks a repeated number, packed or single, so that proto_take can give its values. ERR_PARSE.
int proto_repeated(const struct proto *proto, const struct proto_field *field, struct err *err) MUST_USE;

// Takes the next value off a field that proto_repeated has checked; false when there is none left.
bool proto_take(struct proto_field *field, uint64_t *value);

// Sets ERR_PARSE "NAME: byte OFFSET: ..." with the offset of `at`. Returns -1.
int proto_error(const struct proto *proto, const char *at, struct err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
