// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <string.h>

void
lines_init(struct lines *lines, struct service *service)
{
    lines->service = service;
    lines->len = 0;
    lines->too_long = false;
}

static void
append(struct lines *lines, const char *data, size_t len)
{
    if (len > sizeof lines->line - lines->len) {
        lines->too_long = true;
        return;
    }
    memcpy(lines->line + lines->len, data, len);
    lines->len += len;
}

static void
end_line(struct lines *lines)
{
    if (lines->too_long)
        service_line_too_long(lines->service);
    else
        service_line(lines->service, lines->line, lines->len);
    lines->len = 0;
    lines->too_long = false;
}

void
lines_feed(struct lines *lines, const char *data, size_t len)
{
    const char *end = data + len;

    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *piece_end = newline != NULL ? newline : end;
        append(lines, data, (size_t)(piece_end - data));
        if (newline == NULL)
            return;
        end_line(lines);
        data = newline + 1;
    }
}

void
lines_finish(struct lines *lines)
{
    if (lines->len > 0 || lines->too_long)
        end_line(lines);
}
