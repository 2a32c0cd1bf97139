// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/syntax.h"

#include "base/vec.h"
#include "steps/shared/target/tree.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 16 << 20 };

// A node, and which one of the list is its parent and the next that is not below it.
struct place {
    const void *id;
    uint32_t context[4];
    uint32_t parent, beside;
};
enum { NOWHERE = UINT32_MAX };

// All nodes in source order, made when the first one is looked for: the library finds a parent all the way
// down from the root, and walks slowly.
typedef VEC(struct place) place_list;

typedef VEC(struct span) span_list;

struct syntax {
    TSTree *tree;      // of the bare text
    char *text, *bare; // the bare one is as long and has white space for comments
    size_t len;
    span_list comments;
    enum language language;
    place_list *places;
    bool is_broken; // the text as it stands has errors
};

enum language
language_of(const char *path)
{
    return str_ends(str_of(path), STR(".go")) ? LANGUAGE_GO : LANGUAGE_C;
}

static TSNode
to_ts(struct node node)
{
    TSNode ts = {.id = node.id, .tree = node.syntax->tree};

    memcpy(ts.context, node.context, sizeof ts.context);
    return ts;
}

static struct node
from_ts(const struct syntax *syntax, TSNode ts)
{
    struct node node = {.id = ts.id, .syntax = syntax};

    memcpy(node.context, ts.context, sizeof node.context);
    return node;
}

struct syntax *
syntax_new(struct str text, struct err *err)
{
    return syntax_new_in(LANGUAGE_C, text, err);
}

// Adds the comments that begin between two places.
static void
find_comments(const TSTree *tree, size_t start, size_t end, span_list *comments)
{
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    bool more = true;

    while (more) {
        TSNode here = ts_tree_cursor_current_node(&cursor);
        struct span span = {ts_node_start_byte(here), ts_node_end_byte(here)};
        bool inside = span.end > start && span.start < end;
        bool comment = inside && ts_node_is_extra(here) && strcmp(ts_node_type(here), "comment") == 0;
        if (comment)
            *vec_push(comments) = span;
        more = (inside && !comment && ts_tree_cursor_goto_first_child(&cursor)) || tree_next_beside(&cursor);
    }
    ts_tree_cursor_delete(&cursor);
}

static void
blank_out(char *text, const span_list *comments)
{
    for (size_t i = 0; i < comments->count; i++)
        for (size_t at = comments->items[i].start; at < comments->items[i].end; at++)
            if (text[at] != '\n' && text[at] != '\r')
                text[at] = ' ';
}

// Takes the tree, which may be NULL.
static struct syntax *
finish(struct syntax *syntax, TSTree *tree, struct err *err)
{
    syntax->tree = tree;
    syntax->places = calloc(1, sizeof *syntax->places);
    if (syntax->places == NULL)
        abort();
    if (tree == NULL) {
        syntax_free(syntax);
        return NULL;
    }
    syntax->is_broken = tree_has_errors(tree);
    if (syntax->language == LANGUAGE_C && syntax->is_broken)
        syntax->tree = tree_without_macros(tree, str_n(syntax->bare, syntax->len), err);
    return syntax;
}

// Where there are comments the text is parsed again without, so that none stands between what belongs
// together.
static struct syntax *
read_whole(struct syntax *syntax, struct err *err)
{
    TSTree *tree = tree_parse(syntax->language, NULL, syntax->text, syntax->len, err);

    memcpy(syntax->bare, syntax->text, syntax->len + 1);
    syntax->comments.count = 0;
    if (tree != NULL)
        find_comments(tree, 0, syntax->len, &syntax->comments);
    if (syntax->comments.count > 0) {
        ts_tree_delete(tree);
        blank_out(syntax->bare, &syntax->comments);
        tree = tree_parse(syntax->language, NULL, syntax->bare, syntax->len, err);
    }
    return finish(syntax, tree, err);
}

static bool
fits(enum language language, size_t len, struct err *err)
{
    if (len <= TEXT_MAX_BYTES)
        return true;
    err_set(err, ERR_LIMIT, "%s text of %zu bytes is larger than %d", tree_language_name(language), len,
            TEXT_MAX_BYTES);
    return false;
}

// Room for a text and its final NUL.
static char *
text_new(size_t len)
{
    char *text = malloc(len + 1);

    if (text == NULL)
        abort();
    text[len] = '\0';
    return text;
}

static void
put(char *at, struct str text)
{
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
}

// Room for both texts.
static struct syntax *
syntax_of(enum language language, size_t len)
{
    struct syntax *syntax = calloc(1, sizeof *syntax);

    if (syntax == NULL)
        abort();
    *syntax = (struct syntax){.text = text_new(len), .bare = text_new(len), .len = len, .language = language};
    return syntax;
}

struct syntax *
syntax_new_in(enum language language, struct str text, struct err *err)
{
    if (!fits(language, text.len, err))
        return NULL;
    struct syntax *syntax = syntax_of(language, text.len);
    put(syntax->text, text);
    return read_whole(syntax, err);
}

