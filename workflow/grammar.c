// SPDX-License-Identifier: Apache-2.0
// A recursive-descent reader. `||` binds weaker than `&&`, that weaker than a comparison, that weaker than
// `!`.
#include "workflow/grammar.h"

#include <string.h>

enum { DEPTH_MAX = 32, NODES_MAX = 256, PARTS_MAX = 16 };

static const struct {
    const char *name, *usage, *summary;
    size_t least, most;
} functions[FUNCTION_COUNT] = {
    [FUNCTION_LENGTH] = {"length", "length(x)", "characters of a text, or members of a list or mapping", 1,
                         1},
    [FUNCTION_CONTAINS] =
        {"contains", "contains(a, b)",
         "whether the list a has the element b, the text a the part b, the mapping a the key b", 2, 2},
    [FUNCTION_FIRST] = {"first", "first(list)", "the first element, null when there is none", 1, 1},
    [FUNCTION_JOIN] = {"join", "join(list, separator)",
                       "the elements as one text; the separator is ', ' when left out", 1, 2},
    [FUNCTION_SUCCESS] = {"success", "success()",
                          "whether no step before this one failed; what holds for a step without `if`", 0, 0},
    [FUNCTION_FAILURE] = {"failure", "failure()", "whether a step before this one failed", 0, 0},
    [FUNCTION_ALWAYS] = {"always", "always()", "true; the step runs also after a failure", 0, 0},
};
static const char *const root_names[] = {
    [ROOT_STEPS] = "steps", [ROOT_VARS] = "vars", [ROOT_ENV] = "env",
    [ROOT_RUN] = "run",     [ROOT_ITEM] = "item", [ROOT_INDEX] = "index",
};
enum { ROOT_COUNT = sizeof(root_names) / sizeof(root_names[0]) };

const char *
grammar_function_usage(size_t index, const char **summary)
{
    if (index >= FUNCTION_COUNT)
        return NULL;
    *summary = functions[index].summary;
    return functions[index].usage;
}

static void
next(struct grammar *g)
{
    g->token = expression_token_next(&g->reader);
}

// Adds a problem at the present token; the caller returns NULL.
#define fail(g, ...) (problems_add((g)->problems, (g)->token.mark, (g)->key, __VA_ARGS__), NULL)

// What is wrong with the present token, where `wanted` was expected.
static void *
fail_token(struct grammar *g, const char *wanted)
{
    struct str text = g->token.text;
    if (g->token.kind == TOKEN_END)
        return fail(g, "the expression ends where %s was expected", wanted);
    if (g->token.kind == TOKEN_BAD && text.ptr[0] == '\'')
        return fail(g, "the text that starts here has no closing quote");
    if (g->token.kind == TOKEN_BAD && text.ptr[0] == '"')
        return fail(g, "a text stands in single quotes: 'like this'");
    if (g->token.kind == TOKEN_BAD && text.ptr[0] && strchr("=&|", text.ptr[0]))
        return fail(g, "no operator \"%c\"; did you mean \"%c%c\"?", text.ptr[0], text.ptr[0], text.ptr[0]);
    return fail(g, "expected %s, got \"%s\"", wanted, problems_shown(g->problems, text));
}

static struct expression_node *
node_new(struct grammar *g, enum grammar_kind kind)
{
    if (++g->nodes > NODES_MAX)
        return fail(g, "the expression has more than %d parts", NODES_MAX);
    struct expression_node *node = ARENA_NEW(g->arena, struct expression_node);
    node->kind = kind;
    node->mark = g->token.mark;
    return node;
}

static const struct expression_node *read_or(struct grammar *g);

// A text without its quotes, inner ones halved.
static struct str
unquoted(struct grammar *g, struct str quoted)
{
    char *text = arena_alloc(g->arena, quoted.len);
    size_t len = 0;
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        text[len++] = quoted.ptr[i];
        if (quoted.ptr[i] == '\'')
            i++;
    }
    return (struct str){text, len};
}

static const struct expression_node *
read_number(struct grammar *g)
{
    struct expression_node *node = node_new(g, GRAMMAR_INT);
    if (!node)
        return NULL;
    if (!str_to_i64(g->token.text, &node->integer)) {
        node->kind = GRAMMAR_REAL;
        if (!str_to_double(g->token.text, &node->real))
            return fail_token(g, "a number");
    }
    next(g);
    return node;
}

