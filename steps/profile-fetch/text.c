// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/text.h"

#include <stdarg.h>
#include <stdio.h>

struct text
text_of(struct str data, const char *name)
{
    return (struct text){.name = name, .rest = data};
}

bool
text_line(struct text *text, struct str *line)
{
    if (!text->rest.ptr || text->rest.len == 0)
        return false;
    *line = str_cut(&text->rest, '\n');
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    text->line_number++;
    return true;
}

static bool
S_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str
text_word(struct str *rest)
{
    size_t start = 0;
    while (start < rest->len && S_is_blank(rest->ptr[start]))
        start++;
    size_t end = start;
    while (end < rest->len && !S_is_blank(rest->ptr[end]))
        end++;
    struct str word = str_from(str_head(*rest, end), start);
    *rest = str_from(*rest, end);
    return word;
}

bool
text_number(struct str *rest, uint64_t *value)
{
    size_t digits = 0;
    uint64_t sum = 0;
    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9') {
        if (digits == 18)
            return false;
        sum = sum * 10 + (uint64_t)(rest->ptr[digits] - '0');
        digits++;
    }
    if (digits == 0)
        return false;
    *value = sum;
    *rest = str_from(*rest, digits);
    return true;
}

int
text_error(const struct text *text, struct err *err, const char *format, ...)
{
    char message[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return err_set(err, ERR_PARSE, "%s:%zu: %s", text->name, text->line_number, message);
}
