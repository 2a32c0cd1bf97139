// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, PATH_MAX_BYTES = 256, BYTES_MAX = 64 << 20 };

struct encoder {
    const struct go_signature *signature;
    const char *name;
    char path[PATH_MAX_BYTES]; // "opts.Names[3]"
    unsigned depth;
    struct buf *out;
    struct err *err;
};

static int encode(struct encoder *encoder, const struct go_type *type, const json_t *json);

static int
refuse(struct encoder *encoder, const char *wanted)
{
    return err_set(encoder->err, ERR_PARSE, "%s: argument \"%s\" needs %s", encoder->name, encoder->path,
                   wanted);
}

static int
encode_integer(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    int64_t value = json_integer_value(json);
    bool is_signed = type->kind == GO_INT, fits = json_is_integer(json);

    if (type->bits < 64) {
        int64_t range = INT64_C(1) << (type->bits - (is_signed ? 1 : 0));
        fits = fits && value < range && value >= (is_signed ? -range : 0);
    }
    if (!fits) {
        char wanted[128];
        snprintf(wanted, sizeof wanted, "a whole number that fits %s", type->name);
        return refuse(encoder, wanted);
    }
    buf_add_u64(encoder->out, (uint64_t)value);
    return 0;
}

static int
encode_real(struct encoder *encoder, const json_t *json, unsigned bits)
{
    static const struct {
        const char *name;
        double value;
    } names[] = {{"NaN", NAN}, {"Inf", INFINITY}, {"-Inf", -INFINITY}};
    double value = json_is_number(json) ? json_number_value(json) : 0;
    bool known = json_is_number(json);
    uint64_t word;

    for (size_t i = 0; i < 3 && json_is_string(json); i++) {
        if (strcmp(json_string_value(json), names[i].name) == 0) {
            known = true;
            value = names[i].value;
        }
    }
    if (!known)
        return refuse(encoder, "a number, \"NaN\", \"Inf\" or \"-Inf\"");
    if (bits == 32)
        value = (double)(float)value;
    memcpy(&word, &value, sizeof word);
    buf_add_u64(encoder->out, word);
    return 0;
}

static int
encode_complex(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    if (json_array_size(json) != 2)
        return refuse(encoder, "an array [re, im]");
    if (encode_real(encoder, json_array_get(json, 0), type->bits / 2) != 0)
        return -1;
    return encode_real(encoder, json_array_get(json, 1), type->bits / 2);
}

static int
encode_text(struct encoder *encoder, const json_t *json)
{
    AUTO_BUF bytes = BUF(BYTES_MAX);

    if (!json_bytes_into(json, &bytes))
        return refuse(encoder, "a string or {\"b64\": \"..\"}");
    buf_add_u64(encoder->out, bytes.len);
    buf_add_str(encoder->out, buf_str(&bytes));
    return 0;
}

// Elements of an array as bytes; false when one is none.
static bool
numbers_into(const json_t *json, struct buf *bytes)
{
    size_t i;
    json_t *item;

    if (!json_is_array(json))
        return false;
    json_array_foreach(json, i, item)
    {
        int64_t value = json_is_integer(item) ? json_integer_value(item) : -1;
        if (value < 0 || value > 255)
            return false;
        buf_putc(bytes, (char)value);
    }
    return true;
}

static int
encode_bytes(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    AUTO_BUF bytes = BUF(BYTES_MAX);
    char wanted[64];

    if (!json_bytes_into(json, &bytes) && !numbers_into(json, &bytes))
        return refuse(encoder, "a string, {\"b64\": \"..\"} or an array of bytes");
    if (type->kind == GO_SLICE) {
        buf_add_u64(encoder->out, bytes.len + 1);
    } else if (bytes.len != type->length) {
        snprintf(wanted, sizeof wanted, "%zu bytes", type->length);
        return refuse(encoder, wanted);
    }
    buf_add_str(encoder->out, buf_str(&bytes));
    return 0;
}

