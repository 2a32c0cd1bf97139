// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/format.h"

#include "steps/profile-fetch/callgrind.h"
#include "steps/profile-fetch/folded.h"
#include "steps/profile-fetch/perf_script.h"
#include "steps/profile-fetch/pprof.h"
#include "steps/profile-fetch/proto.h"
#include "steps/profile-fetch/text.h"

#include <string.h>

#define LOOK_BYTES 65536 // what detection looks at
#define LOOK_LINES 200

static bool
S_is_text(struct str data)
{
    data = str_head(data, LOOK_BYTES);
    for (size_t i = 0; i < data.len; i++) {
        unsigned char c = (unsigned char)data.ptr[i];
        if (c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f')
            return false;
    }
    return data.len > 0;
}

// The first line that says something.
static bool
S_first_line(struct str data, struct str *line)
{
    struct text text = text_of(str_head(data, LOOK_BYTES), "");
    while (text_line(&text, line))
        if (str_trim(*line).len > 0 && line->ptr[0] != '#')
            return true;
    return false;
}

static bool
S_is_callgrind(struct str data)
{
    if (!S_is_text(data))
        return false;
    if (str_starts(data, STR("# callgrind format")))
        return true;
    struct text text = text_of(str_head(data, LOOK_BYTES), "");
    struct str line;
    bool events = false;
    while (text_line(&text, &line) && text.line_number < LOOK_LINES) {
        events = events || str_starts(line, STR("events:"));
        if (events && (str_starts(line, STR("fn=")) || str_starts(line, STR("fl="))))
            return true;
    }
    return false;
}

static bool
S_is_perf_script(struct str data)
{
    struct str line;
    return S_is_text(data) && S_first_line(data, &line) && perf_script_is_header(line);
}

static bool
S_is_folded(struct str data)
{
    struct str line;
    if (!S_is_text(data) || !S_first_line(data, &line))
        return false;
    line = str_trim(line);
    ptrdiff_t blank = str_rfind_byte(line, ' ');
    struct str digits = blank > 0 ? str_from(line, (size_t)blank + 1) : (struct str){0};
    uint64_t number;
    return text_number(&digits, &number) && digits.len == 0;
}

// Its first field is a known one of the right kind.
static bool
S_is_pprof(struct str data)
{
    struct proto proto = proto_of(data, "");
    struct proto_field field;
    struct err ignored;
    if (S_is_text(data) || proto_next(&proto, &field, &ignored) != 1 || field.number > 15)
        return false;
    bool number = field.number == 7 || field.number == 8 || field.number == 9 || field.number == 10 ||
                  field.number == 12 || field.number == 14 || field.number == 15;
    return number != field.is_bytes || field.number == 13;
}

static const struct format_ops callgrind = {"callgrind", S_is_callgrind, callgrind_read};
static const struct format_ops perf_script = {"perf-script", S_is_perf_script, perf_script_read};
static const struct format_ops folded = {"folded", S_is_folded, folded_read};
static const struct format_ops pprof = {"pprof", S_is_pprof, pprof_read};

const struct format_ops *const format_list[] = {&callgrind, &perf_script, &folded, &pprof, NULL};
const char *const format_names[] = {"auto", "callgrind", "perf-script", "folded", "pprof", NULL};

const struct format_ops *
format_find(const char *name)
{
    for (size_t i = 0; format_list[i]; i++)
        if (strcmp(format_list[i]->name, name) == 0)
            return format_list[i];
    return NULL;
}

const struct format_ops *
format_detect(struct str data)
{
    for (size_t i = 0; format_list[i]; i++)
        if (format_list[i]->detect(data))
            return format_list[i];
    return NULL;
}

int
format_read(struct str data, const char *name, const char *format, struct profile *profile, struct err *err)
{
    bool detect = !format || strcmp(format, "auto") == 0;
    const struct format_ops *ops = detect ? format_detect(data) : format_find(format);
    if (!ops && detect)
        return err_set(
            err, ERR_PARSE,
            "%s:1: neither pprof, folded stacks, `perf script` text nor callgrind output; say which by "
            "`format:`",
            name);
    if (!ops)
        return err_set(err, ERR_USAGE, "format %s: use pprof, folded, perf-script or callgrind", format);
    if (ops->read(data, name, profile, err) < 0)
        return -1;
    if (!profile->format)
        profile->format = ops->name;
    else if (strcmp(profile->format, ops->name) != 0)
        profile->format = "mixed";
    return 0;
}
