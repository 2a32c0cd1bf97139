// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/value.h"

#include "base/arena.h"
#include "base/vec.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, PATH_MAX_BYTES = 256, KEY_MAX_BYTES = 40, EMPTY_MAX = 1000 };

// The names of what lies in memory, by its number: "result 1[3]".
struct places {
    struct arena arena;
    char path[PATH_MAX_BYTES]; // where the decoder is
    VEC(const char *) names;
};

struct decoder {
    const struct go_signature *signature;
    struct str rest;
    unsigned depth;
    bool failed;
    struct places *places; // NULL in a call, which is not an output
};

static json_t *decode(struct decoder *decoder, const struct go_type *type);

// Decodes a part of the value that the decoder is at.
static json_t *PRINTF_LIKE(3, 4) decode_part(struct decoder *decoder, size_t type, const char *format, ...)
{
    char *path = decoder->places != NULL ? decoder->places->path : NULL;
    size_t length = path != NULL ? strlen(path) : 0;
    va_list values;

    if (path != NULL) {
        va_start(values, format);
        vsnprintf(path + length, PATH_MAX_BYTES - length, format, values);
        va_end(values);
    }
    json_t *json = decode(decoder, &decoder->signature->types[type]);
    if (path != NULL)
        path[length] = '\0';
    return json;
}

// What lies in memory gets the next number.
static void
meet(struct decoder *decoder)
{
    if (decoder->places != NULL)
        *vec_push(&decoder->places->names) = arena_dup(&decoder->places->arena, decoder->places->path);
}

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
decode_pair(struct decoder *decoder, const struct go_type *type, uint64_t number)
{
    json_t *pair = json_array();
    json_t *key = decode_part(decoder, type->key, "[key %llu]", (unsigned long long)number);

    json_array_append_new(pair, key);
    char *text = json_dumps(key, JSON_ENCODE_ANY | JSON_COMPACT);
    json_array_append_new(pair, decode_part(decoder, type->element, "[%.*s]", KEY_MAX_BYTES, text));
    free(text);
    return pair;
}

static json_t *
decode_many(struct decoder *decoder, const struct go_type *type)
{
    uint64_t count = type->kind == GO_ARRAY ? type->length + 1 : take_word(decoder);

    if (count == 0 || decoder->failed)
        return json_null();
    if (type->kind != GO_ARRAY)
        meet(decoder);
    if (go_type_is_bytes(decoder->signature, type))
        return json_bytes(take(decoder, count - 1));
    json_t *array = json_array();
    for (uint64_t i = 1; i < count && !decoder->failed; i++) {
        size_t left = decoder->rest.len;
        json_array_append_new(array, type->kind == GO_MAP ? decode_pair(decoder, type, i)
                                                          : decode_part(decoder, type->element, "[%llu]",
                                                                        (unsigned long long)(i - 1)));
        if (i > EMPTY_MAX && decoder->rest.len == left) // there may be any number of what takes no room
            break;
    }
    return array;
}

static json_t *
decode_struct(struct decoder *decoder, const struct go_type *type)
{
    json_t *object = json_object();

    for (size_t i = 0; i < type->field_count; i++)
        json_object_set_new(object, type->fields[i].name,
                            decode_part(decoder, type->fields[i].type, ".%s", type->fields[i].name));
    return object;
}

// ---- errors
// ------------------------------------------------------------------------------------------------------------

// What an error is the same as, by its mark.
static json_t *
identity(uint64_t mark)
{
    char text[80];
    unsigned long long number = mark / 2; // from 1

    if (mark == 0)
        return json_string("a new error in every call");
    if (mark == 1)
        return json_string("the same error in every call");
    snprintf(text, sizeof text, mark % 2 == 0 ? "error %llu of the arguments" : "error %llu of this output",
             number);
    return json_string(text);
}

static json_t *
decode_fields_of_error(struct decoder *decoder)
{
    uint64_t count = take_word(decoder);
    json_t *fields = json_object();

    for (uint64_t i = 0; i < count && !decoder->failed; i++) {
        AUTO_JSON *name = json_bytes(take(decoder, take_word(decoder)));
        json_t *value = take_word(decoder) == 0 ? json_null() : json_bytes(take(decoder, take_word(decoder)));
        json_object_set_new(fields, json_is_string(name) ? json_string_value(name) : "?", value);
    }
    return fields;
}

static json_t *decode_error(struct decoder *decoder);

// Adds its type and what it wraps to an error that has more than a text.
static void
decode_type_of_error(struct decoder *decoder, struct str type, json_t *error)
{
    AUTO_JSON *fields = decode_fields_of_error(decoder), *wrapped = json_array();
    uint64_t count = take_word(decoder);

    for (uint64_t i = 0; i < count && !decoder->failed; i++)
        json_array_append_new(wrapped, decode_error(decoder));
    json_object_set_new(error, "type", json_bytes(type));
    if (json_object_size(fields) > 0)
        json_object_set(error, "fields", fields);
    if (json_array_size(wrapped) > 0)
        json_object_set(error, "wraps", wrapped);
}