static const struct expression_node *
read_text(struct grammar *g)
{
    struct expression_node *node = node_new(g, GRAMMAR_TEXT);
    if (!node)
        return NULL;
    node->text = unquoted(g, g->token.text);
    next(g);
    return node;
}

// What stands in brackets: [0] or ['name'].
static bool
read_bracket(struct grammar *g, struct reference_part *part)
{
    int64_t index = 0;
    next(g);
    part->mark = g->token.mark;
    if (g->token.kind == TOKEN_TEXT) {
        struct str text = unquoted(g, g->token.text);
        part->name = str_of(arena_str(g->arena, text));
    } else if (g->token.kind == TOKEN_NUMBER && str_to_i64(g->token.text, &index) && index >= 0) {
        part->index = (size_t)index;
    } else {
        fail_token(g, "an index or a text");
        return false;
    }
    next(g);
    if (g->token.kind == ']')
        return true;
    fail_token(g, "\"]\"");
    return false;
}

static bool
read_member(struct grammar *g, struct reference_part *part)
{
    next(g);
    if (g->token.kind != TOKEN_NAME) {
        fail_token(g, "a name");
        return false;
    }
    *part =
        (struct reference_part){.name = str_of(arena_str(g->arena, g->token.text)), .mark = g->token.mark};
    return true;
}

static const struct expression_node *
read_path(struct grammar *g, enum reference_root root)
{
    struct expression_node *node = node_new(g, GRAMMAR_PATH);
    if (!node)
        return NULL;
    struct reference_part *parts = ARENA_ARRAY(g->arena, struct reference_part, PARTS_MAX);
    node->path = (struct reference){.root = root, .parts = parts, .mark = g->token.mark};
    next(g);
    while (g->token.kind == '.' || g->token.kind == '[') {
        if (node->path.count == PARTS_MAX)
            return fail(g, "the path has more than %d parts", PARTS_MAX);
        struct reference_part *part = &parts[node->path.count++];
        if (!(g->token.kind == '.' ? read_member(g, part) : read_bracket(g, part)))
            return NULL;
        next(g);
    }
    *vec_push(&g->references) = node->path;
    return node;
}

static ptrdiff_t
function_index(struct str name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (str_is(name, functions[i].name))
            return (ptrdiff_t)i;
    return -1;
}

static void *
fail_function(struct grammar *g)
{
    const char *names[FUNCTION_COUNT];
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        names[i] = functions[i].name;
    return fail(g, "unknown function \"%s\"%s", problems_shown(g->problems, g->token.text),
                problems_hint(g->problems, g->token.text, names, FUNCTION_COUNT));
}

// The arguments of a call, up to and with the closing parenthesis.
static bool
read_arguments(struct grammar *g, struct expression_node *call, size_t *count)
{
    next(g);
    while (g->token.kind != ')') {
        const struct expression_node *argument = read_or(g);
        if (!argument)
            return false;
        if (*count < 2)
            call->operands[*count] = argument;
        ++*count;
        if (g->token.kind == ')')
            break;
        if (g->token.kind != ',') {
            fail_token(g, "\",\" or \")\"");
            return false;
        }
        next(g);
    }
    next(g);
    return true;
}

static const struct expression_node *
read_call(struct grammar *g)
{
    ptrdiff_t function = function_index(g->token.text);
    if (function < 0)
        return fail_function(g);
    struct expression_node *call = node_new(g, GRAMMAR_CALL);
    if (!call)
        return NULL;
    call->function = (enum grammar_function)function;
    g->asks_status |= call->function >= FUNCTION_SUCCESS;
    next(g); // (
    size_t count = 0;
    if (!read_arguments(g, call, &count))
        return NULL;
    if (count < functions[function].least || count > functions[function].most) {
        problems_add(g->problems, call->mark, g->key, "%s has %zu argument%s, got %zu",
                     functions[function].usage, functions[function].most,
                     functions[function].most == 1 ? "" : "s", count);
        return NULL;
    }
    call->operand_count = count;
    return call;
}

static const struct expression_node *
read_word(struct grammar *g, enum grammar_kind kind, bool truth)
{
    struct expression_node *node = node_new(g, kind);
    if (!node)
        return NULL;
    node->truth = truth;
    next(g);
    return node;
}

