// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/names.h"

struct names
names_of(const struct scope *scope, struct scope_node definition, struct str name)
{
    return (struct names){.scope = scope,
                          .definition = definition,
                          .body = node_field(definition.node, "body"),
                          .items = {name},
                          .count = 1};
}

bool
names_has(const struct names *names, struct node node)
{
    if (!node_is(node, "identifier"))
        return false;
    struct str text = node_text(names->definition.syntax, node);
    for (size_t i = 0; i < names->count; i++) {
        if (str_eq(names->items[i], text))
            return true;
    }
    return false;
}

struct str
names_text(const struct names *names, struct node node)
{
    return node_text(names->definition.syntax, node);
}

struct str
names_operator(const struct names *names, struct node node)
{
    return names_text(names, node_field(node, "operator"));
}

struct mention {
    const struct names *names;
    bool found;
};

static bool
visit_mention(void *context, struct node node)
{
    struct mention *mention = context;

    mention->found = mention->found || names_has(mention->names, node);
    return !mention->found;
}

bool
names_mention(const struct names *names, struct node node)
{
    struct mention mention = {names, false};

    node_walk(node, visit_mention, &mention);
    return mention.found;
}

// The outermost node that is `node` in parentheses.
struct node
node_out_of_parentheses(struct node node)
{
    struct node parent = node_parent(node);

    while (node_is(parent, "parenthesized_expression")) {
        node = parent;
        parent = node_parent(node);
    }
    return node;
}

struct node
node_declared(struct node declarator)
{
    struct node d = declarator;

    while (!node_is_null(d) && !node_is(d, "identifier"))
        d = node_field(d, "declarator");
    return d;
}

void
names_add(struct names *names, struct str name)
{
    if (name.len > 0 && names->count < NAMES_MAX)
        names->items[names->count++] = name;
}

// Whether an element expression stands left of a plain assignment.
bool
names_written(const struct names *names, struct node element, struct node *assignment)
{
    struct node node = node_out_of_parentheses(element);
    struct node parent = node_parent(node);

    *assignment = parent;
    return node_is(parent, "assignment_expression") && node_same(node_field(parent, "left"), node) &&
           str_is(names_operator(names, parent), "=");
}
