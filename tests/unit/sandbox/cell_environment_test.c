// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell_environment.h"
#include "tests/unit/sandbox/fixture.h"

static const char *
value_of(const struct cell_environment *environment, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < environment->count; i++)
        if (strncmp(environment->strings[i], name, length) == 0 && environment->strings[i][length] == '=')
            return environment->strings[i] + length + 1;
    return NULL;
}

START_TEST(pad_has_its_size)
{
    struct cell_environment environment;
    struct cell_options options = {.object_path = "/none", .environment_bytes = 1234};
    struct err err;
    OK(cell_environment_init(&environment, &options, &err), &err);
    ck_assert_uint_eq(strlen(value_of(&environment, "PAD")), 1234);
    ck_assert_ptr_null(value_of(&environment, "LD_PRELOAD"));
    ck_assert_ptr_null(environment.strings[environment.count]);
    cell_environment_release(&environment);
    options.environment_bytes = 0;
    OK(cell_environment_init(&environment, &options, &err), &err);
    ck_assert_ptr_null(value_of(&environment, "PAD"));
    cell_environment_release(&environment);
}
END_TEST

START_TEST(sanitizers_come_from_the_object)
{
    struct fixture f;
    struct cell_environment environment;
    static const char *const flags[] = {"-shared", "-fPIC", "-fsanitize=address,undefined", NULL};
    fixture_init(&f);
    struct cell_options options = {.object_path =
                                       fixture_compile(&f, "s.so", "int f(int a) { return a + 1; }", flags),
                                   .sanitized = true};
    OK(cell_environment_init(&environment, &options, &f.err), &f.err);
    const char *preload = value_of(&environment, "LD_PRELOAD");
    ck_assert_msg(strncmp(preload, "libasan.so.", 11) == 0, "%s", preload);
    ck_assert_msg(strstr(preload, ":libubsan.so.") != NULL, "%s", preload);
    ck_assert_msg(strstr(value_of(&environment, "ASAN_OPTIONS"), "exitcode=99") != NULL, "exit code");
    cell_environment_release(&environment);
    options.object_path = "/no/such/object.so";
    ck_assert_int_eq(cell_environment_init(&environment, &options, &f.err), -1);
    cell_environment_release(&environment);
    fixture_release(&f);
}
END_TEST

START_TEST(managed_programs_have_one_processor)
{
    struct cell_environment environment;
    struct cell_options options = {.object_path = "/none", .managed = true, .sanitized = true};
    struct err err;
    OK(cell_environment_init(&environment, &options, &err), &err);
    ck_assert_str_eq(value_of(&environment, "GOMAXPROCS"), "1");
    ck_assert_str_eq(value_of(&environment, "GODEBUG"), "asyncpreemptoff=1");
    ck_assert_ptr_nonnull(strstr(value_of(&environment, "GORACE"), "exitcode=99"));
    ck_assert_ptr_null(value_of(&environment, "LD_PRELOAD"));
    cell_environment_release(&environment);
}
END_TEST

UNIT_MAIN("sandbox/cell_environment", pad_has_its_size, sanitizers_come_from_the_object,
          managed_programs_have_one_processor)
