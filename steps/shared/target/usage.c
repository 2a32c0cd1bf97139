// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/usage.h"

#include "steps/shared/target/cursor.h"
#include "steps/shared/target/function.h"

#include <string.h>

enum { CALL_DEPTH = 4, ALIAS_ROUNDS = 4 };

// Functions of libc that take a pointer: which argument they only write; what they read ends at a NUL?
static const struct known_call {
    const char *name;
    int written; // index, -1 none
    bool nul;    // the arguments they read are terminated
} known_calls[] = {
    {"memcpy", 0, false},  {"memmove", 0, false}, {"memset", 0, false},     {"strcpy", 0, true},
    {"stpcpy", 0, true},   {"strncpy", 0, true},  {"snprintf", 0, true},    {"sprintf", 0, true},
    {"memcmp", -1, false}, {"memchr", -1, false}, {"strlen", -1, true},     {"strcmp", -1, true},
    {"strncmp", -1, true}, {"strchr", -1, true},  {"strrchr", -1, true},    {"strstr", -1, true},
    {"strspn", -1, true},  {"strcspn", -1, true}, {"strtoul", -1, true},    {"strtol", -1, true},
    {"strtod", -1, true},  {"strpbrk", -1, true}, {"strcasecmp", -1, true},
};

struct walk {
    struct names names;
    unsigned depth;
    size_t first_read, first_write; // positions
    struct pointer_usage *usage;
};

enum use_kind { USE_VALUE, USE_ELEMENT, USE_ARGUMENT, USE_ALIAS };

// What becomes of one occurrence of a pointer.
struct use {
    enum use_kind kind;
    struct node node;  // the element expression, the call, the identifier that becomes an alias
    struct node index; // last index or offset, may be none
    size_t argument;
    bool moved, by_variable;
};

static void
note_index(const struct walk *walk, struct node index, struct use *use)
{
    uint64_t value;

    use->index = index;
    if (!scope_number(walk->names.scope, names_text(&walk->names, index), &value))
        use->moved = use->by_variable = true;
    else if (value > 0)
        use->moved = true;
}

static size_t
argument_index(struct node list, struct node argument)
{
    size_t i = 0;

    while (i < node_count(list) && !node_same(node_child(list, i), argument))
        i++;
    return i;
}

// One step up from a pointer value. 1: the parent is a pointer value as well; 0: the use is decided.
static int
step_pointer_value(const struct walk *walk, struct node node, struct node parent, struct use *use)
{
    struct str op = names_operator(&walk->names, parent);

    if (node_is(parent, "parenthesized_expression"))
        return 1;
    if (node_is(parent, "cast_expression"))
        return str_find_byte(names_text(&walk->names, node_field(parent, "type")), '*') >= 0;
    if (node_is(parent, "conditional_expression"))
        return !node_same(node_field(parent, "condition"), node);
    if (node_is(parent, "update_expression")) {
        use->moved = use->by_variable = true;
        return 1;
    }
    if (node_is(parent, "binary_expression") && (str_is(op, "+") || str_is(op, "-"))) {
        bool is_left = node_same(node_field(parent, "left"), node);
        struct node other = node_field(parent, is_left ? "right" : "left");
        if (str_is(op, "-") && (!is_left || names_mention(&walk->names, other)))
            return 0;
        note_index(walk, other, use);
        return 1;
    }
    return 0;
}

// What finally happens to a pointer value.
static void
decide_use(const struct walk *walk, struct node node, struct node parent, struct use *use)
{
    if (node_is(parent, "subscript_expression") && node_same(node_field(parent, "argument"), node)) {
        note_index(walk, node_field(parent, "index"), use);
        use->kind = USE_ELEMENT;
        use->node = parent;
    } else if ((node_is(parent, "pointer_expression") && str_is(names_operator(&walk->names, parent), "*")) ||
               node_is(parent, "field_expression")) {
        use->kind = USE_ELEMENT;
        use->node = parent;
    } else if (node_is(parent, "argument_list")) {
        use->kind = USE_ARGUMENT;
        use->node = node_parent(parent);
        use->argument = argument_index(parent, node);
    } else if (node_is(parent, "init_declarator")) {
        use->kind = USE_ALIAS;
        use->node = node_declared(node_field(parent, "declarator"));
    } else if (node_is(parent, "assignment_expression")) {
        bool is_left = node_same(node_field(parent, "left"), node);
        if (is_left && !str_is(names_operator(&walk->names, parent), "="))
            use->moved = use->by_variable = true;
        if (!is_left && node_is(node_field(parent, "left"), "identifier")) {
            use->kind = USE_ALIAS;
            use->node = node_field(parent, "left");
        }
    }
}