static const struct expression_node *
read_name(struct grammar *g)
{
    struct str name = g->token.text;
    if (str_is(name, "true") || str_is(name, "false"))
        return read_word(g, GRAMMAR_BOOL, str_is(name, "true"));
    if (str_is(name, "null"))
        return read_word(g, GRAMMAR_NULL, false);
    if (token_follows(&g->reader, '('))
        return read_call(g);
    for (size_t i = 0; i < ROOT_COUNT; i++)
        if (str_is(name, root_names[i]))
            return read_path(g, (enum reference_root)i);
    return fail(g, "unknown name \"%s\"%s", problems_shown(g->problems, name),
                problems_hint(g->problems, name, root_names, ROOT_COUNT));
}

static const struct expression_node *
read_primary(struct grammar *g)
{
    switch (g->token.kind) {
    case TOKEN_NUMBER:
        return read_number(g);
    case TOKEN_TEXT:
        return read_text(g);
    case TOKEN_NAME:
        return read_name(g);
    case '(': {
        next(g);
        const struct expression_node *inner = read_or(g);
        if (inner && g->token.kind != ')')
            return fail_token(g, "\")\"");
        next(g);
        return inner;
    }
    default:
        return fail_token(g, "a value");
    }
}

static const struct expression_node *
read_not(struct grammar *g)
{
    if (g->token.kind != '!')
        return read_primary(g);
    if (g->depth >= DEPTH_MAX)
        return fail(g, "the expression is nested deeper than %d", DEPTH_MAX);
    struct expression_node *node = node_new(g, GRAMMAR_NOT);
    if (!node)
        return NULL;
    next(g);
    g->depth++;
    node->operands[0] = read_not(g);
    g->depth--;
    return node->operands[0] ? node : NULL;
}

// A node with the operator at the present token, after which `read` gives the right side.
static const struct expression_node *
read_right(struct grammar *g, enum grammar_kind kind, const struct expression_node *left,
           const struct expression_node *(*read)(struct grammar *))
{
    struct expression_node *node = node_new(g, kind);
    if (!node)
        return NULL;
    next(g);
    node->operands[0] = left;
    node->operands[1] = read(g);
    return node->operands[1] ? node : NULL;
}

static bool
comparison_kind(int token, enum grammar_kind *kind)
{
    static const struct {
        int token;
        enum grammar_kind kind;
    } comparisons[] = {{TOKEN_EQUAL, GRAMMAR_EQUAL}, {TOKEN_UNEQUAL, GRAMMAR_UNEQUAL},
                       {'<', GRAMMAR_LESS},          {TOKEN_AT_MOST, GRAMMAR_AT_MOST},
                       {'>', GRAMMAR_MORE},          {TOKEN_AT_LEAST, GRAMMAR_AT_LEAST}};
    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (comparisons[i].token != token)
            continue;
        *kind = comparisons[i].kind;
        return true;
    }
    return false;
}

static const struct expression_node *
read_comparison(struct grammar *g)
{
    const struct expression_node *left = read_not(g);
    enum grammar_kind kind = GRAMMAR_EQUAL;
    if (!left || !comparison_kind(g->token.kind, &kind))
        return left;
    left = read_right(g, kind, left, read_not);
    if (left && comparison_kind(g->token.kind, &kind))
        return fail(g, "comparisons do not chain; join them with &&");
    return left;
}

static const struct expression_node *
read_and(struct grammar *g)
{
    const struct expression_node *left = read_comparison(g);
    while (left && g->token.kind == TOKEN_AND)
        left = read_right(g, GRAMMAR_AND, left, read_comparison);
    return left;
}

static const struct expression_node *
read_or(struct grammar *g)
{
    if (g->depth >= DEPTH_MAX)
        return fail(g, "the expression is nested deeper than %d", DEPTH_MAX);
    g->depth++;
    const struct expression_node *left = read_and(g);
    while (left && g->token.kind == TOKEN_OR)
        left = read_right(g, GRAMMAR_OR, left, read_and);
    g->depth--;
    return left;
}

const struct expression_node *
grammar_read(struct grammar *g, bool bare)
{
    g->depth = g->nodes = 0;
    next(g);
    const struct expression_node *root = read_or(g);
    if (root && g->token.kind != (bare ? TOKEN_END : TOKEN_CLOSE))
        return fail_token(g, bare ? "an operator" : "an operator or \"}}\"");
    return root;
}
