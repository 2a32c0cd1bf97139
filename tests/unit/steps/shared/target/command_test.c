// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/command.h"

#include "tests/unit/unit.h"

static const char *
joined(struct arena *arena, const struct words *words)
{
    const char *text = "";

    for (size_t i = 0; i < words->count; i++)
        text = arena_printf(arena, "%s%s<%s>", text, i == 0 ? "" : " ", words->items[i]);
    return text;
}

static const char *
split(struct arena *arena, const char *line)
{
    struct str rest;
    struct words words = words_split(arena, str_of(line), &rest);

    return joined(arena, &words);
}

START_TEST(splits_as_a_shell)
{
    AUTO_ARENA a = {0};

    ck_assert_str_eq(split(&a, "  cc  -O2\tx.c "), "<cc> <-O2> <x.c>");
    ck_assert_str_eq(split(&a, "cc '-DA=\"x y\"' -DB=\\\"z\\\" \"-DC=\\\"$\""),
                     "<cc> <-DA=\"x y\"> <-DB=\"z\">");
    ck_assert_str_eq(split(&a, "a '' b\\ c"), "<a> <> <b c>");
    ck_assert_str_eq(split(&a, "a \\\n b"), "<a> <b>");
    ck_assert_str_eq(split(&a, "cc `pkg-config --cflags x` -O3 $(shell y -z) $CF ${CF} -I$(X)/i end"),
                     "<cc> <-O3> <end>");
    ck_assert_str_eq(split(&a, "a 'unterminated"), "<a> <unterminated>");
    ck_assert_str_eq(split(&a, "a `unterminated"), "<a>");
    ck_assert_str_eq(split(&a, "a \\"), "<a> <\\>");
    ck_assert_str_eq(split(&a, ""), "");
}
END_TEST

START_TEST(stops_at_the_next_command)
{
    AUTO_ARENA a = {0};
    struct str rest = STR("cd src && cc -c x.c; echo 'a;b' | cat");
    const char *expected[] = {"<cd> <src>", "<cc> <-c> <x.c>", "<echo> <a;b>", "<cat>"};

    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(rest.ptr);
        struct words words = words_split(&a, rest, &rest);
        ck_assert_str_eq(joined(&a, &words), expected[i]);
    }
    ck_assert_ptr_null(rest.ptr);
}
END_TEST

START_TEST(resolves_paths)
{
    AUTO_ARENA a = {0};

    ck_assert_str_eq(command_path(&a, "/r/src", "x.c"), "/r/src/x.c");
    ck_assert_str_eq(command_path(&a, "/r/src", "./../lib//x.c"), "/r/lib/x.c");
    ck_assert_str_eq(command_path(&a, "/r", "/abs/./x"), "/abs/x");
    ck_assert_str_eq(command_path(&a, "/r", "../../../x"), "/x");
    ck_assert_str_eq(command_path(&a, "/r", ".."), "/");
    ck_assert_str_eq(command_path(&a, "/r/s", "."), "/r/s");
}
END_TEST

static bool
compiles(const char *line)
{
    AUTO_ARENA a = {0};
    struct str rest;
    struct words words = words_split(&a, str_of(line), &rest);

    return command_compiles(&a, &words, "/r/src", "/r/src/x.c");
}

START_TEST(recognises_compilations)
{
    ck_assert(compiles("cc -c x.c"));
    ck_assert(compiles("/usr/bin/gcc-12 -O2 -o x.o -c ./x.c"));
    ck_assert(compiles("aarch64-linux-gnu-gcc -o prog main.c ../src/x.c"));
    ck_assert(compiles("ccache clang-14 /r/src/x.c"));
    ck_assert(!compiles("cc -c y.c"));
    ck_assert(!compiles("cc -c ../x.c"));
    ck_assert(!compiles("cc -MM x.c"));
    ck_assert(!compiles("cc -E x.c"));
    ck_assert(!compiles("clang-format -i x.c"));
    ck_assert(!compiles("cppcheck x.c"));
    ck_assert(!compiles("echo CC x.c"));
    ck_assert(!compiles(""));
}
END_TEST

