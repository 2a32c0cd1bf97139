// SPDX-License-Identifier: Apache-2.0
// Values from JSON, in the form of captured calls.
#include "steps/shared/target/value.h"

#include <math.h>
#include <string.h>

#define BUFFER_MAX_BYTES (16u << 20)

enum { CAPACITY_MAX = 16 << 20 };

// The list that is being read.
struct reading {
    struct arena *arena;
    const struct value_place *place;
    const struct parameter *list;
    size_t count;
    const json_t *json;
    struct value *values;
};

#define ARGUMENT "%s: argument \"%s%s\""
#define ARGUMENT_OF(reading, parameter) (reading)->place->name, (reading)->place->path, (parameter)->name

static const json_t *
given(const struct reading *reading, size_t index)
{
    const json_t *value = json_is_array(reading->json)
                              ? json_array_get(reading->json, index)
                              : json_object_get(reading->json, reading->list[index].name);
    return json_is_null(value) ? NULL : value;
}

static bool
is_number(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

static bool
is_bool(const struct parameter *parameter)
{
    return strcmp(parameter->element, "bool") == 0 || strcmp(parameter->element, "_Bool") == 0;
}

// The value of a JSON number as an integer; false when it is not whole.
static bool
whole(const json_t *value, int64_t *out)
{
    double real = json_number_value(value);
    if (json_is_integer(value))
        *out = json_integer_value(value);
    else if (json_is_boolean(value))
        *out = json_is_true(value);
    else if (fabs(real) < 9e15 && floor(real) == real)
        *out = (int64_t)real;
    else
        return false;
    return true;
}

// Whether a parameter's element can have a value. 8 bytes without sign are written with sign beyond 2^63, and
// single bytes may have any sign.
static bool
fits(const struct parameter *parameter, int64_t value)
{
    if (parameter->size >= 8)
        return true;
    if (is_bool(parameter))
        return value == 0 || value == 1;
    int64_t span = INT64_C(1) << (8 * parameter->size);
    bool any_sign = parameter->size == 1 && parameter->kind != CELL_SCALAR;
    int64_t low = parameter->is_signed || any_sign ? -span / 2 : 0;
    int64_t high = parameter->is_signed && !any_sign ? span / 2 - 1 : span - 1;
    return value >= low && value <= high;
}

// The bits of a number as a slot holds it.
static int
number_bits(const struct reading *reading, const struct parameter *parameter, const json_t *value,
            uint64_t *bits, struct err *err)
{
    int64_t integer;
    if (parameter->is_real) {
        double real = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
        memcpy(bits, &real, sizeof(*bits));
        return 0;
    }
    if (!whole(value, &integer))
        return err_set(err, ERR_PARSE, ARGUMENT " of type '%s': %g is not a whole number",
                       ARGUMENT_OF(reading, parameter), parameter->element, json_number_value(value));
    if (!fits(parameter, integer))
        return err_set(err, ERR_PARSE, ARGUMENT ": %lld does not fit type '%s'",
                       ARGUMENT_OF(reading, parameter), (long long)integer, parameter->element);
    *bits = (uint64_t)integer;
    return 0;
}

static int
add_element(const struct reading *reading, const struct parameter *parameter, const json_t *value,
            struct buf *out, struct err *err)
{
    uint64_t bits;
    if (number_bits(reading, parameter, value, &bits, err) != 0)
        return -1;
    value_add_element(parameter, bits, out);
    return 0;
}

static int
read_numbers(const struct reading *reading, const struct parameter *parameter, const json_t *list,
             struct buf *content, struct err *err)
{
    size_t index;
    json_t *element;
    json_array_foreach(list, index, element)
    {
        if (!is_number(element))
            return err_set(err, ERR_PARSE, ARGUMENT ": element %zu is not a number",
                           ARGUMENT_OF(reading, parameter), index);
        if (add_element(reading, parameter, element, content, err) != 0)
            return -1;
    }
    return 0;
}

static size_t
counter_of(const struct reading *reading, size_t buffer)
{
    for (size_t i = 0; i < reading->count; i++)
        if (reading->list[i].kind == CELL_COUNT && reading->list[i].of == (int)buffer)
            return i;
    return reading->count;
}

// Fills up what JSON leaves out: zeros behind an array, the NUL and the room of a text.
static int
fill_up(const struct reading *reading, size_t index, struct buf *content, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    size_t counter = counter_of(reading, index), size = value_element_bytes(parameter);
    size_t wanted = content->len;
    bool ended = memchr(buf_text(content), '\0', content->len) != NULL;
    if (parameter->kind == CELL_ARRAY) {
        wanted = (size_t)parameter->fixed_count * size;
    } else if (parameter->until_nul && parameter->kind == CELL_INOUT) {
        const json_t *said = counter < reading->count ? given(reading, counter) : NULL;
        size_t least = content->len + !ended;
        wanted = parameter->fixed_count > 0 ? parameter->fixed_count : least;
        if (json_is_integer(said) && json_integer_value(said) >= 0 &&
            json_integer_value(said) <= CAPACITY_MAX)
            wanted = (size_t)json_integer_value(said);
        if (wanted < least)
            return err_set(err, ERR_PARSE,
                           ARGUMENT " is a text of %zu bytes and its NUL; there is room for %zu",
                           ARGUMENT_OF(reading, parameter), content->len, wanted);
    }
    while (content->len < wanted && !content->full)
        buf_putc(content, '\0');
    return 0;
}

// The elements of the plain buffer or array at `index`, as many as it takes.
static int
read_content(const struct reading *reading, size_t index, struct buf *content, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    const json_t *value = given(reading, index);
    size_t size = value_element_bytes(parameter);
    int result = 0;
    if (json_is_array(value))
        result = read_numbers(reading, parameter, value, content, err);
    else if (json_is_number(value) && parameter->fixed_count == 1)
        result = add_element(reading, parameter, value, content, err);
    else if (!json_bytes_into(value, content))
        result = err_set(err, ERR_PARSE,
                         ARGUMENT " is a buffer: a string, {\"b64\": \"..\"} or an array of numbers",
                         ARGUMENT_OF(reading, parameter));
    if (result == 0)
        result = fill_up(reading, index, content, err);
    if (result != 0 || buf_check(content, "a captured buffer", err) != 0)
        return -1;
    if (content->len % size != 0)
        return err_set(err, ERR_PARSE, ARGUMENT " has %zu bytes, not a multiple of its element size %zu",
                       ARGUMENT_OF(reading, parameter), content->len, size);
    if (parameter->fixed_count > 0 && content->len / size != parameter->fixed_count)
        return err_set(err, ERR_PARSE, ARGUMENT " has %zu elements, the function takes %u",
                       ARGUMENT_OF(reading, parameter), content->len / size, parameter->fixed_count);
    return 0;
}

static int
read_plain(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    AUTO_BUF content = BUF(BUFFER_MAX_BYTES);
    if (read_content(reading, index, &content, err) != 0)
        return -1;
    if (parameter->kind == CELL_TEXT && memchr(buf_text(&content), 0, content.len) != NULL)
        return err_set(err, ERR_PARSE, ARGUMENT " is a terminated string and holds a NUL",
                       ARGUMENT_OF(reading, parameter));
    struct value *value = &reading->values[index];
    value->content = str_n(arena_str(reading->arena, buf_str(&content)), content.len);
    value->number = content.len / value_element_bytes(parameter);
    return 0;
}

static int
read_one_element(const struct reading *reading, const struct parameter *parameter, const json_t *json,
                 const char *path, struct value *parts, struct err *err)
{
    struct value_place place = {reading->place->name, path};
    if (!value_is_unnamed(parameter)) {
        place.path = arena_printf(reading->arena, "%s.", path);
        return value_list_from_json(reading->arena, &place, parameter->members, parameter->member_count, json,
                                    parts, err);
    }
    json_t *object = json_object(); // the one without a name is given by itself
    json_object_set(object, "", json != NULL ? (json_t *)(uintptr_t)json : json_null());
    int status = value_list_from_json(reading->arena, &place, parameter->members, 1, object, parts, err);
    json_decref(object);
    return status;
}

static int
read_composite(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    struct value *value = &reading->values[index];
    const json_t *json = given(reading, index);
    const char *path = arena_printf(reading->arena, "%s%s", reading->place->path, parameter->name);
    size_t members = parameter->member_count;
    bool one = value_is_single(parameter) && !json_is_array(json);
    size_t count = one ? 1 : json_array_size(json);
    if (!one && !json_is_array(json))
        return err_set(err, ERR_PARSE, ARGUMENT " is an array of %s", ARGUMENT_OF(reading, parameter),
                       value_is_unnamed(parameter) ? "strings" : "objects");
    if (parameter->fixed_count > 0 && parameter->kind != CELL_CONTEXT && count != parameter->fixed_count)
        return err_set(err, ERR_PARSE, ARGUMENT " has %zu elements, the function takes %u",
                       ARGUMENT_OF(reading, parameter), count, parameter->fixed_count);
    if ((parameter->kind == CELL_SCALAR || parameter->kind == CELL_CONTEXT) && !one)
        return err_set(err, ERR_PARSE, ARGUMENT " is one object", ARGUMENT_OF(reading, parameter));
    value->number = count;
    value->parts = ARENA_ARRAY(reading->arena, struct value, count * members + 1);
    for (size_t i = 0; i < count; i++) {
        const char *at = one ? path : arena_printf(reading->arena, "%s[%zu]", path, i);
        if (read_one_element(reading, parameter, one ? json : json_array_get(json, i), at,
                             value->parts + i * members, err) != 0)
            return -1;
    }
    return 0;
}

static int
read_number(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    const json_t *value = given(reading, index);
    if (!is_number(value))
        return err_set(err, ERR_PARSE, ARGUMENT " is a number", ARGUMENT_OF(reading, parameter));
    return number_bits(reading, parameter, value, &reading->values[index].number, err);
}

// The capacity of the output at `index`: fixed, what its count says, or what another buffer has.
static int
read_capacity(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    size_t owner_index = parameter->of >= 0 ? (size_t)parameter->of : index;
    const struct parameter *owner = &reading->list[owner_index];
    struct value *value = &reading->values[index];
    if (owner->kind != CELL_OUT) {
        value->number = reading->values[owner_index].number;
        return 0;
    }
    value->number = owner->fixed_count;
    size_t counter = counter_of(reading, owner_index);
    if (counter == reading->count)
        return 0;
    const json_t *said = given(reading, counter);
    if (!json_is_integer(said) || json_integer_value(said) < 0 || json_integer_value(said) > CAPACITY_MAX)
        return err_set(err, ERR_PARSE, ARGUMENT " is the capacity of \"%s\": a whole number up to 16 Mi",
                       ARGUMENT_OF(reading, &reading->list[counter]), parameter->name);
    value->number = (uint64_t)json_integer_value(said);
    return 0;
}

// Counts say what their buffers have, and buffers that share a count have as many elements.
static int
check_count(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    const json_t *said = given(reading, index);
    const char *buffer = reading->list[parameter->of].name;
    unsigned long long count = reading->values[parameter->of].number;
    bool is_count = parameter->kind == CELL_COUNT;
    if (is_count && said != NULL && !json_is_integer(said))
        return err_set(err, ERR_PARSE, ARGUMENT " counts \"%s\": a whole number or null",
                       ARGUMENT_OF(reading, parameter), buffer);
    if (is_count && json_is_integer(said) && (unsigned long long)json_integer_value(said) != count)
        return err_set(err, ERR_PARSE, ARGUMENT " says %lld, but \"%s\" has %llu elements",
                       ARGUMENT_OF(reading, parameter), (long long)json_integer_value(said), buffer, count);
    if (!is_count && reading->values[index].number != count)
        return err_set(err, ERR_PARSE,
                       ARGUMENT " has %llu elements, but \"%s\", whose count it shares, has %llu",
                       ARGUMENT_OF(reading, parameter), (unsigned long long)reading->values[index].number,
                       buffer, count);
    return 0;
}

static int
check_names(const struct reading *reading, struct err *err)
{
    const char *names[SIGNATURE_PARAMETERS_MAX];
    const char *name;
    json_t *value;
    for (size_t i = 0; i < reading->count; i++)
        names[i] = reading->list[i].name;
    json_object_foreach((json_t *)(uintptr_t)reading->json, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < reading->count; i++)
            known |= strcmp(names[i], name) == 0;
        if (known)
            continue;
        const char *near = str_nearest(str_of(name), names, reading->count);
        return err_set(err, ERR_PARSE, "%s: there is no member \"%s%s\"%s%s%s", reading->place->name,
                       reading->place->path, name, near ? "; did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
    }
    return 0;
}

static int
read_one(const struct reading *reading, size_t index, struct err *err)
{
    const struct parameter *parameter = &reading->list[index];
    reading->values[index] = (struct value){0};
    if (parameter->kind == CELL_COUNT || parameter->kind == CELL_OUT)
        return 0;
    if (value_is_composite(parameter))
        return read_composite(reading, index, err);
    if (parameter->kind == CELL_CONTEXT)
        return 0;
    return parameter->kind == CELL_SCALAR ? read_number(reading, index, err)
                                          : read_plain(reading, index, err);
}

int
value_list_from_json(struct arena *arena, const struct value_place *place, const struct parameter *list,
                     size_t count, const json_t *json, struct value *values, struct err *err)
{
    struct reading reading = {arena, place, list, count, json, values};
    if (json_is_array(json) ? json_array_size(json) != count : !json_is_object(json))
        return err_set(err, ERR_PARSE, "%s: argument \"%.*s\" is an object of %zu members", place->name,
                       (int)strlen(place->path) - (place->path[0] != '\0'), place->path, count);
    if (json_is_object(json) && check_names(&reading, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (read_one(&reading, i, err) != 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == CELL_OUT && read_capacity(&reading, i, err) != 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (list[i].of >= 0 && check_count(&reading, i, err) != 0)
            return -1;
    return 0;
}
