// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/syntax.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static struct syntax *
parse(const char *text)
{
    struct err err;
    struct syntax *syntax = syntax_new(str_of(text), &err);

    ck_assert_ptr_nonnull(syntax);
    return syntax;
}

START_TEST(finds_nodes_by_field_and_index)
{
    AUTO_SYNTAX *syntax = parse("int x;\nint f(int a)\n{\n    return a + 1;\n}\n");
    struct node root = syntax_root(syntax);

    ck_assert_str_eq(node_kind(root), "translation_unit");
    ck_assert_uint_eq(node_count(root), 2);
    struct node f = node_child(root, 1);
    ck_assert(node_is(f, "function_definition"));
    ck_assert(!node_is(f, "function"));
    ck_assert_uint_eq(node_line(f), 2);
    ck_assert_uint_eq(node_start(f), 7);
    ck_assert_uint_eq(node_end(f), 41);
    ck_assert(str_is(node_text(syntax, node_field(f, "type")), "int"));
    struct node body = node_field(f, "body");
    ck_assert_uint_eq(node_count(body), 1);
    ck_assert_uint_eq(node_token_count(body), 3);
    ck_assert(node_is(node_token(body, 0), "{"));
    ck_assert(node_same(node_parent(body), f));
    ck_assert(!node_same(body, f));
}
END_TEST

// Each token says that the node it was reached from is its parent; as many as there are.
static size_t
check_parents(struct node node)
{
    size_t count = 1;

    for (size_t i = 0; i < node_token_count(node); i++) {
        ck_assert(node_same(node_parent(node_token(node, i)), node));
        count += check_parents(node_token(node, i));
    }
    return count;
}

START_TEST(every_node_knows_its_parent)
{
    static const char *const texts[] = {
        "int x;\n#if A\nstatic int f(int *a)\n{\n    return (*a)++ + g(a, -1) ? a[0] : "
        "(int){0};\n}\n#endif\n",
        "int f(int a { return ; }}\n\n)(\n", // holds nodes without any text
        "",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        AUTO_SYNTAX *syntax = parse(texts[i]);
        size_t count, depth;
        node_measure(syntax_root(syntax), &count, &depth);
        ck_assert(node_is_null(node_parent(syntax_root(syntax))));
        ck_assert_uint_eq(check_parents(syntax_root(syntax)), count);
    }
}
END_TEST

START_TEST(absent_nodes_are_none)
{
    AUTO_SYNTAX *syntax = parse("int x;");
    struct node none = node_child(syntax_root(syntax), 7);

    ck_assert(node_is_null(none));
    ck_assert(node_is_null(node_field(syntax_root(syntax), "body")));
    ck_assert(node_is_null(node_field(none, "body")));
    ck_assert(node_is_null(node_parent(none)));
    ck_assert(node_is_null(node_child(none, 0)));
    ck_assert(node_is_null(node_token(syntax_root(syntax), 5)));
    ck_assert_str_eq(node_kind(none), "");
    ck_assert_uint_eq(node_count(none), 0);
    ck_assert_uint_eq(node_line(none), 0);
    ck_assert(!node_broken(none));
}
END_TEST

START_TEST(broken_text_gives_a_tree)
{
    AUTO_SYNTAX *bad = parse("int f( { return 1; }");
    AUTO_SYNTAX *good = parse("int f(void) { return 1; }");

    ck_assert(node_broken(syntax_root(bad)));
    ck_assert(!node_broken(syntax_root(good)));
}
END_TEST

