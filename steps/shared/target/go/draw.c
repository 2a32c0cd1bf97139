// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/draw.h"

#include <string.h>

enum { DEPTH_MAX = 6, BYTES_MAX = 1 << 20, ELEMENTS_MAX = 4096 };

static const struct go_type *
type_of(const struct go_draw *draw, size_t index)
{
    return &draw->signature->types[index];
}

static bool
is_text(const struct go_draw *draw, const struct go_type *type)
{
    return type->kind == GO_STRING || type->kind == GO_ERROR || go_type_is_bytes(draw->signature, type);
}

// A number as its type can hold it.
static json_t *
integer(const struct go_type *type, int64_t value)
{
    if (type->bits < 64) {
        int64_t range = INT64_C(1) << (type->bits - (type->kind == GO_INT));
        int64_t low = type->kind == GO_INT ? -range : 0;
        value = value < low ? low : value >= range ? range - 1 : value;
    }
    return json_integer(value);
}

static int64_t
number_within(const struct go_draw *draw)
{
    uint64_t width = (uint64_t)draw->habit.high - (uint64_t)draw->habit.low;

    return (int64_t)((uint64_t)draw->habit.low +
                     (width == UINT64_MAX ? rng_u64(draw->rng) : rng_below(draw->rng, width + 1)));
}

// Mostly short, up to the longest that was seen.
static size_t
length_within(const struct go_draw *draw)
{
    size_t longest = draw->habit.longest < ELEMENTS_MAX ? draw->habit.longest : ELEMENTS_MAX;
    size_t most = rng_below(draw->rng, 2) == 0 ? longest : longest / 4 + 1;

    return (size_t)rng_below(draw->rng, most + 1);
}

static json_t *
fresh_text(const struct go_draw *draw, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 _-.:/,=";
    AUTO_BUF text = BUF(BYTES_MAX);

    for (size_t i = 0; i < length; i++)
        buf_putc(&text, rng_below(draw->rng, 16) == 0 ? (char)rng_below(draw->rng, 256)
                                                      : letters[rng_below(draw->rng, sizeof letters - 1)]);
    return json_bytes(buf_str(&text));
}

static json_t *fresh(const struct go_draw *draw, size_t index, unsigned depth);

static json_t *
fresh_many(const struct go_draw *draw, const struct go_type *type, unsigned depth)
{
    json_t *array = json_array();
    size_t count = type->kind == GO_ARRAY ? type->length
                   : depth >= 2           ? rng_below(draw->rng, 4)
                                          : length_within(draw);

    for (size_t i = 0; i < count; i++) {
        json_t *value = fresh(draw, type->element, depth + 1);
        json_array_append_new(array, type->kind == GO_MAP
                                         ? json_pack("[o, o]", fresh(draw, type->key, depth + 1), value)
                                         : value);
    }
    return array;
}

// A map has each key once.
static json_t *
without_twins(json_t *pairs)
{
    json_t *object = json_object(), *kept = json_array(), *pair;
    size_t i;

    json_array_foreach(pairs, i, pair)
    {
        char *key = json_dumps(json_array_get(pair, 0), JSON_ENCODE_ANY | JSON_SORT_KEYS);
        if (json_object_get(object, key) == NULL)
            json_array_append(kept, pair);
        json_object_set_new(object, key, json_true());
        free(key);
    }
    json_decref(object);
    json_decref(pairs);
    return kept;
}

static json_t *
fresh_struct(const struct go_draw *draw, const struct go_type *type, unsigned depth)
{
    json_t *object = json_object();

    for (size_t i = 0; i < type->field_count; i++)
        json_object_set_new(object, type->fields[i].name, fresh(draw, type->fields[i].type, depth + 1));
    return object;
}

static json_t *
fresh(const struct go_draw *draw, size_t index, unsigned depth)
{
    const struct go_type *type = type_of(draw, index);

    if (go_type_is_bytes(draw->signature, type))
        return fresh_text(draw, type->kind == GO_ARRAY ? type->length : length_within(draw));
    switch (type->kind) {
    case GO_BOOL:
        return json_boolean(rng_below(draw->rng, 2) == 1);
    case GO_INT:
    case GO_UINT:
        return integer(type, number_within(draw));
    case GO_FLOAT:
        return json_real((double)number_within(draw) + (double)rng_below(draw->rng, 1000) / 1000);
    case GO_COMPLEX:
        return json_pack("[f, f]", (double)number_within(draw), (double)number_within(draw));
    case GO_STRING:
        return fresh_text(draw, length_within(draw));
    case GO_POINTER:
        return depth >= DEPTH_MAX ? json_null() : fresh(draw, type->element, depth + 1);
    case GO_SLICE:
        return depth >= DEPTH_MAX ? json_null() : fresh_many(draw, type, depth);
    case GO_MAP:
        return depth >= DEPTH_MAX ? json_null() : without_twins(fresh_many(draw, type, depth));
    case GO_ARRAY:
        return fresh_many(draw, type, depth);
    case GO_STRUCT:
        return fresh_struct(draw, type, depth);
    case GO_ERROR:
    case GO_OTHER:
    default:
        return json_null();
    }
}