static TSPoint
point_of(const char *text, size_t position)
{
    TSPoint point = {0};

    for (size_t i = 0; i < position; i++)
        point = text[i] == '\n' ? (TSPoint){point.row + 1, 0} : (TSPoint){point.row, point.column + 1};
    return point;
}

// The tree of `text`, which differs from the bare one before between start and end, made of what stays of
// that; NULL when one of them has errors, which trees of parts may group in another way.
static TSTree *
parse_change(const struct syntax *before, size_t start, size_t end, struct str text, struct err *err)
{
    size_t new_end = text.len - (before->len - end);
    TSInputEdit edit = {.start_byte = (uint32_t)start,
                        .old_end_byte = (uint32_t)end,
                        .new_end_byte = (uint32_t)new_end,
                        .start_point = point_of(before->bare, start),
                        .old_end_point = point_of(before->bare, end),
                        .new_end_point = point_of(text.ptr, new_end)};
    if (before->is_broken)
        return NULL;
    TSTree *edited = ts_tree_copy(before->tree);
    ts_tree_edit(edited, &edit);
    TSTree *tree = tree_parse(before->language, edited, text.ptr, text.len, err);
    ts_tree_delete(edited);
    if (tree == NULL || !tree_has_errors(tree))
        return tree;
    ts_tree_delete(tree);
    return NULL;
}

static void
splice(char *to, struct str old, size_t start, size_t end, struct str text)
{
    put(to, str_head(old, start));
    put(to + start, text);
    put(to + start + text.len, str_from(old, end));
}

// The comments of a text whose changed part has these.
static void
splice_comments(const struct syntax *before, size_t start, size_t end, const span_list *changed,
                struct syntax *syntax)
{
    size_t new_end = syntax->len - (before->len - end);

    for (size_t i = 0; i < before->comments.count; i++)
        if (before->comments.items[i].end <= start)
            *vec_push(&syntax->comments) = before->comments.items[i];
    for (size_t i = 0; i < changed->count; i++)
        *vec_push(&syntax->comments) = changed->items[i];
    for (size_t i = 0; i < before->comments.count; i++) {
        struct span span = before->comments.items[i];
        if (span.start >= end)
            *vec_push(&syntax->comments) =
                (struct span){span.start - end + new_end, span.end - end + new_end};
    }
}

struct syntax *
syntax_new_spliced(const struct syntax *before, size_t start, size_t end, struct str text, struct err *err)
{
    size_t len = start + text.len + (before->len - end);

    if (!fits(before->language, len, err))
        return NULL;
    struct syntax *syntax = syntax_of(before->language, len);
    span_list changed = {0};
    splice(syntax->text, syntax_text(before), start, end, text);
    splice(syntax->bare, str_n(before->bare, before->len), start, end, text);
    TSTree *tree = parse_change(before, start, end, str_n(syntax->bare, len), err);
    if (tree != NULL)
        find_comments(tree, start, start + text.len, &changed);
    if (changed.count > 0) {
        ts_tree_delete(tree);
        blank_out(syntax->bare, &changed);
        tree = parse_change(before, start, end, str_n(syntax->bare, len), err);
    }
    if (tree != NULL)
        splice_comments(before, start, end, &changed, syntax);
    vec_release(&changed);
    return tree != NULL ? finish(syntax, tree, err) : read_whole(syntax, err);
}

void
syntax_free(struct syntax *syntax)
{
    if (syntax == NULL)
        return;
    if (syntax->tree != NULL)
        ts_tree_delete(syntax->tree);
    if (syntax->places != NULL)
        vec_release(syntax->places);
    free(syntax->places);
    vec_release(&syntax->comments);
    free(syntax->bare);
    free(syntax->text);
    free(syntax);
}

void
syntax_drop(struct syntax **syntax)
{
    syntax_free(*syntax);
}

enum language
syntax_language(const struct syntax *syntax)
{
    return syntax->language;
}

struct str
syntax_text(const struct syntax *syntax)
{
    return str_n(syntax->text, syntax->len);
}

struct node
syntax_root(const struct syntax *syntax)
{
    return from_ts(syntax, ts_tree_root_node(syntax->tree));
}

const struct span *
syntax_comments(const struct syntax *syntax, size_t *count)
{
    *count = syntax->comments.count;
    return syntax->comments.items;
}

// Whether nothing but white space stands between two places, and no empty line.
static bool
is_near(const struct syntax *syntax, size_t from, size_t to)
{
    struct str gap = str_n(syntax->text + from, to - from);
    ptrdiff_t line = str_find_byte(gap, '\n');

    return str_trim(gap).len == 0 && (line < 0 || str_find_byte(str_from(gap, (size_t)line + 1), '\n') < 0);
}

size_t
syntax_comment_start(const struct syntax *syntax, size_t at)
{
    for (size_t i = syntax->comments.count; i-- > 0;) {
        struct span comment = syntax->comments.items[i];
        if (comment.end > at)
            continue;
        if (!is_near(syntax, comment.end, at))
            break;
        at = comment.start;
    }
    return at;
}

