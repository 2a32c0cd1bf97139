// SPDX-License-Identifier: Apache-2.0
// recursion-to-loop: a pure function of one integer that calls itself with smaller ones at fixed distances
// becomes a loop that goes up and keeps the last few values. The original's body stays, as one step that is
// handed those values, so that its own conditions decide where it starts.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>
#include <string.h>

enum { DISTANCE_MAX = 8 };

struct site {
    const struct function *function;
    struct variable parameter;
    struct nodes calls;
    int64_t distances[64];
    int64_t furthest;
    bool used[DISTANCE_MAX + 1];
};

// n of f(parameter - n).
static bool
read_distance(const struct shape *shape, struct node call, struct str parameter, int64_t *distance)
{
    struct node arguments = node_field(call, "arguments");

    if (node_count(arguments) != 1)
        return false;
    struct node argument = shape_strip(node_child(arguments, 0), true);
    return node_is(argument, "binary_expression") && str_is(shape_operator(shape, argument), "-") &&
           str_eq(shape_text(shape, shape_strip(node_field(argument, "left"), true)), parameter) &&
           shape_constant(shape, node_field(argument, "right"), distance) && *distance >= 1 &&
           *distance <= DISTANCE_MAX;
}

static bool
read_site(const struct shape *shape, const struct function *function, struct site *site)
{
    size_t count;
    struct node body = node_field(function->node, "body");
    const struct variable *parameters = shape_parameters(shape, function->node, &count);
    struct nodes calls = shape_find(shape, body, "call_expression");
    struct nodes mine = {ARENA_ARRAY(shape->arena, struct node, calls.count + 1), 0};

    *site = (struct site){.function = function};
    if (count != 1 || parameters[0].type.base.is_real || !shape_pure(shape, str_of(function->name)) ||
        shape_changes(shape, body, parameters[0].name))
        return false;
    site->parameter = parameters[0];
    for (size_t i = 0; i < calls.count; i++) {
        if (!str_is(shape_text(shape, node_field(calls.items[i], "function")), function->name))
            continue;
        int64_t *distance = &site->distances[mine.count];
        if (mine.count == 63 || !read_distance(shape, calls.items[i], parameters[0].name, distance))
            return false;
        site->used[*distance] = true;
        site->furthest = *distance > site->furthest ? *distance : site->furthest;
        mine.items[mine.count++] = calls.items[i];
    }
    site->calls = mine;
    return mine.count > 0;
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site)
{
    size_t count = 0;

    for (size_t i = 0; i < shape->function_count && count < limit; i++) {
        struct site candidate;
        if (!shape_in_variant(shape, shape->functions[i].node) ||
            !read_site(shape, &shape->functions[i], &candidate))
            continue;
        *site = candidate;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct site site;

    return find_sites(&shape, SIZE_MAX, &site);
}

// The original's body with f(n - c) replaced by back_c.
static void
write_step(const struct shape *shape, const struct site *site, const char *name, const char *result,
           struct buf *text)
{
    struct node node = site->function->node;
    struct edit edits[64];
    struct str gap =
        shape_between(shape, node_end(node_field(node, "type")), node_start(node_field(node, "declarator")));
    struct str parameter = shape_text(shape, site->parameter.declaration);

    buf_printf(text, "// %s(), given its values that come before.\nstatic %s%.*s%s(%.*s",
               site->function->name, result, STR_ARG(gap), name, STR_ARG(parameter));
    for (int64_t c = 1; c <= site->furthest; c++) {
        if (site->used[c])
            buf_printf(text, ", %s back_%lld", result, (long long)c);
    }
    for (size_t i = 0; i < site->calls.count; i++)
        edits[i] = (struct edit){node_start(site->calls.items[i]), node_end(site->calls.items[i]),
                                 arena_printf(shape->arena, "back_%lld", (long long)site->distances[i])};
    buf_printf(text, ")\n%s\n\n", shape_edited(shape, node_field(node, "body"), edits, site->calls.count));
}

static void
write_call(const struct site *site, const char *step, const char *argument, struct buf *text)
{
    buf_printf(text, "%s(%s", step, argument);
    for (int64_t c = 1; c <= site->furthest; c++) {
        if (site->used[c])
            buf_printf(text, ", back_%lld", (long long)c);
    }
    buf_puts(text, ");\n");
}

static void
write_loop(const struct shape *shape, const struct site *site, const char *step, const char *result,
           struct buf *text)
{
    const char *unit = shape_indent_unit(shape);
    const char *type = shape_type_name(shape, &site->parameter.type);
    const char *n = arena_str(shape->arena, site->parameter.name);
    const char *k = shape_fresh(shape, "k");
    const char *value = shape_fresh(shape, "value");

    buf_puts(text, "{\n");
    for (int64_t c = 1; c <= site->furthest; c++)
        buf_printf(text, "%s%s back_%lld = 0;\n", unit, result, (long long)c);
    buf_printf(text, "\n%sfor (%s %s = 0; %s < %s; %s++) {\n%s%s%s value = ", unit, type, k, k, n, k, unit,
               unit, result);
    write_call(site, step, k, text);
    for (int64_t c = site->furthest; c > 1; c--)
        buf_printf(text, "%s%sback_%lld = back_%lld;\n", unit, unit, (long long)c, (long long)c - 1);
    buf_printf(text, "%s%sback_1 = %s;\n%s}\n%sreturn ", unit, unit, value, unit, unit);
    write_call(site, step, n, text);
    buf_puts(text, "}");
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site = {0};
    AUTO_BUF step = BUF(1 << 16);
    AUTO_BUF loop = BUF(1 << 14);

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    struct shape_type type = shape_result(&shape, site.function->node);
    const char *result = shape_type_name(&shape, &type);
    const char *name = shape_fresh(&shape, arena_printf(shape.arena, "%s_step", site.function->name));
    write_step(&shape, &site, name, result, &step);
    write_loop(&shape, &site, name, result, &loop);
    struct edit edits[] = {
        {site.function->start, site.function->start, buf_text(&step)},
        {site.function->body_start, site.function->body_end, buf_text(&loop)},
    };
    snprintf(note, 160, "%s counts up in a loop instead of calling itself", site.function->name);
    return mutation_write(mutation, edits, 2, NULL, variant);
}

const struct mutator_ops mutate_recursion_to_loop = {
    .name = "recursion-to-loop",
    .summary = "a function that calls itself with smaller numbers counts up in a loop",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