static const char *
flags(struct arena *arena, const char *line)
{
    struct str rest;
    struct words words = words_split(arena, str_of(line), &rest);
    struct words kept = command_flags(arena, &words);

    return joined(arena, &kept);
}

START_TEST(keeps_flags_that_bear_on_the_code)
{
    AUTO_ARENA a = {0};

    ck_assert_str_eq(
        flags(&a, "cc -std=c11 -O3 -g -Wall -Werror -march=native -fno-strict-aliasing -DX=1 -UY -Iinc -c x.c"
                  " -o x.o"),
        "<-O3> <-std=c11> <-march=native> <-fno-strict-aliasing> <-DX=1> <-UY> <-Iinc>");
    ck_assert_str_eq(flags(&a, "cc -I inc -D X -include conf.h -isystem sys -MF x.d -o x.o x.c"),
                     "<-O2> <-I> <inc> <-D> <X> <-include> <conf.h> <-isystem> <sys>");
    ck_assert_str_eq(
        flags(&a, "cc -flto -fsanitize=address -fprofile-generate -fPIC -fPIE -fplugin=x.so -pthread "
                  "--coverage -MMD -MP -ggdb -lm -L. -Wl,-x -pipe"),
        "<-O2> <-pthread>");
}
END_TEST

START_TEST(raises_the_level)
{
    AUTO_ARENA a = {0};

    ck_assert_str_eq(flags(&a, "cc x.c"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -O0 x.c"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -Og x.c"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -Os x.c"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -O x.c"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -O1 x.c -O3"), "<-O3>");
    ck_assert_str_eq(flags(&a, "cc -O3 x.c -O1"), "<-O2>");
    ck_assert_str_eq(flags(&a, "cc -Ofast x.c"), "<-Ofast>");
}
END_TEST

START_TEST(finds_the_command_in_what_make_prints)
{
    AUTO_ARENA a = {0};
    const char *directory = "/r";
    struct words found;
    struct str output = STR("make: Entering directory '/r'\n"
                            "mkdir -p build && echo src/x.c\n"
                            "cc -O1 -fsanitize=address -c src/x.c -o build/asan/x.o\n"
                            "make[1]: Entering directory '/r/src'\n"
                            "cc -O3 \\\n  -DSUB -c x.c\n"
                            "cc -O2 -DLATER -c x.c\n");

    ck_assert(command_find(&a, output, "/r/src/x.c", &directory, &found));
    ck_assert_str_eq(joined(&a, &found), "<cc> <-O3> <-DSUB> <-c> <x.c>");
    ck_assert_str_eq(directory, "/r/src");
    directory = "/r";
    ck_assert(
        command_find(&a, STR("cd lib && cc -c y.c\ncc -DZ -c z.c\n"), "/r/lib/y.c", &directory, &found));
    ck_assert_str_eq(directory, "/r/lib");
    directory = "/r";
    ck_assert(command_find(&a, STR("cd lib && cc -c y.c\ncc -DZ -c z.c\n"), "/r/z.c", &directory, &found));
    ck_assert_str_eq(directory, "/r");
    ck_assert(!command_find(&a, output, "/r/src/other.c", &directory, &found));
    ck_assert(!command_find(&a, (struct str){0}, "/r/src/x.c", &directory, &found));
    ck_assert(command_find(&a, STR("gcc -O0 --coverage -c z.c"), "/r/z.c", &directory, &found));
}
END_TEST

UNIT_MAIN("steps/shared/target/command", splits_as_a_shell, stops_at_the_next_command, resolves_paths,
          recognises_compilations, keeps_flags_that_bear_on_the_code, raises_the_level,
          finds_the_command_in_what_make_prints)