json_t *
go_draw_fresh(const struct go_draw *draw, size_t index)
{
    return fresh(draw, index, 0);
}

// ---- small changes
// -----------------------------------------------------------------------------------------------------------

static json_t *
change_text(const struct go_draw *draw, const struct go_type *type, const json_t *value)
{
    AUTO_BUF old = BUF(BYTES_MAX), text = BUF(2 * BYTES_MAX);
    size_t kind = type->kind == GO_ARRAY ? 0 : (size_t)rng_below(draw->rng, 4);

    if (!json_bytes_into(value, &old) || old.len == 0)
        return fresh_text(draw, type->kind == GO_ARRAY ? type->length : length_within(draw));
    size_t at = (size_t)rng_below(draw->rng, old.len), rest = old.len - at;
    size_t count = 1 + (size_t)rng_below(draw->rng, rest);
    struct str whole = buf_str(&old), part = str_n(whole.ptr + at, count);
    buf_add_str(&text, str_head(whole, at));
    if (kind == 0) // one byte becomes another
        buf_putc(&text, rng_below(draw->rng, 2) == 0 ? old.ptr[rng_below(draw->rng, old.len)]
                                                     : (char)rng_below(draw->rng, 256));
    if (kind == 1) { // a part twice
        buf_add_str(&text, part);
        buf_add_str(&text, part);
    }
    if (kind == 2) // one byte more
        buf_putc(&text, old.ptr[rng_below(draw->rng, old.len)]);
    buf_add_str(&text, str_from(whole, kind == 0 ? at + 1 : kind == 2 ? at : at + count)); // 3: a part less
    return json_bytes(buf_str(&text));
}

static json_t *
change_many(const struct go_draw *draw, const struct go_type *type, const json_t *value)
{
    size_t count = json_array_size(value);
    json_t *array = json_copy((json_t *)(uintptr_t)value);
    size_t kind = type->kind == GO_ARRAY ? 0 : (size_t)rng_below(draw->rng, type->kind == GO_MAP ? 2 : 4);

    if (count == 0 || !json_is_array(value)) {
        json_decref(array);
        return type->kind == GO_MAP ? without_twins(fresh_many(draw, type, 1)) : fresh_many(draw, type, 1);
    }
    size_t at = (size_t)rng_below(draw->rng, count), other = (size_t)rng_below(draw->rng, count);
    json_t *item = json_array_get(array, at);
    if (kind == 0 && type->kind == GO_MAP)
        json_array_set_new(array, at,
                           json_pack("[O, o]", json_array_get(item, 0),
                                     go_draw_change(draw, type->element, json_array_get(item, 1))));
    else if (kind == 0)
        json_array_set_new(array, at, go_draw_change(draw, type->element, item));
    else if (kind == 1)
        json_array_remove(array, at);
    else
        json_array_insert(array, other, kind == 2 ? item : json_array_get(array, other));
    return array;
}

static json_t *
change_struct(const struct go_draw *draw, const struct go_type *type, const json_t *value)
{
    json_t *object = json_copy((json_t *)(uintptr_t)value);

    if (type->field_count == 0 || !json_is_object(value))
        return object;
    const struct go_field *field = &type->fields[rng_below(draw->rng, type->field_count)];
    json_object_set_new(object, field->name,
                        go_draw_change(draw, field->type, json_object_get(value, field->name)));
    return object;
}

json_t *
go_draw_change(const struct go_draw *draw, size_t index, const json_t *value)
{
    const struct go_type *type = type_of(draw, index);

    if (value == NULL || json_is_null(value))
        return fresh(draw, index, 2);
    if (is_text(draw, type))
        return change_text(draw, type, value);
    if (type->kind == GO_POINTER)
        return go_draw_change(draw, type->element, value);
    if (type->kind == GO_STRUCT)
        return change_struct(draw, type, value);
    if (type->kind == GO_SLICE || type->kind == GO_ARRAY || type->kind == GO_MAP)
        return change_many(draw, type, value);
    if ((type->kind == GO_INT || type->kind == GO_UINT) && rng_below(draw->rng, 2) == 0)
        return integer(type, json_integer_value(value) + (rng_below(draw->rng, 2) == 0 ? 1 : -1));
    return fresh(draw, index, 0);
}

// ---- boundaries
// --------------------------------------------------------------------------------------------------------------

// Bytes all alike, or every byte there is.
static json_t *
repeated(size_t length, unsigned first, unsigned step)
{
    AUTO_BUF text = BUF(BYTES_MAX);

    for (size_t i = 0; i < length && !text.full; i++)
        buf_putc(&text, (char)(first + i * step));
    return json_bytes(buf_str(&text));
}

