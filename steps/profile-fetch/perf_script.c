// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/perf_script.h"

#include "steps/profile-fetch/text.h"

#include <ctype.h>

#define HEADER_WORDS 24 // a command's name may hold blanks

struct header {
    uint64_t period;   // 1 when the line has none
    struct str event;  // without modifiers; empty for a line that is no sample ("PERF_RECORD_MMAP2 ...")
    struct str inside; // a frame on the same line, or empty
};
struct reader {
    struct text text;
    struct profile *profile;
    struct str event; // chosen event
    bool in_sample, skipped;
    bool one_line; // the sample's only frame stood on its header's line
    uint64_t period;
    VEC(struct profile_frame) frames;
    VEC(struct str) symbols; // of `frames`, whose functions wait for the source line
    VEC(uint32_t) ids;
};

// "2032.237407:"
static bool
S_is_time(struct str word)
{
    uint64_t number;
    return text_number(&word, &number) && str_starts(word, STR(".")) &&
           (word = str_from(word, 1), text_number(&word, &number)) && str_is(word, ":");
}

// "cycles:ppp:" and "cpu_core/cycles/P:" are "cycles".
static struct str
S_event_name(struct str word)
{
    ptrdiff_t slash = str_find_byte(word, '/');
    if (slash > 0) {
        word = str_from(word, (size_t)slash + 1);
        ptrdiff_t end = str_find_byte(word, '/');
        word = str_head(word, end < 0 ? word.len : (size_t)end);
        ptrdiff_t comma = str_find_byte(word, ',');
        return comma > 0 ? str_head(word, (size_t)comma) : word;
    }
    ptrdiff_t colon = str_find_byte(word, ':');
    return colon > 0 ? str_head(word, (size_t)colon) : word;
}

static bool
S_header(struct str line, struct header *header)
{
    *header = (struct header){.period = 1};
    struct str word = {0};
    for (unsigned i = 0; i < HEADER_WORDS; i++) {
        word = text_word(&line);
        if (word.len == 0)
            return false;
        if (i > 0 && S_is_time(word))
            break;
    }
    if (!S_is_time(word))
        return false;
    struct str rest = line, digits = word = text_word(&rest);
    uint64_t number;
    if (text_number(&digits, &number) && digits.len == 0) {
        header->period = number;
        word = text_word(&rest);
    }
    if (word.len > 1 && str_ends(word, STR(":"))) {
        header->event = S_event_name(word);
        header->inside = str_trim(rest);
    }
    return true;
}

bool
perf_script_is_header(struct str line)
{
    struct header header;
    return S_header(line, &header) && header.event.len > 0;
}

// Splits "SYMBOL+0xOFFSET (OBJECT)" at its end; an object may be "/x (deleted)".
static bool
S_split_object(struct str text, struct str *symbol, struct str *object)
{
    if (!str_ends(text, STR(")")))
        return false;
    struct str before = str_head(text, text.len - 1);
    struct str search = before;
    if (str_ends(search, STR(" (deleted)")))
        search = str_head(search, search.len - 10);
    ptrdiff_t open = str_rfind_byte(search, '(');
    if (open < 0 || (open > 0 && text.ptr[open - 1] != ' '))
        return false;
    *object = str_from(before, (size_t)open + 1);
    *symbol = str_trim(str_head(text, (size_t)open));
    return true;
}

static struct str
S_without_offset(struct str symbol)
{
    ptrdiff_t plus = str_rfind_byte(symbol, '+');
    if (plus <= 0 || !str_starts(str_from(symbol, (size_t)plus), STR("+0x")))
        return symbol;
    for (size_t i = (size_t)plus + 3; i < symbol.len; i++)
        if (!isxdigit((unsigned char)symbol.ptr[i]))
            return symbol;
    return str_head(symbol, (size_t)plus);
}

// "ADDRESS SYMBOL (OBJECT)", or "ADDRESS SYMBOL" as perf writes an inlined frame above its source line.
static bool
S_frame(struct reader *reader, struct str line)
{
    struct str rest = line, address = text_word(&rest);
    if (address.len == 0 || address.len > 18)
        return false;
    for (size_t i = 0; i < address.len; i++)
        if (!isxdigit((unsigned char)address.ptr[i]))
            return false;
    struct str symbol = str_trim(rest), object = {0};
    if (symbol.len == 0)
        return false;
    struct profile_frame frame = {0};
    if (!S_split_object(symbol, &symbol, &object) && !str_is(symbol, "[unknown]") &&
        S_without_offset(symbol).len == symbol.len)
        return false;
    frame.inlined = str_is(object, "inlined");
    symbol = S_without_offset(symbol);
    if (symbol.len == 0 || str_is(symbol, "[unknown]"))
        symbol = STR("[unknown]");
    // The object waits in `function` until the source line is known.
    frame.function = frame.inlined ? 0 : profile_name(reader->profile, object);
    *vec_push(&reader->frames) = frame;
    *vec_push(&reader->symbols) = symbol;
    return true;
}

