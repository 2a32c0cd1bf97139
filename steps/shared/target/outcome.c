// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/outcome.h"

#include "steps/shared/target/language.h"

#include <string.h>

#define MARK_NULL (UINT64_MAX - 32)
#define MARK_FOREIGN (UINT64_MAX - 33)
#define MARKS_MIN (UINT64_MAX - 64)

enum { FOREIGN_BYTES = 16 };

enum mode { MODE_CONST, MODE_CHANGED, MODE_FRESH }; // as in sandbox/cell/output.c

struct reading {
    struct str rest;
    bool cut; // the output is too short
};

static json_t *read_list(struct reading *reading, const struct parameter *list, size_t count,
                         const struct value *values, enum mode mode);

static uint64_t
take_u64(struct reading *reading)
{
    uint64_t value = 0;
    if (reading->rest.len < sizeof(value)) {
        reading->cut = true;
        return 0;
    }
    memcpy(&value, reading->rest.ptr, sizeof(value));
    reading->rest = str_from(reading->rest, sizeof(value));
    return value;
}

static struct str
take_bytes(struct reading *reading, uint64_t length)
{
    if (length > reading->rest.len) {
        reading->cut = true;
        length = reading->rest.len;
    }
    struct str bytes = str_head(reading->rest, (size_t)length);
    reading->rest = str_from(reading->rest, (size_t)length);
    return bytes;
}

static json_t *
number(const struct parameter *parameter, uint64_t bits)
{
    if (!parameter->is_real)
        return json_integer((json_int_t)bits);
    double real;
    memcpy(&real, &bits, sizeof(real));
    json_t *json = json_real(real);
    return json != NULL ? json : json_string("not a finite number");
}

// A byte count and the bytes, as elements.
static json_t *
plain(struct reading *reading, const struct parameter *parameter)
{
    struct str bytes = take_bytes(reading, take_u64(reading));
    size_t size = value_element_bytes(parameter);
    if (size <= 1)
        return json_bytes(bytes);
    json_t *list = json_array();
    for (size_t at = 0; at + size <= bytes.len; at += size)
        json_array_append_new(list, number(parameter, value_element_at(parameter, bytes.ptr + at)));
    return list;
}

static json_t *
elements(struct reading *reading, const struct parameter *parameter, const struct value *value,
         uint64_t count, enum mode mode)
{
    json_t *list = json_array();
    size_t members = parameter->member_count;
    bool unnamed = members == 1 && parameter->members[0].name[0] == '\0';
    for (uint64_t i = 0; i < count && !reading->cut; i++) {
        const struct value *parts = mode == MODE_FRESH ? NULL : value->parts + i * members;
        json_t *one = read_list(reading, parameter->members, members, parts, mode);
        json_array_append(list, unnamed ? json_object_get(one, "") : one);
        json_decref(one);
    }
    if (json_array_size(list) == 1 && parameter->fixed_count == 1) {
        json_t *only = json_incref(json_array_get(list, 0));
        json_decref(list);
        return only;
    }
    return list;
}

// What the buffer of a pointer holds; NULL when nothing of it is put out.
static json_t *
buffer(struct reading *reading, const struct parameter *parameter, const struct value *value, enum mode mode)
{
    bool is_out = parameter->kind == CELL_OUT;
    bool is_const = parameter->kind == CELL_IN || parameter->kind == CELL_TEXT;
    if (!value_is_composite(parameter))
        return is_const ? NULL : plain(reading, parameter);
    uint64_t count = is_const ? value->number : take_u64(reading);
    if (is_const && !parameter_is_output(parameter))
        return NULL;
    mode = is_out ? MODE_FRESH : is_const ? MODE_CONST : mode == MODE_CONST ? MODE_CHANGED : mode;
    return elements(reading, parameter, value, count <= value->number ? count : value->number, mode);
}

