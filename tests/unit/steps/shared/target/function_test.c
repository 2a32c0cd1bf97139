// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/function.h"

#include "tests/unit/steps/shared/target/source.h"

static const char file[] = "#include <stdint.h>\n"
                           "int declared(int);\n"
                           "static int\n"
                           "helper(int a)\n"
                           "{\n"
                           "    return a;\n"
                           "}\n"
                           "#ifdef X\n"
                           "uint32_t *(pointer)(const char *s) { return 0; }\n"
                           "#endif\n"
                           "size_t\n"
                           "normalize_tag(const char *in)\n"
                           "{\n"
                           "    return helper(1);\n"
                           "}\n";

START_TEST(lists_definitions_in_order)
{
    AUTO_SOURCE source = source_of(file);
    size_t count;
    struct function *list = function_list(&source.arena, source.syntax, &count);

    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(list[0].name, "helper");
    ck_assert_str_eq(list[1].name, "pointer");
    ck_assert_str_eq(list[2].name, "normalize_tag");
    ck_assert(list[0].is_static);
    ck_assert(!list[2].is_static);
}
END_TEST

START_TEST(finds_the_range_of_a_definition)
{
    AUTO_SOURCE source = source_of(file);
    struct function function;
    struct err err;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "helper", &function, &err), 0);
    ck_assert_uint_eq(function.first_line, 3);
    ck_assert_uint_eq(function.last_line, 7);
    ck_assert(str_is(str_n(file + function.start, function.end - function.start),
                     "static int\nhelper(int a)\n{\n    return a;\n}"));
    ck_assert(str_is(str_n(file + function.body_start, function.body_end - function.body_start),
                     "{\n    return a;\n}"));
    ck_assert(node_is(function.node, "function_definition"));
}
END_TEST

START_TEST(names_the_nearest_when_absent)
{
    AUTO_SOURCE source = source_of(file);
    AUTO_SOURCE empty = source_of("int x;");
    struct function function;
    struct err err;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "normalise_tag", &function, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "did you mean 'normalize_tag'?"));
    ck_assert_int_eq(function_find(&source.arena, source.syntax, "declared", &function, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(function_find(&empty.arena, empty.syntax, "f", &function, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "defines none"));
}
END_TEST

START_TEST(refuses_two_definitions)
{
    AUTO_SOURCE source =
        source_of("#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n");
    struct function function;
    struct err err;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(err.message, "lines 2 and 4"));
}
END_TEST

START_TEST(refuses_what_does_not_parse)
{
    AUTO_SOURCE source = source_of("int g(void) { return 1; }\nint f(int a)\n{\n    return a +* / ;\n}\n");
    struct function function;
    struct err err;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "g", &function, &err), 0);
    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TARGET);
    ck_assert_ptr_nonnull(strstr(err.message, "near line 4"));
}
END_TEST

START_TEST(sees_through_declarators)
{
    AUTO_SOURCE source =
        source_of("int *(*f(int a))(char) { return 0; }\nint (*variable)(void);\nint plain;");
    struct node root = syntax_root(source.syntax);

    struct node name = function_name_node(node_field(node_child(root, 0), "declarator"));
    ck_assert(str_is(node_text(source.syntax, name), "f"));
    struct node declarator = function_declarator(node_field(node_child(root, 0), "declarator"));
    ck_assert(str_is(node_text(source.syntax, node_field(declarator, "parameters")), "(int a)"));
    ck_assert(node_is_null(function_name_node(node_field(node_child(root, 2), "declarator"))));
}
END_TEST

UNIT_MAIN("steps/shared/target/function", lists_definitions_in_order, finds_the_range_of_a_definition,
          names_the_nearest_when_absent, refuses_two_definitions, refuses_what_does_not_parse,
          sees_through_declarators)
