// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/folded.h"

#include "steps/profile-fetch/text.h"

#include <string.h>

#define PERIOD_MIN 100000 // a smaller common divisor is chance

struct reader {
    struct text text;
    struct profile *profile;
    VEC(uint32_t) frames;
    struct map known; // a frame's text -> its id + 1
    uint64_t divisor; // greatest common one of all counts
};

static uint64_t
S_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// Cuts "(FILE:LINE)" off the end of a frame's text.
static void
S_take_place(struct str *text, struct str *file, uint32_t *line)
{
    ptrdiff_t open = str_rfind_byte(*text, '(');
    if (open <= 1 || !str_ends(*text, STR(")")) || text->ptr[open - 1] != ' ')
        return;
    struct str inside = str_from(str_head(*text, text->len - 1), (size_t)open + 1);
    ptrdiff_t colon = str_rfind_byte(inside, ':');
    if (colon <= 0)
        return;
    struct str digits = str_from(inside, (size_t)colon + 1);
    uint64_t number;
    if (!text_number(&digits, &number) || digits.len > 0 || number > INT32_MAX)
        return;
    *file = str_head(inside, (size_t)colon);
    *line = (uint32_t)number;
    *text = str_head(*text, (size_t)open - 1);
}

static uint32_t
S_new_frame(struct reader *reader, struct str text)
{
    static const char annotation[] = "ikjw";
    bool inlined = false;
    if (text.len > 4 && str_ends(text, STR("]"))) {
        struct str mark = str_from(text, text.len - 4);
        if (mark.ptr[0] == '_' && mark.ptr[1] == '[' && strchr(annotation, mark.ptr[2]) && mark.ptr[2]) {
            inlined = mark.ptr[2] == 'i';
            text = str_head(text, text.len - 4);
        }
    }
    struct str file = {0};
    struct profile_frame frame = {.inlined = inlined};
    S_take_place(&text, &file, &frame.line);
    frame.file = profile_name(reader->profile, file);
    frame.function = profile_function(reader->profile, text, frame.file, 0, 0);
    return profile_frame(reader->profile, &frame);
}

static uint32_t
S_frame(struct reader *reader, struct str text)
{
    void **slot = map_slot(&reader->known, text);
    if (!*slot)
        *slot = (void *)((uintptr_t)S_new_frame(reader, text) + 1);
    return (uint32_t)((uintptr_t)*slot - 1);
}

static int
S_line(struct reader *reader, struct str line, struct err *err)
{
    struct str trimmed = str_trim(line);
    ptrdiff_t blank = str_rfind_byte(trimmed, ' ');
    struct str digits = blank < 0 ? (struct str){0} : str_from(trimmed, (size_t)blank + 1);
    uint64_t count;
    if (!text_number(&digits, &count) || digits.len > 0)
        return text_error(&reader->text, err, "expected `frame;frame NUMBER`");
    struct str stack = str_trim(str_head(trimmed, (size_t)blank));
    reader->frames.count = 0;
    while (stack.ptr && stack.len > 0) {
        // From the end, so that the leaf comes first.
        ptrdiff_t cut = str_rfind_byte(stack, ';');
        struct str text = str_from(stack, (size_t)(cut + 1));
        if (text.len > 0)
            *vec_push(&reader->frames) = S_frame(reader, text);
        stack = cut < 0 ? (struct str){0} : str_head(stack, (size_t)cut);
        if (reader->frames.count > PROFILE_MAX_DEPTH)
            return text_error(&reader->text, err, "stack of more than %u frames", PROFILE_MAX_DEPTH);
    }
    if (reader->frames.count == 0)
        return text_error(&reader->text, err, "a number without a stack");
    if (count == 0)
        return 0;
    reader->divisor = S_divisor(reader->divisor, count);
    if (profile_sample(reader->profile, reader->frames.items, reader->frames.count, (int64_t)count,
                       (double)count, err) < 0)
        return err_wrap(err, "%s:%zu", reader->text.name, reader->text.line_number);
    return 0;
}

static int
S_read_all(struct reader *reader, struct err *err)
{
    struct str line;
    while (text_line(&reader->text, &line)) {
        if (str_trim(line).len == 0 || line.ptr[0] == '#')
            continue;
        if (S_line(reader, line, err) < 0)
            return -1;
    }
    return 0;
}

int
folded_read(struct str data, const char *name, struct profile *profile, struct err *err)
{
    size_t first = profile->samples.count;
    if (profile_measure(profile, PROFILE_SAMPLES, STR("samples"), STR("count"), name, err) < 0)
        return -1;
    struct reader reader = {.text = text_of(data, name), .profile = profile};
    int result = S_read_all(&reader, err);
    vec_release(&reader.frames);
    map_release(&reader.known);
    if (reader.divisor >= PERIOD_MIN)
        for (size_t i = first; i < profile->samples.count; i++)
            profile->samples.items[i].count /= (double)reader.divisor;
    return result;
}