static json_t *
pointer(struct reading *reading, const struct parameter *parameter, const struct value *value, enum mode mode)
{
    json_t *where = NULL;
    if (mode != MODE_CONST) {
        uint64_t at = take_u64(reading);
        bool is_text = mode == MODE_CHANGED && parameter->kind == CELL_TEXT && !value_is_composite(parameter);
        if (at == MARK_FOREIGN)
            (void)take_bytes(reading, FOREIGN_BYTES);
        if (at >= MARKS_MIN)
            where = at == MARK_NULL ? json_null() : json_string("elsewhere");
        else if (is_text)
            where = json_bytes(take_bytes(reading, at));
        else
            where = json_pack("{s:I, s:I}", "buffer", (json_int_t)(at >> 32), "offset",
                              (json_int_t)(at & UINT32_MAX));
    }
    json_t *held = mode == MODE_FRESH ? NULL : buffer(reading, parameter, value, mode);
    if (held == NULL)
        return where;
    if (where == NULL)
        return held;
    return json_pack("{s:o, s:o}", "at", where, "holds", held);
}

static json_t *
member(struct reading *reading, const struct parameter *parameter, const struct value *value, enum mode mode)
{
    switch (parameter->kind) {
    case CELL_SCALAR:
        if (value_is_composite(parameter))
            return read_list(reading, parameter->members, parameter->member_count,
                             value != NULL ? value->parts : NULL, mode);
        return mode == MODE_CONST ? NULL : number(parameter, take_u64(reading));
    case CELL_ARRAY:
        if (value_is_composite(parameter))
            return elements(reading, parameter, value, parameter->fixed_count, mode);
        return mode == MODE_CONST ? NULL : plain(reading, parameter);
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
    case CELL_OUT:
        return pointer(reading, parameter, value, mode);
    case CELL_COUNT:
    case CELL_CONTEXT:
    case CELL_END:
    default:
        return NULL;
    }
}

static void
set(json_t *object, const char *name, json_t *value)
{
    if (value != NULL)
        json_object_set_new(object, name, value);
}

// A list's own values in order, its counts last.
static json_t *
read_list(struct reading *reading, const struct parameter *list, size_t count, const struct value *values,
          enum mode mode)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count && !reading->cut; i++)
        set(object, list[i].name, member(reading, &list[i], values != NULL ? &values[i] : NULL, mode));
    for (size_t i = 0; i < count && mode != MODE_CONST && !reading->cut; i++)
        if (list[i].kind == CELL_COUNT)
            set(object, list[i].name, number(&list[i], take_u64(reading)));
    return object;
}

bool
outcome_is_nested(const struct signature *signature)
{
    bool nested = signature->result_members != NULL;
    for (size_t i = 0; i < signature->count; i++)
        nested |= signature->parameters[i].kind == CELL_CONTEXT || signature->parameters[i].members != NULL;
    return nested;
}

static json_t *
read_result(struct reading *reading, const struct signature *signature)
{
    const struct parameter result = {.is_real = signature->result_real};
    if (signature->result_members != NULL)
        return read_list(reading, signature->result_members, signature->result_member_count, NULL,
                         MODE_FRESH);
    uint64_t bits = take_u64(reading);
    return signature->result_size > 0 ? number(&result, bits) : NULL;
}

json_t *
outcome_json(const struct signature *signature, const struct value *values, struct str output)
{
    struct reading reading = {.rest = output};
    json_t *object = json_object();
    set(object, "result", read_result(&reading, signature));
    for (size_t i = 0; i < signature->count && !reading.cut; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        json_t *one = NULL;
        if (parameter->kind == CELL_CONTEXT)
            one = parameter->fixed_count > 0 ? json_integer((json_int_t)take_u64(&reading)) : NULL;
        else if (parameter_is_buffer(parameter))
            one = buffer(&reading, parameter, &values[i], MODE_CHANGED);
        else if (value_is_composite(parameter) && parameter_is_output(parameter))
            one =
                read_list(&reading, parameter->members, parameter->member_count, values[i].parts, MODE_CONST);
        set(object, parameter->name, one);
    }
    if (reading.rest.len > 0 && !reading.cut)
        json_set_text(object, "beside", "const data was changed, or something written behind a buffer");
    return object;
}

bool
outcome_is_timed(const struct signature *signature, struct str output)
{
    return signature->calls == NULL || signature->calls->returned(output);
}
