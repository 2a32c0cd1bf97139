// SPDX-License-Identifier: Apache-2.0
// go-tabulate-call: a call of a pure function of one byte becomes a look-up in a table of 256 results; one of
// a character, also of package unicode, looks ASCII up and calls for the rest. So does the body of such a
// function when it is the target.
#include "steps/island-evolve/go_mutate.h"
#include "steps/island-evolve/go_table.h"
#include "steps/shared/target/go/function.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 24, STEPS_A_VALUE = 4000 };

// One function that is called with one byte or character, with all its values.
struct key {
    const struct function *function; // NULL for one of package unicode
    struct str callee;               // "isTag", "unicode.IsLetter"
    const char *stem, *parameter_type, *parameter;
    bool is_body; // the target's own body is replaced
    struct go_table table;
};

struct keys {
    struct key *items;
    size_t count;
};

static bool
call_value(const struct shape *shape, const struct key *key, struct node call, __int128 number,
           struct pure_value *value)
{
    unsigned steps = STEPS_A_VALUE;
    struct pure_frame frame = pure_frame_of(shape, &steps);
    struct pure_value argument = {0};

    if (!pure_type_of(shape, str_of(key->parameter_type), &argument.type))
        return false;
    argument.number = number;
    if (key->function != NULL)
        return pure_call(&frame, key->function, &argument, 1, value);
    // The argument's own name, or any name, has this value.
    struct node given = go_strip(go_argument(call, 0));
    return node_is(given, "identifier") && pure_bind(&frame, shape_text(shape, given), argument) &&
           pure_library(&frame, call, value);
}

static bool
fill(const struct shape *shape, struct key *key, struct node call)
{
    struct pure_value value;

    for (size_t i = 0; i < key->table.count; i++) {
        if (!call_value(shape, key, call, (__int128)i, &value))
            return false;
        key->table.values[i] = value.number;
        key->table.element = value.type;
    }
    return key->table.count > 0;
}

// More than one look-up already.
static bool
is_worth_it(const struct shape *shape, const struct function *function)
{
    return shape_find(shape, node_field(function->node, "body"),
                      "binary_expression if_statement expression_switch_statement call_expression")
               .count > 0;
}

static bool
read_function(const struct shape *shape, const struct function *function, struct key *key)
{
    struct go_function head;
    struct err ignored;

    if (!node_is(function->node, "function_declaration") ||
        go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0 ||
        head.parameter_count != 1 || head.result_count != 1 || !is_worth_it(shape, function))
        return false;
    *key = (struct key){.function = function,
                        .callee = str_of(function->name),
                        .stem = function->name,
                        .parameter = head.parameters[0].name,
                        .parameter_type = head.parameters[0].type};
    key->table.type = head.results[0].type;
    key->table.count = go_table_size(shape, key->parameter_type);
    return true;
}

static bool
read_library(const struct shape *shape, struct node call, struct key *key)
{
    struct node callee = node_field(call, "function");
    struct str package = go_import(shape, "unicode");
    struct str name = shape_text(shape, node_field(callee, "field"));
    bool is_test = str_starts(name, STR("Is"));

    if (package.len == 0 || !go_is_name(shape, node_field(callee, "operand"), package) ||
        (!is_test && !str_starts(name, STR("To"))))
        return false;
    *key = (struct key){.callee = shape_text(shape, callee),
                        .stem = arena_str(shape->arena, name),
                        .parameter = "r",
                        .parameter_type = "rune"};
    key->table.type = is_test ? "bool" : "rune";
    key->table.count = GO_TABLE_ASCII;
    return true;
}

static bool
read_call(const struct shape *shape, struct node call, struct key *key)
{
    struct node callee = node_field(call, "function");

    if (node_count(node_field(call, "arguments")) != 1)
        return false;
    if (node_is(callee, "selector_expression"))
        return read_library(shape, call, key);
    const struct function *function = shape_function(shape, shape_text(shape, callee));
    return node_is(callee, "identifier") && function != NULL && read_function(shape, function, key);
}

static bool
has_key(const struct keys *keys, const struct key *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (str_eq(keys->items[i].callee, key->callee) && keys->items[i].is_body == key->is_body)
            return true;
    return false;
}