static int
encode_elements(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    size_t i, length = strlen(encoder->path);
    json_t *item;
    char wanted[64];

    if (!json_is_array(json))
        return refuse(encoder, "an array");
    if (type->kind == GO_SLICE) {
        buf_add_u64(encoder->out, json_array_size(json) + 1);
    } else if (json_array_size(json) != type->length) {
        snprintf(wanted, sizeof wanted, "an array of %zu", type->length);
        return refuse(encoder, wanted);
    }
    json_array_foreach(json, i, item)
    {
        snprintf(encoder->path + length, sizeof encoder->path - length, "[%zu]", i);
        if (encode(encoder, &encoder->signature->types[type->element], item) != 0)
            return -1;
    }
    encoder->path[length] = '\0';
    return 0;
}

struct pair {
    struct str key, whole; // encoded
};

static int
by_key(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    size_t common = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = common > 0 ? memcmp(x->key.ptr, y->key.ptr, common) : 0;

    return order != 0 ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

// Encodes pairs into `bytes`, their ends into `ends` (two each, of the key and of the value).
static int
encode_pairs(struct encoder *encoder, const struct go_type *type, const json_t *pairs, struct buf *bytes,
             size_t *ends)
{
    const struct go_type *types = encoder->signature->types;
    struct buf *out = encoder->out;
    size_t i, length = strlen(encoder->path);
    json_t *item;
    int status = 0;

    encoder->out = bytes;
    json_array_foreach(pairs, i, item)
    {
        snprintf(encoder->path + length, sizeof encoder->path - length, "[%zu]", i);
        status = json_array_size(item) != 2 ? refuse(encoder, "a pair [key, value]")
                                            : encode(encoder, &types[type->key], json_array_get(item, 0));
        ends[2 * i] = bytes->len;
        if (status == 0)
            status = encode(encoder, &types[type->element], json_array_get(item, 1));
        ends[2 * i + 1] = bytes->len;
        if (status != 0)
            break;
    }
    encoder->path[length] = '\0';
    encoder->out = out;
    return status;
}

static int
encode_map(struct encoder *encoder, const struct go_type *type, json_t *pairs)
{
    AUTO_BUF bytes = BUF(BYTES_MAX);
    AUTO_ARENA arena = {0};
    size_t count = json_array_size(pairs);
    size_t *ends = ARENA_ARRAY(&arena, size_t, 2 * count + 1);
    struct pair *sorted = ARENA_ARRAY(&arena, struct pair, count + 1);

    if (encode_pairs(encoder, type, pairs, &bytes, ends) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        size_t start = i == 0 ? 0 : ends[2 * i - 1];
        sorted[i].key = str_n(buf_text(&bytes) + start, ends[2 * i] - start);
        sorted[i].whole = str_n(buf_text(&bytes) + start, ends[2 * i + 1] - start);
    }
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, by_key);
    buf_add_u64(encoder->out, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(sorted[i].key, sorted[i - 1].key))
            return refuse(encoder, "each key once");
        buf_add_str(encoder->out, sorted[i].whole);
    }
    return 0;
}

// An object's members are pairs with text keys.
static int
encode_map_json(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    const char *key;
    json_t *value;

    if (json_is_array(json))
        return encode_map(encoder, type, (json_t *)(uintptr_t)json);
    if (!json_is_object(json))
        return refuse(encoder, "an object, or an array of pairs [key, value]");
    AUTO_JSON *pairs = json_array();
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
        json_array_append_new(pairs, json_pack("[s, O]", key, value));
    return encode_map(encoder, type, pairs);
}

static int
encode_struct(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    size_t length = strlen(encoder->path), known = 0;

    if (json != NULL && !json_is_object(json))
        return refuse(encoder, "an object by field name");
    for (size_t i = 0; i < type->field_count; i++) {
        const json_t *member = json_object_get(json, type->fields[i].name);
        known += member != NULL;
        snprintf(encoder->path + length, sizeof encoder->path - length, ".%s", type->fields[i].name);
        if (encode(encoder, &encoder->signature->types[type->fields[i].type], member) != 0)
            return -1;
        encoder->path[length] = '\0';
    }
    return known == json_object_size(json) ? 0 : refuse(encoder, "only fields that its type has");
}

