// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/record.h"

#include "steps/shared/target/parameter.h"
#include "steps/shared/target/signature.h"

#include <string.h>

enum { TYPEDEF_DEPTH = 16, MEMBERS_MAX = 256 }; // members: with those of structs in a struct
#define POINTER_BYTES 8u

struct reading {
    struct arena *arena;
    const struct scope *scope;
    unsigned depth;
    struct record *record;
    const char *name; // of the struct, for messages
};

// ---- layout
// -----------------------------------------------------------------------------------------------------

static unsigned
align_of(const struct parameter *p)
{
    unsigned align = 1;

    if (parameter_is_buffer(p))
        return POINTER_BYTES;
    if (p->members == NULL)
        return p->size;
    if (p->member_count == 1 && p->members[0].name[0] == '\0')
        return POINTER_BYTES;
    for (size_t i = 0; i < p->member_count; i++)
        if (align_of(&p->members[i]) > align)
            align = align_of(&p->members[i]);
    return align;
}

static uint64_t
room_of(const struct parameter *p)
{
    if (parameter_is_buffer(p))
        return POINTER_BYTES;
    return p->kind == CELL_ARRAY ? (uint64_t)p->fixed_count * p->size : p->size;
}

static uint64_t
round_up(uint64_t value, unsigned to)
{
    return to > 0 ? (value + to - 1) / to * to : value;
}

void
record_lay_out(struct parameter *members, size_t count, unsigned *size, unsigned *align)
{
    uint64_t end = 0;

    *align = 1;
    for (size_t i = 0; i < count; i++) {
        unsigned own = align_of(&members[i]);
        members[i].offset = (unsigned)round_up(end, own);
        end = members[i].offset + room_of(&members[i]);
        if (own > *align)
            *align = own;
    }
    *size = (unsigned)round_up(end, *align);
}

// ---- roles
// ------------------------------------------------------------------------------------------------------

static bool
is_count_type(const struct parameter *p, bool size_only)
{
    bool size = strcmp(p->element, "size_t") == 0 || strcmp(p->element, "ssize_t") == 0;

    if (p->kind != CELL_SCALAR || p->members != NULL || p->is_real || p->size < 2)
        return false;
    return size || !size_only;
}

// The integer beside member `index` that counts it: behind it, else in front of it. NULL when there is none.
static struct parameter *
counter_of(struct parameter *members, size_t count, size_t index, bool size_only)
{
    if (index + 1 < count && is_count_type(&members[index + 1], size_only))
        return &members[index + 1];
    if (index > 0 && is_count_type(&members[index - 1], size_only))
        return &members[index - 1];
    return NULL;
}

static void
assign_pointer(struct parameter *members, size_t count, size_t index, const struct declared *declared)
{
    struct parameter *p = &members[index];
    bool is_text = p->members == NULL && strcmp(p->element, "char") == 0, is_strings = declared->pointers > 1;
    struct parameter *counter = counter_of(members, count, index, is_text);

    p->kind = declared->is_const || is_strings ? CELL_IN : CELL_INOUT;
    if (counter != NULL) {
        counter->kind = CELL_COUNT;
        counter->of = (int)index;
    } else if (is_text && !declared->is_const) {
        p->until_nul = true;
    } else if (is_text || is_strings) {
        p->kind = CELL_TEXT;
    } else if (p->members != NULL) {
        p->fixed_count = 1;
    }
}

static void
assign_roles(struct parameter *members, size_t count, const struct declared *declared)
{
    for (size_t i = 0; i < count; i++) {
        members[i].kind = declared[i].is_array ? CELL_ARRAY : CELL_SCALAR;
        if (declared[i].is_array)
            members[i].fixed_count = (unsigned)declared[i].array_count;
    }
    for (size_t i = 0; i < count; i++)
        if (declared[i].is_pointer && !declared[i].is_array)
            assign_pointer(members, count, i, &declared[i]);
}

// ---- reading
// ----------------------------------------------------------------------------------------------------

static bool
is_declarator(struct node field, struct node child)
{
    return !node_same(child, node_field(field, "type")) && !node_is(child, "type_qualifier") &&
           !node_is(child, "storage_class_specifier");
}

static void
refuse(struct reading *reading, struct node at, const char *what)
{
    if (reading->record->problem == NULL)
        reading->record->problem =
            arena_printf(reading->arena, "%s has %s (line %u of its file), which is not supported",
                         reading->name, what, node_line(at));
}

// What a field's declaration must not have.
static void
check_field(struct reading *reading, const struct syntax *syntax, struct node field)
{
    size_t declarators = 0;

    for (size_t i = 0; i < node_count(field); i++) {
        struct node child = node_child(field, i);
        if (node_is(child, "bitfield_clause"))
            refuse(reading, field, "a bit-field");
        else if (node_is(child, "attribute_specifier") || node_is(child, "alignas_qualifier") ||
                 str_starts(node_text(syntax, child), STR("_Alignas")))
            refuse(reading, field, "a member with attributes");
        else if (str_is(node_text(syntax, child), "volatile") || str_is(node_text(syntax, child), "_Atomic"))
            refuse(reading, field, "a volatile or atomic member");
        declarators += is_declarator(field, child);
    }
    if (declarators == 0)
        refuse(reading, field, "a struct or union without a name");
}