static struct keys
find_keys(const struct shape *shape)
{
    struct keys keys = {ARENA_ARRAY(shape->arena, struct key, KEYS_MAX), 0};
    struct nodes calls = shape_find_all(shape, "call_expression");
    struct key key;

    for (size_t i = 0; i < calls.count && keys.count < KEYS_MAX; i++)
        if (read_call(shape, calls.items[i], &key) && !has_key(&keys, &key) &&
            fill(shape, &key, calls.items[i]))
            keys.items[keys.count++] = key;
    const struct function *target = shape_enclosing(shape, shape->mutation->function.node);
    if (target != NULL && keys.count < KEYS_MAX && read_function(shape, target, &key) &&
        key.table.count == GO_TABLE_BYTES && fill(shape, &key, (struct node){0})) {
        key.is_body = true;
        keys.items[keys.count++] = key;
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

// A function that looks ASCII up and asks the old one for the rest.
static void
write_helper(const struct key *key, const char *name, struct buf *text)
{
    buf_printf(text,
               "// %s is %.*s, looked up for ASCII.\nfunc %s(%s %s) %s {\n\tif u := uint32(%s); u < %d {\n"
               "\t\treturn %s[u]\n\t}\n\treturn %.*s(%s)\n}\n\n",
               name, STR_ARG(key->callee), name, key->parameter, key->parameter_type, key->table.type,
               key->parameter, GO_TABLE_ASCII, key->table.name, STR_ARG(key->callee), key->parameter);
}

static size_t
replace_calls(const struct shape *shape, const struct key *key, const char *name, struct nodes calls,
              struct edit *edits, size_t count)
{
    for (size_t i = 0; i < calls.count; i++) {
        struct node call = calls.items[i], callee = node_field(call, "function");
        if (!str_eq(shape_text(shape, callee), key->callee) || node_count(node_field(call, "arguments")) != 1)
            continue;
        if (key->table.count == GO_TABLE_ASCII) {
            edits[count++] = (struct edit){node_start(callee), node_end(callee), name};
            continue;
        }
        struct node argument = go_argument(call, 0), list = node_field(call, "arguments");
        edits[count++] = (struct edit){node_start(callee), node_end(callee), key->table.name};
        edits[count++] = (struct edit){node_start(list), node_start(argument), "["};
        edits[count++] = (struct edit){node_end(argument), node_end(list), "]"};
    }
    return count;
}

static size_t
write_key(const struct shape *shape, struct key *key, struct nodes calls, struct buf *prologue,
          struct edit *edits, size_t count)
{
    key->table.name = go_fresh(shape, key->stem, "table", buf_str(prologue));
    key->table.comment = arena_printf(shape->arena, "holds %.*s of every %s.", STR_ARG(key->callee),
                                      key->table.count == GO_TABLE_BYTES ? "byte" : "ASCII character");
    go_table_write(&key->table, prologue);
    if (key->is_body) {
        struct node body = node_field(key->function->node, "body");
        edits[count++] = (struct edit){
            node_start(body), node_end(body),
            arena_printf(shape->arena, "{\n\treturn %s[%s]\n}", key->table.name, key->parameter)};
        return count;
    }
    const char *name = "";
    if (key->table.count == GO_TABLE_ASCII) {
        name = go_fresh(shape, key->stem, "ascii", buf_str(prologue));
        write_helper(key, name, prologue);
    }
    return replace_calls(shape, key, name, calls, edits, count);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct keys keys = find_keys(&shape);
    struct nodes calls = shape_find_all(&shape, "call_expression");
    struct edit *edits = ARENA_ARRAY(shape.arena, struct edit, 3 * calls.count + 1);
    AUTO_BUF prologue = BUF(1 << 18);
    bool all = keys.count > 1 && index == 0;
    size_t chosen = keys.count > 1 && !all ? index - 1 : index, count = 0;

    (void)err;
    if (!all && chosen >= keys.count)
        return 0;
    for (size_t i = 0; i < keys.count; i++)
        if ((all && !keys.items[i].is_body) || i == chosen)
            count = write_key(&shape, &keys.items[i], calls, &prologue, edits, count);
    if (count == 0)
        return 0;
    if (all)
        snprintf(note, 160, "look up all functions of one byte or character in tables");
    else
        snprintf(note, 160, "look up %.*s in a table", STR_ARG(str_head(keys.items[chosen].callee, 60)));
    return mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_go_tabulate_call = {
    .name = "go-tabulate-call",
    .summary = "calls of pure functions of one byte or character become look-ups in tables",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
