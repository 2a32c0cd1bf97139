// SPDX-License-Identifier: Apache-2.0
// go-unroll: a loop over the elements of a slice or the bytes of a string takes 4 or 8 rounds at once, with
// one check of the length for all of them.
#include "steps/island-evolve/go_mutate.h"
#include "steps/island-evolve/go_stride.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS_MAX = 8, BODY_MAX_BYTES = 2000 };

static const size_t rounds[GO_UNROLL_CHOICES] = {4, 8};

static size_t
find_sites(const struct shape *shape, size_t limit, struct go_stride *last)
{
    struct nodes loops = shape_find_all(shape, "for_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count && count < limit; i++) {
        struct go_stride stride;
        if (!go_stride_read(shape, loops.items[i], &stride) || go_stride_leaves(shape, &stride) ||
            go_stride_uses_index(shape, &stride) || shape_text(shape, stride.body).len > BODY_MAX_BYTES ||
            str_find_byte(shape_text(shape, stride.body), '`') >= 0 || // text that lines belong to
            go_changes_elements(shape, stride.body, stride.base) ||
            (stride.element.len > 0 && go_changes(shape, stride.body, stride.element)))
            continue;
        *last = stride;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct go_stride stride;

    return find_sites(&shape, SIZE_MAX, &stride) * GO_UNROLL_CHOICES;
}

// The body with `rest[k]` for the element.
static const char *
body_at(const struct shape *shape, const struct go_stride *stride, const char *element)
{
    struct nodes all = shape_find(shape, stride->body, "identifier index_expression");
    struct edit *edits = ARENA_ARRAY(shape->arena, struct edit, all.count + 1);
    size_t count = 0;

    for (size_t i = 0; i < all.count; i++) {
        struct node node = all.items[i];
        bool is_element = node_is(node, "index_expression")
                              ? go_is_name(shape, node_field(node, "operand"), stride->base) &&
                                    go_is_name(shape, node_field(node, "index"), stride->index)
                              : stride->element.len > 0 && go_is_name(shape, node, stride->element);
        if (is_element)
            edits[count++] = (struct edit){node_start(node), node_end(node), element};
    }
    return shape_edited(shape, stride->body, edits, count);
}

// A text one level further in.
static const char *
deeper(const struct shape *shape, const char *text)
{
    AUTO_BUF out = BUF(1 << 16);

    for (const char *c = text; *c != '\0'; c++) {
        buf_putc(&out, *c);
        if (*c == '\n' && c[1] != '\n')
            buf_putc(&out, '\t');
    }
    return arena_str(shape->arena, buf_str(&out));
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    size_t wanted = index / GO_UNROLL_CHOICES + 1, many = rounds[index % GO_UNROLL_CHOICES];
    struct go_stride stride;
    AUTO_BUF text = BUF(1 << 16);

    (void)err;
    if (find_sites(&shape, wanted, &stride) != wanted)
        return 0;
    const char *indent = shape_indent(&shape, node_start(stride.loop));
    const char *rest = go_fresh(&shape, "rest", "", (struct str){0});
    buf_printf(&text, "%s := %.*s\n%sfor ; len(%s) >= %zu; %s = %s[%zu:] {\n", rest, STR_ARG(stride.base),
               indent, rest, many, rest, rest, many);
    for (size_t k = 0; k < many; k++) {
        const char *element = arena_printf(shape.arena, "%s[%zu]", rest, k);
        buf_printf(&text, "%s\t%s\n", indent, deeper(&shape, body_at(&shape, &stride, element)));
    }
    const char *last = go_fresh(&shape, "last", "", (struct str){0});
    buf_printf(&text, "%s}\n%sfor _, %s := range %s%s%s %s", indent, indent, last,
               strcmp(stride.type, "string") == 0 ? "[]byte(" : "", rest,
               strcmp(stride.type, "string") == 0 ? ")" : "", body_at(&shape, &stride, last));
    snprintf(note, 160, "%zu rounds at once (line %u)", many, node_line(stride.loop));
    struct edit edit = {node_start(stride.loop), node_end(stride.loop), buf_text(&text)};
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_go_unroll = {
    .name = "go-unroll",
    .summary = "a loop over elements takes 4 or 8 rounds at once",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
