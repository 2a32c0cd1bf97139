// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/recipe.h"

#include "tests/unit/steps/shared/target/workshop.h"

static const char *
recipe_text(struct workshop *w, const char *file, const char *given)
{
    struct recipe recipe;
    AUTO_JSON *json = given == NULL ? NULL : json_read(str_of(given), "recipe", &w->err);

    struct recipe_yard yard = {w->launcher, fs_join(&w->arena, w->scratch, "views")};

    if (recipe_read(&w->arena, w->repository, file, json, &yard, &recipe, &w->err) != 0)
        return arena_printf(&w->arena, "ERR %s", w->err.message);
    AUTO_JSON *back = recipe_to_json(&recipe);
    char *text = json_compact(back);
    const char *kept = arena_dup(&w->arena, text);
    free(text);
    return kept;
}

static void
prepare(struct workshop *w)
{
    workshop_init(w);
    workshop_file(w, "src/x.c", "int x;\n");
    unsetenv("CC");
}

#define GUESSED "\"doubt\":\"neither compile_commands.json nor make -n says how it is compiled\""

START_TEST(defaults_to_o2)
{
    AUTO_WORKSHOP w;
    prepare(&w);

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O2\"],\"directory\":\".\"," GUESSED "}");
    setenv("CC", "gcc -m64", 1);
    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"gcc\",\"flags\":[\"-O2\",\"-m64\"],\"directory\":\".\"," GUESSED "}");
    ck_assert_str_eq(recipe_text(&w, "src/x.c", "{\"cc\": \"clang\"}"),
                     "{\"cc\":\"clang\",\"flags\":[\"-O2\"],\"directory\":\".\"," GUESSED "}");
}
END_TEST

START_TEST(asks_make)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "Makefile",
                  "CFLAGS = -O3 -g -Wall\nall: x.o\nx.o: src/x.c\n\tcc $(CFLAGS) -DM -c $< -o $@\n");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O3\",\"-DM\"],\"directory\":\".\"}");
    ck_assert(!fs_exists(fs_join(&w.arena, w.repository, "x.o")));
}
END_TEST

// A file's own object is asked for first: what the rest of the build does, and how long, does not matter.
START_TEST(asks_make_for_the_object_alone)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "src/Makefile",
                  "all: other.o x.o\n%.o: %.c\n\tcc -O3 -DOWN -c $<\nother.o:\n\t+sleep 600\n");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O3\",\"-DOWN\"],\"directory\":\"src\"}");
}
END_TEST

// Rules that make itself has know nothing of the flags that the repository gives elsewhere.
START_TEST(rules_of_make_itself_are_not_the_repositorys)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "src/Makefile", "all: out/x.o\nout/x.o: x.c\n\tcc -O3 -DOWN -c x.c -o out/x.o\n");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O3\",\"-DOWN\"],\"directory\":\"src\"}");
}
END_TEST

START_TEST(what_does_not_compile_says_that_flags_were_guessed)
{
    struct recipe recipe = {.doubt = "nobody says"};
    struct err err;

    ck_assert_int_eq(recipe_refused(&recipe, "x.c", STR("x.c:1: no y.h\nmore\n"), &err), -1);
    ck_assert_str_eq(err.message,
                     "x.c does not compile: x.c:1: no y.h (its flags are a guess: nobody says; write "
                     "compile_commands.json, or give them as recipe.flags or --flags)");
    recipe.doubt = NULL;
    ck_assert_int_eq(recipe_refused(&recipe, "x.c", STR("x.c:1: no y.h\nmore\n"), &err), -1);
    ck_assert_str_eq(err.message, "x.c does not compile: x.c:1: no y.h");
}
END_TEST

START_TEST(asks_make_for_all_and_in_subfolders)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "src/Makefile", "help:\n\techo nothing\nall:\n\t$(CC) -DSUB -o prog x.c\n");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O2\",\"-DSUB\"],\"directory\":\"src\"}");
}
END_TEST

START_TEST(prefers_the_compilation_database)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "Makefile", "all:\n\tcc -DMAKE -c src/x.c\n");
    workshop_file(&w, "build/compile_commands.json",
                  "[{\"directory\": \"src\", \"file\": \"y.c\", \"command\": \"cc -DY -c y.c\"},\n"
                  " {\"directory\": \"..\", \"file\": \"src/x.c\", \"arguments\": [\"cc\", \"-DD\", \"-c\", "
                  "\"src/x.c\"]}]");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O2\",\"-DD\"],\"directory\":\".\"}");
    workshop_file(
        &w, "compile_commands.json",
        arena_printf(&w.arena,
                     "[{\"directory\": \"%s/src\", \"file\": \"x.c\", \"command\": \"cc -O3 -c x.c\"}]",
                     w.repository));
    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O3\"],\"directory\":\"src\"}");
}
END_TEST