static struct use
use_of(const struct walk *walk, struct node occurrence)
{
    struct use use = {.kind = USE_VALUE};
    struct node node = occurrence;

    for (;;) {
        struct node parent = node_parent(node);
        if (step_pointer_value(walk, node, parent, &use)) {
            node = parent;
            continue;
        }
        decide_use(walk, node, parent, &use);
        if (use.kind != USE_ELEMENT)
            return use;
        node = node_out_of_parentheses(use.node);
        parent = node_parent(node);
        if (!node_is(parent, "pointer_expression") || !str_is(names_operator(&walk->names, parent), "&"))
            return use;
        use.kind = USE_VALUE;
        node = parent;
    }
}

static bool
visit_alias(void *context, struct node node)
{
    struct walk *walk = context;

    if (names_has(&walk->names, node)) {
        struct use use = use_of(walk, node);
        if (use.kind == USE_ALIAS && !names_has(&walk->names, use.node))
            names_add(&walk->names, names_text(&walk->names, use.node));
    }
    return true;
}

static void
note_read(struct walk *walk, const struct use *use, size_t position)
{
    if (position < walk->first_read && !cursor_behind(&walk->names, use->index))
        walk->first_read = position;
}

static void
note_write(struct walk *walk, size_t position)
{
    walk->usage->written = true;
    if (position < walk->first_write)
        walk->first_write = position;
}

static bool
is_zero(struct str text)
{
    return str_is(text, "0") || str_is(text, "'\\0'") || str_is(text, "'\\x00'");
}

// Whether an element's value decides a condition by being 0 or not.
static bool
is_nul_test(const struct walk *walk, struct node element)
{
    struct node node = node_out_of_parentheses(element);
    struct node parent = node_parent(node);

    if (node_is(parent, "assignment_expression") && node_same(node_field(parent, "right"), node)) {
        node = node_out_of_parentheses(parent);
        parent = node_parent(node);
    }
    struct str op = names_operator(&walk->names, parent);
    if (node_is(parent, "binary_expression") && (str_is(op, "==") || str_is(op, "!=")))
        return is_zero(names_text(&walk->names, node_field(parent, "left"))) ||
               is_zero(names_text(&walk->names, node_field(parent, "right")));
    if (node_is(parent, "binary_expression"))
        return str_is(op, "&&") || str_is(op, "||");
    if (node_is(parent, "unary_expression"))
        return str_is(op, "!");
    return node_same(node_field(parent, "condition"), node);
}

static void
note_element(struct walk *walk, const struct use *use)
{
    struct node assignment;

    if (names_written(&walk->names, use->node, &assignment)) {
        note_write(walk, node_end(assignment));
        return;
    }
    note_read(walk, use, node_start(use->node));
    if (is_nul_test(walk, use->node))
        walk->usage->nul_tested = true;
    struct node parent = node_parent(node_out_of_parentheses(use->node));
    if (node_is(parent, "assignment_expression") || node_is(parent, "update_expression"))
        walk->usage->written = walk->usage->written || !node_is(parent, "assignment_expression") ||
                               node_same(node_field(parent, "left"), node_out_of_parentheses(use->node));
}

static const struct known_call *
find_known(struct str name)
{
    if (str_starts(name, STR("__builtin_")))
        name = str_from(name, strlen("__builtin_"));
    for (size_t i = 0; i < sizeof known_calls / sizeof *known_calls; i++) {
        if (str_is(name, known_calls[i].name))
            return &known_calls[i];
    }
    return NULL;
}

