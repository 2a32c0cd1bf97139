// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/function.h"

#include <string.h>

const char *
go_package(struct arena *arena, const struct syntax *syntax)
{
    struct node root = syntax_root(syntax);

    for (size_t i = 0; i < node_count(root); i++) {
        struct node child = node_child(root, i);
        if (node_is(child, "package_clause") && node_count(child) > 0)
            return arena_str(arena, node_text(syntax, node_child(child, 0)));
    }
    return NULL;
}

// Names of a `a, b T` stand before its type; a list of types alone has none.
static size_t
count_names(struct node declaration)
{
    size_t count = 0;

    for (size_t i = 0; i < node_count(declaration); i++)
        count += node_is(node_child(declaration, i), "identifier");
    return count;
}

static struct go_parameter *
read_list(struct arena *arena, const struct syntax *syntax, struct node list, size_t *count)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < node_count(list); i++)
        total += count_names(node_child(list, i)) + 1;
    struct go_parameter *items = ARENA_ARRAY(arena, struct go_parameter, total + 1);
    for (size_t i = 0; i < node_count(list); i++) {
        struct node declaration = node_child(list, i), type = node_field(declaration, "type");
        if (node_is_null(type))
            continue;
        struct go_parameter one = {.name = "",
                                   .type = arena_str(arena, node_text(syntax, type)),
                                   .type_node = type,
                                   .is_variadic = node_is(declaration, "variadic_parameter_declaration")};
        size_t names = count_names(declaration);
        if (names == 0)
            items[at++] = one;
        for (size_t k = 0; k < names; k++) {
            one.name = arena_str(arena, node_text(syntax, node_child(declaration, k)));
            items[at++] = one;
        }
    }
    *count = at;
    return items;
}

static void
read_results(struct arena *arena, const struct syntax *syntax, struct node result, struct go_function *go)
{
    if (node_is_null(result))
        return;
    if (node_is(result, "parameter_list")) {
        go->results = read_list(arena, syntax, result, &go->result_count);
        return;
    }
    go->results = ARENA_NEW(arena, struct go_parameter);
    go->results[0] = (struct go_parameter){
        .name = "", .type = arena_str(arena, node_text(syntax, result)), .type_node = result};
    go->result_count = 1;
}

static void
read_receiver(struct arena *arena, const struct syntax *syntax, const struct function *function,
              struct go_function *go)
{
    struct node list = node_field(function->node, "receiver");
    size_t count;

    if (node_is_null(list))
        return;
    const struct go_parameter *receiver = read_list(arena, syntax, list, &count);
    const char *dot = strchr(function->name, '.');
    go->receiver = arena_str(arena, node_text(syntax, list));
    go->receiver_name = count > 0 ? receiver[0].name : "";
    go->receiver_type = arena_str(arena, str_n(function->name, (size_t)(dot - function->name)));
    go->receiver_is_pointer = count > 0 && receiver[0].type[0] == '*';
}

static const char *
type_arguments(struct arena *arena, const struct syntax *syntax, struct node list)
{
    AUTO_BUF text = BUF(1 << 16);

    for (size_t i = 0; i < node_count(list); i++) {
        struct node declaration = node_child(list, i);
        size_t names = count_names(declaration);
        for (size_t k = 0; k < names; k++) {
            buf_puts(&text, text.len == 0 ? "[" : ", ");
            buf_add_str(&text, node_text(syntax, node_child(declaration, k)));
        }
    }
    if (text.len > 0)
        buf_putc(&text, ']');
    return arena_str(arena, buf_str(&text));
}

int
go_function_read(struct arena *arena, const struct syntax *syntax, const struct function *function,
                 struct go_function *go, struct err *err)
{
    struct node node = function->node, types = node_field(node, "type_parameters");

    *go = (struct go_function){.package = go_package(arena, syntax)};
    if (go->package == NULL)
        return err_set(err, ERR_TARGET, "function '%s': its file has no package clause", function->name);
    go->name = arena_str(arena, node_text(syntax, node_field(node, "name")));
    read_receiver(arena, syntax, function, go);
    go->type_parameters = node_is_null(types) ? "" : arena_str(arena, node_text(syntax, types));
    go->type_arguments = type_arguments(arena, syntax, types);
    go->parameters = read_list(arena, syntax, node_field(node, "parameters"), &go->parameter_count);
    read_results(arena, syntax, node_field(node, "result"), go);
    return 0;
}
