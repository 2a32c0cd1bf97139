// SPDX-License-Identifier: Apache-2.0
// The frame of a unit test file: START_TEST(name) ... END_TEST, then UNIT_MAIN("base/buf", name, ...).
#ifndef ATOLL_TESTS_UNIT_H
#define ATOLL_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

// Runs every test in a process of its own and ends with check's summary line. Time limit 300 s a test.
__attribute__((unused)) static int
unit_run(const char *suite_name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(suite_name);
    TCase *tcase = tcase_create(suite_name);
    tcase_set_timeout(tcase, 300);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(suite_name, ...)                                            \
    int main(void)                                                            \
    {                                                                         \
        const TTest *const tests[] = {__VA_ARGS__};                           \
        return unit_run(suite_name, tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
