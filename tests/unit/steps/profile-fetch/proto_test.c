// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/proto.h"

#include "tests/unit/unit.h"

START_TEST(reads_each_wire_type)
{
    // 1: varint 300, 2: "ab", 3: fixed32 1, 4: fixed64 2
    struct proto proto = proto_of(STR("\010\254\002\022\002ab\035\001\0\0\0\041\002\0\0\0\0\0\0\0"), "p");
    struct proto_field field;
    struct err err;
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert_uint_eq(field.number, 1);
    ck_assert_uint_eq(field.value, 300);
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert(field.is_bytes && str_is(field.bytes, "ab"));
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert_uint_eq(field.value, 1);
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert_uint_eq(field.number, 4);
    ck_assert_uint_eq(field.value, 2);
    ck_assert_int_eq(proto_next(&proto, &field, &err), 0);
}
END_TEST

START_TEST(takes_repeated_numbers)
{
    struct proto proto = proto_of(STR("\012\003\001\254\002\010\007"), "p");
    struct proto_field field;
    struct err err;
    uint64_t value;
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert_int_eq(proto_repeated(&proto, &field, &err), 0);
    ck_assert(proto_take(&field, &value) && value == 1);
    ck_assert(proto_take(&field, &value) && value == 300);
    ck_assert(!proto_take(&field, &value));
    ck_assert_int_eq(proto_next(&proto, &field, &err), 1);
    ck_assert_int_eq(proto_repeated(&proto, &field, &err), 0);
    ck_assert(proto_take(&field, &value) && value == 7);
    ck_assert(!proto_take(&field, &value));
}
END_TEST

START_TEST(knows_the_longest_number)
{
    struct proto largest = proto_of(STR("\010\377\377\377\377\377\377\377\377\377\001"), "p");
    struct proto longer = proto_of(STR("\010\377\377\377\377\377\377\377\377\377\002"), "p");
    struct proto_field field;
    struct err err;
    ck_assert_int_eq(proto_next(&largest, &field, &err), 1);
    ck_assert_uint_eq(field.value, UINT64_MAX);
    ck_assert_int_eq(proto_next(&longer, &field, &err), -1);
}
END_TEST

START_TEST(gives_the_offset_in_the_file)
{
    struct proto outer = proto_of(STR("\012\003\020\200\200"), "p");
    struct proto_field field;
    struct err err;
    ck_assert_int_eq(proto_next(&outer, &field, &err), 1);
    struct proto inner = proto_inner(&outer, field.bytes);
    ck_assert_int_eq(proto_next(&inner, &field, &err), -1);
    ck_assert_str_eq(err.message, "p: byte 2: cut off or overlong number");
    struct proto long_bytes = proto_of(STR("\012\377\377\377\377\377\377\377\377\177x"), "p");
    ck_assert_int_eq(proto_next(&long_bytes, &field, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "longer than what is left"));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/proto", reads_each_wire_type, takes_repeated_numbers, knows_the_longest_number,
          gives_the_offset_in_the_file)