// An error of an output: its text where there is no more to it, else an object.
static json_t *
decode_error(struct decoder *decoder)
{
    if (decoder->depth >= DEPTH_MAX)
        decoder->failed = true;
    if (decoder->failed || take_word(decoder) == 0)
        return json_null();
    decoder->depth++;
    uint64_t mark = take_word(decoder);
    json_t *text = json_bytes(take(decoder, take_word(decoder)));
    struct str type = take(decoder, take_word(decoder));
    json_t *error = text;
    if (type.len > 0 || mark != 0) {
        error = json_pack("{s:o, s:o}", "text", text, "identity", identity(mark));
        if (type.len > 0)
            decode_type_of_error(decoder, type, error);
    }
    decoder->depth--;
    return error;
}

// ---- values
// ------------------------------------------------------------------------------------------------------------

// What a pointer points to has a star in front; fields are named as Go does, without.
static json_t *
decode_pointee(struct decoder *decoder, size_t type)
{
    char *path = decoder->places != NULL ? decoder->places->path : NULL;
    size_t length = path != NULL ? strlen(path) : 0;

    if (path == NULL || decoder->signature->types[type].kind == GO_STRUCT || length + 1 >= PATH_MAX_BYTES)
        return decode_part(decoder, type, "%s", "");
    memmove(path + 1, path, length + 1);
    path[0] = '*';
    json_t *json = decode_part(decoder, type, "%s", "");
    memmove(path, path + 1, length + 1);
    return json;
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
        meet(decoder);
        return json_bytes(take(decoder, take_word(decoder)));
    case GO_ERROR:
        if (decoder->places != NULL)
            return decode_error(decoder);
        return take_word(decoder) == 0 ? json_null() : json_bytes(take(decoder, take_word(decoder)));
    case GO_POINTER:
        if (take_word(decoder) == 0)
            return json_null();
        meet(decoder);
        return decode_pointee(decoder, type->element);
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
    if (decoder->depth >= DEPTH_MAX)
        decoder->failed = true;
    if (decoder->failed)
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
        json_array_append_new(array, decode_part(decoder, fields[i].type, "%s", fields[i].name));
    return array;
}

json_t *
go_value_decode(const struct go_signature *signature, struct str call)
{
    struct decoder decoder = {.signature = signature, .rest = call};

    return decode_fields(&decoder, signature->arguments, signature->argument_count);
}

// ---- outputs
// -----------------------------------------------------------------------------------------------------------

// "result 1 from byte 2 (capacity 3)"
static json_t *
decode_place(struct decoder *decoder)
{
    uint64_t number = take_word(decoder), offset = take_word(decoder), room = take_word(decoder);
    char text[PATH_MAX_BYTES + 80];

    if (decoder->failed || number >= decoder->places->names.count)
        return json_null();
    int length = snprintf(text, sizeof text, "%s", decoder->places->names.items[number]);
    if (offset > 0)
        length += snprintf(text + length, sizeof text - (size_t)length, " from byte %llu",
                           (unsigned long long)offset);
    if (room > 0)
        snprintf(text + length, sizeof text - (size_t)length, " (capacity %llu)",
                 (unsigned long long)room - 1);
    return json_text(str_of(text));
}

// What shares memory, in groups.
static json_t *
decode_shares(struct decoder *decoder)
{
    json_t *groups = json_array();
    uint64_t count = take_word(decoder);

    for (uint64_t i = 0; i < count && !decoder->failed; i++) {
        json_t *group = json_array();
        uint64_t members = take_word(decoder);
        for (uint64_t k = 0; k < members && !decoder->failed; k++)
            json_array_append_new(group, decode_place(decoder));
        json_array_append_new(groups, group);
    }
    return groups;
}

static void
add_unless_empty(json_t *object, const char *key, json_t *array)
{
    if (json_array_size(array) > 0)
        json_object_set(object, key, array);
    json_decref(array);
}

json_t *
go_value_output(const struct go_signature *signature, struct str output)
{
    struct places places = {0};
    struct decoder decoder = {.signature = signature, .rest = output, .places = &places};

    if (take_word(&decoder) != 0)
        return json_pack("{s:o}", "panic", json_bytes(take(&decoder, take_word(&decoder))));
    json_t *object = json_object(), *changed = json_array();
    json_object_set_new(object, "results",
                        decode_fields(&decoder, signature->results, signature->result_count));
    for (size_t i = 0; i < signature->argument_count; i++)
        if (go_type_is_mutable(signature, signature->arguments[i].type))
            json_array_append_new(changed, decode_part(&decoder, signature->arguments[i].type, "%s",
                                                       signature->arguments[i].name));
    add_unless_empty(object, "changed", changed);
    add_unless_empty(object, "shares_memory", decode_shares(&decoder));
    vec_release(&places.names);
    arena_release(&places.arena);
    return object;
}

bool
go_value_returned(struct str output)
{
    struct decoder decoder = {.rest = output};

    return output.len > 0 && take_word(&decoder) == 0;
}
