// SPDX-License-Identifier: Apache-2.0
// crossover: where two parents differ, each difference is drawn from one of them: the statements of the
// function (aligned by a longest common subsequence) and definitions that both have under one name. What
// nobody uses then is left out.
#include "steps/island-evolve/mutate.h"

#include "base/vec.h"

#include <stdio.h>
#include <string.h>

enum { STATEMENTS_MAX = 200, ITEMS_MAX = 64, ROUNDS_MAX = 16 };

// A definition or an include beside the function.
struct item {
    struct str name, text; // name: empty for an include
};
struct items {
    struct item items[ITEMS_MAX];
    size_t count;
};

struct parent {
    const struct syntax *syntax;
    struct function function;
    size_t start, end;
    struct str statements[STATEMENTS_MAX]; // of the function's body
    size_t statement_count;
};

// The pieces of text from the end of one statement to the end of the next, so that comments and blank lines
// stay.
static bool
read_statements(struct parent *parent)
{
    struct node body = node_field(parent->function.node, "body");
    struct str text = syntax_text(parent->syntax);
    size_t at = node_start(body) + 1;

    for (size_t i = 0; i < node_count(body); i++) {
        struct node child = node_child(body, i);
        if (parent->statement_count == STATEMENTS_MAX)
            return false;
        parent->statements[parent->statement_count++] = str_n(text.ptr + at, node_end(child) - at);
        at = node_end(child);
    }
    return parent->statement_count > 0;
}

static struct str
item_name(const struct syntax *syntax, struct node node)
{
    struct node declarator = node_field(node, "declarator");
    struct node name = function_name_node(declarator);
    bool is_go = syntax_language(syntax) == LANGUAGE_GO;

    if (is_go) // a function, or a declaration of one variable
        name = node_field(node_is(node, "var_declaration") ? node_child(node, 0) : node, "name");

    if (node_is_null(name) && !is_go)
        name = node_declared(declarator);
    return node_is_null(name) ? (struct str){0} : node_text(syntax, name);
}

// The comment of a definition goes with it.
static void
read_items(const struct parent *parent, struct items *items)
{
    struct node root = syntax_root(parent->syntax);
    struct str text = syntax_text(parent->syntax);
    bool is_go = syntax_language(parent->syntax) == LANGUAGE_GO;
    size_t end = is_go ? parent->end : parent->function.start;

    for (size_t i = 0; i < node_count(root) && items->count < ITEMS_MAX; i++) {
        struct node node = node_child(root, i);
        size_t start = node_start(node), comment = syntax_comment_start(parent->syntax, start);
        if (start < parent->start || start >= end || start == parent->function.start)
            continue;
        start = comment >= parent->start ? comment : start;
        items->items[items->count++] = (struct item){
            item_name(parent->syntax, node), str_trim(str_n(text.ptr + start, node_end(node) - start))};
    }
}

static bool
same_statement(struct str a, struct str b)
{
    return str_eq(str_trim(a), str_trim(b));
}

// Lengths of the longest common subsequences of all tails.
static unsigned *
common_tails(const struct shape *shape, const struct parent *a, const struct parent *b)
{
    size_t width = b->statement_count + 1;
    unsigned *length = ARENA_ARRAY(shape->arena, unsigned, (a->statement_count + 1) * width);

    for (size_t i = a->statement_count; i-- > 0;) {
        for (size_t j = b->statement_count; j-- > 0;) {
            unsigned down = length[(i + 1) * width + j], right = length[i * width + j + 1];
            if (same_statement(a->statements[i], b->statements[j]))
                length[i * width + j] = length[(i + 1) * width + j + 1] + 1;
            else
                length[i * width + j] = down > right ? down : right;
        }
    }
    return length;
}

struct stretch {
    const struct str *items;
    size_t count;
};

static struct stretch
stretch_of(const struct parent *parent, size_t from, size_t to)
{
    return (struct stretch){parent->statements + from, to - from};
}

static void
add_all(struct buf *text, struct stretch stretch)
{
    for (size_t i = 0; i < stretch.count; i++)
        buf_add_str(text, stretch.items[i]);
}

// Stretches of one length are taken to correspond statement by statement.
static void
add_stretch(const struct shape *shape, struct stretch a, struct stretch b, struct buf *text)
{
    if (a.count != b.count) {
        add_all(text, rng_below(shape->mutation->rng, 2) == 0 ? a : b);
        return;
    }
    for (size_t i = 0; i < a.count; i++)
        buf_add_str(text, rng_below(shape->mutation->rng, 2) == 0 ? a.items[i] : b.items[i]);
}

