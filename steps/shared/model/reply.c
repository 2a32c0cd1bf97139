// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/model/reply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES (1u << 20)

static bool
complain(char *problem, size_t size, const char *text)
{
    snprintf(problem, size, "%s", text);
    return false;
}

static bool
in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// Whether `code` has "NAME (" as words, and a body.
static bool
defines(struct str code, const char *name)
{
    struct str wanted = str_of(name);
    if (str_find_byte(code, '{') < 0)
        return false;
    for (size_t i = 0; i + wanted.len < code.len; i++) {
        bool starts = i == 0 || !in_word(code.ptr[i - 1]);
        if (!starts || !str_starts(str_from(code, i), wanted))
            continue;
        size_t at = i + wanted.len;
        while (at < code.len && isspace((unsigned char)code.ptr[at]))
            at++;
        if (at < code.len && code.ptr[at] == '(')
            return true;
    }
    return false;
}

// ---- search and replace
// -------------------------------------------------------------------------------------------

enum part { OUTSIDE, SEARCHED, REPLACEMENT };

struct blocks {
    enum part part;
    struct buf *text; // the variant so far
    struct buf searched, replacement;
    unsigned count;
    const char *problem;
};

static void
add_line(struct buf *text, struct str line)
{
    buf_add_str(text, line);
    buf_putc(text, '\n');
}

// The same text when blanks at both ends of each line do not matter: the range in `text`, or false.
static bool
find_loosely(struct str text, struct str searched, size_t *start, size_t *end)
{
    for (struct str rest = text; rest.ptr != NULL;) {
        struct str from = rest, want = searched;
        bool same = true;
        while (same && want.ptr != NULL && want.len > 0) {
            struct str line = str_trim(str_cut(&want, '\n'));
            same = from.ptr != NULL && str_eq(str_trim(str_cut(&from, '\n')), line);
        }
        if (same) {
            *start = (size_t)(rest.ptr - text.ptr);
            *end = from.ptr != NULL ? (size_t)(from.ptr - text.ptr) : text.len;
            return true;
        }
        (void)str_cut(&rest, '\n');
    }
    return false;
}

static void
replace(struct blocks *blocks)
{
    struct str text = buf_str(blocks->text), searched = buf_str(&blocks->searched);
    size_t start = 0, end = 0;
    ptrdiff_t at = str_find(text, searched);
    bool found = str_trim(searched).len > 0;
    if (found && at >= 0) {
        start = (size_t)at;
        end = start + searched.len;
    } else if (found) {
        found = find_loosely(text, searched, &start, &end);
    }
    if (!found) {
        blocks->problem = "a SEARCH block is not in the parent's text";
        return;
    }
    AUTO_BUF edited = BUF(TEXT_MAX_BYTES);
    buf_add_str(&edited, str_head(text, start));
    buf_add_str(&edited, buf_str(&blocks->replacement));
    buf_add_str(&edited, str_from(text, end));
    buf_clear(blocks->text);
    buf_add_str(blocks->text, buf_str(&edited));
    blocks->count++;
}

static void
take_line(struct blocks *blocks, struct str line)
{
    struct str bare = str_trim(line);
    if (blocks->part == OUTSIDE) {
        if (str_starts(bare, STR("<<<<<<<"))) {
            buf_clear(&blocks->searched);
            buf_clear(&blocks->replacement);
            blocks->part = SEARCHED;
        }
    } else if (blocks->part == SEARCHED) {
        if (str_starts(bare, STR("=======")))
            blocks->part = REPLACEMENT;
        else
            add_line(&blocks->searched, line);
    } else if (str_starts(bare, STR(">>>>>>>"))) {
        replace(blocks);
        blocks->part = OUTSIDE;
    } else {
        add_line(&blocks->replacement, line);
    }
}

static bool
apply_blocks(struct str reply, struct str parent, struct buf *variant, char *problem, size_t size)
{
    struct blocks blocks = {
        .text = variant, .searched = BUF(TEXT_MAX_BYTES), .replacement = BUF(TEXT_MAX_BYTES)};
    buf_add_str(variant, parent);
    if (!str_ends(parent, STR("\n")))
        buf_putc(variant, '\n');
    while (reply.ptr != NULL && blocks.problem == NULL)
        take_line(&blocks, str_cut(&reply, '\n'));
    buf_release(&blocks.searched);
    buf_release(&blocks.replacement);
    if (blocks.problem != NULL)
        return complain(problem, size, blocks.problem);
    return blocks.count > 0 || complain(problem, size, "a SEARCH block has no end");
}

// ---- fenced code
// --------------------------------------------------------------------------------------------------

// The last fenced block that defines the function; a NULL view when there is none.
static struct str
fenced(struct str reply, const char *function)
{
    struct str found = {NULL, 0}, open = {NULL, 0};
    while (reply.ptr != NULL) {
        struct str line = str_cut(&reply, '\n');
        struct str bare = str_trim(line);
        if (!str_starts(bare, STR("```")) && !str_starts(bare, STR("~~~")))
            continue;
        if (open.ptr == NULL) {
            open = reply;
            continue;
        }
        struct str block = str_n(open.ptr, (size_t)(line.ptr - open.ptr));
        if (defines(block, function))
            found = block;
        open.ptr = NULL;
    }
    if (found.ptr == NULL && open.ptr != NULL && defines(open, function))
        found = open;
    return found;
}

static bool
looks_like_code(struct str reply, const char *function)
{
    struct str text = str_trim(reply);
    return text.len > 0 && text.ptr[text.len - 1] == '}' && defines(text, function);
}

bool
reply_variant(struct str reply, struct str parent, const char *function, struct buf *variant, char *problem,
              size_t problem_size)
{
    if (str_find(reply, STR("<<<<<<<")) >= 0)
        return apply_blocks(reply, parent, variant, problem, problem_size);
    struct str code = fenced(reply, function);
    if (code.ptr == NULL && looks_like_code(reply, function))
        code = reply;
    if (code.ptr == NULL)
        return complain(problem, problem_size, "the reply has no block of code that defines the function");
    buf_add_str(variant, str_trim(code));
    return true;
}
