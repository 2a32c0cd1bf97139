// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/value.h"

#include <string.h>

// ---- shapes
// -----------------------------------------------------------------------------------------------------

bool
value_is_composite(const struct parameter *parameter)
{
    return parameter->member_count > 0;
}

bool
value_is_unnamed(const struct parameter *parameter)
{
    return parameter->member_count == 1 && parameter->members[0].name[0] == '\0';
}

bool
value_is_single(const struct parameter *parameter)
{
    bool one = parameter->kind == CELL_SCALAR || parameter->kind == CELL_CONTEXT;
    return one || (parameter->kind != CELL_ARRAY && parameter->fixed_count == 1);
}

size_t
value_elements(const struct parameter *parameter, const struct value *value)
{
    if (parameter->kind == CELL_SCALAR || parameter->kind == CELL_CONTEXT)
        return parameter->member_count > 0;
    return parameter->kind == CELL_OUT ? 0 : (size_t)value->number;
}

size_t
value_element_bytes(const struct parameter *parameter)
{
    return parameter->kind == CELL_TEXT && !value_is_composite(parameter) ? 1 : parameter->size;
}

uint64_t
value_count_of(const struct parameter *list, const struct value *values, size_t index)
{
    return list[index].of >= 0 ? values[list[index].of].number : values[index].number;
}

// ---- the encoding
// -----------------------------------------------------------------------------------------------

static bool
take_u64(struct str *rest, uint64_t *value)
{
    *value = 0;
    if (rest->len < sizeof(*value)) {
        *rest = str_from(*rest, rest->len);
        return false;
    }
    memcpy(value, rest->ptr, sizeof(*value));
    *rest = str_from(*rest, sizeof(*value));
    return true;
}

// Takes `count` plain elements and their padding; nothing when the call does not hold as many.
static bool
take_content(struct str *rest, const struct parameter *parameter, struct value *value)
{
    size_t bytes, whole;
    if (__builtin_mul_overflow(value->number, value_element_bytes(parameter), &bytes) ||
        __builtin_add_overflow(bytes, 7 + (parameter->kind == CELL_TEXT), &whole) ||
        whole / 8 * 8 > rest->len) {
        *rest = str_from(*rest, rest->len);
        value->number = 0;
        return false;
    }
    value->content = str_n(rest->ptr, bytes);
    *rest = str_from(*rest, whole / 8 * 8);
    return true;
}

static bool
read_elements(struct arena *arena, const struct parameter *parameter, struct str *rest, struct value *value)
{
    size_t count = value_elements(parameter, value), members = parameter->member_count;
    bool whole = true;
    if (!value_is_composite(parameter))
        return take_content(rest, parameter, value);
    if (count > 1 && count > rest->len / 8) { // none takes less
        value->number = 0;
        return false;
    }
    value->parts = ARENA_ARRAY(arena, struct value, count * members + 1);
    for (size_t i = 0; i < count; i++)
        whole &= value_read_list(arena, parameter->members, members, rest, value->parts + i * members);
    return whole;
}

static bool
read_one(struct arena *arena, const struct parameter *parameter, struct str *rest, struct value *value)
{
    *value = (struct value){0};
    switch (parameter->kind) {
    case CELL_SCALAR:
        return value_is_composite(parameter) ? read_elements(arena, parameter, rest, value)
                                             : take_u64(rest, &value->number);
    case CELL_CONTEXT:
        return !value_is_composite(parameter) || read_elements(arena, parameter, rest, value);
    case CELL_ARRAY:
        value->number = parameter->fixed_count;
        return read_elements(arena, parameter, rest, value);
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
        return take_u64(rest, &value->number) && read_elements(arena, parameter, rest, value);
    case CELL_OUT:
        return take_u64(rest, &value->number);
    case CELL_COUNT:
    case CELL_END:
    default:
        return true;
    }
}

bool
value_read_list(struct arena *arena, const struct parameter *list, size_t count, struct str *rest,
                struct value *values)
{
    bool whole = true;
    for (size_t i = 0; i < count; i++)
        whole &= read_one(arena, &list[i], rest, &values[i]);
    return whole;
}

static void
write_elements(const struct parameter *parameter, const struct value *value, struct buf *out)
{
    size_t members = parameter->member_count, count = value_elements(parameter, value);
    if (value_is_composite(parameter)) {
        for (size_t i = 0; i < count; i++)
            value_write_list(parameter->members, members, value->parts + i * members, out);
        return;
    }
    buf_add_str(out, value->content);
    if (parameter->kind == CELL_TEXT)
        buf_putc(out, '\0');
    while (out->len % 8 != 0 && !out->full)
        buf_putc(out, '\0');
}

static void
write_one(const struct parameter *parameter, const struct value *value, struct buf *out)
{
    bool composite = value_is_composite(parameter);
    switch (parameter->kind) {
    case CELL_SCALAR:
        if (!composite)
            buf_add_u64(out, value->number);
        else
            write_elements(parameter, value, out);
        break;
    case CELL_CONTEXT:
        if (composite)
            write_elements(parameter, value, out);
        break;
    case CELL_ARRAY:
        write_elements(parameter, value, out);
        break;
    case CELL_IN:
    case CELL_TEXT:
    case CELL_INOUT:
        buf_add_u64(out, value->number);
        write_elements(parameter, value, out);
        break;
    case CELL_OUT:
        buf_add_u64(out, value->number);
        break;
    case CELL_COUNT:
    case CELL_END:
    default:
        break;
    }
}

void
value_write_list(const struct parameter *list, size_t count, const struct value *values, struct buf *out)
{
    for (size_t i = 0; i < count; i++)
        write_one(&list[i], &values[i], out);
}

// ---- elements
// ---------------------------------------------------------------------------------------------------

uint64_t
value_element_at(const struct parameter *parameter, const char *at)
{
    uint64_t bits = 0;
    memcpy(&bits, at, parameter->size);
    if (parameter->is_real && parameter->size == 4) {
        float narrow;
        memcpy(&narrow, at, sizeof(narrow));
        double wide = narrow;
        memcpy(&bits, &wide, sizeof(bits));
    } else if (parameter->is_signed && parameter->size < 8) {
        unsigned shift = 64 - 8 * parameter->size;
        bits = (uint64_t)((int64_t)(bits << shift) >> shift);
    }
    return bits;
}

void
value_add_element(const struct parameter *parameter, uint64_t bits, struct buf *out)
{
    if (parameter->is_real && parameter->size == 4) {
        double wide;
        memcpy(&wide, &bits, sizeof(wide));
        float narrow = (float)wide;
        buf_add(out, &narrow, sizeof(narrow));
        return;
    }
    for (unsigned i = 0; i < parameter->size; i++)
        buf_putc(out, (char)(bits >> (8 * i)));
}