START_TEST(macros_among_qualifiers_have_no_nodes)
{
    static const struct {
        const char *text, *type; // of the function or typedef, which is the first thing there
    } cases[] = {
        {"uLong ZEXPORT f(uLong adler, const Bytef *buf) { return 0; }", "uLong"},
        {"typedef Byte  FAR Bytef;", "Byte"},
        {"static INLINE my_int f(int a) { return a; }", "my_int"},
        {"API\nint f(int a) { return a; }", "int"},
        {"JSON_API char * JSON_CALL f(int *p) { return 0; }", "char"},
        {"int f(UNUSED int a, int b UNUSED) { return b; }", "int"},
        {"int f(int *RESTRICT p) { return *p; }", "int"},
        {"FORCE_INLINE ERROR_code f(int a) { return a; }", "ERROR_code"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_SYNTAX *syntax = parse(cases[i].text);
        struct node first = node_child(syntax_root(syntax), 0);
        ck_assert_msg(!node_broken(syntax_root(syntax)), "%s", cases[i].text);
        ck_assert_msg(str_is(node_text(syntax, node_field(first, "type")), cases[i].type), "%s: %.*s",
                      cases[i].text, STR_ARG(node_text(syntax, node_field(first, "type"))));
        ck_assert(str_is(syntax_text(syntax), cases[i].text));
    }
}
END_TEST

START_TEST(words_that_are_no_macros_stay_errors)
{
    static const char *const texts[] = {"int f(int a) { return a b; }",
                                        "unsigned bogus int f(int a) { return a; }",
                                        "int f(int A { return A; }"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        AUTO_SYNTAX *syntax = parse(texts[i]);
        ck_assert_msg(node_broken(syntax_root(syntax)), "%s", texts[i]);
    }
}
END_TEST

static void
check_same(struct node a, struct node b)
{
    ck_assert_str_eq(node_kind(a), node_kind(b));
    ck_assert_uint_eq(node_start(a), node_start(b));
    ck_assert_uint_eq(node_end(a), node_end(b));
    ck_assert_uint_eq(node_line(a), node_line(b));
    ck_assert_uint_eq(node_token_count(a), node_token_count(b));
    for (size_t i = 0; i < node_token_count(a); i++)
        check_same(node_token(a, i), node_token(b, i));
}

// `change` in place of a function before `tail`, and back.
static void
check_splice(const char *change, const char *tail)
{
    static const char head[] = "int x;\n", function[] = "static int\nf(int a)\n{\n    return a + 1;\n}";
    char was[512], is[512];
    struct err err;

    snprintf(was, sizeof was, "%s%s%s", head, function, tail);
    snprintf(is, sizeof is, "%s%s%s", head, change, tail);
    AUTO_SYNTAX *before = parse(was);
    AUTO_SYNTAX *fresh = parse(is);
    size_t start = strlen(head);
    AUTO_SYNTAX *spliced = syntax_new_spliced(before, start, start + strlen(function), str_of(change), &err);
    ck_assert(str_is(syntax_text(spliced), is));
    check_same(syntax_root(spliced), syntax_root(fresh));
    check_parents(syntax_root(spliced));
    AUTO_SYNTAX *back = syntax_new_spliced(spliced, start, start + strlen(change), str_of(function), &err);
    check_same(syntax_root(back), syntax_root(before));
}

START_TEST(spliced_text_has_the_tree_of_the_whole)
{
    static const char *const tails[] = {"\nint g(void)\n{\n    return f(2);\n}\n",
                                        "\nAPI int LOUD g(void)\n{\n    return f(2);\n}\n", "\n}\n", ""};
    static const char *const changes[] = {
        "",
        "static int f(int a) { return a; }",
        "int t[3] = {1, 2, 3};\n\nstatic int\nf(int a)\n{\n    return t[a];\n}",
        "API int f(int a) { return a; }",
        "static int f(int a) { /* ",
        "f(int a) { return (",
        "#if 1\nint f(int a) { return 1; }\n#endif\n",
        "}}} ;;",
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        for (size_t j = 0; j < sizeof tails / sizeof *tails; j++)
            check_splice(changes[i], tails[j]);
    }
}
END_TEST

START_TEST(text_is_copied)
{
    char text[] = "int x;";
    struct err err;
    AUTO_SYNTAX *syntax = syntax_new(str_of(text), &err);

    text[4] = 'y';
    ck_assert(str_is(syntax_text(syntax), "int x;"));
    AUTO_SYNTAX *empty = syntax_new((struct str){0}, &err);
    ck_assert_uint_eq(node_count(syntax_root(empty)), 0);
}
END_TEST

struct trace {
    const struct syntax *syntax;
    char text[200];
    const char *skip;
};

static bool
visit(void *context, struct node node)
{
    struct trace *trace = context;

    if (node_is(node, "identifier") || node_is(node, "number_literal"))
        snprintf(trace->text + strlen(trace->text), sizeof trace->text - strlen(trace->text), "%.*s ",
                 STR_ARG(node_text(trace->syntax, node)));
    return trace->skip == NULL || !node_is(node, trace->skip);
}

START_TEST(walks_in_source_order)
{
    AUTO_SYNTAX *syntax = parse("int f(int a) { return a + 1 + g(b, 2); }\nint c = 3;");
    struct trace all = {.syntax = syntax};
    struct trace some = {.syntax = syntax, .skip = "call_expression"};

    node_walk(syntax_root(syntax), visit, &all);
    ck_assert_str_eq(all.text, "f a a 1 g b 2 c 3 ");
    node_walk(syntax_root(syntax), visit, &some);
    ck_assert_str_eq(some.text, "f a a 1 c 3 ");
    // A walk never leaves the node that it began with.
    struct trace part = {.syntax = syntax};
    node_walk(node_field(node_child(syntax_root(syntax), 0), "declarator"), visit, &part);
    ck_assert_str_eq(part.text, "f a ");
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
    size_t len = ((size_t)16 << 20) + 1;
    char *text = calloc(1, len);
    struct err err;

    ck_assert_ptr_null(syntax_new(str_n(text, len), &err));
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    free(text);
}
END_TEST

START_TEST(deep_nesting_does_not_overflow)
{
    size_t depth = 100000;
    char *text = malloc(2 * depth + 32);
    struct err err;

    memcpy(text, "int x = ", 8);
    memset(text + 8, '(', depth);
    text[8 + depth] = '1';
    memset(text + 9 + depth, ')', depth);
    struct syntax *syntax = syntax_new(str_n(text, 2 * depth + 9), &err);
    ck_assert_ptr_nonnull(syntax);
    struct trace trace = {.syntax = syntax};
    node_walk(syntax_root(syntax), visit, &trace);
    syntax_free(syntax);
    free(text);
}
END_TEST

START_TEST(comments_are_no_nodes)
{
    static const char text[] =
        "int a;\n\n// far\n\n/* near, */ // and\n// nearer\nint f(int /* n */ x) { /* b */ return "
        "x; }\n";
    struct err err;
    struct syntax *syntax = syntax_new(str_of(text), &err);
    size_t count;

    ck_assert_ptr_nonnull(syntax);
    ck_assert_uint_eq(node_count(syntax_root(syntax)), 2);
    struct node f = node_child(syntax_root(syntax), 1);
    ck_assert_uint_eq(node_count(node_field(f, "body")), 1);
    const struct span *comments = syntax_comments(syntax, &count);
    ck_assert_uint_eq(count, 6);
    ck_assert(str_eq(str_n(text + comments[4].start, comments[4].end - comments[4].start), STR("/* n */")));
    // What stands there is still in the text.
    ck_assert(str_find(node_text(syntax, f), STR("/* b */")) > 0);
    ck_assert_uint_eq(syntax_comment_start(syntax, node_start(f)), (size_t)(strstr(text, "/* near") - text));
    ck_assert_uint_eq(syntax_comment_start(syntax, 0), 0);
    syntax_free(syntax);
}
END_TEST

START_TEST(spliced_text_has_the_comments_of_the_whole)
{
    static const char text[] = "// a\nint f(void) { return 1; /* b */ } // c\n\n/* d */ int g;\n";
    static const char *const variants[] = {
        "int f(void) { return 22; }", "int f(void) /* x */ { // y\n return 3; }", "int f(void) { /* open"};
    struct err err;
    struct syntax *before = syntax_new(str_of(text), &err);
    struct node f = node_child(syntax_root(before), 0);

    for (size_t i = 0; i < 3; i++) {
        size_t count, expected;
        struct syntax *spliced =
            syntax_new_spliced(before, node_start(f), node_end(f), str_of(variants[i]), &err);
        ck_assert_ptr_nonnull(spliced);
        struct syntax *whole = syntax_new(syntax_text(spliced), &err);
        const struct span *one = syntax_comments(spliced, &count), *other = syntax_comments(whole, &expected);
        ck_assert_uint_eq(count, expected);
        ck_assert_mem_eq(one, other, count * sizeof *one);
        ck_assert_uint_eq(node_count(syntax_root(spliced)), node_count(syntax_root(whole)));
        syntax_free(whole);
        syntax_free(spliced);
    }
    syntax_free(before);
}
END_TEST

UNIT_MAIN("steps/shared/target/syntax", comments_are_no_nodes, spliced_text_has_the_comments_of_the_whole,
          finds_nodes_by_field_and_index, every_node_knows_its_parent, absent_nodes_are_none,
          broken_text_gives_a_tree, macros_among_qualifiers_have_no_nodes,
          words_that_are_no_macros_stay_errors, spliced_text_has_the_tree_of_the_whole, text_is_copied,
          walks_in_source_order, refuses_what_is_too_large, deep_nesting_does_not_overflow)