static json_t *
boundary_text(const struct go_draw *draw, const struct go_type *type, size_t number)
{
    static const unsigned lengths[] = {0,  1,  2,  3,  7,  8,  9,   15,  16, 17,
                                       31, 32, 33, 63, 64, 65, 127, 128, 129};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    size_t twice = 2 * draw->habit.longest < BYTES_MAX ? 2 * draw->habit.longest : BYTES_MAX;

    if (type->kind == GO_ARRAY)
        return number < 3 ? repeated(type->length, number == 1 ? 255 : 0, number == 2) : NULL;
    if (number < LENGTHS)
        return lengths[number] <= twice ? repeated(lengths[number], 'a', number % 2) : repeated(1, 'a', 0);
    switch (number - LENGTHS) {
    case 0:
        return repeated(256, 0, 1);
    case 1:
        return repeated(twice, ' ', 0);
    case 2:
        return repeated(twice, 'A', 1);
    case 3:
        return repeated(3, 0xff, 0);
    case 4:
        return json_string("\xc3\xa4\xe2\x82\xac");
    case 5:
        return type->kind == GO_SLICE ? json_null() : NULL;
    default:
        return NULL;
    }
}

static json_t *
boundary_number(const struct go_draw *draw, const struct go_type *type, size_t number)
{
    const int64_t values[] = {
        0, 1, draw->habit.low, draw->habit.high, draw->habit.low + 1, draw->habit.high - 1};
    static const char *const reals[] = {"NaN", "Inf", "-Inf"};

    if (type->kind == GO_BOOL)
        return number < 2 ? json_boolean(number == 1) : NULL;
    if (type->kind == GO_INT || type->kind == GO_UINT)
        return number < 6 ? integer(type, values[number]) : NULL;
    if (type->kind == GO_FLOAT && number < 3)
        return json_string(reals[number]);
    return type->kind == GO_FLOAT && number < 6 ? json_real(number == 3   ? 0.0
                                                            : number == 4 ? -0.0
                                                                          : 1e300)
                                                : NULL;
}

// Nil, empty, then the elements of `value` cut down, alike, twice as many.
static json_t *
boundary_many(const struct go_type *type, const json_t *value, size_t number)
{
    size_t count = json_array_size(value);
    json_t *array = json_array();

    if (number < 2 && type->kind != GO_ARRAY) {
        json_decref(array);
        return number == 0 ? json_null() : json_array();
    }
    size_t wanted = number == 2                             ? 1
                    : number == 3                           ? count
                    : number == 4 && type->kind == GO_SLICE ? 2 * count
                                                            : 0;
    for (size_t i = 0; i < wanted && count > 0 && type->kind == GO_SLICE; i++)
        json_array_append(array, json_array_get(value, number == 3 ? 0 : i % count));
    if (wanted > 0 && json_array_size(array) > 0)
        return array;
    json_decref(array);
    return NULL;
}

// The boundaries of one field after the other.
static json_t *
boundary_struct(const struct go_draw *draw, const struct go_type *type, const json_t *value, size_t number)
{
    for (size_t i = 0, field = 0; field < type->field_count; i = 0, field++) {
        const struct go_field *f = &type->fields[field];
        for (;; i++, number--) {
            json_t *part = go_draw_boundary(draw, f->type, json_object_get(value, f->name), i);
            if (part == NULL)
                break;
            if (number == 0) {
                json_t *object =
                    json_is_object(value) ? json_copy((json_t *)(uintptr_t)value) : json_object();
                json_object_set_new(object, f->name, part);
                return object;
            }
            json_decref(part);
        }
    }
    return NULL;
}

json_t *
go_draw_boundary(const struct go_draw *draw, size_t index, const json_t *value, size_t number)
{
    const struct go_type *type = type_of(draw, index);

    if (type->kind == GO_ERROR)
        return number == 0 ? json_null() : number == 1 ? json_string("failed") : NULL;
    if (is_text(draw, type))
        return boundary_text(draw, type, number);
    if (type->kind == GO_POINTER)
        return json_is_null(value) ? NULL : go_draw_boundary(draw, type->element, value, number);
    if (type->kind == GO_STRUCT)
        return boundary_struct(draw, type, value, number);
    if (type->kind == GO_SLICE || type->kind == GO_ARRAY || type->kind == GO_MAP)
        return boundary_many(type, value, number);
    return boundary_number(draw, type, number);
}

json_t *
go_draw_beyond(const struct go_draw *draw, size_t index, const json_t *value, size_t number)
{
    const struct go_type *type = type_of(draw, index);

    if (type->kind == GO_POINTER && !json_is_null(value))
        return go_draw_beyond(draw, type->element, value, number);
    if ((type->kind != GO_INT && type->kind != GO_UINT) || number >= 24)
        return NULL;
    int64_t low = draw->habit.low, high = draw->habit.high, moved;
    if (number < 8)
        return number % 2 == 0 || type->kind == GO_UINT
                   ? integer(type, high < INT64_MAX - 8 ? high + 1 + (int64_t)number / 2 : high)
                   : integer(type, low > INT64_MIN + 8 ? low - 1 - (int64_t)number / 2 : low);
    moved = INT64_C(1) << (4 * (number - 8) < 62 ? 4 * (number - 8) : 62);
    return integer(type, type->kind == GO_INT && number % 2 == 1 ? -moved : moved);
}
