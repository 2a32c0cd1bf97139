// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/scope.h"

#include "tests/unit/steps/shared/target/source.h"

static const char file[] = "typedef unsigned int u32, *u32p;\n"
                           "#define SIZE 16 // entries\n"
                           "#define AGAIN (SIZE)\n"
                           "#define LOOP LOOP\n"
                           "#define MASK 0xffu /* low byte */\n"
                           "enum colour { RED, GREEN = 5, BLUE };\n"
                           "enum { LIMIT = 200 };\n"
                           "int prototype(int a);\n"
                           "int both(void);\n"
                           "int both(void) { return 1; }\n";

START_TEST(finds_typedefs)
{
    AUTO_SOURCE source = source_of(file);
    struct node declarator;

    struct scope_node found = scope_typedef(&source.scope, STR("u32"), &declarator);
    ck_assert_ptr_nonnull(found.syntax);
    ck_assert(node_is(declarator, "type_identifier"));
    ck_assert(str_is(node_text(found.syntax, node_field(found.node, "type")), "unsigned int"));
    scope_typedef(&source.scope, STR("u32p"), &declarator);
    ck_assert(node_is(declarator, "pointer_declarator"));
    ck_assert_ptr_null(scope_typedef(&source.scope, STR("u64"), NULL).syntax);
}
END_TEST

START_TEST(finds_macros_without_comments)
{
    AUTO_SOURCE source = source_of(file);

    ck_assert(str_is(scope_macro(&source.scope, STR("SIZE")), "16"));
    ck_assert(str_is(scope_macro(&source.scope, STR("MASK")), "0xffu"));
    ck_assert_ptr_null(scope_macro(&source.scope, STR("NONE")).ptr);
}
END_TEST

START_TEST(finds_numbers)
{
    AUTO_SOURCE source = source_of(file);
    uint64_t value = 0;

    ck_assert(scope_number(&source.scope, STR("7"), &value) && value == 7);
    ck_assert(scope_number(&source.scope, STR("12UL"), &value) && value == 12);
    ck_assert(scope_number(&source.scope, STR("SIZE"), &value) && value == 16);
    ck_assert(scope_number(&source.scope, STR("AGAIN"), &value) && value == 16);
    ck_assert(scope_number(&source.scope, STR("MASK"), &value) && value == 255);
    ck_assert(scope_number(&source.scope, STR("RED"), &value) && value == 0);
    ck_assert(scope_number(&source.scope, STR("BLUE"), &value) && value == 6);
    ck_assert(scope_number(&source.scope, STR("LIMIT"), &value) && value == 200);
    ck_assert(!scope_number(&source.scope, STR("LOOP"), &value));
    ck_assert(!scope_number(&source.scope, STR("n"), &value));
    ck_assert(!scope_number(&source.scope, STR(""), &value));
    ck_assert(!scope_number(&source.scope, STR("1 + 2"), &value));
}
END_TEST

START_TEST(prefers_definitions_of_functions)
{
    AUTO_SOURCE source = source_of(file);

    ck_assert(node_is(scope_function(&source.scope, STR("both")).node, "function_definition"));
    ck_assert(node_is(scope_function(&source.scope, STR("prototype")).node, "declaration"));
    ck_assert_ptr_null(scope_function(&source.scope, STR("neither")).syntax);
}
END_TEST

START_TEST(searches_headers_too)
{
    AUTO_SOURCE header = source_of("typedef short s16;\n#define WIDTH 3\nenum shape { ROUND };\n");
    AUTO_SOURCE source = source_of(file);
    uint64_t value = 0;

    ck_assert_ptr_null(scope_enum(&source.scope, STR("shape")).syntax);
    source.scope.headers = &header.syntax;
    source.scope.header_count = 1;
    ck_assert_ptr_eq(scope_typedef(&source.scope, STR("s16"), NULL).syntax, header.syntax);
    ck_assert_ptr_eq(scope_enum(&source.scope, STR("shape")).syntax, header.syntax);
    ck_assert_ptr_eq(scope_enum(&source.scope, STR("colour")).syntax, source.syntax);
    ck_assert(scope_number(&source.scope, STR("WIDTH"), &value) && value == 3);
}
END_TEST

UNIT_MAIN("steps/shared/target/scope", finds_typedefs, finds_macros_without_comments, finds_numbers,
          prefers_definitions_of_functions, searches_headers_too)
