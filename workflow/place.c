// SPDX-License-Identifier: Apache-2.0
#include "workflow/place.h"

// Length of the line break at `at` as libyaml sees it (\n, \r, \r\n, NEL, LS, PS), or 0.
static size_t
break_length(struct str text, size_t at)
{
    struct str rest = str_from(text, at);
    if (str_starts(rest, STR("\r\n")) || str_starts(rest, STR("\xC2\x85")))
        return 2;
    if (str_starts(rest, STR("\n")) || str_starts(rest, STR("\r")))
        return 1;
    return str_starts(rest, STR("\xE2\x80\xA8")) || str_starts(rest, STR("\xE2\x80\xA9")) ? 3 : 0;
}

static bool
is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0U) == 0x80U;
}

void
place_file_init(struct place_file *file, struct arena *arena, struct str text)
{
    size_t count = 1;
    for (size_t at = 0; at < text.len; at++)
        count += break_length(text, at) != 0;
    *file = (struct place_file){.text = text, .lines = ARENA_ARRAY(arena, size_t, count), .line_count = 1};
    for (size_t at = 0; at < text.len;) {
        size_t length = break_length(text, at);
        at += length ? length : 1;
        if (length)
            file->lines[file->line_count++] = at;
    }
}

// Takes the raw character at the place.
static void
take(struct place *place)
{
    struct str text = place->file->text;
    size_t length = break_length(text, place->raw);
    if (length) {
        place->raw += length;
        place->mark.line++;
        place->mark.column = 1;
        return;
    }
    place->raw++;
    while (place->raw < text.len && is_continuation(text.ptr[place->raw]))
        place->raw++;
    place->mark.column++;
}

static void
take_some(struct place *place, size_t characters)
{
    for (size_t i = 0; i < characters && place->raw < place->file->text.len; i++)
        take(place);
}

static bool
is_blank(const struct place *place)
{
    char c = place->file->text.ptr[place->raw];
    return c == ' ' || c == '\t' || break_length(place->file->text, place->raw) != 0;
}

// Moves over one character of the value.
static void
step_over(struct place *place)
{
    struct str value = place->node->text;
    place->offset++;
    while (place->offset < value.len && is_continuation(value.ptr[place->offset]))
        place->offset++;
}

// Takes an escape of a double-quoted scalar. False when it stands for nothing (an escaped line break).
static bool
take_escape(struct place *place)
{
    struct str text = place->file->text;
    take(place);
    if (place->raw >= text.len)
        return true;
    if (break_length(text, place->raw)) {
        while (place->raw < text.len && is_blank(place))
            take(place);
        return false;
    }
    char kind = text.ptr[place->raw];
    take_some(place, kind == 'x' ? 3 : kind == 'u' ? 5 : kind == 'U' ? 9 : 1);
    return true;
}

// Matches one character of the value with the file.
static void
advance(struct place *place)
{
    struct str text = place->file->text;
    char want = place->node->text.ptr[place->offset];
    while (place->raw < text.len) {
        char have = text.ptr[place->raw];
        if (place->quote == '"' && have == '\\') {
            if (!take_escape(place))
                continue;
            step_over(place);
            return;
        }
        if (have == want) {
            take_some(place, place->quote == '\'' && have == '\'' ? 2 : 1);
            step_over(place);
            return;
        }
        if (!is_blank(place))
            break;
        take(place);
    }
    if (want != ' ' && want != '\n')
        place->lost = true;
    step_over(place); // a folded line break
}

void
place_start(struct place *place, const struct place_file *file, const struct yaml_node *node)
{
    *place = (struct place){.file = file, .node = node, .mark = node->mark};
    if (!file || node->mark.line == 0 || node->mark.line > file->line_count) {
        place->lost = true;
        return;
    }
    place->raw = file->lines[node->mark.line - 1];
    place->mark.column = 1;
    take_some(place, node->mark.column - 1);
    place->lost = place->mark.line != node->mark.line || place->raw >= file->text.len;
    if (place->lost)
        return;
    char first = file->text.ptr[place->raw];
    if (first == '\'' || first == '"') {
        place->quote = first;
        take(place);
    } else if (node->quoted && (first == '|' || first == '>')) {
        while (place->raw < file->text.len && !break_length(file->text, place->raw))
            take(place);
    }
}

struct yaml_mark
place_at(struct place *place, size_t offset)
{
    while (!place->lost && place->offset < offset && place->offset < place->node->text.len)
        advance(place);
    // Indentation in front of the character belongs to the file alone.
    struct place here = *place;
    if (!here.lost && here.offset < here.node->text.len && here.node->text.ptr[here.offset] != ' ')
        while (here.raw < here.file->text.len && is_blank(&here) &&
               here.file->text.ptr[here.raw] != here.node->text.ptr[here.offset])
            take(&here);
    return here.lost ? here.node->mark : here.mark;
}
