// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go_value.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 100 };

struct decoder {
    const struct go_signature *signature;
    struct str rest;
    unsigned depth;
    bool failed;
};

static json_t *decode(struct decoder *decoder, const struct go_type *type);

static struct str
take(struct decoder *decoder, uint64_t count)
{
    if (count > decoder->rest.len) {
        decoder->failed = true;
        return STR("");
    }
    struct str taken = str_head(decoder->rest, (size_t)count);
    decoder->rest = str_from(decoder->rest, (size_t)count);
    return taken;
}

static uint64_t
take_word(struct decoder *decoder)
{
    uint64_t word = 0;
    struct str bytes = take(decoder, sizeof word);

    if (bytes.len == sizeof word)
        memcpy(&word, bytes.ptr, sizeof word);
    return word;
}

static json_t *
decode_real(struct decoder *decoder)
{
    uint64_t word = take_word(decoder);
    double value;

    memcpy(&value, &word, sizeof value);
    return isnan(value)   ? json_string("NaN")
           : isinf(value) ? json_string(value > 0 ? "Inf" : "-Inf")
                          : json_real(value);
}

static json_t *
decode_complex(struct decoder *decoder)
{
    json_t *pair = json_array();

    json_array_append_new(pair, decode_real(decoder));
    json_array_append_new(pair, decode_real(decoder));
    return pair;
}

static json_t *
decode_pair(struct decoder *decoder, const struct go_type *type)
{
    json_t *pair = json_array();

    json_array_append_new(pair, decode(decoder, &decoder->signature->types[type->key]));
    json_array_append_new(pair, decode(decoder, &decoder->signature->types[type->element]));
    return pair;
}

static json_t *
decode_many(struct decoder *decoder, const struct go_type *type)
{
    uint64_t count = type->kind == GO_ARRAY ? type->length + 1 : take_word(decoder);

    if (count == 0 || decoder->failed)
        return json_null();
    if (go_type_is_bytes(decoder->signature, type))
        return json_bytes(take(decoder, count - 1));
    json_t *array = json_array();
    for (uint64_t i = 1; i < count && !decoder->failed; i++)
        json_array_append_new(array, type->kind == GO_MAP
                                         ? decode_pair(decoder, type)
                                         : decode(decoder, &decoder->signature->types[type->element]));
    return array;
}

static json_t *
decode_struct(struct decoder *decoder, const struct go_type *type)
{
    json_t *object = json_object();

    for (size_t i = 0; i < type->field_count; i++)
        json_object_set_new(object, type->fields[i].name,
                            decode(decoder, &decoder->signature->types[type->fields[i].type]));
    return object;
}

static json_t *
decode_there(struct decoder *decoder, const struct go_type *type)
{
    switch (type->kind) {
    case GO_BOOL:
        return json_boolean(take_word(decoder) != 0);
    case GO_INT:
    case GO_UINT:
        return json_integer((json_int_t)take_word(decoder));
    case GO_FLOAT:
        return decode_real(decoder);
    case GO_COMPLEX:
        return decode_complex(decoder);
    case GO_STRING:
        return json_bytes(take(decoder, take_word(decoder)));
    case GO_ERROR:
        return take_word(decoder) == 0 ? json_null() : json_bytes(take(decoder, take_word(decoder)));
    case GO_POINTER:
        return take_word(decoder) == 0 ? json_null()
                                       : decode(decoder, &decoder->signature->types[type->element]);
    case GO_SLICE:
    case GO_ARRAY:
    case GO_MAP:
        return decode_many(decoder, type);
    case GO_STRUCT:
        return decode_struct(decoder, type);
    case GO_OTHER:
    default:
        return json_null();
    }
}

static json_t *
decode(struct decoder *decoder, const struct go_type *type)
{
    if (decoder->failed || decoder->depth >= DEPTH_MAX)
        return json_null();
    decoder->depth++;
    json_t *json = decode_there(decoder, type);
    decoder->depth--;
    return json;
}

static json_t *
decode_fields(struct decoder *decoder, const struct go_field *fields, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, decode(decoder, &decoder->signature->types[fields[i].type]));
    return array;
}

json_t *
go_value_decode(const struct go_signature *signature, struct str call)
{
    struct decoder decoder = {.signature = signature, .rest = call};

    return decode_fields(&decoder, signature->arguments, signature->argument_count);
}

json_t *
go_value_output(const struct go_signature *signature, struct str output)
{
    struct decoder decoder = {.signature = signature, .rest = output};

    if (take_word(&decoder) != 0)
        return json_pack("{s:o}", "panic", json_bytes(take(&decoder, take_word(&decoder))));
    json_t *object = json_object(), *changed = json_array();
    json_object_set_new(object, "results",
                        decode_fields(&decoder, signature->results, signature->result_count));
    for (size_t i = 0; i < signature->argument_count; i++)
        if (go_type_is_mutable(signature, signature->arguments[i].type))
            json_array_append_new(changed, decode(&decoder, &signature->types[signature->arguments[i].type]));
    if (json_array_size(changed) > 0)
        json_object_set(object, "changed", changed);
    json_decref(changed);
    return object;
}

bool
go_value_returned(struct str output)
{
    struct decoder decoder = {.rest = output};

    return output.len > 0 && take_word(&decoder) == 0;
}
