// SPDX-License-Identifier: Apache-2.0
// Values as JSON, in the form of captured calls.
#include "steps/shared/target/value.h"

#include <string.h>

static json_t *
number_json(const struct parameter *parameter, uint64_t bits)
{
    if (!parameter->is_real)
        return json_integer((json_int_t)bits);
    double real;
    memcpy(&real, &bits, sizeof(real));
    json_t *json = json_real(real);
    return json != NULL ? json : json_null(); // not a number has no JSON form
}

// Without what is added again when it is read: zeros behind an array of bytes, the room behind a text.
static struct str
shortened(const struct parameter *parameter, const struct value *value, bool counted)
{
    struct str content = value->content;
    size_t length = content.len;
    if (value_element_bytes(parameter) != 1 || (parameter->kind != CELL_ARRAY && !parameter->until_nul))
        return content;
    while (length > 0 && content.ptr[length - 1] == '\0')
        length--;
    if (parameter->kind == CELL_ARRAY || parameter->fixed_count > 0 || counted)
        return str_head(content, length);
    return length + 1 == content.len && memchr(content.ptr, '\0', length) == NULL ? str_head(content, length)
                                                                                  : content;
}

static json_t *
content_json(const struct parameter *parameter, const struct value *value, bool counted)
{
    struct str content = shortened(parameter, value, counted);
    if (value_element_bytes(parameter) == 1)
        return json_bytes(content);
    json_t *list = json_array();
    for (size_t at = 0; at + parameter->size <= content.len; at += parameter->size) {
        json_t *element = number_json(parameter, value_element_at(parameter, content.ptr + at));
        if (json_is_null(element)) { // no JSON number: then as bytes
            json_decref(list);
            return json_bytes(content);
        }
        json_array_append_new(list, element);
    }
    return list;
}

static bool
is_counted(const struct parameter *list, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == CELL_COUNT && list[i].of == (int)index)
            return true;
    return false;
}

static json_t *
element_json(const struct parameter *parameter, const struct value *parts)
{
    json_t *members = value_list_json(parameter->members, parameter->member_count, parts, true);
    if (!value_is_unnamed(parameter))
        return members;
    json_t *only = json_incref(json_object_get(members, ""));
    json_decref(members);
    return only;
}

static json_t *
elements_json(const struct parameter *parameter, const struct value *value)
{
    size_t count = value_elements(parameter, value);
    if (value_is_single(parameter) && count == 1)
        return element_json(parameter, value->parts);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, element_json(parameter, value->parts + i * parameter->member_count));
    return list;
}

static json_t *
one_json(const struct parameter *list, size_t count, const struct value *values, size_t index)
{
    const struct parameter *parameter = &list[index];
    if (parameter->kind == CELL_OUT || (parameter->kind == CELL_CONTEXT && !value_is_composite(parameter)))
        return json_null();
    if (parameter->kind == CELL_COUNT)
        return json_integer((json_int_t)value_count_of(list, values, index));
    if (value_is_composite(parameter))
        return elements_json(parameter, &values[index]);
    if (parameter->kind == CELL_SCALAR)
        return number_json(parameter, values[index].number);
    return content_json(parameter, &values[index], is_counted(list, count, index));
}

json_t *
value_list_json(const struct parameter *list, size_t count, const struct value *values, bool by_name)
{
    json_t *json = by_name ? json_object() : json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = one_json(list, count, values, i);
        one = one != NULL ? one : json_null();
        if (by_name)
            json_object_set_new(json, list[i].name, one);
        else
            json_array_append_new(json, one);
    }
    return json;
}