static struct node
parameter_node(struct scope_node function, size_t index)
{
    struct node declarator = node_field(function.node, "declarator");
    struct node list = node_field(function_declarator(declarator), "parameters");

    return node_child(list, index);
}

static struct pointer_usage pointer_usage(const struct scope *scope, struct scope_node definition,
                                          struct str name, unsigned depth);

// What a function does with its argument, as far as the scope tells.
static struct pointer_usage
callee_usage(const struct walk *walk, const struct use *use)
{
    struct pointer_usage unknown = {.used = true, .moved = true, .by_variable = true, .read_first = true};
    struct str name = names_text(&walk->names, node_field(use->node, "function"));
    const struct known_call *known = find_known(name);

    if (known != NULL) {
        unknown.written = known->written == (int)use->argument;
        unknown.read_first = !unknown.written;
        unknown.nul_tested = known->nul && !unknown.written;
        return unknown;
    }
    struct scope_node callee = scope_function(walk->names.scope, name);
    struct node parameter = callee.syntax == NULL ? (struct node){0} : parameter_node(callee, use->argument);
    struct node identifier = node_declared(node_field(parameter, "declarator"));
    if (!node_is_null(identifier) && node_is(callee.node, "function_definition") && walk->depth < CALL_DEPTH)
        return pointer_usage(walk->names.scope, callee, node_text(callee.syntax, identifier),
                             walk->depth + 1);
    unknown.written =
        callee.syntax == NULL || !str_starts(str_trim(node_text(callee.syntax, parameter)), STR("const"));
    return unknown;
}

static void
note_argument(struct walk *walk, const struct use *use)
{
    struct pointer_usage callee = callee_usage(walk, use);
    struct pointer_usage *pointer = walk->usage;

    pointer->moved = pointer->moved || callee.moved;
    pointer->by_variable = pointer->by_variable || callee.by_variable;
    pointer->nul_tested = pointer->nul_tested || callee.nul_tested;
    if (callee.last_index > pointer->last_index)
        pointer->last_index = callee.last_index;
    if (callee.read_first)
        note_read(walk, use, node_end(use->node));
    if (callee.written)
        note_write(walk, node_end(use->node));
    pointer->written = pointer->written || callee.written;
}

static bool
visit_pointer(void *context, struct node node)
{
    struct walk *walk = context;
    uint64_t value;

    if (!names_has(&walk->names, node))
        return true;
    struct use use = use_of(walk, node);
    walk->usage->used = true;
    walk->usage->moved = walk->usage->moved || use.moved;
    walk->usage->by_variable = walk->usage->by_variable || use.by_variable;
    if (!node_is_null(use.index) &&
        scope_number(walk->names.scope, names_text(&walk->names, use.index), &value) &&
        value > walk->usage->last_index)
        walk->usage->last_index = value;
    if (use.kind == USE_ELEMENT)
        note_element(walk, &use);
    else if (use.kind == USE_ARGUMENT)
        note_argument(walk, &use);
    return true;
}

static struct pointer_usage
pointer_usage(const struct scope *scope, struct scope_node definition, struct str name, unsigned depth)
{
    struct pointer_usage usage = {0};
    struct walk walk = {.names = names_of(scope, definition, name),
                        .depth = depth,
                        .first_read = SIZE_MAX,
                        .first_write = SIZE_MAX,
                        .usage = &usage};
    size_t before = 0;

    for (int i = 0; i < ALIAS_ROUNDS && before < walk.names.count; i++) {
        before = walk.names.count;
        node_walk(walk.names.body, visit_alias, &walk);
    }
    node_walk(walk.names.body, visit_pointer, &walk);
    usage.read_first = walk.first_read != SIZE_MAX && walk.first_read <= walk.first_write;
    return usage;
}

struct pointer_usage
usage_of_pointer(const struct scope *scope, struct scope_node definition, struct str name)
{
    return pointer_usage(scope, definition, name, 0);
}