// "  FILE:LINE", possibly followed by " (inlined)" or " (discriminator 2)".
static void
S_source_line(struct reader *reader, struct str line)
{
    if (reader->frames.count == 0)
        return;
    struct profile_frame *frame = &reader->frames.items[reader->frames.count - 1];
    struct str text = str_trim(line), object;
    if (str_ends(text, STR(" (inlined)")))
        frame->inlined = true;
    struct str place = text;
    if (!S_split_object(text, &place, &object))
        place = text;
    ptrdiff_t colon = str_rfind_byte(place, ':');
    if (colon <= 0 || str_starts(place, STR("??")))
        return;
    struct str digits = str_from(place, (size_t)colon + 1);
    uint64_t number;
    if (!text_number(&digits, &number) || digits.len > 0 || number > INT32_MAX)
        return;
    frame->file = profile_name(reader->profile, str_head(place, (size_t)colon));
    frame->line = (uint32_t)number;
}

// Files the sample at hand.
static int
S_end_sample(struct reader *reader, struct err *err)
{
    bool keep = reader->in_sample && !reader->skipped;
    reader->in_sample = false;
    reader->ids.count = 0;
    for (size_t i = 0; keep && i < reader->frames.count; i++) {
        struct profile_frame frame = reader->frames.items[i];
        // The line's file may be a header's, so it says nothing about where the function stands.
        frame.function = profile_function(reader->profile, reader->symbols.items[i], 0, frame.function, 0);
        *vec_push(&reader->ids) = profile_frame(reader->profile, &frame);
    }
    reader->frames.count = reader->symbols.count = 0;
    if (!keep || reader->period == 0)
        return 0;
    if (profile_sample(reader->profile, reader->ids.items, reader->ids.count, (int64_t)reader->period, 1,
                       err) < 0)
        return err_wrap(err, "%s:%zu", reader->text.name, reader->text.line_number);
    return 0;
}

static int
S_begin_sample(struct reader *reader, const struct header *header, struct err *err)
{
    if (S_end_sample(reader, err) < 0)
        return -1;
    reader->in_sample = true;
    reader->one_line = false;
    reader->skipped = header->event.len == 0;
    reader->period = header->period;
    if (reader->skipped)
        return 0;
    if (!str_eq(header->event, reader->event)) {
        reader->skipped = true;
        reader->profile->skipped_samples++;
        return 0;
    }
    if (header->inside.len > 0)
        reader->one_line = S_frame(reader, header->inside);
    return 0;
}

static int
S_line(struct reader *reader, struct str line, struct err *err)
{
    struct header header;
    bool indented = line.ptr[0] == ' ' || line.ptr[0] == '\t';
    // In a stack only a line that is no frame, or that has a time where a frame has its symbol, is a header.
    if ((!indented || !reader->in_sample || reader->one_line || line.ptr[0] == ' ') &&
        S_header(line, &header))
        return S_begin_sample(reader, &header, err);
    if (!reader->in_sample)
        return text_error(&reader->text, err, "expected a sample's header, `COMM PID TIME: PERIOD EVENT:`");
    if (!indented)
        return text_error(&reader->text, err,
                          "expected a header with a time, or a frame `ADDRESS SYMBOL (OBJECT)`");
    if (!reader->one_line && S_frame(reader, line)) {
        if (reader->frames.count > PROFILE_MAX_DEPTH)
            return text_error(&reader->text, err, "stack of more than %u frames", PROFILE_MAX_DEPTH);
        return 0;
    }
    if (line.ptr[0] == '\t')
        return text_error(&reader->text, err, "expected a frame, `ADDRESS SYMBOL (OBJECT)`");
    S_source_line(reader, line);
    return 0;
}

static int
S_read_all(struct reader *reader, struct err *err)
{
    struct str line;
    while (text_line(&reader->text, &line)) {
        if (line.len > 0 && line.ptr[0] == '#')
            continue;
        // The line after a one-line sample may still name its source.
        if (str_trim(line).len == 0) {
            if (S_end_sample(reader, err) < 0)
                return -1;
        } else if (S_line(reader, line, err) < 0) {
            return -1;
        }
    }
    return S_end_sample(reader, err);
}

// The event that is read: the first that measures processor time, else the first.
static struct str
S_choose_event(struct text text)
{
    struct str line, chosen = {0};
    struct header header;
    while (text_line(&text, &line)) {
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == '\t' || !S_header(line, &header) ||
            header.event.len == 0)
            continue;
        if (profile_type_is_cpu(header.event))
            return header.event;
        chosen = chosen.ptr ? chosen : header.event;
    }
    return chosen;
}

int
perf_script_read(struct str data, const char *name, struct profile *profile, struct err *err)
{
    struct reader reader = {.text = text_of(data, name), .profile = profile};
    reader.event = S_choose_event(reader.text);
    if (profile_measure(profile, PROFILE_SAMPLES, reader.event, STR("count"), name, err) < 0)
        return -1;
    int result = S_read_all(&reader, err);
    vec_release(&reader.frames);
    vec_release(&reader.symbols);
    vec_release(&reader.ids);
    return result;
}
