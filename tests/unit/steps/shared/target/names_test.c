// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/names.h"

#include "tests/unit/steps/shared/target/source.h"

static const char file[] = "void f(int *a) { int b = 0; (a[1]) = ((b)) + 2; a[0] += b; }";

static struct node
statement(const struct names *names, size_t index)
{
    return node_child(node_child(names->body, index), 0);
}

START_TEST(knows_its_names)
{
    AUTO_SOURCE source = source_of(file);
    struct names names = names_of(&source.scope, source_function(&source, "f"), STR("a"));
    struct node sum = node_field(statement(&names, 1), "right");

    ck_assert(names_mention(&names, statement(&names, 1)));
    ck_assert(!names_mention(&names, sum));
    names_add(&names, STR("b"));
    ck_assert(names_mention(&names, sum));
    ck_assert(str_is(names_operator(&names, sum), "+"));
    ck_assert(str_is(names_text(&names, sum), "((b)) + 2"));
    names_add(&names, STR(""));
    ck_assert_uint_eq(names.count, 2);
    for (int i = 0; i < 2 * NAMES_MAX; i++)
        names_add(&names, STR("c"));
    ck_assert_uint_eq(names.count, NAMES_MAX);
}
END_TEST

START_TEST(tells_writes_from_updates)
{
    AUTO_SOURCE source = source_of(file);
    struct names names = names_of(&source.scope, source_function(&source, "f"), STR("a"));
    struct node assignment;
    struct node write = node_child(node_field(statement(&names, 1), "left"), 0);

    ck_assert(node_is(write, "subscript_expression"));
    ck_assert(names_written(&names, write, &assignment));
    ck_assert(node_same(assignment, statement(&names, 1)));
    ck_assert(!names_written(&names, node_field(statement(&names, 2), "left"), &assignment));
    ck_assert(!names_written(&names, node_field(statement(&names, 1), "right"), &assignment));
}
END_TEST

START_TEST(leaves_parentheses_and_finds_declared_names)
{
    AUTO_SOURCE source = source_of("int *(p[3]);\nvoid f(void) { x = ((y)); }");
    struct node declaration = node_child(syntax_root(source.syntax), 0);
    struct names names = names_of(&source.scope, source_function(&source, "f"), STR("y"));
    struct node right = node_field(statement(&names, 0), "right");
    struct node y = node_child(node_child(right, 0), 0);

    ck_assert(names_has(&names, y));
    ck_assert(node_same(node_out_of_parentheses(y), right));
    ck_assert(node_is_null(node_declared(node_field(declaration, "type"))));
    AUTO_SOURCE plain = source_of("int *p[3];");
    struct node declarator = node_field(node_child(syntax_root(plain.syntax), 0), "declarator");
    ck_assert(str_is(node_text(plain.syntax, node_declared(declarator)), "p"));
}
END_TEST

UNIT_MAIN("steps/shared/target/names", knows_its_names, tells_writes_from_updates,
          leaves_parentheses_and_finds_declared_names)
