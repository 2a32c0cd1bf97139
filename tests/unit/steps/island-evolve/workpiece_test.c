// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/workpiece.h"
#include "tests/unit/unit.h"

enum { CANDIDATES = SHELF_SIZE + 4 };

static const char source[] = "int g(int a);\nint f(int a)\n{\n    return a;\n}\nint h(int a);\n";

struct bench {
    struct arena arena;
    struct err err;
    struct target target;
    struct shelf shelf;
    struct candidate candidates[CANDIDATES];
};

static void
open_bench(struct bench *bench)
{
    *bench = (struct bench){0};
    bench->target = (struct target){.file = "f.c", .name = "f", .source = str_of(source)};
    bench->target.syntax = syntax_new(bench->target.source, &bench->err);
    ck_assert_int_eq(
        function_find(&bench->arena, bench->target.syntax, "f", &bench->target.function, &bench->err), 0);
    for (int i = 0; i < CANDIDATES; i++)
        bench->candidates[i].text =
            str_of(arena_printf(&bench->arena, "int f(int a)\n{\n    return a + %d;\n}", i));
}

static void
close_bench(struct bench *bench)
{
    shelf_release(&bench->shelf);
    syntax_free(bench->target.syntax);
    arena_release(&bench->arena);
}

// The tree that a workpiece of a candidate has, once the workpiece is gone.
static const struct syntax *
take(struct bench *bench, int parent, int mate)
{
    struct workpiece piece;
    const struct candidate *other = mate < 0 ? NULL : &bench->candidates[mate];
    ck_assert_int_eq(workpiece_init(&piece, &bench->shelf, &bench->target, NULL, &bench->candidates[parent],
                                    other, NULL, &bench->err),
                     0);
    const struct mutation *m = &piece.mutation;
    struct str text = syntax_text(m->syntax);
    ck_assert(str_eq(str_n(text.ptr + m->variant_start, m->variant_end - m->variant_start),
                     bench->candidates[parent].text));
    ck_assert_str_eq(m->function.name, "f");
    ck_assert(str_ends(text, STR("int h(int a);\n")));
    if (other != NULL) {
        struct str theirs = syntax_text(m->mate);
        ck_assert(str_eq(str_n(theirs.ptr + m->mate_start, m->mate_end - m->mate_start), other->text));
        ck_assert_str_eq(m->mate_function.name, "f");
    }
    const struct syntax *syntax = m->syntax;
    workpiece_release(&piece);
    return syntax;
}

START_TEST(test_a_parent_is_parsed_once)
{
    struct bench bench;
    open_bench(&bench);
    const struct syntax *first = take(&bench, 0, -1);
    ck_assert_ptr_ne(take(&bench, 1, 0), first);
    ck_assert_ptr_eq(take(&bench, 0, 1), first);
    close_bench(&bench);
}
END_TEST

static size_t
count_taken(const struct bench *bench)
{
    size_t taken = 0;
    for (size_t i = 0; i < SHELF_SIZE; i++)
        taken += bench->shelf.places[i].candidate != NULL;
    return taken;
}

START_TEST(test_the_shelf_is_bounded)
{
    struct bench bench;
    open_bench(&bench);
    for (int round = 0; round < 3; round++)
        for (int i = 1; i < CANDIDATES; i++) { // more than there is room for; 0 is drawn again and again
            const struct syntax *kept = take(&bench, 0, i);
            ck_assert_ptr_eq(take(&bench, 0, -1), kept);
        }
    ck_assert_uint_eq(count_taken(&bench), SHELF_SIZE);
    close_bench(&bench);
}
END_TEST

START_TEST(test_two_of_a_large_file)
{
    struct bench bench;
    open_bench(&bench);
    bench.target.source.len = 9 << 20; // only its length counts
    const struct syntax *first = take(&bench, 0, 1);
    ck_assert_ptr_eq(take(&bench, 0, 1), first);
    for (int i = 2; i < 8; i++)
        (void)take(&bench, i, 0);
    ck_assert_uint_eq(count_taken(&bench), 2);
    close_bench(&bench);
}
END_TEST

START_TEST(test_a_text_without_the_function)
{
    struct bench bench;
    struct workpiece piece;
    open_bench(&bench);
    bench.candidates[0].text = STR("int e(int a)\n{\n    return a;\n}");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(workpiece_init(&piece, &bench.shelf, &bench.target, NULL, &bench.candidates[0], NULL,
                                        NULL, &bench.err),
                         -1);
        ck_assert_int_eq(bench.err.kind, ERR_NOT_FOUND);
        workpiece_release(&piece);
    }
    close_bench(&bench);
}
END_TEST

UNIT_MAIN("island-evolve/workpiece", test_a_parent_is_parsed_once, test_the_shelf_is_bounded,
          test_two_of_a_large_file, test_a_text_without_the_function)
