// SPDX-License-Identifier: Apache-2.0
// The part of shape.h that reads and writes text: names, indentation, edits, what an oracle has to know.
#include "steps/island-evolve/shape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool
text_has_word(struct str text, struct str word)
{
    for (struct str rest = text;;) {
        ptrdiff_t at = str_find(rest, word);
        if (at < 0)
            return false;
        const char *start = rest.ptr + at;
        const char *end = start + word.len;
        bool open_left = start == text.ptr || !(isalnum((unsigned char)start[-1]) || start[-1] == '_');
        bool open_right = end == text.ptr + text.len || !(isalnum((unsigned char)*end) || *end == '_');
        if (open_left && open_right)
            return true;
        rest = str_from(rest, (size_t)at + 1);
    }
}

static bool
is_taken(const struct shape *shape, struct str name)
{
    if (text_has_word(syntax_text(shape->syntax), name))
        return true;
    for (size_t i = 0; i < shape->scope.header_count; i++) {
        if (text_has_word(syntax_text(shape->scope.headers[i]), name))
            return true;
    }
    return false;
}

char *
shape_fresh_beside(const struct shape *shape, const char *stem, struct str text)
{
    char *name = arena_dup(shape->arena, stem);

    for (unsigned i = 2; is_taken(shape, str_of(name)) || text_has_word(text, str_of(name)); i++)
        name = arena_printf(shape->arena, "%s_%u", stem, i);
    return name;
}

char *
shape_fresh(const struct shape *shape, const char *stem)
{
    return shape_fresh_beside(shape, stem, (struct str){0});
}

char *
shape_indent(const struct shape *shape, size_t position)
{
    struct str text = syntax_text(shape->syntax);
    size_t start = position;

    while (start > 0 && text.ptr[start - 1] != '\n')
        start--;
    size_t end = start;
    while (end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\t'))
        end++;
    return arena_str(shape->arena, str_n(text.ptr + start, end - start));
}

bool
shape_starts_line(const struct shape *shape, size_t position)
{
    struct str text = syntax_text(shape->syntax);
    size_t at = position;

    while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t'))
        at--;
    return at == 0 || text.ptr[at - 1] == '\n';
}

const char *
shape_indent_unit(const struct shape *shape)
{
    struct node body = node_field(shape->mutation->function.node, "body");
    const char *usual = syntax_language(shape->syntax) == LANGUAGE_GO ? "\t" : "    ";

    if (node_count(body) == 0 || node_line(node_child(body, 0)) == node_line(body))
        return usual;
    const char *indent = shape_indent(shape, node_start(node_child(body, 0)));
    return *indent == '\0' ? usual : indent;
}

struct str
shape_prelude(const struct shape *shape, struct node code)
{
    const struct mutation *mutation = shape->mutation;
    struct uses uses = shape_uses(shape, code);
    const struct function *target = shape_enclosing(shape, mutation->function.node);

    for (size_t i = 0; i < uses.count; i++) {
        struct variable variable;
        const struct function *function = shape_function(shape, uses.items[i].name);
        bool own = function != NULL && function != target && shape_in_variant(shape, function->node);
        if (!own && shape_variable(shape, uses.items[i].node, uses.items[i].name, &variable))
            own = variable.is_global && shape_in_variant(shape, variable.declaration);
        if (!own)
            continue;
        struct str text = shape_between(shape, mutation->variant_start, mutation->variant_end);
        return str_of(arena_printf(shape->arena, "#define %s atoll_parent_variant\n%.*s\n#undef %s\n",
                                   mutation->function.name, STR_ARG(text), mutation->function.name));
    }
    return (struct str){0};
}

static int
edit_order(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

char *
shape_edited(const struct shape *shape, struct node node, const struct edit *edits, size_t count)
{
    struct edit *sorted = ARENA_ARRAY(shape->arena, struct edit, count + 1);
    AUTO_BUF text = BUF(1 << 22);
    size_t at = node_start(node);

    if (count > 0)
        memcpy(sorted, edits, count * sizeof *edits);
    qsort(sorted, count, sizeof *sorted, edit_order);
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&text, shape_between(shape, at, sorted[i].start));
        buf_puts(&text, sorted[i].text);
        at = sorted[i].end;
    }
    buf_add_str(&text, shape_between(shape, at, node_end(node)));
    return arena_str(shape->arena, buf_str(&text));
}

char *
shape_moved(const struct shape *shape, struct node node, const char *indent)
{
    struct str old = str_of(shape_indent(shape, node_start(node)));
    AUTO_BUF text = BUF(1 << 22);
    struct str rest = shape_text(shape, node);

    buf_add_str(&text, str_cut(&rest, '\n'));
    while (rest.ptr != NULL) {
        struct str line = str_cut(&rest, '\n');
        buf_putc(&text, '\n');
        if (str_starts(line, old)) {
            buf_puts(&text, line.len > old.len ? indent : "");
            line = str_from(line, old.len);
        }
        buf_add_str(&text, line);
    }
    return arena_str(shape->arena, buf_str(&text));
}
