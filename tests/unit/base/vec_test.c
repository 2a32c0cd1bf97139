// SPDX-License-Identifier: Apache-2.0
#include "base/vec.h"
#include "tests/unit/unit.h"

#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
    int x, y;
};

START_TEST(keeps_what_is_pushed)
{
    VEC(struct point) points = {0};
    for (int i = 0; i < 1000; i++)
        *vec_push(&points) = (struct point){i, -i};
    ck_assert_uint_eq(points.count, 1000);
    ck_assert_uint_ge(points.capacity, 1000);
    int expected = 0;
    VEC_EACH (struct point, point, &points) {
        ck_assert_int_eq(point->x, expected);
        ck_assert_int_eq(point->y, -expected);
        expected++;
    }
    ck_assert_int_eq(expected, 1000);
    vec_release(&points);
    ck_assert_ptr_null(points.items);
    ck_assert_uint_eq(points.count + points.capacity, 0);
}
END_TEST

START_TEST(an_empty_vector_has_no_elements)
{
    VEC(int) numbers = {0};
    VEC_EACH (int, number, &numbers)
        ck_abort_msg("element %d", *number);
    vec_release(&numbers);
}
END_TEST

START_TEST(pushed_elements_are_zeroed_even_in_old_memory)
{
    VEC(struct point) points = {0};
    for (int i = 0; i < 20; i++)
        *vec_push(&points) = (struct point){7, 7};
    points.count = 0;
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(vec_push(&points)->x, 0);
    vec_release(&points);
}
END_TEST

START_TEST(grows_to_what_is_needed)
{
    size_t capacity = 0;
    int *items = vec_grow(NULL, &capacity, 100, sizeof(*items));
    ck_assert_uint_ge(capacity, 100);
    for (size_t i = 0; i < capacity; i++)
        ck_assert_int_eq(items[i], 0);
    size_t before = capacity;
    ck_assert_ptr_eq(vec_grow(items, &capacity, 100, sizeof(*items)), items);
    ck_assert_uint_eq(capacity, before);
    items = vec_grow(items, &capacity, before + 1, sizeof(*items));
    ck_assert_uint_ge(capacity, before + before / 2);
    vec_free(items);
}
END_TEST

START_TEST(aborts_on_overflow)
{
    pid_t child = fork();
    if (child == 0) {
        size_t capacity = 0;
        vec_grow(NULL, &capacity, SIZE_MAX / 8 + 2, 8);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

UNIT_MAIN("base/vec", keeps_what_is_pushed, an_empty_vector_has_no_elements,
          pushed_elements_are_zeroed_even_in_old_memory, grows_to_what_is_needed, aborts_on_overflow)
