// SPDX-License-Identifier: Apache-2.0
// go-presize: slices, maps, strings.Builder and bytes.Buffer get their room at once: as much as a parameter
// is long, as all parameters together are, or a fixed amount, which may then stand on the stack.
#include "steps/island-evolve/go_mutate.h"
#include "steps/island-evolve/go_pure.h"
#include "steps/shared/target/go/function.h"

#include <stdio.h>
#include <string.h>

enum { PLACES_MAX = 8, ROOMS_MAX = 8, ROOM_LEAST = 8, ROOM_MOST = 4096 };

enum place_kind { PLACE_SLICE, PLACE_MAP, PLACE_BUILDER };

// A declaration that gives no room yet.
struct place {
    enum place_kind kind;
    struct node statement; // short_var_declaration or var_declaration
    struct str name;
    const char *type;
    bool was_nil; // `var x []T`: nothing appended means nil
};

struct rooms {
    const char *texts[ROOMS_MAX];
    bool is_fixed[ROOMS_MAX];
    size_t count;
};

static bool
is_empty_literal(struct node value)
{
    return node_is(value, "composite_literal") && node_count(node_field(value, "body")) == 0;
}

static bool
read_value(const struct shape *shape, struct node value, struct place *place)
{
    bool made = go_is_call(shape, value, "make");
    size_t arguments = node_count(node_field(value, "arguments"));

    if (!made && !is_empty_literal(value))
        return false;
    struct node type = made ? go_argument(value, 0) : node_field(value, "type");
    place->type = go_plain(shape, shape_text(shape, type));
    if (node_is(type, "map_type")) {
        place->kind = PLACE_MAP;
        return !made || arguments == 1;
    }
    place->kind = PLACE_SLICE;
    return node_is(type, "slice_type") &&
           (!made || (arguments >= 2 && str_is(shape_text(shape, go_argument(value, 1)), "0")));
}

// Whether a type is that of a package, whatever the file calls it.
static bool
is_imported(const struct shape *shape, struct node type, const char *path, const char *name)
{
    return str_eq(shape_text(shape, node_field(type, "package")), go_import(shape, path)) &&
           str_is(shape_text(shape, node_field(type, "name")), name);
}

static bool
read_place(const struct shape *shape, struct node statement, struct place *place)
{
    *place = (struct place){.statement = statement};
    if (node_is(statement, "short_var_declaration")) {
        struct node left = node_field(statement, "left"), right = node_field(statement, "right");
        place->name = shape_text(shape, node_child(left, 0));
        return node_count(left) == 1 && node_count(right) == 1 &&
               read_value(shape, node_child(right, 0), place);
    }
    struct node spec = node_child(statement, 0), type = node_field(spec, "type");
    struct node values = node_field(spec, "value");
    if (node_count(statement) != 1 || !node_is(spec, "var_spec") ||
        node_is(node_child(spec, 1), "identifier"))
        return false;
    place->name = shape_text(shape, node_field(spec, "name"));
    if (!node_is_null(values))
        return node_count(values) == 1 && read_value(shape, node_child(values, 0), place);
    place->type = go_plain(shape, shape_text(shape, type));
    place->was_nil = true;
    place->kind = node_is(type, "slice_type") ? PLACE_SLICE : PLACE_BUILDER;
    return node_is(type, "slice_type") || is_imported(shape, type, "strings", "Builder") ||
           is_imported(shape, type, "bytes", "Buffer");
}

static bool
is_appended_to(const struct shape *shape, const struct place *place)
{
    const struct function *function = shape_enclosing(shape, place->statement);
    struct nodes calls = shape_find(shape, function->node, "call_expression");

    for (size_t i = 0; i < calls.count; i++)
        if (go_is_call(shape, calls.items[i], "append") &&
            go_is_name(shape, go_strip(go_argument(calls.items[i], 0)), place->name))
            return true;
    return false;
}

static size_t
find_places(const struct shape *shape, struct place *places)
{
    struct nodes all = shape_find_all(shape, "short_var_declaration var_declaration");
    size_t count = 0;

    for (size_t i = 0; i < all.count && count < PLACES_MAX; i++)
        if (read_place(shape, all.items[i], &places[count]) && node_is(node_parent(all.items[i]), "block") &&
            (places[count].kind != PLACE_SLICE || is_appended_to(shape, &places[count])))
            count++;
    return count;
}

static void
add_room(struct rooms *rooms, const char *text, bool is_fixed)
{
    for (size_t i = 0; i < rooms->count; i++)
        if (strcmp(rooms->texts[i], text) == 0)
            return;
    if (rooms->count == ROOMS_MAX)
        return;
    rooms->texts[rooms->count] = text;
    rooms->is_fixed[rooms->count++] = is_fixed;
}

