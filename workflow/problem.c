// SPDX-License-Identifier: Apache-2.0
#include "workflow/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROBLEM_MAX = 200, SHOWN_MAX = 60 };

void
problems_release(struct problems *problems)
{
    vec_release(&problems->list);
    arena_release(&problems->arena);
}

void
problems_add(struct problems *problems, struct yaml_mark mark, struct str key, const char *format, ...)
{
    if (problems->list.count >= PROBLEM_MAX)
        return;
    char message[800];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    char *text = arena_printf(&problems->arena, "%" STR_FMT ": %s", STR_ARG(str_head(key, 100)), message);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' '; // one line, whatever the file said
    mark.file = arena_dup(&problems->arena, mark.file ? mark.file : "");
    *vec_push(&problems->list) = (struct problem){.mark = mark, .text = text};
}

const char *
problems_hint(struct problems *problems, struct str word, const char *const *words, size_t count)
{
    const char *nearest = str_nearest(word, words, count);
    return nearest && word.len > 1 ? arena_printf(&problems->arena, "; did you mean \"%s\"?", nearest) : "";
}

const char *
problems_shown(struct problems *problems, struct str text)
{
    if (text.len <= SHOWN_MAX)
        return arena_str(&problems->arena, text);
    size_t len = SHOWN_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0U) == 0x80U)
        len--;
    return arena_printf(&problems->arena, "%" STR_FMT "...", STR_ARG(str_head(text, len)));
}

static bool
comes_before(const struct problem *a, const struct problem *b)
{
    return a->mark.line != b->mark.line ? a->mark.line < b->mark.line : a->mark.column < b->mark.column;
}

void
problems_sort(struct problems *problems)
{
    struct problem *items = problems->list.items;
    for (size_t i = 1; i < problems->list.count; i++) {
        struct problem moved = items[i];
        size_t at = i;
        for (; at > 0 && comes_before(&moved, &items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

void
problems_write(const struct problems *problems, struct buf *out)
{
    VEC_EACH (const struct problem, problem, &problems->list)
        buf_printf(out, "%s:%u:%u: %s\n", problem->mark.file, problem->mark.line, problem->mark.column,
                   problem->text);
}

json_t *
problem_json(const struct problem *problem)
{
    json_t *json = json_object();
    json_set_text(json, "file", problem->mark.file);
    json_object_set_new(json, "line", json_integer(problem->mark.line));
    json_object_set_new(json, "column", json_integer(problem->mark.column));
    json_set_text(json, "message", problem->text);
    return json;
}

int
problems_err(const struct problems *problems, struct err *err)
{
    if (problems->list.count == 0)
        return err_set(err, ERR_INTERNAL, "a failure without a problem");
    const struct problem *first = &problems->list.items[0];
    err_set(err, ERR_CONFIG, "%s:%u:%u: %s", first->mark.file, first->mark.line, first->mark.column,
            first->text);
    size_t more = problems->list.count - 1;
    if (more > 0) {
        size_t used = strlen(err->message);
        snprintf(err->message + used, sizeof(err->message) - used, " (and %zu more)", more);
    }
    return -1;
}