static void
add_member(struct reading *reading, const struct declared *declared, struct parameter *member)
{
    *member = (struct parameter){.name = declared->name, .type = declared->type, .of = -1};
    declared_set_element(reading->arena, declared,
                         declared->pointers - (declared->is_pointer && !declared->is_array), member);
    if (declared->problem != NULL && reading->record->problem == NULL)
        reading->record->problem = arena_printf(reading->arena, "its member %s (line %u of its file): %s",
                                                declared->name, declared->line, declared->problem);
}

static size_t
members_below(const struct parameter *p)
{
    size_t count = p->member_count;

    for (size_t i = 0; i < p->member_count; i++)
        count += members_below(&p->members[i]);
    return count;
}

// Reads the declarators of one field; their number, at most `room`.
static size_t
read_field(struct reading *reading, struct scope_node field, struct declared *declared,
           struct parameter *members, size_t room)
{
    size_t count = 0;

    check_field(reading, field.syntax, field.node);
    for (size_t i = 0; i < node_count(field.node) && reading->record->problem == NULL; i++) {
        struct node child = node_child(field.node, i);
        if (!is_declarator(field.node, child) || node_is(child, "bitfield_clause") ||
            node_is(child, "attribute_specifier"))
            continue;
        if (count == room) {
            refuse(reading, child,
                   arena_printf(reading->arena, "more than %d members", SIGNATURE_PARAMETERS_MAX));
            return count;
        }
        declared_read(reading->arena, reading->scope, field, child, reading->depth + 1, &declared[count]);
        add_member(reading, &declared[count], &members[count]);
        count++;
    }
    return count;
}

static void
read_body(struct reading *reading, struct scope_node type)
{
    struct node body = node_field(type.node, "body");
    struct record *record = reading->record;
    struct declared *declared = ARENA_ARRAY(reading->arena, struct declared, SIGNATURE_PARAMETERS_MAX);

    record->members = ARENA_ARRAY(reading->arena, struct parameter, SIGNATURE_PARAMETERS_MAX);
    for (size_t i = 0; i < node_count(type.node); i++)
        if (node_is(node_child(type.node, i), "attribute_specifier"))
            refuse(reading, type.node, "attributes");
    for (size_t i = 0; i < node_count(body) && record->problem == NULL; i++) {
        struct node field = node_child(body, i);
        if (!node_is(field, "field_declaration")) {
            refuse(reading, field, "members under preprocessor conditions");
            continue;
        }
        record->count +=
            read_field(reading, (struct scope_node){type.syntax, field}, declared + record->count,
                       record->members + record->count, SIGNATURE_PARAMETERS_MAX - record->count);
    }
    if (record->count == 0)
        refuse(reading, type.node, "no members");
    if (members_below(&(struct parameter){.members = record->members, .member_count = record->count}) >
        MEMBERS_MAX)
        refuse(reading, type.node, arena_printf(reading->arena, "more than %d members in all", MEMBERS_MAX));
    assign_roles(record->members, record->count, declared);
    record_lay_out(record->members, record->count, &record->size, &record->align);
}

// Follows a name to the struct or union that it names; no node when it names neither.
static struct scope_node
resolve(const struct scope *scope, struct scope_node type, struct record *record, struct arena *arena)
{
    for (int depth = 0; depth < TYPEDEF_DEPTH; depth++) {
        if (node_is(type.node, "union_specifier") || !node_is_null(node_field(type.node, "body")))
            return type;
        struct node declarator;
        if (node_is(type.node, "struct_specifier")) {
            struct str tag = node_text(type.syntax, node_field(type.node, "name"));
            struct scope_node found = scope_struct(scope, tag);
            if (found.syntax == NULL)
                record->problem = arena_printf(arena,
                                               "struct %" STR_FMT " is not defined in this file or in a "
                                               "header that it includes in quotes",
                                               STR_ARG(tag));
            return found.syntax != NULL ? found : type;
        }
        if (!node_is(type.node, "type_identifier"))
            return (struct scope_node){0};
        struct scope_node found = scope_typedef(scope, node_text(type.syntax, type.node), &declarator);
        if (found.syntax == NULL || !node_is(declarator, "type_identifier"))
            return (struct scope_node){0};
        type = (struct scope_node){found.syntax, node_field(found.node, "type")};
    }
    return (struct scope_node){0};
}

bool
record_read(struct arena *arena, const struct scope *scope, struct scope_node type, unsigned depth,
            struct record *record)
{
    struct reading reading = {arena, scope, depth, record,
                              arena_str(arena, node_text(type.syntax, type.node))};

    *record = (struct record){0};
    struct scope_node found = resolve(scope, type, record, arena);
    if (node_is(found.node, "union_specifier")) {
        record->problem = "unions are not supported: nobody knows which of their members is there";
        return true;
    }
    if (!node_is(found.node, "struct_specifier"))
        return false;
    if (record->problem != NULL)
        return true;
    if (strchr(reading.name, '{') != NULL)
        reading.name = "the struct";
    if (depth >= CELL_DEPTH_MAX - 2)
        record->problem = arena_printf(arena, "%s is nested too deep, or in itself", reading.name);
    else
        read_body(&reading, found);
    return true;
}
