// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/tree.h"

#include "tests/unit/steps/profile-fetch/fixture.h"

static struct arena arena;
static struct tree tree;
static char *folder;

static void
setup(const char *const *paths)
{
    struct err err;
    folder = fixture_folder(&arena);
    for (; *paths; paths++)
        fixture_file(&arena, folder, *paths, "int f(void)\n{\n}\nstatic int g(void) { return 1; }\n");
    ck_assert_int_eq(tree_open(&tree, folder, fs_join(&arena, folder, "scratch"), &err), 0);
}

static void
teardown(void)
{
    struct err err;
    tree_release(&tree);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    arena_release(&arena);
}

#define SETUP(...) setup((const char *const[]){__VA_ARGS__, NULL})

// The matches as "a.c b.c", with ! where the common end is whole.
static void
check_match(const char *path, const char *expected)
{
    struct tree_match matches[TREE_MAX_MATCHES];
    AUTO_BUF text = BUF(1000);
    size_t count = tree_match(&tree, tree_normal_path(&arena, str_of(path)), matches);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s%s", i > 0 ? " " : "", tree.files.items[matches[i].file].path,
                   matches[i].whole ? "!" : "");
    ck_assert_msg(strcmp(buf_text(&text), expected) == 0, "%s: %s", path, buf_text(&text));
}

START_TEST(matches_the_longest_end)
{
    SETUP("src/tag.c", "lib/src/tag.c", "main.c", "lib/deep/er/than/six/parts/of/x.c");
    check_match("/build/job/lib/src/tag.c", "lib/src/tag.c!");
    check_match("/build/job/src/tag.c", "src/tag.c!");
    check_match("src/tag.c", "src/tag.c!");
    check_match("tag.c", "src/tag.c! lib/src/tag.c!");
    check_match("/other/tag.c", "src/tag.c lib/src/tag.c");
    check_match("/x/main.c", "main.c!");
    check_match("xmain.c", "");
    check_match("/w/lib/deep/er/than/six/parts/of/x.c", "lib/deep/er/than/six/parts/of/x.c!");
    check_match("", "");
    teardown();
}
END_TEST

START_TEST(says_what_stands_in_front)
{
    SETUP("src/tag.c");
    struct tree_match matches[TREE_MAX_MATCHES];
    ck_assert_uint_eq(tree_match(&tree, STR("/build/src/tag.c"), matches), 1);
    ck_assert_uint_eq(matches[0].root_bytes, 7);
    ck_assert_uint_eq(tree_match(&tree, STR("/build/x/tag.c"), matches), 1);
    ck_assert_uint_eq(matches[0].root_bytes, 0);
    ck_assert(!matches[0].whole);
    teardown();
}
END_TEST

START_TEST(leaves_out_what_is_no_source)
{
    SETUP("src/tag.c", ".atoll/copy/tag.c", "scratch/tag.c", "scratcher/tag.c", "README.md");
    check_match("tag.c", "src/tag.c! scratcher/tag.c!");
    ck_assert_uint_eq(tree.files.count, 2);
    teardown();
}
END_TEST

START_TEST(normalises_paths)
{
    static const char *const pairs[][2] = {{"./a/../b//c.c", "b/c.c"},
                                           {"example.com/hash@v1.0.0/hash.go", "example.com/hash/hash.go"},
                                           {"/a/./b/", "/a/b"},
                                           {"../x.c", "../x.c"},
                                           {"./elf/../sysdeps/x.c", "sysdeps/x.c"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct str path = tree_normal_path(&arena, str_of(pairs[i][0]));
        ck_assert_msg(str_is(path, pairs[i][1]), "%s gives %" STR_FMT, pairs[i][0], STR_ARG(path));
    }
    arena_release(&arena);
}
END_TEST

START_TEST(finds_definitions)
{
    SETUP("a.c", "b.c", "c.go");
    const struct tree_definition *found = tree_find(&tree, 1, STR("g"));
    ck_assert_ptr_nonnull(found);
    ck_assert_uint_eq(found->file, 1);
    ck_assert_uint_eq(found->line, 4);
    ck_assert(found->local && found->helper);
    ck_assert(!tree_find(&tree, 0, STR("f"))->local);
    ck_assert_uint_eq(tree_find(&tree, 0, STR("f"))->line_end, 3);
    ck_assert_ptr_null(tree_find(&tree, 0, STR("h")));
    ck_assert_uint_eq(tree.files.items[0].lines, 4);
    found = tree_find_anywhere(&tree, STR("f"));
    ck_assert_ptr_nonnull(found);
    ck_assert_uint_ne(found->next, TREE_NONE);
    ck_assert_uint_eq(tree.definitions.items[found->next].next, TREE_NONE);
    ck_assert_ptr_null(tree_find_anywhere(&tree, STR("h")));
    teardown();
}
END_TEST

START_TEST(reads_a_gone_file_as_empty)
{
    SETUP("a.c");
    struct err err;
    ck_assert_int_eq(fs_remove_tree(fs_join(&arena, folder, "a.c"), &err), 0);
    ck_assert_ptr_null(tree_find(&tree, 0, STR("f")));
    ck_assert_int_eq(tree_open(&(struct tree){0}, "/no/such/folder", NULL, &err), -1);
    teardown();
}
END_TEST

UNIT_MAIN("steps/profile-fetch/tree", matches_the_longest_end, says_what_stands_in_front,
          leaves_out_what_is_no_source, normalises_paths, finds_definitions, reads_a_gone_file_as_empty)