// What is missing in a structure: the zero value.
static int
encode_zero(struct encoder *encoder, const struct go_type *type)
{
    const struct go_type *element = &encoder->signature->types[type->element];

    if (type->kind == GO_STRUCT)
        return encode_struct(encoder, type, NULL);
    if (type->kind == GO_ARRAY && go_type_is_bytes(encoder->signature, type)) {
        for (size_t i = 0; i < type->length && !encoder->out->full; i++)
            buf_putc(encoder->out, '\0');
        return 0;
    }
    for (size_t i = 0; type->kind == GO_ARRAY && i < type->length && !encoder->out->full; i++)
        if (encode(encoder, element, NULL) != 0)
            return -1;
    if (type->kind == GO_ARRAY)
        return 0;
    buf_add_u64(encoder->out, 0);
    if (type->kind == GO_COMPLEX)
        buf_add_u64(encoder->out, 0);
    return 0;
}

static bool
can_be_nil(const struct go_type *type)
{
    return type->kind == GO_POINTER || type->kind == GO_SLICE || type->kind == GO_MAP ||
           type->kind == GO_ERROR;
}

static int
encode_there(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    switch (type->kind) {
    case GO_BOOL:
        if (!json_is_boolean(json))
            return refuse(encoder, "true or false");
        buf_add_u64(encoder->out, json_is_true(json));
        return 0;
    case GO_INT:
    case GO_UINT:
        return encode_integer(encoder, type, json);
    case GO_FLOAT:
        return encode_real(encoder, json, type->bits);
    case GO_COMPLEX:
        return encode_complex(encoder, type, json);
    case GO_ERROR:
        buf_add_u64(encoder->out, 1);
        return encode_text(encoder, json);
    case GO_STRING:
        return encode_text(encoder, json);
    case GO_POINTER:
        buf_add_u64(encoder->out, 1);
        return encode(encoder, &encoder->signature->types[type->element], json);
    case GO_SLICE:
    case GO_ARRAY:
        return go_type_is_bytes(encoder->signature, type) ? encode_bytes(encoder, type, json)
                                                          : encode_elements(encoder, type, json);
    case GO_MAP:
        return encode_map_json(encoder, type, json);
    case GO_STRUCT:
        return encode_struct(encoder, type, json);
    case GO_OTHER:
    default:
        return refuse(encoder, "another type");
    }
}

// `json` NULL stands for the zero value.
static int
encode(struct encoder *encoder, const struct go_type *type, const json_t *json)
{
    if (encoder->depth >= DEPTH_MAX)
        return refuse(encoder, "less depth");
    if (json_is_null(json) && !can_be_nil(type))
        return refuse(encoder, "a value, its type has no nil");
    encoder->depth++;
    int status =
        json == NULL || json_is_null(json) ? encode_zero(encoder, type) : encode_there(encoder, type, json);
    encoder->depth--;
    return status;
}

int
go_value_encode(const struct go_signature *signature, const json_t *arguments, const char *name,
                struct buf *out, struct err *err)
{
    struct encoder encoder = {.signature = signature, .name = name, .out = out, .err = err};

    if (!json_is_array(arguments) || json_array_size(arguments) != signature->argument_count)
        return err_set(
            err, ERR_PARSE,
            "%s: \"args\" needs one entry a parameter (a method's receiver is the first), %zu in all", name,
            signature->argument_count);
    for (size_t i = 0; i < signature->argument_count; i++) {
        snprintf(encoder.path, sizeof encoder.path, "%s", signature->arguments[i].name);
        if (encode(&encoder, &signature->types[signature->arguments[i].type], json_array_get(arguments, i)) !=
            0)
            return -1;
    }
    return 0;
}
