// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include "base64.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

// The bytes of the UTF-8 character at `s`, 0 when it is none. NUL counts as none: JSON readers stumble over
// it.
static size_t
utf8_length(const uint8_t *s, size_t left)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

    if (s[0] == 0 || (s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
        return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static bool
is_text(const uint8_t *data, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t n = utf8_length(data + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static void
write_text(FILE *file, const uint8_t *data, size_t len)
{
    putc('"', file);
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"' || data[i] == '\\')
            fprintf(file, "\\%c", data[i]);
        else if (data[i] == '\n')
            fputs("\\n", file);
        else if (data[i] < 0x20 || data[i] == 0x7f)
            fprintf(file, "\\u%04x", data[i]);
        else
            putc(data[i], file);
    }
    putc('"', file);
}

static void
write_base64(FILE *file, const uint8_t *data, size_t len)
{
    char *text = malloc((len + 2) / 3 * 4 + 1);

    if (text == NULL)
        abort();
    size_t n = base64_encode(data, len, text);
    fputs("{\"b64\": \"", file);
    fwrite(text, 1, n, file);
    fputs("\"}", file);
    free(text);
}

static void
write_argument(FILE *file, const struct capture_arg *arg)
{
    switch (arg->kind) {
    case CAPTURE_BYTES:
        if (is_text(arg->data, arg->len))
            write_text(file, arg->data, arg->len);
        else
            write_base64(file, arg->data, arg->len);
        break;
    case CAPTURE_NUMBER:
        fprintf(file, "%" PRIu64, arg->number);
        break;
    case CAPTURE_OUTPUT:
        fputs("null", file);
        break;
    case CAPTURE_SCALAR:
        fprintf(file, "[%" PRIu64 "]", arg->number);
        break;
    }
}

void
capture_call(const char *folder, const char *function, const struct capture_arg *args, size_t count)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s.jsonl", folder, function);

    if (length < 0 || (size_t)length >= sizeof path)
        return;
    FILE *file = fopen(path, "a");
    if (file == NULL)
        return;
    fputs("{\"args\": [", file);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputs(", ", file);
        write_argument(file, &args[i]);
    }
    fputs("], \"count\": 1}\n", file);
    fclose(file);
}
