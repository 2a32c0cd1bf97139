// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/function.h"

#include "tests/unit/unit.h"

static const char file[] = "// Package x is one.\npackage x\n\nimport \"sort\"\n\n"
                           "func Tag(tag string, _ int) string {\n\treturn tag\n}\n\n"
                           "func (t *table[K]) get(keys ...K) (value, last V, err error) {\n\treturn\n}\n\n"
                           "func pick[K comparable, A, B any](a map[K]A, f func(A) B) B {\n"
                           "\tg := func(x int) int { return x }\n\t_ = g\n\treturn f(a[*new(K)])\n}\n\n"
                           "func extern(int, []byte)\n\nfunc (table) none() {}\n";

struct text {
    struct arena arena;
    struct err err;
    struct syntax *syntax;
};

static struct text
text_of(const char *source)
{
    struct text text = {0};

    text.syntax = syntax_new_in(LANGUAGE_GO, str_of(source), &text.err);
    ck_assert_msg(text.syntax != NULL, "%s", text.err.message);
    return text;
}

static void
text_release(struct text *text)
{
    syntax_free(text->syntax);
    arena_release(&text->arena);
}

#define AUTO_TEXT __attribute__((cleanup(text_release))) struct text

static struct go_function
read(struct text *text, const char *name)
{
    struct function function;
    struct go_function go;

    ck_assert_msg(function_find(&text->arena, text->syntax, name, &function, &text->err) == 0, "%s",
                  text->err.message);
    ck_assert_int_eq(go_function_read(&text->arena, text->syntax, &function, &go, &text->err), 0);
    return go;
}

START_TEST(lists_functions_and_methods)
{
    AUTO_TEXT text = text_of(file);
    size_t count;
    struct function *list = function_list(&text.arena, text.syntax, &count);

    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(list[0].name, "Tag");
    ck_assert(!list[0].is_static);
    ck_assert_uint_eq(list[0].first_line, 6);
    ck_assert_uint_eq(list[0].last_line, 8);
    ck_assert_str_eq(list[1].name, "table.get");
    ck_assert(list[1].is_static);
    ck_assert_str_eq(list[3].name, "table.none");
}
END_TEST

START_TEST(a_function_that_is_missing_is_told_with_the_nearest)
{
    AUTO_TEXT text = text_of(file);
    struct function function;

    ck_assert_int_eq(function_find(&text.arena, text.syntax, "Tog", &function, &text.err), -1);
    ck_assert_str_eq(text.err.message, "no function 'Tog'; did you mean 'Tag'?");
}
END_TEST

START_TEST(reads_parameters_and_results)
{
    AUTO_TEXT text = text_of(file);
    struct go_function go = read(&text, "Tag");

    ck_assert_str_eq(go.package, "x");
    ck_assert_str_eq(go.name, "Tag");
    ck_assert_ptr_null(go.receiver);
    ck_assert_uint_eq(go.parameter_count, 2);
    ck_assert_str_eq(go.parameters[0].name, "tag");
    ck_assert_str_eq(go.parameters[0].type, "string");
    ck_assert_str_eq(go.parameters[1].name, "_");
    ck_assert_uint_eq(go.result_count, 1);
    ck_assert_str_eq(go.results[0].name, "");
    ck_assert_str_eq(go.results[0].type, "string");
}
END_TEST

START_TEST(reads_receivers_and_type_parameters)
{
    AUTO_TEXT text = text_of(file);
    struct go_function go = read(&text, "table.get");

    ck_assert_str_eq(go.name, "get");
    ck_assert_str_eq(go.receiver, "(t *table[K])");
    ck_assert_str_eq(go.receiver_name, "t");
    ck_assert_str_eq(go.receiver_type, "table");
    ck_assert(go.receiver_is_pointer);
    ck_assert(go.parameters[0].is_variadic);
    ck_assert_str_eq(go.parameters[0].type, "K");
    ck_assert_uint_eq(go.result_count, 3);
    ck_assert_str_eq(go.results[1].name, "last");
    ck_assert_str_eq(go.results[2].type, "error");
    go = read(&text, "pick");
    ck_assert_str_eq(go.type_parameters, "[K comparable, A, B any]");
    ck_assert_str_eq(go.type_arguments, "[K, A, B]");
    ck_assert_str_eq(go.parameters[1].type, "func(A) B");
    go = read(&text, "table.none");
    ck_assert_str_eq(go.receiver_name, "");
    ck_assert(!go.receiver_is_pointer);
    ck_assert_uint_eq(go.result_count + go.parameter_count, 0);
}
END_TEST

START_TEST(a_file_without_a_package_is_refused)
{
    AUTO_TEXT text = text_of("func f() {}\n");
    struct function function;
    struct go_function go;

    ck_assert_int_eq(function_find(&text.arena, text.syntax, "f", &function, &text.err), 0);
    ck_assert_int_eq(go_function_read(&text.arena, text.syntax, &function, &go, &text.err), -1);
    ck_assert_int_eq(text.err.kind, ERR_TARGET);
}
END_TEST

START_TEST(the_language_follows_from_the_name)
{
    ck_assert_int_eq(language_of("src/tag.go"), LANGUAGE_GO);
    ck_assert_int_eq(language_of("src/go.c"), LANGUAGE_C);
    ck_assert_int_eq(language_of("go"), LANGUAGE_C);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/function", lists_functions_and_methods,
          a_function_that_is_missing_is_told_with_the_nearest, reads_parameters_and_results,
          reads_receivers_and_type_parameters, a_file_without_a_package_is_refused,
          the_language_follows_from_the_name)
