// SPDX-License-Identifier: Apache-2.0
// tabulate-byte: a call of a pure function with one byte becomes a look-up in a table of 256 results; so does
// the body of such a function when it is part of the variant.
#include "steps/island-evolve/byte_table.h"
#include "steps/island-evolve/mutate.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 32 };

// Calls that can share one table: same callee, same values for the 256 bytes.
struct key {
    const struct function *callee;
    struct variable parameter;
    struct shape_type argument;
    const struct function *user; // the function that the first call stands in
    bool is_body;                // the callee's own body is replaced
};

struct keys {
    struct key items[KEYS_MAX];
    size_t count;
};

static bool
integer_result(const struct shape *shape, const struct function *function)
{
    struct shape_type result = shape_result(shape, function->node);

    return result.known && result.pointers == 0 && result.base.size > 0 && !result.base.is_real;
}

static bool
read_call(const struct shape *shape, struct node call, struct key *key)
{
    struct node arguments = node_field(call, "arguments");
    size_t count;

    key->callee = shape_function(shape, shape_text(shape, node_field(call, "function")));
    if (key->callee == NULL || node_count(arguments) != 1)
        return false;
    const struct variable *parameters = shape_parameters(shape, key->callee->node, &count);
    key->argument = shape_type(shape, node_child(arguments, 0));
    if (count != 1 || !parameters[0].type.known || parameters[0].type.base.is_real ||
        !byte_type(&key->argument) || !integer_result(shape, key->callee))
        return false;
    key->parameter = parameters[0];
    key->user = shape_enclosing(shape, call);
    key->is_body = false;
    return shape_pure(shape, str_of(key->callee->name));
}

static bool
same_key(const struct key *a, const struct key *b)
{
    bool same_sign = a->argument.base.is_signed == b->argument.base.is_signed;

    return a->callee == b->callee && a->is_body == b->is_body && (byte_type(&a->parameter.type) || same_sign);
}

static void
add_key(struct keys *keys, const struct key *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (same_key(&keys->items[i], key))
            return;
    }
    if (keys->count < KEYS_MAX)
        keys->items[keys->count++] = *key;
}

// A body that is more than one look-up already.
static bool
read_body(const struct shape *shape, const struct function *function, struct key *key)
{
    size_t count;
    const struct variable *parameters = shape_parameters(shape, function->node, &count);

    if (count != 1 || !byte_type(&parameters[0].type) || !integer_result(shape, function) ||
        !shape_pure(shape, str_of(function->name)))
        return false;
    *key = (struct key){function, parameters[0], parameters[0].type, function, true};
    return shape_find(
               shape, node_field(function->node, "body"),
               "binary_expression conditional_expression if_statement switch_statement call_expression")
               .count > 0;
}

static struct keys
find_keys(const struct shape *shape)
{
    struct keys keys = {0};
    struct nodes calls = shape_find_all(shape, "call_expression");
    struct key key;

    for (size_t i = 0; i < calls.count; i++) {
        if (read_call(shape, calls.items[i], &key))
            add_key(&keys, &key);
    }
    for (size_t i = 0; i < shape->function_count; i++) {
        const struct function *function = &shape->functions[i];
        if (shape_in_variant(shape, function->node) && read_body(shape, function, &key))
            add_key(&keys, &key);
    }
    return keys;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    size_t count = find_keys(&shape).count;

    return count > 1 ? count + 1 : count;
}

static bool
is_inside(struct node node, const struct edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (edits[i].start <= node_start(node) && node_end(node) <= edits[i].end)
            return true;
    }
    return false;
}

// Replaces all calls of one key; `edits` has room for them.
static size_t
replace_calls(const struct shape *shape, const struct key *key, const char *table, struct nodes calls,
              struct edit *edits, size_t count)
{
    if (key->is_body) {
        struct node body = node_field(key->callee->node, "body");
        const char *unit = shape_indent_unit(shape);
        bool plain =
            !key->parameter.type.base.is_signed && strcmp(key->parameter.type.base.element, "char") != 0;
        const char *text = arena_printf(shape->arena, "{\n%sreturn %s[%s%.*s];\n}", unit, table,
                                        plain ? "" : "(unsigned char)", STR_ARG(key->parameter.name));
        edits[count++] = (struct edit){node_start(body), node_end(body), text};
        return count;
    }
    for (size_t i = 0; i < calls.count; i++) {
        struct key other;
        struct node call = calls.items[i];
        if (!read_call(shape, call, &other) || !same_key(&other, key) || is_inside(call, edits, count))
            continue;
        const char *index = byte_index(shape, node_child(node_field(call, "arguments"), 0));
        edits[count++] = (struct edit){node_start(call), node_end(call),
                                       arena_printf(shape->arena, "%s[%s]", table, index)};
    }
    return count;
}

static int
write_key(const struct shape *shape, const struct key *key, const char *table, struct buf *prologue,
          struct err *err)
{
    struct node body = node_field(key->callee->node, "body");
    struct shape_type result = shape_result(shape, key->callee->node);
    const char *own = key->callee->name;
    bool is_target = strcmp(own, shape->mutation->function.name) == 0;
    struct str prelude = shape_prelude(shape, body);

    // The target itself stands unchanged in the oracle's file; other functions of the variant only in the
    // variant.
    if (prelude.len == 0 && !is_target && shape_in_variant(shape, key->callee->node)) {
        struct str text = shape_between(shape, key->callee->start, key->callee->end);
        prelude = text;
    }
    const char *expression = arena_printf(shape->arena, "%s(atoll_byte)", own);
    const char *comment = arena_printf(shape->arena, "%s() of every byte.", own);
    return byte_table_write(shape, prelude, &key->argument, expression, &result, table, comment, prologue,
                            err);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct keys keys = find_keys(&shape);
    struct nodes calls = shape_find_all(&shape, "call_expression");
    struct edit *edits = ARENA_ARRAY(shape.arena, struct edit, calls.count + KEYS_MAX);
    AUTO_BUF prologue = BUF(1 << 17);
    size_t count = 0;
    bool all = keys.count > 1 && index == 0;
    size_t chosen = keys.count > 1 && !all ? index - 1 : index;

    for (size_t i = 0; i < keys.count; i++) {
        if (!all && i != chosen)
            continue;
        const struct key *key = &keys.items[i];
        const char *stem = key->is_body
                               ? arena_printf(shape.arena, "%s_table", key->callee->name)
                               : arena_printf(shape.arena, "%s_%s", key->user->name, key->callee->name);
        const char *table = shape_fresh_beside(&shape, stem, buf_str(&prologue));
        int written = write_key(&shape, key, table, &prologue, err);
        if (written < 0)
            return -1;
        if (written > 0)
            count = replace_calls(&shape, key, table, calls, edits, count);
    }
    if (count == 0)
        return 0;
    if (all)
        snprintf(note, 160, "look up all functions of one byte in tables");
    else
        snprintf(note, 160, "look up %s() in a table", keys.items[chosen].callee->name);
    return mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_tabulate_byte = {
    .name = "tabulate-byte",
    .summary = "calls of pure functions of one byte become look-ups in tables",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