// Constants of the file that the function mentions: limits, as a rule.
static void
add_constants(const struct shape *shape, const struct function *function, struct rooms *rooms)
{
    struct nodes names = shape_find(shape, function->node, "identifier");

    for (size_t i = 0; i < names.count; i++) {
        struct node type, value = go_constant(shape, shape_text(shape, names.items[i]), &type);
        unsigned steps = 100;
        struct pure_frame frame = pure_frame_of(shape, &steps);
        struct pure_value number;
        if (!node_is_null(value) && pure_eval(&frame, value, &number) && !number.type.is_bool &&
            number.number >= ROOM_LEAST && number.number <= ROOM_MOST)
            add_room(rooms, arena_str(shape->arena, shape_text(shape, names.items[i])), true);
    }
}

static struct rooms
rooms_of(const struct shape *shape, const struct place *place)
{
    const struct function *function = shape_enclosing(shape, place->statement);
    struct go_function head;
    struct rooms rooms = {0};
    struct err ignored;
    AUTO_BUF sum = BUF(4096);

    if (go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0)
        return rooms;
    for (size_t i = 0; i < head.parameter_count; i++) {
        const struct go_parameter *parameter = &head.parameters[i];
        bool has_length = strcmp(parameter->type, "string") == 0 || parameter->type[0] == '[' ||
                          parameter->is_variadic || strncmp(parameter->type, "map[", 4) == 0;
        if (!has_length || parameter->name[0] == '\0' || strcmp(parameter->name, "_") == 0)
            continue;
        buf_printf(&sum, "%slen(%s)", sum.len > 0 ? " + " : "", parameter->name);
        add_room(&rooms, arena_printf(shape->arena, "len(%s)", parameter->name), false);
    }
    if (sum.len > 0)
        add_room(&rooms, arena_str(shape->arena, buf_str(&sum)), false);
    // The sum reaches furthest.
    if (rooms.count > 1) {
        const char *last = rooms.texts[rooms.count - 1];
        rooms.texts[rooms.count - 1] = rooms.texts[0];
        rooms.texts[0] = last;
    }
    add_constants(shape, function, &rooms);
    if (strcmp(place->type, "[]byte") == 0) {
        add_room(&rooms, "64", true);
        add_room(&rooms, "256", true);
    }
    return rooms;
}

// Site `index` of all pairs of a place and a room. Counts them all when there is no such one.
static size_t
find_site(const struct shape *shape, size_t index, struct place *place, struct rooms *rooms, size_t *room)
{
    struct place places[PLACES_MAX];
    size_t count = find_places(shape, places), total = 0;

    for (size_t i = 0; i < count; i++) {
        struct rooms here = rooms_of(shape, &places[i]);
        if (index >= total && index < total + here.count) {
            *place = places[i];
            *rooms = here;
            *room = index - total;
        }
        total += here.count;
    }
    return total;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct place place;
    struct rooms rooms;
    size_t room;

    return find_site(&shape, SIZE_MAX, &place, &rooms, &room);
}

// Whether the slice itself leaves the function, so that nil and empty are not the same to a caller.
static bool
leaves(const struct shape *shape, const struct place *place)
{
    const struct function *function = shape_enclosing(shape, place->statement);
    struct nodes names = shape_find(shape, function->node, "identifier");

    for (size_t i = 0; i < names.count; i++) {
        struct node parent = node_parent(names.items[i]), call = node_parent(parent);
        if (!str_eq(shape_text(shape, names.items[i]), place->name))
            continue;
        bool returned =
            node_is(parent, "expression_list") && node_is(node_parent(parent), "return_statement");
        bool known = go_is_call(shape, call, "append") || go_is_call(shape, call, "len") ||
                     go_is_call(shape, call, "cap") || go_is_call(shape, call, "string");
        if (returned || (node_is(parent, "argument_list") && !known) || node_is(parent, "literal_element") ||
            node_is(parent, "keyed_element"))
            return true;
    }
    return false;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct place place;
    struct rooms rooms;
    size_t room;
    const char *text;

    (void)err;
    if (index >= find_site(&shape, index, &place, &rooms, &room))
        return 0;
    const char *indent = shape_indent(&shape, node_start(place.statement));
    const char *name = arena_str(shape.arena, place.name), *size = rooms.texts[room];
    bool keep_nil = place.was_nil && leaves(&shape, &place);
    if (place.kind == PLACE_BUILDER)
        text = arena_printf(shape.arena, "%.*s\n%s%s.Grow(%s)", STR_ARG(shape_text(&shape, place.statement)),
                            indent, name, size);
    else if (place.kind == PLACE_MAP)
        text = arena_printf(shape.arena, "%s := make(%s, %s)", name, place.type, size);
    else if (keep_nil && !rooms.is_fixed[room])
        text = arena_printf(shape.arena, "var %s %s\n%sif n := %s; n > 0 {\n%s\t%s = make(%s, 0, n)\n%s}",
                            name, place.type, indent, size, indent, name, place.type, indent);
    else if (!keep_nil)
        text = arena_printf(shape.arena, "%s := make(%s, 0, %s)", name, place.type, size);
    else
        return 0;
    snprintf(note, 160, "room for %.60s at once (line %u)", size, node_line(place.statement));
    struct edit edit = {node_start(place.statement), node_end(place.statement), text};
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_go_presize = {
    .name = "go-presize",
    .summary = "slices, maps and builders get their room at once",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
