// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/parameter.h"

#include "tests/unit/steps/shared/target/source.h"

static size_t
read_all(struct source *source, struct declared **list)
{
    size_t count = 0;
    struct err err;

    ck_assert_msg(declared_parameters(&source->arena, &source->scope, source_function(source, "f"), list,
                                      &count, &err) == 0,
                  "%s", err.message);
    return count;
}

START_TEST(reads_declarations)
{
    AUTO_SOURCE source =
        source_of("#define N 8\n"
                  "void f(const uint8_t *restrict in, char const *s, unsigned long n, double x[N],\n"
                  "       const void *v, const int c, float (*y), bool) {}");
    static const struct {
        const char *name, *type, *element;
        bool is_pointer, is_const;
        uint64_t array_count;
    } expected[] = {
        {"in", "const uint8_t *", "uint8_t", true, true, 0},
        {"s", "const char *", "char", true, true, 0},
        {"n", "unsigned long", "unsigned long", false, false, 0},
        {"x", "double *", "double", true, false, 8},
        {"v", "const void *", "void", true, true, 0},
        {"c", "const int", "int", false, true, 0},
        {"y", "float *", "float", true, false, 0},
        {"argument8", "bool", "bool", false, false, 0},
    };
    struct declared *list;

    ck_assert_uint_eq(read_all(&source, &list), 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_str_eq(list[i].name, expected[i].name);
        ck_assert_str_eq(list[i].type, expected[i].type);
        ck_assert_str_eq(list[i].base.element, expected[i].element);
        ck_assert_int_eq(list[i].is_pointer, expected[i].is_pointer);
        ck_assert_int_eq(list[i].is_const, expected[i].is_const);
        ck_assert_uint_eq(list[i].array_count, expected[i].array_count);
    }
}
END_TEST

START_TEST(void_is_no_parameter)
{
    AUTO_SOURCE source = source_of("int f(void) { return 1; }");
    AUTO_SOURCE empty = source_of("int f() { return 1; }");
    struct declared *list;

    ck_assert_uint_eq(read_all(&source, &list), 0);
    ck_assert_uint_eq(read_all(&empty, &list), 0);
}
END_TEST

static const char *
refusal(const char *text)
{
    AUTO_SOURCE source = source_of(text);
    static struct err err;
    struct declared *list;
    size_t count;

    if (declared_parameters(&source.arena, &source.scope, source_function(&source, "f"), &list, &count,
                            &err) != 0) {
        ck_assert_int_eq(err.kind, ERR_TARGET);
        return err.message;
    }
    err.message[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (list[i].problem != NULL)
            snprintf(err.message, sizeof err.message, "parameter '%s' %s", list[i].name, list[i].problem);
    return err.message;
}

START_TEST(refuses_with_the_name_and_type)
{
    ck_assert_ptr_nonnull(
        strstr(refusal("int f(struct ring *ctx) { return 0; }"), "'ctx' of type 'struct ring *'"));
    ck_assert_ptr_nonnull(
        strstr(refusal("int f(int n, int **list) { return 0; }"), "'list' of type 'int **'"));
    ck_assert_str_eq(refusal("int f(int n, char **list) { return 0; }"), "");
    ck_assert_ptr_nonnull(
        strstr(refusal("int f(int (*call)(int)) { return 0; }"), "'call' is a pointer to a function"));
    ck_assert_ptr_nonnull(strstr(refusal("int f(int n, ...) { return 0; }"), "variable arguments"));
    ck_assert_ptr_nonnull(strstr(refusal("int f(struct pair p) { return 0; }"), "'p' of type 'struct pair'"));
    ck_assert_ptr_nonnull(strstr(refusal("int f(a) int a; { return 0; }"), "old style"));
}
END_TEST

START_TEST(reads_results)
{
    AUTO_SOURCE source = source_of("static inline unsigned long f(void) { return 1; }");
    AUTO_SOURCE pointer = source_of("char *f(void) { return 0; }");
    AUTO_SOURCE record = source_of("struct pair f(void) { return p; }");
    struct declared result;
    struct err err;

    ck_assert_int_eq(
        declared_result(&source.arena, &source.scope, source_function(&source, "f"), &result, &err), 0);
    ck_assert_str_eq(result.type, "unsigned long");
    ck_assert_uint_eq(result.base.size, 8);
    ck_assert_int_eq(
        declared_result(&pointer.arena, &pointer.scope, source_function(&pointer, "f"), &result, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "'char *'"));
    ck_assert_int_eq(
        declared_result(&record.arena, &record.scope, source_function(&record, "f"), &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TARGET);
}
END_TEST

UNIT_MAIN("steps/shared/target/parameter", reads_declarations, void_is_no_parameter,
          refuses_with_the_name_and_type, reads_results)