// Walks along both bodies; what differs is drawn from one of them.
static void
mix_statements(const struct shape *shape, const struct parent *a, const struct parent *b, struct buf *text)
{
    const unsigned *length = common_tails(shape, a, b);
    size_t width = b->statement_count + 1, i = 0, j = 0;

    while (i < a->statement_count || j < b->statement_count) {
        size_t i0 = i, j0 = j;
        while (i < a->statement_count || j < b->statement_count) {
            bool inside = i < a->statement_count && j < b->statement_count;
            if (inside && same_statement(a->statements[i], b->statements[j]))
                break;
            bool from_a =
                i < a->statement_count &&
                (j == b->statement_count || length[(i + 1) * width + j] >= length[i * width + j + 1]);
            if (from_a)
                i++;
            else
                j++;
        }
        add_stretch(shape, stretch_of(a, i0, i), stretch_of(b, j0, j), text);
        if (i < a->statement_count && j < b->statement_count) {
            buf_add_str(text, a->statements[i]);
            i++;
            j++;
        }
    }
}

static size_t
find_item(const struct items *items, const struct item *wanted)
{
    size_t i = 0;

    while (i < items->count && !(wanted->name.len > 0 ? str_eq(items->items[i].name, wanted->name)
                                                      : str_eq(items->items[i].text, wanted->text)))
        i++;
    return i;
}

// Items of both; one of two that share a name. The mate's own come first, includes before all.
static void
mix_items(const struct shape *shape, const struct items *mine, const struct items *theirs,
          struct items *mixed)
{
    for (size_t i = 0; i < theirs->count; i++) {
        if (find_item(mine, &theirs->items[i]) == mine->count && mixed->count < ITEMS_MAX)
            mixed->items[mixed->count++] = theirs->items[i];
    }
    for (size_t i = 0; i < mine->count && mixed->count < ITEMS_MAX; i++) {
        size_t other = find_item(theirs, &mine->items[i]);
        bool take_mate = other < theirs->count && rng_below(shape->mutation->rng, 2) == 1;
        mixed->items[mixed->count++] = take_mate ? theirs->items[other] : mine->items[i];
    }
}

static bool
mentions(const struct items *items, const bool *kept, size_t but, struct str name, struct str function)
{
    if (str_find(function, name) >= 0)
        return true;
    for (size_t i = 0; i < items->count; i++) {
        if (kept[i] && i != but && str_find(items->items[i].text, name) >= 0)
            return true;
    }
    return false;
}

static void
write_items(const struct items *items, struct str function, struct buf *variant)
{
    bool kept[ITEMS_MAX];

    memset(kept, 1, sizeof kept);
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        for (size_t i = 0; i < items->count; i++)
            kept[i] = kept[i] && (items->items[i].name.len == 0 ||
                                  mentions(items, kept, i, items->items[i].name, function));
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < items->count; i++) {
            bool include = str_starts(items->items[i].text, STR("#include"));
            if (kept[i] && include == (pass == 0))
                buf_printf(variant, "%.*s\n\n", STR_ARG(items->items[i].text));
        }
    }
}

static size_t
sites(const struct mutation *mutation)
{
    return mutation->mate == NULL ? 0 : 64;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct parent *a = ARENA_NEW(mutation->arena, struct parent),
                  *b = ARENA_NEW(mutation->arena, struct parent);
    struct items *mine = ARENA_NEW(mutation->arena, struct items),
                 *theirs = ARENA_NEW(mutation->arena, struct items);
    struct items *mixed = ARENA_NEW(mutation->arena, struct items);
    AUTO_BUF function = BUF(1 << 20);

    (void)err;
    (void)index;
    if (mutation->mate == NULL)
        return 0;
    *a = (struct parent){
        mutation->syntax, mutation->function, mutation->variant_start, mutation->variant_end, {{0}}, 0};
    *b = (struct parent){
        mutation->mate, mutation->mate_function, mutation->mate_start, mutation->mate_end, {{0}}, 0};
    if (!read_statements(a) || !read_statements(b))
        return 0;
    read_items(a, mine);
    read_items(b, theirs);
    mix_items(&shape, mine, theirs, mixed);
    buf_add_str(&function,
                shape_between(&shape, mutation->function.start, mutation->function.body_start + 1));
    mix_statements(&shape, a, b, &function);
    buf_add_str(&function, STR("\n}"));
    bool is_go = syntax_language(mutation->syntax) == LANGUAGE_GO; // as mutation_write has it
    if (is_go)
        buf_printf(variant, "%s\n\n", buf_text(&function));
    write_items(mixed, buf_str(&function), variant);
    if (is_go)
        buf_cut(variant, str_trim(buf_str(variant)).len);
    else
        buf_add_str(variant, buf_str(&function));
    snprintf(note, 160, "each difference of the two parents from one of them");
    return !variant->full;
}

const struct mutator_ops mutate_crossover = {
    .name = "crossover",
    .summary = "statements and definitions of two parents, mixed",
    .technique = TECHNIQUE_CROSSOVER,
    .sites = sites,
    .apply = apply,
    .draws = true,
};
