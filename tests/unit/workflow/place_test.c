// SPDX-License-Identifier: Apache-2.0
// A marker character in scalars of every style is found at its line and column in the file.
#include "workflow/place.h"

#include "tests/unit/unit.h"

static struct yaml_mark
marker(const char *text, char wanted)
{
    AUTO_ARENA arena = {0};
    struct err err;
    struct place_file file;
    struct place place;
    struct yaml_node *root = yaml_read(&arena, str_of(text), "f.yml", &err);
    ck_assert_msg(root != NULL, "%s", err.message);
    place_file_init(&file, &arena, str_of(text));
    const struct yaml_node *node = yaml_get(root, "k");
    ck_assert_ptr_nonnull(node);
    place_start(&place, &file, node);
    ptrdiff_t offset = str_find_byte(node->text, wanted);
    ck_assert_int_ge(offset, 0);
    return place_at(&place, (size_t)offset);
}

START_TEST(every_style_of_scalar)
{
    static const struct {
        const char *text;
        unsigned line, column;
    } examples[] = {
        {"k: ab@", 1, 6},
        {"k: a b\n   c @", 2, 6},
        {"k: '@'", 1, 5},
        {"k: 'a''b''@'", 1, 11},
        {"k: \"a\\tb\\u00e9@\"", 1, 15},
        {"k: \"a \\\n     b@\"", 2, 7},
        {"k: \"a\n\n   b@\"", 3, 5},
        {"k: |\n  one\n  t@o\n", 3, 4},
        {"k: |\n  one\n    @\n", 3, 5},
        {"k: | # note\n  @\n", 2, 3},
        {"k: >-\n  one\n  two @\n", 3, 7},
        {"k: >-\n  one\n\n  two @\n", 4, 7},
        {"k: h\xC3\xA9 @", 1, 7},
        {"\xEF\xBB\xBFk: ab@", 1, 7},
        {"a: 1\r\nk: |\r\n  x\r\n  @\r\n", 4, 3},
        {"{a: [1], k: \"x@\"}", 1, 15},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct yaml_mark mark = marker(examples[i].text, '@');
        ck_assert_msg(mark.line == examples[i].line && mark.column == examples[i].column,
                      "%s: got %u:%u, not %u:%u", examples[i].text, mark.line, mark.column, examples[i].line,
                      examples[i].column);
    }
}
END_TEST

START_TEST(a_value_that_is_not_in_the_file_has_the_place_of_its_node)
{
    AUTO_ARENA arena = {0};
    struct place_file file;
    struct place place;
    struct yaml_node node = {.text = STR("xyz"), .mark = {"f.yml", 1, 2}};
    place_file_init(&file, &arena, STR(" abc\n"));
    place_start(&place, &file, &node);
    ck_assert_uint_eq(place_at(&place, 2).column, 2);
    place_start(&place, NULL, &node);
    ck_assert_uint_eq(place_at(&place, 2).column, 2);
    node.mark.line = 99;
    place_start(&place, &file, &node);
    ck_assert_uint_eq(place_at(&place, 2).line, 99);
}
END_TEST

UNIT_MAIN("workflow/place", every_style_of_scalar, a_value_that_is_not_in_the_file_has_the_place_of_its_node)
