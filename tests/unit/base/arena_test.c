// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "tests/unit/unit.h"

#include <stdalign.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    AUTO_ARENA arena = {0};
    enum { PIECES = 3000 };
    static unsigned char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = i % 97 + 1;
        pieces[i] = arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            ck_assert_uint_eq(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 255 + 1), size);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < i % 97 + 1; k++)
            ck_assert_uint_eq(pieces[i][k], i % 255 + 1);
}
END_TEST

START_TEST(takes_pieces_larger_than_a_chunk)
{
    AUTO_ARENA arena = {0};
    char *large = arena_alloc(&arena, 5 << 20);
    large[(5 << 20) - 1] = 'x';
    char *small = arena_alloc(&arena, 1);
    ck_assert(small < large || small >= large + (5 << 20));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 0));
}
END_TEST

START_TEST(copies_text)
{
    AUTO_ARENA arena = {0};
    char source[] = "hello world";
    char *head = arena_str(&arena, str_n(source, 5));
    char *whole = arena_dup(&arena, source);
    source[0] = 'J';
    ck_assert_str_eq(head, "hello");
    ck_assert_str_eq(whole, "hello world");
    ck_assert_str_eq(arena_str(&arena, str_n(NULL, 0)), "");
    ck_assert_str_eq(arena_printf(&arena, "%s-%03d", "run", 7), "run-007");
    char *wide = arena_printf(&arena, "%10000d", 1);
    ck_assert_uint_eq(strlen(wide), 10000);
}
END_TEST

START_TEST(typed_pieces)
{
    AUTO_ARENA arena = {0};
    struct pair {
        int64_t a, b;
    };
    struct pair *one = ARENA_NEW(&arena, struct pair);
    struct pair *many = ARENA_ARRAY(&arena, struct pair, 100);
    many[99].b = 5;
    ck_assert_int_eq(one->a + one->b + many[0].a + many[98].b, 0);
}
END_TEST

START_TEST(is_usable_after_release)
{
    struct arena arena;
    arena_init(&arena);
    arena_alloc(&arena, 100);
    arena_release(&arena);
    ck_assert_ptr_null(arena.chunks);
    ck_assert_str_eq(arena_dup(&arena, "again"), "again");
    arena_release(&arena);
    arena_release(&arena);
}
END_TEST

static int
status_of_array(size_t count, size_t size)
{
    pid_t child = fork();
    if (child == 0) {
        struct arena arena = {0};
        arena_array(&arena, count, size);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

START_TEST(aborts_on_overflow)
{
    ck_assert_int_eq(status_of_array(4, 4), 0);
    int status = status_of_array(SIZE_MAX / 2 + 2, 2);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = status_of_array(SIZE_MAX - 3, 1);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

UNIT_MAIN("base/arena", memory_is_zeroed_aligned_and_apart, takes_pieces_larger_than_a_chunk, copies_text,
          typed_pieces, is_usable_after_release, aborts_on_overflow)
