// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/proto.h"

#include <stdarg.h>
#include <stdio.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct proto
proto_of(struct str data, const char *name)
{
    return (struct proto){.data = data, .name = name, .rest = data};
}

struct proto
proto_inner(const struct proto *outer, struct str message)
{
    return (struct proto){.data = outer->data, .name = outer->name, .rest = message};
}

int
proto_error(const struct proto *proto, const char *at, struct err *err, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t offset = at && proto->data.ptr ? (size_t)(at - proto->data.ptr) : 0;
    return err_set(err, ERR_PARSE, "%s: byte %zu: %s", proto->name, offset, text);
}

// Takes a varint off the front; false when it is cut off or longer than 64 bits.
static bool
S_varint(struct str *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 10 && i < rest->len; i++) {
        uint8_t byte = (uint8_t)rest->ptr[i];
        if (i == 9 && byte > 1)
            return false;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = str_from(*rest, i + 1);
            return true;
        }
    }
    return false;
}

static int
S_fixed(struct proto *proto, struct proto_field *field, size_t size, struct err *err)
{
    if (proto->rest.len < size)
        return proto_error(proto, field->at, err, "cut off in a number of %zu bytes", size);
    field->value = 0;
    for (size_t i = 0; i < size; i++)
        field->value |= (uint64_t)(uint8_t)proto->rest.ptr[i] << (8 * i);
    proto->rest = str_from(proto->rest, size);
    return 1;
}

int
proto_next(struct proto *proto, struct proto_field *field, struct err *err)
{
    if (proto->rest.len == 0)
        return 0;
    *field = (struct proto_field){.at = proto->rest.ptr};
    uint64_t tag, len;
    if (!S_varint(&proto->rest, &tag) || tag >> 3 == 0)
        return proto_error(proto, field->at, err, "not a field tag");
    field->number = tag >> 3;
    switch (tag & 7) {
    case WIRE_VARINT:
        if (!S_varint(&proto->rest, &field->value))
            return proto_error(proto, field->at, err, "cut off or overlong number");
        return 1;
    case WIRE_64:
        return S_fixed(proto, field, 8, err);
    case WIRE_32:
        return S_fixed(proto, field, 4, err);
    case WIRE_BYTES:
        if (!S_varint(&proto->rest, &len) || len > proto->rest.len)
            return proto_error(proto, field->at, err,
                               "field %llu is longer than what is left: the file is cut off",
                               (unsigned long long)field->number);
        field->is_bytes = true;
        field->bytes = str_head(proto->rest, (size_t)len);
        proto->rest = str_from(proto->rest, (size_t)len);
        return 1;
    default:
        return proto_error(proto, field->at, err, "unknown wire type %u", (unsigned)(tag & 7));
    }
}

int
proto_repeated(const struct proto *proto, const struct proto_field *field, struct err *err)
{
    if (!field->is_bytes)
        return 0;
    struct str rest = field->bytes;
    uint64_t value;
    while (rest.len > 0) {
        const char *at = rest.ptr;
        if (!S_varint(&rest, &value))
            return proto_error(proto, at, err, "cut off or overlong number in a packed list");
    }
    return 0;
}

bool
proto_take(struct proto_field *field, uint64_t *value)
{
    if (field->is_bytes)
        return field->bytes.len > 0 && S_varint(&field->bytes, value);
    *value = field->value;
    field->is_bytes = true; // a single number is taken once
    field->bytes = (struct str){0};
    return true;
}
