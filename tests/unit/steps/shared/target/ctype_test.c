// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/ctype.h"

#include "tests/unit/steps/shared/target/source.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

static void
is(const struct scope *scope, const char *text, const char *element, size_t size, bool is_signed,
   bool is_real)
{
    struct ctype type;

    ck_assert_msg(ctype_resolve(scope, str_of(text), &type), "%s", text);
    ck_assert_str_eq(type.element, element);
    ck_assert_msg(type.size == size && type.is_signed == is_signed && type.is_real == is_real, "%s", text);
}

START_TEST(resolves_standard_types)
{
    is(NULL, "int", "int", sizeof(int), true, false);
    is(NULL, "unsigned", "unsigned", sizeof(int), false, false);
    is(NULL, "const unsigned long int", "unsigned long", sizeof(long), false, false);
    is(NULL, "long", "long", sizeof(long), true, false);
    is(NULL, "long long unsigned", "unsigned long long", sizeof(long long), false, false);
    is(NULL, "long long", "long long", sizeof(long long), true, false);
    is(NULL, "short", "short", sizeof(short), true, false);
    is(NULL, "unsigned short", "unsigned short", sizeof(short), false, false);
    is(NULL, "char", "char", 1, CHAR_MIN < 0, false);
    is(NULL, "unsigned char", "unsigned char", 1, false, false);
    is(NULL, "signed char", "signed char", 1, true, false);
    is(NULL, "signed", "int", sizeof(int), true, false);
    is(NULL, "const volatile uint16_t", "uint16_t", 2, false, false);
    is(NULL, "int64_t", "int64_t", 8, true, false);
    is(NULL, "size_t", "size_t", sizeof(size_t), false, false);
    is(NULL, "ssize_t", "ssize_t", sizeof(size_t), true, false);
    is(NULL, "ptrdiff_t", "ptrdiff_t", sizeof(ptrdiff_t), true, false);
    is(NULL, "uint_fast16_t", "uint_fast16_t", sizeof(uint_fast16_t), false, false);
    is(NULL, "bool", "bool", 1, false, false);
    is(NULL, "float", "float", 4, true, true);
    is(NULL, "const double", "double", 8, true, true);
    is(NULL, "void", "void", 0, false, false);
}
END_TEST

START_TEST(resolves_names_of_the_file)
{
    AUTO_SOURCE source = source_of("typedef unsigned short word;\n"
                                   "typedef const word again;\n"
                                   "#define byte unsigned char\n"
                                   "enum sign { MINUS = -1, PLUS };\n"
                                   "enum colour { RED, GREEN };\n"
                                   "typedef enum { A, B } choice;\n"
                                   "typedef enum sign sign_t;\n");

    is(&source.scope, "word", "unsigned short", 2, false, false);
    is(&source.scope, "const again", "unsigned short", 2, false, false);
    is(&source.scope, "byte", "unsigned char", 1, false, false);
    is(&source.scope, "enum sign", "int", 4, true, false);
    is(&source.scope, "sign_t", "int", 4, true, false);
    is(&source.scope, "enum colour", "unsigned", 4, false, false);
    is(&source.scope, "choice", "unsigned", 4, false, false);
}
END_TEST

START_TEST(refuses_the_rest)
{
    AUTO_SOURCE source =
        source_of("typedef char *text;\ntypedef struct { int a; } pair;\ntypedef loop loop;\n"
                  "typedef int list[4];\n");
    struct ctype type;

    ck_assert(!ctype_resolve(&source.scope, STR("struct x"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("union x"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("long double"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("text"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("pair"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("list"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("loop"), &type));
    ck_assert(!ctype_resolve(&source.scope, STR("unknown"), &type));
    ck_assert(!ctype_resolve(NULL, STR("unknown"), &type));
    ck_assert(!ctype_resolve(NULL, STR("int *"), &type));
    ck_assert(!ctype_resolve(NULL, STR(""), &type));
    ck_assert(!ctype_resolve(NULL, STR("__int128"), &type));
}
END_TEST

START_TEST(names_the_type_that_is_passed)
{
    ck_assert_str_eq(ctype_abi("size_t", 8, false, false), "uint64_t");
    ck_assert_str_eq(ctype_abi("int", 4, true, false), "int32_t");
    ck_assert_str_eq(ctype_abi("unsigned", 4, false, false), "uint32_t");
    ck_assert_str_eq(ctype_abi("short", 2, true, false), "int16_t");
    ck_assert_str_eq(ctype_abi("char", 1, true, false), "int8_t");
    ck_assert_str_eq(ctype_abi("bool", 1, false, false), "_Bool");
    ck_assert_str_eq(ctype_abi("float", 4, true, true), "float");
    ck_assert_str_eq(ctype_abi("double", 8, true, true), "double");
}
END_TEST

UNIT_MAIN("steps/shared/target/ctype", resolves_standard_types, resolves_names_of_the_file, refuses_the_rest,
          names_the_type_that_is_passed)