bool
node_is_null(struct node node)
{
    return node.id == NULL;
}

const char *
node_kind(struct node node)
{
    return node_is_null(node) ? "" : ts_node_type(to_ts(node));
}

bool
node_is(struct node node, const char *kind)
{
    return strcmp(node_kind(node), kind) == 0;
}

bool
node_broken(struct node node)
{
    return !node_is_null(node) && ts_node_has_error(to_ts(node));
}

size_t
node_start(struct node node)
{
    return node_is_null(node) ? 0 : ts_node_start_byte(to_ts(node));
}

size_t
node_end(struct node node)
{
    return node_is_null(node) ? 0 : ts_node_end_byte(to_ts(node));
}

struct str
node_text(const struct syntax *syntax, struct node node)
{
    size_t start = node_start(node);
    size_t end = node_end(node);

    if (end > syntax->len || start > end)
        return (struct str){0};
    return str_n(syntax->text + start, end - start);
}

unsigned
node_line(struct node node)
{
    return node_is_null(node) ? 0 : ts_node_start_point(to_ts(node)).row + 1;
}

size_t
node_count(struct node node)
{
    return node_is_null(node) ? 0 : ts_node_named_child_count(to_ts(node));
}

struct node
node_child(struct node node, size_t index)
{
    if (index >= node_count(node))
        return (struct node){0};
    return from_ts(node.syntax, ts_node_named_child(to_ts(node), (uint32_t)index));
}

struct node
node_field(struct node node, const char *field)
{
    if (node_is_null(node))
        return (struct node){0};
    return from_ts(node.syntax, ts_node_child_by_field_name(to_ts(node), field, (uint32_t)strlen(field)));
}

static void
find_places(const struct syntax *syntax)
{
    place_list *places = syntax->places;
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(syntax->tree));
    uint32_t above = NOWHERE;
    bool more = true;
    while (more) {
        TSNode here = ts_tree_cursor_current_node(&cursor);
        struct place *place = vec_push(places);
        uint32_t index = (uint32_t)places->count - 1;
        *place = (struct place){.id = here.id, .parent = above, .beside = index + 1};
        memcpy(place->context, here.context, sizeof place->context);
        if (ts_tree_cursor_goto_first_child(&cursor)) {
            above = index;
            continue;
        }
        while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) && ts_tree_cursor_goto_parent(&cursor)) {
            places->items[above].beside = index + 1;
            above = places->items[above].parent;
        }
    }
    ts_tree_cursor_delete(&cursor);
}

static struct node
node_at(const struct syntax *syntax, uint32_t index)
{
    const struct place *place = &syntax->places->items[index];
    struct node node = {.id = place->id, .syntax = syntax};

    memcpy(node.context, place->context, sizeof node.context);
    return node;
}

static uint32_t
place_of(struct node node)
{
    const place_list *places = node.syntax->places;
    if (places->count == 0)
        find_places(node.syntax);
    size_t low = 0, high = places->count, start = node_start(node);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (node_start(node_at(node.syntax, (uint32_t)middle)) < start)
            low = middle + 1;
        else
            high = middle;
    }
    while (places->items[low].id != node.id)
        low++;
    return (uint32_t)low;
}

struct node
node_parent(struct node node)
{
    if (node_is_null(node))
        return node;
    uint32_t at = place_of(node), parent = node.syntax->places->items[at].parent;
    return parent == NOWHERE ? (struct node){0} : node_at(node.syntax, parent);
}

size_t
node_token_count(struct node node)
{
    return node_is_null(node) ? 0 : ts_node_child_count(to_ts(node));
}

struct node
node_token(struct node node, size_t index)
{
    if (index >= node_token_count(node))
        return (struct node){0};
    return from_ts(node.syntax, ts_node_child(to_ts(node), (uint32_t)index));
}

bool
node_same(struct node a, struct node b)
{
    return a.id == b.id && a.syntax == b.syntax;
}

void
node_walk(struct node node, bool (*visit)(void *context, struct node node), void *context)
{
    if (node_is_null(node))
        return;
    uint32_t at = place_of(node);
    const struct place *places = node.syntax->places->items;
    for (uint32_t end = places[at].beside; at < end;) {
        struct node here = node_at(node.syntax, at);
        bool down = ts_node_is_named(to_ts(here)) && visit(context, here);
        at = down ? at + 1 : places[at].beside;
    }
}

void
node_measure(struct node node, size_t *count, size_t *depth)
{
    *count = *depth = 0;
    if (node_is_null(node))
        return;
    TSTreeCursor cursor = ts_tree_cursor_new(to_ts(node));
    size_t level = 0;
    bool more = true;
    while (more) {
        ++*count;
        if (ts_tree_cursor_goto_first_child(&cursor)) {
            level++;
            *depth = level > *depth ? level : *depth;
            continue;
        }
        while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) && ts_tree_cursor_goto_parent(&cursor))
            level--;
    }
    ts_tree_cursor_delete(&cursor);
}
