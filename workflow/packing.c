// SPDX-License-Identifier: Apache-2.0
#include "workflow/packing.h"

#include <string.h>

void
packing_add_text(struct buf *out, struct str text)
{
    buf_add_u32(out, (uint32_t)text.len);
    buf_add_str(out, text);
}

void
packing_add_real(struct buf *out, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    buf_add_u64(out, bits);
}

static void
add_array(struct buf *out, const json_t *array)
{
    size_t i;
    const json_t *value;
    buf_add_u32(out, (uint32_t)json_array_size(array));
    json_array_foreach(array, i, value) packing_add(out, value);
}

static void
add_object(struct buf *out, const json_t *object)
{
    buf_add_u32(out, (uint32_t)json_object_size(object));
    json_t *borrowed = (json_t *)(uintptr_t)object;
    for (void *at = json_object_iter(borrowed); at; at = json_object_iter_next(borrowed, at)) {
        packing_add_text(out, str_n(json_object_iter_key(at), json_object_iter_key_len(at)));
        packing_add(out, json_object_iter_value(at));
    }
}

void
packing_add(struct buf *out, const json_t *json)
{
    static const char tags[] = {
        [JSON_OBJECT] = 'o', [JSON_ARRAY] = 'a', [JSON_STRING] = 's', [JSON_INTEGER] = 'i',
        [JSON_REAL] = 'd',   [JSON_TRUE] = 't',  [JSON_FALSE] = 'f',  [JSON_NULL] = 'n'};
    char tag = tags[json_typeof(json)];
    buf_putc(out, tag);
    if (tag == 's')
        packing_add_text(out, str_n(json_string_value(json), json_string_length(json)));
    else if (tag == 'i')
        buf_add_u64(out, (uint64_t)json_integer_value(json));
    else if (tag == 'd')
        packing_add_real(out, json_real_value(json));
    else if (tag == 'a')
        add_array(out, json);
    else if (tag == 'o')
        add_object(out, json);
}

const char *
packing_take(struct packing_reader *reader, size_t len)
{
    if (!reader->ptr || reader->len < len) {
        reader->ptr = NULL;
        return NULL;
    }
    const char *start = reader->ptr;
    reader->ptr += len;
    reader->len -= len;
    return start;
}

uint64_t
packing_take_number(struct packing_reader *reader, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)packing_take(reader, size);
    uint64_t number = 0;
    for (size_t i = size; bytes && i-- > 0;)
        number = number << 8 | bytes[i];
    return number;
}

struct str
packing_take_text(struct packing_reader *reader)
{
    size_t len = (size_t)packing_take_number(reader, 4);
    const char *text = packing_take(reader, len);
    return str_n(text, text ? len : 0);
}

double
packing_take_real(struct packing_reader *reader)
{
    uint64_t bits = packing_take_number(reader, 8);
    double real;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

static json_t *take_value(struct packing_reader *reader);

static json_t *
take_array(struct packing_reader *reader)
{
    json_t *array = json_array();
    for (uint64_t left = packing_take_number(reader, 4); left > 0 && reader->ptr; left--)
        if (json_array_append_new(array, take_value(reader)) < 0)
            reader->ptr = NULL;
    return array;
}

static json_t *
take_object(struct packing_reader *reader)
{
    json_t *object = json_object();
    for (uint64_t left = packing_take_number(reader, 4); left > 0 && reader->ptr; left--) {
        struct str key = packing_take_text(reader);
        // A key with a NUL could be stored as text and never be read again.
        bool whole = str_find_byte(key, '\0') < 0;
        if (!whole || json_object_setn_new(object, key.ptr, key.len, take_value(reader)) < 0)
            reader->ptr = NULL;
    }
    return object;
}

static json_t *
take_string(struct packing_reader *reader)
{
    struct str text = packing_take_text(reader);
    return text.ptr ? json_stringn(text.ptr, text.len) : NULL;
}

static json_t *
take_nested(struct packing_reader *reader, json_t *(*inside)(struct packing_reader *))
{
    if (reader->depth == JSON_DEPTH_MAX)
        return NULL;
    reader->depth++;
    json_t *value = inside(reader);
    reader->depth--;
    return value;
}

// NULL when there is none; the reader may stand anywhere then.
static json_t *
take_value(struct packing_reader *reader)
{
    const char *tag = packing_take(reader, 1);
    switch (tag ? *tag : '\0') {
    case 'n':
        return json_null();
    case 't':
        return json_true();
    case 'f':
        return json_false();
    case 'i':
        return json_integer((json_int_t)packing_take_number(reader, 8));
    case 'd':
        return json_real(packing_take_real(reader));
    case 's':
        return take_string(reader);
    case 'a':
        return take_nested(reader, take_array);
    case 'o':
        return take_nested(reader, take_object);
    default:
        return NULL;
    }
}

json_t *
packing_read(struct str bytes, struct err *err)
{
    struct packing_reader reader = {.ptr = bytes.ptr ? bytes.ptr : "", .len = bytes.len};
    json_t *json = take_value(&reader);
    if (json && reader.ptr && reader.len == 0)
        return json;
    json_decref(json);
    err_set(err, ERR_PARSE, "journal: a message is not a packed value");
    return NULL;
}
