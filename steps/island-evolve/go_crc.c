// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_crc.h"

#include "steps/island-evolve/go_pure.h"
#include "steps/island-evolve/table.h"

enum { TABLE_SIZE = 256, MIXED = 96, STEPS_A_BYTE = 2000 };

static const struct pure_type byte_type = {.bits = 8};

// The number after one byte.
static bool
step(const struct shape *shape, const struct go_crc *found, struct pure_type type, uint64_t number,
     unsigned byte, uint64_t *after)
{
    unsigned steps = STEPS_A_BYTE;
    struct pure_frame frame = pure_frame_of(shape, &steps);
    const struct go_stride *stride = &found->stride;
    struct pure_value value = pure_value_of(byte_type, byte);

    if (!pure_bind(&frame, found->number, pure_value_of(type, (__int128)number)))
        return false;
    if (stride->element.len > 0 && !pure_bind(&frame, stride->element, value))
        return false;
    if (stride->index.len > 0) {
        frame.element_base = stride->base;
        frame.element_index = stride->index;
        frame.element = value;
    }
    if (pure_run(&frame, stride->body) != PURE_NEXT)
        return false;
    *after = (uint64_t)pure_find(&frame, found->number)->number;
    return true;
}

// The one unsigned variable from outside that the body assigns to.
static bool
find_number(const struct shape *shape, struct go_crc *found, struct pure_type *type)
{
    struct nodes all = shape_find(shape, found->stride.body, "identifier");

    for (size_t i = 0; i < all.count; i++) {
        struct str name = shape_text(shape, all.items[i]);
        struct go_variable variable;
        if (str_eq(name, found->stride.element) || !go_changes(shape, found->stride.body, name) ||
            !go_variable(shape, found->stride.loop, name, &variable) || variable.origin == GO_GLOBAL)
            continue;
        if (found->number.len > 0 && !str_eq(found->number, name))
            return false;
        found->number = name;
        found->type = go_type_text(shape, all.items[i]);
    }
    return found->number.len > 0 && pure_type_of(shape, str_of(found->type), type) && !type->is_bool &&
           !type->is_signed;
}

static uint64_t
mask_of(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

// Whether the table explains what some mixed numbers come to.
static bool
explains(const struct shape *shape, const struct go_crc *found, struct pure_type type)
{
    const struct crc *crc = &found->crc;
    uint64_t mask = mask_of(crc->width), after, expected;

    for (uint64_t r = 0; r < MIXED; r++) {
        uint64_t mixed = table_mix(r + 1), v = mixed & mask;
        unsigned byte = (unsigned)(mixed >> 7) & 0xff;
        if (!step(shape, found, type, v, byte, &after))
            return false;
        if (crc->high_first)
            expected = (crc->table[((v >> (crc->width - 8)) ^ byte) & 0xff] ^ (v << 8)) & mask;
        else
            expected = crc->table[(v ^ byte) & 0xff] ^ (v >> 8);
        if (after != expected)
            return false;
    }
    return true;
}

bool
go_crc_recognise(const struct shape *shape, struct node loop, struct go_crc *found)
{
    static const unsigned narrower[] = {32, 24, 16};
    struct pure_type type;
    struct node body = node_field(loop, "body");

    *found = (struct go_crc){0};
    // A cheap look first: a checksum shifts.
    if (!go_stride_read(shape, loop, &found->stride) ||
        shape_find(shape, body, "binary_expression assignment_statement").count == 0 ||
        go_element_text(shape, found->stride.type)[0] == '\0')
        return false;
    struct pure_type element;
    if (!pure_type_of(shape, str_of(go_element_text(shape, found->stride.type)), &element) ||
        element.bits != 8 || element.is_signed || go_stride_leaves(shape, &found->stride) ||
        go_stride_uses_index(shape, &found->stride) || !find_number(shape, found, &type))
        return false;
    found->bits = type.bits;
    found->crc.width = type.bits;
    for (unsigned byte = 0; byte < TABLE_SIZE; byte++)
        if (!step(shape, found, type, 0, byte, &found->crc.table[byte]))
            return false;
    if (explains(shape, found, type))
        return true;
    found->crc.high_first = true;
    if (explains(shape, found, type))
        return true;
    for (size_t i = 0; i < sizeof narrower / sizeof *narrower; i++) {
        found->crc.width = narrower[i];
        if (narrower[i] < type.bits && explains(shape, found, type))
            return true;
    }
    return false;
}
