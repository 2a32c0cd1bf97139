// SPDX-License-Identifier: Apache-2.0
#include "workflow/slot.h"

#include "base/clock.h"

#include <math.h>

const char *
binding_type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "a text",
        [FIELD_INT] = "a whole number",
        [FIELD_REAL] = "a number",
        [FIELD_BOOL] = "true or false",
        [FIELD_DURATION] = "a duration like 30s, 5m, 2h or 1d",
        [FIELD_SIZE] = "a size like 512K, 64M or 2G",
        [FIELD_LIST] = "a list",
        [FIELD_MAP] = "a mapping",
        [FIELD_OBJECT] = "a mapping",
        [FIELD_ANY] = "a value",
    };
    return names[type];
}

json_t *
slot_fail_type(const struct slot *slot, json_t *value)
{
    AUTO_BUF text = BUF(1 << 16);
    if (json_is_string(value))
        buf_putc(&text, '"');
    expression_text(value, &text);
    if (json_is_string(value))
        buf_putc(&text, '"');
    const char *got = json_is_array(value)    ? "a list"
                      : json_is_object(value) ? "a mapping"
                      : json_is_null(value)   ? "null"
                                              : problems_shown(slot->binding->problems, buf_str(&text));
    json_decref(value);
    return slot_fail(slot, "expected %s, got %s", binding_type_name(slot->field->type), got);
}

static json_t *
replaced(json_t *value, json_t *by)
{
    json_decref(value);
    return by;
}

static struct str
text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

static bool
is_choice(const struct field *field, struct str text, size_t *count)
{
    bool found = false;
    for (*count = 0; field->choices[*count]; ++*count)
        found |= str_is(text, field->choices[*count]);
    return found;
}

static json_t *
bind_text(const struct slot *slot, json_t *value)
{
    if (json_is_array(value) || json_is_object(value))
        return slot_fail_type(slot, value);
    if (!json_is_string(value)) {
        AUTO_BUF text = BUF(1 << 16);
        expression_text(value, &text);
        value = replaced(value, json_text(buf_str(&text)));
    }
    size_t count = 0;
    if (!slot->field->choices || is_choice(slot->field, text_of(value), &count))
        return value;
    struct problems *problems = slot->binding->problems;
    AUTO_BUF words = BUF(4096);
    for (size_t i = 0; i < count; i++)
        buf_printf(&words, "%s%s", i ? ", " : "", slot->field->choices[i]);
    (void)slot_fail(slot, "expected one of %s; got \"%s\"%s", buf_text(&words),
                    problems_shown(problems, text_of(value)),
                    problems_hint(problems, text_of(value), slot->field->choices, count));
    return replaced(value, NULL);
}

static json_t *
in_range(const struct slot *slot, json_t *value)
{
    double low = slot->field->min, high = slot->field->max;
    bool limited = fpclassify(low) != FP_ZERO || fpclassify(high) != FP_ZERO;
    double number = json_number_value(value);
    if (!limited || (number >= low && number <= high))
        return value;
    json_decref(value);
    if (!islessgreater(low, high))
        return slot_fail(slot, "expected %.10g, got %.10g", low, number);
    return slot_fail(slot, "expected %.10g to %.10g, got %.10g", low, high, number);
}

static json_t *
bind_int(const struct slot *slot, json_t *value)
{
    int64_t number = 0;
    if (json_is_string(value) && str_to_i64(text_of(value), &number))
        value = replaced(value, json_integer(number));
    double real = json_real_value(value);
    if (json_is_real(value) && fabs(real) < 9e15 && fabs(real - nearbyint(real)) <= 0)
        value = replaced(value, json_integer((json_int_t)real));
    return json_is_integer(value) ? in_range(slot, value) : slot_fail_type(slot, value);
}

static json_t *
bind_real(const struct slot *slot, json_t *value)
{
    double number = 0;
    if (json_is_string(value) && str_to_double(text_of(value), &number) && isfinite(number))
        value = replaced(value, json_real(number));
    if (json_is_integer(value))
        value = replaced(value, json_real(json_number_value(value)));
    return json_is_real(value) ? in_range(slot, value) : slot_fail_type(slot, value);
}

static json_t *
bind_bool(const struct slot *slot, json_t *value)
{
    if (json_is_string(value) && (str_is(text_of(value), "true") || str_is(text_of(value), "false")))
        value = replaced(value, json_boolean(str_is(text_of(value), "true")));
    return json_is_boolean(value) ? value : slot_fail_type(slot, value);
}

static json_t *
bind_duration(const struct slot *slot, json_t *value)
{
    int64_t span_ns = 0;
    if (json_is_number(value) && slot->computed && json_number_value(value) >= 0)
        return replaced(value, json_real(json_number_value(value)));
    if (!json_is_string(value) || !clock_parse_duration(text_of(value), &span_ns))
        return slot_fail_type(slot, value);
    return replaced(value, json_real((double)span_ns / 1e9));
}

static json_t *
bind_size(const struct slot *slot, json_t *value)
{
    int64_t bytes = 0;
    if (json_is_string(value) && str_to_size(text_of(value), &bytes))
        value = replaced(value, json_integer(bytes));
    return json_is_integer(value) && json_integer_value(value) >= 0 ? in_range(slot, value)
                                                                    : slot_fail_type(slot, value);
}

json_t *
slot_scalar(const struct slot *slot, json_t *value)
{
    switch (slot->field->type) {
    case FIELD_TEXT:
        return bind_text(slot, value);
    case FIELD_INT:
        return bind_int(slot, value);
    case FIELD_REAL:
        return bind_real(slot, value);
    case FIELD_BOOL:
        return bind_bool(slot, value);
    case FIELD_DURATION:
        return bind_duration(slot, value);
    case FIELD_SIZE:
        return bind_size(slot, value);
    case FIELD_LIST:
    case FIELD_MAP:
    case FIELD_OBJECT:
    case FIELD_ANY:
        break;
    }
    return value;
}