START_TEST(takes_the_compiler_that_the_repository_uses)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "Makefile", "all:\n\tccache gcc -DMAKE -c src/x.c\n");

    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"gcc\",\"flags\":[\"-O2\",\"-DMAKE\"],\"directory\":\".\"}");
    // Not one that this machine lacks.
    workshop_file(&w, "Makefile", "all:\n\tno-such-cc -DMAKE -c src/x.c\n");
    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"cc\",\"flags\":[\"-O2\",\"-DMAKE\"],\"directory\":\".\"}");
    // What $CC says comes first; its own flags are filtered like all others.
    setenv("CC", "ccache gcc -O0 -m64 -Wall", 1);
    ck_assert_str_eq(recipe_text(&w, "src/x.c", NULL),
                     "{\"cc\":\"gcc\",\"flags\":[\"-O2\",\"-DMAKE\",\"-m64\"],\"directory\":\".\"}");
    unsetenv("CC");
}
END_TEST

START_TEST(what_is_given_wins)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    workshop_file(&w, "Makefile", "all:\n\tcc -DMAKE -c src/x.c\n");

    const char *whole =
        "{\"cc\":\"gcc\",\"flags\":[\"-O3\",\"-DG\"],\"directory\":\"src\",\"link\":[\"src/y.c\",\"-lz\"],"
        "\"write\":[\"/tmp/log\"]}";
    ck_assert_str_eq(recipe_text(&w, "src/x.c", whole), whole);
    ck_assert_str_eq(recipe_text(&w, "src/x.c", "{\"flags\": \"-O1 '-DA=b c'\", \"link\": []}"),
                     "{\"cc\":\"cc\",\"flags\":[\"-O2\",\"-DA=b c\"],\"directory\":\".\",\"link\":[]}");
    ck_assert_str_eq(recipe_text(&w, "src/x.c", "{\"flags\": [1]}"),
                     "ERR recipe: 'flags' must be a list of texts");
    ck_assert_str_eq(recipe_text(&w, "src/x.c", "{\"link\": 3}"),
                     "ERR recipe: 'link' must be a list of texts");
    ck_assert_int_eq(w.err.kind, ERR_TARGET);
}
END_TEST

// A dry run executes what a Makefile says: $(shell ..), and the rules of what it includes.
START_TEST(a_dry_run_leaves_the_repository_alone)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    static const char makefile[] = "X := $(shell echo evil >>src/x.c; echo evil >left)\n"
                                   "all: src/x.o\nsrc/x.o: src/x.c\n\tcc -O3 -DFOUND -c -o $@ $<\n"
                                   "include made.mk\nmade.mk:\n\techo evil >>src/x.c; echo >$@\n";
    workshop_file(&w, "Makefile", makefile);
    const char *source = workshop_file(&w, "src/x.c", "int x;\n");
    const char *text = recipe_text(&w, "src/x.c", NULL);
    ck_assert_msg(strstr(text, "\"-O3\",\"-DFOUND\"") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "\"directory\":\".\"") != NULL, "%s", text);
    AUTO_BUF found = BUF(1000);
    OK(fs_read(source, 1000, &found, &w.err), &w.err);
    ck_assert_str_eq(buf_text(&found), "int x;\n");
    ck_assert(!fs_exists(fs_join(&w.arena, w.repository, "left")));
    ck_assert(!fs_exists(fs_join(&w.arena, w.repository, "made.mk")));
    // Where it stands itself, it does harm.
    const char *const make[] = {"make", "-C", w.repository, "-n", "-B", NULL};
    workshop_run(&w, make);
    ck_assert(fs_exists(fs_join(&w.arena, w.repository, "left")));
}
END_TEST

UNIT_MAIN("steps/shared/target/recipe", a_dry_run_leaves_the_repository_alone,
          takes_the_compiler_that_the_repository_uses, defaults_to_o2, asks_make,
          asks_make_for_the_object_alone, rules_of_make_itself_are_not_the_repositorys,
          what_does_not_compile_says_that_flags_were_guessed, asks_make_for_all_and_in_subfolders,
          prefers_the_compilation_database, what_is_given_wins)
