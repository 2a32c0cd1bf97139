// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/minimise.h"

#include <string.h>

#define LINES_MAX 4000

struct lines {
    struct str *items;
    size_t count;
};

static struct lines
split(struct arena *arena, struct str text)
{
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.ptr[i] == '\n';
    struct lines lines = {ARENA_ARRAY(arena, struct str, room), 0};
    while (text.ptr != NULL && text.len > 0)
        lines.items[lines.count++] = str_cut(&text, '\n');
    return lines;
}

// ---- hunks
// ------------------------------------------------------------------------------------------------------

// length[i * stride + j]: longest common subsequence of the lines from i and from j on.
static uint32_t *
common_lengths(struct arena *arena, const struct lines *a, const struct lines *b)
{
    size_t stride = b->count + 1;
    uint32_t *length = ARENA_ARRAY(arena, uint32_t, (a->count + 1) * stride);
    for (size_t i = a->count; i-- > 0;) {
        for (size_t j = b->count; j-- > 0;) {
            uint32_t down = length[(i + 1) * stride + j], right = length[i * stride + j + 1];
            uint32_t longer = down > right ? down : right;
            length[i * stride + j] =
                str_eq(a->items[i], b->items[j]) ? 1 + length[(i + 1) * stride + j + 1] : longer;
        }
    }
    return length;
}

static bool
same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    return i < a->count && j < b->count && str_eq(a->items[i], b->items[j]);
}

struct hunk *
minimise_hunks(struct arena *arena, struct str baseline, struct str variant, size_t *count)
{
    AUTO_ARENA work = {0};
    struct lines a = split(&work, baseline), b = split(&work, variant);
    struct hunk *hunks = ARENA_ARRAY(arena, struct hunk, a.count + b.count + 1);
    *count = 0;
    if (a.count > LINES_MAX || b.count > LINES_MAX) {
        hunks[(*count)++] = (struct hunk){0, a.count, 0, b.count};
        return hunks;
    }
    const uint32_t *length = common_lengths(&work, &a, &b);
    size_t i = 0, j = 0, stride = b.count + 1;
    while (i < a.count || j < b.count) {
        struct hunk hunk = {i, i, j, j};
        while ((i < a.count || j < b.count) && !same_line(&a, i, &b, j)) {
            if (j == b.count || (i < a.count && length[(i + 1) * stride + j] >= length[i * stride + j + 1]))
                i++;
            else
                j++;
        }
        hunk.old_end = i;
        hunk.new_end = j;
        if (i > hunk.old_first || j > hunk.new_first)
            hunks[(*count)++] = hunk;
        for (; same_line(&a, i, &b, j); i++)
            j++;
    }
    return hunks;
}

static void
add_lines(const struct lines *lines, size_t first, size_t end, struct buf *out)
{
    for (size_t i = first; i < end; i++) {
        buf_add_str(out, lines->items[i]);
        buf_putc(out, '\n');
    }
}

void
minimise_apply(struct str baseline, struct str variant, const struct hunk *hunks, size_t count,
               const bool *kept, struct buf *out)
{
    AUTO_ARENA work = {0};
    struct lines a = split(&work, baseline), b = split(&work, variant);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        add_lines(&a, at, hunks[i].old_first, out);
        if (kept[i])
            add_lines(&b, hunks[i].new_first, hunks[i].new_end, out);
        else
            add_lines(&a, hunks[i].old_first, hunks[i].old_end, out);
        at = hunks[i].old_end;
    }
    add_lines(&a, at, a.count, out);
    if (out->len > 0 && !str_ends(variant, STR("\n"))) // ends as the variant does
        out->ptr[--out->len] = '\0';
}

// ---- delta debugging
// --------------------------------------------------------------------------------------------

struct minimising {
    struct str baseline, variant;
    const struct hunk *hunks;
    size_t count;
    bool *kept, *trial;
    unsigned tests_left;
    minimise_test test;
    void *context;
};

// Tests what is left without part `part` of `parts` of the kept hunks; keeps it so when good.
static int
try_without(struct minimising *m, size_t part, size_t parts, size_t kept_count, struct err *err)
{
    size_t first = part * kept_count / parts, end = (part + 1) * kept_count / parts, number = 0;
    AUTO_BUF text = BUF(m->variant.len + m->baseline.len + 16);
    for (size_t i = 0; i < m->count; i++) {
        m->trial[i] = m->kept[i] && !(number >= first && number < end);
        number += m->kept[i];
    }
    minimise_apply(m->baseline, m->variant, m->hunks, m->count, m->trial, &text);
    m->tests_left--;
    int good = m->test(m->context, buf_str(&text), err);
    if (good == 1)
        memcpy(m->kept, m->trial, m->count * sizeof(*m->kept));
    return good;
}

static size_t
count_kept(const struct minimising *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++)
        kept += m->kept[i];
    return kept;
}

static int
shrink(struct minimising *m, struct err *err)
{
    size_t parts = 2;
    for (;;) {
        size_t kept = count_kept(m);
        if (kept < 2)
            return 0;
        parts = parts > kept ? kept : parts;
        int good = 0;
        for (size_t part = 0; part < parts && good == 0; part++) {
            if (m->tests_left == 0)
                return 0;
            good = try_without(m, part, parts, kept, err);
        }
        if (good < 0)
            return -1;
        if (good == 0 && parts == kept)
            return 0;
        parts = good == 0 ? parts * 2 : parts > 2 ? parts - 1 : 2;
    }
}

int
minimise(struct str baseline, struct str variant, unsigned tests_max, minimise_test test, void *context,
         struct buf *out, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct minimising m = {
        .baseline = baseline, .variant = variant, .tests_left = tests_max, .test = test, .context = context};
    m.hunks = minimise_hunks(&arena, baseline, variant, &m.count);
    m.kept = ARENA_ARRAY(&arena, bool, m.count + 1);
    m.trial = ARENA_ARRAY(&arena, bool, m.count + 1);
    memset(m.kept, true, m.count * sizeof(*m.kept));
    if (shrink(&m, err) != 0)
        return -1;
    size_t left = count_kept(&m);
    if (left == m.count)
        buf_add_str(out, variant);
    else
        minimise_apply(baseline, variant, m.hunks, m.count, m.kept, out);
    return (int)left;
}
