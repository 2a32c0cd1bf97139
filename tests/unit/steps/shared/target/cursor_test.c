// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/cursor.h"

#include "tests/unit/steps/shared/target/source.h"

struct read_search {
    const struct names *names;
    bool behind, found;
};

// Looks at the index in `use(out[INDEX])`.
static bool
visit(void *context, struct node node)
{
    struct read_search *search = context;

    if (node_is(node, "call_expression") &&
        str_is(names_text(search->names, node_field(node, "function")), "use")) {
        struct node element = node_child(node_field(node, "arguments"), 0);
        search->found = true;
        search->behind = cursor_behind(search->names, node_field(element, "index"));
    }
    return true;
}

static bool
behind(const char *body)
{
    char text[500];
    snprintf(text, sizeof text,
             "void f(char *out, char *in, int len) { int n = 0; int i = 0; int k = 0; %s }", body);
    AUTO_SOURCE source = source_of(text);
    struct names names = names_of(&source.scope, source_function(&source, "f"), STR("out"));
    struct read_search search = {.names = &names};

    node_walk(names.body, visit, &search);
    ck_assert_msg(search.found, "%s", body);
    return search.behind;
}

START_TEST(what_stands_before_a_cursor_was_written)
{
    ck_assert(behind("use(out[n - 1]); out[n++] = 1;"));
    ck_assert(behind("use(out[-1]); *out++ = 1;"));
    ck_assert(behind("use(out[k]); k = n; out[n++] = 1;"));
    ck_assert(behind("use(out[n - 2]); memcpy(out + n, in, 4); n += 4;"));
    ck_assert(behind("use(out[n - 1]); out[n] = in[i]; n++;"));
}
END_TEST

START_TEST(the_cursor_itself_and_counters_are_not)
{
    ck_assert(!behind("use(out[n]); out[n++] = 1;"));
    ck_assert(!behind("for (i = 0; i < len; i++) { use(out[i - 1]); out[i] = 1; }"));
    ck_assert(!behind("use(out[len - 1]); out[n++] = 1;"));
    ck_assert(!behind("use(out[k]); k = n; k = len; out[n++] = 1;"));
    ck_assert(!behind("use(out[k]); out[n++] = 1;"));
    ck_assert(!behind("use(out[n + 1]); out[n++] = 1;"));
    ck_assert(!behind("use(out[n - 1]); in[n++] = 1;"));
    ck_assert(!behind("use(out[0]); out[n++] = 1;"));
}
END_TEST

UNIT_MAIN("steps/shared/target/cursor", what_stands_before_a_cursor_was_written,
          the_cursor_itself_and_counters_are_not)
