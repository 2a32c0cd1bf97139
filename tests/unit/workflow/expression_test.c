// SPDX-License-Identifier: Apache-2.0
#include "workflow/expression.h"

#include "tests/unit/unit.h"

static const char *
fake_env(void *context, const char *variable)
{
    (void)context;
    return strcmp(variable, "PORT") == 0 ? "8080" : strcmp(variable, "DEBUG") == 0 ? "true" : NULL;
}

static const struct host fake_host = {.env = fake_env};

// Evaluates a text against a fixed scope. The result as compact JSON, or the problem; malloc'ed.
static char *
evaluated(const char *text, bool bare, bool failed)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    struct err err;
    AUTO_JSON *steps = json_read(
        STR("{\"a\": {\"status\": \"succeeded\", \"outputs\": {\"n\": 3, \"r\": 2.5, \"t\": \"text\","
            "\"list\": [\"x\", \"y\", 3], \"none\": [], \"deep\": {\"k\": {\"z\": true}},"
            "\"rows\": [{\"f\": 1}, {\"f\": 2}]}}}"),
        "steps", &err);
    AUTO_JSON *vars = json_read(
        STR("{\"name\": \"h\\u00e9llo\", \"zero\": 0, \"empty\": \"\", \"num\": \"10\", \"a-1_b2\": 6}"),
        "vars", &err);
    AUTO_JSON *run = json_read(STR("{\"id\": \"r7\"}"), "run", &err);
    AUTO_JSON *item = json_read(STR("{\"x\": \"ix\"}"), "item", &err);
    struct scope scope = {.steps = steps,
                          .vars = vars,
                          .run = run,
                          .item = item,
                          .index = 4,
                          .host = &fake_host,
                          .failed = failed};
    struct yaml_node node = {.text = str_of(text), .mark = {"f.yml", 1, 1}};
    struct expression_source source = {.node = &node, .key = STR("k")};
    struct expression *expression = expression_read(&arena, &source, bare, &problems);
    AUTO_JSON *value = expression ? expression_value(expression, &scope, STR("k"), &problems) : NULL;
    if (value)
        return json_compact(value);
    ck_assert_uint_eq(problems.list.count, 1);
    return strdup(problems.list.items[0].text);
}

struct example {
    const char *text, *result;
};

static void
check_all(const struct example *examples, size_t count, bool bare, bool failed)
{
    for (size_t i = 0; i < count; i++) {
        char *result = evaluated(examples[i].text, bare, failed);
        ck_assert_msg(strcmp(result, examples[i].result) == 0, "%s gave %s, not %s", examples[i].text, result,
                      examples[i].result);
        free(result);
    }
}

#define CHECK_ALL(examples, bare, failed) \
    check_all((examples), sizeof(examples) / sizeof((examples)[0]), (bare), (failed))

START_TEST(values_keep_their_type)
{
    static const struct example examples[] = {
        {"'a''b'", "\"a'b\""},
        {"''", "\"\""},
        {"12", "12"},
        {"-3", "-3"},
        {"2.5", "2.5"},
        {"1e3", "1000.0"},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"(((7)))", "7"},
        {"steps.a.outputs.n", "3"},
        {"steps.a.outputs.r", "2.5"},
        {"steps.a.outputs.list", "[\"x\",\"y\",3]"},
        {"steps.a.outputs.list[1]", "\"y\""},
        {"steps.a.outputs.list[3]", "null"},
        {"steps.a.outputs.rows[1].f", "2"},
        {"steps.a.outputs.deep.k.z", "true"},
        {"steps.a.outputs['t']", "\"text\""},
        {"steps.a.status", "\"succeeded\""},
        {"steps.b.outputs.n", "null"},
        {"steps.a.outputs.n.x", "null"},
        {"vars.name", "\"h\u00e9llo\""},
        {"env.PORT", "\"8080\""},
        {"env.UNSET", "null"},
        {"run.id", "\"r7\""},
        {"item.x", "\"ix\""},
        {"item", "{\"x\":\"ix\"}"},
        {"index", "4"},
        {"vars.a-1_b2", "6"},
    };
    CHECK_ALL(examples, true, false);
}
END_TEST

START_TEST(operators)
{
    static const struct example examples[] = {
        {"1 == 1", "true"},
        {"1 == 1.0", "true"},
        {"1 != 2", "true"},
        {"1 == 2", "false"},
        {"'3' == 3", "true"},
        {"3 == '3'", "true"},
        {"'x' == 3", "false"},
        {"'10' > 9", "true"},
        {"'10' > '9'", "false"},
        {"vars.num >= 10", "true"},
        {"env.PORT == 8080", "true"},
        {"env.DEBUG == true", "true"},
        {"true == 'false'", "false"},
        {"null == null", "true"},
        {"null == ''", "false"},
        {"null == false", "false"},
        {"0 == false", "false"},
        {"1 < 2", "true"},
        {"2 < 2", "false"},
        {"2 <= 2", "true"},
        {"3 > 2", "true"},
        {"2 > 2", "false"},
        {"2 >= 2", "true"},
        {"1 >= 2", "false"},
        {"3 <= 2", "false"},
        {"'a' < 'b'", "true"},
        {"9007199254740993 > 9007199254740992", "true"},
        {"steps.a.outputs.list == steps.a.outputs.list", "true"},
        {"steps.a.outputs.list != steps.a.outputs.none", "true"},
        {"!true", "false"},
        {"!null", "true"},
        {"!''", "true"},
        {"!0", "true"},
        {"!0.0", "true"},
        {"!'0'", "false"},
        {"!steps.a.outputs.none", "false"},
        {"!!3", "true"},
        {"true && false", "false"},
        {"true || false", "true"},
        {"vars.empty || 'd'", "\"d\""},
        {"vars.name && 5", "5"},
        {"vars.zero && 5", "0"},
        {"true || false && false", "true"},
        {"(true || false) && false", "false"},
        {"1 == 1 && 2 == 2", "true"},
        {"!true == false", "true"},
        {"1 < 2 == true", "k: comparisons do not chain; join them with &&"},
        {"false && steps.a.outputs.list < 3", "false"},
        {"steps.a.outputs.list < 3", "k: a list and a number have no order"},
        {"null < 3", "k: null and a number have no order"},
        {"true < 3", "k: a truth value and a number have no order"},
    };
    CHECK_ALL(examples, true, false);
}
END_TEST

START_TEST(functions)
{
    static const struct example examples[] = {
        {"length('h\u00e9')", "2"},
        {"length(steps.a.outputs.list)", "3"},
        {"length(steps.a.outputs)", "7"},
        {"length(null)", "0"},
        {"length(3)", "k: length(x): expected a text, a list or a mapping, got a number"},
        {"contains('hello', 'ell')", "true"},
        {"contains('hello', 'elo')", "false"},
        {"contains('v10', 10)", "true"},
        {"contains(steps.a.outputs.list, 'y')", "true"},
        {"contains(steps.a.outputs.list, '3')", "true"},
        {"contains(steps.a.outputs.list, 'z')", "false"},
        {"contains(steps.a.outputs, 'n')", "true"},
        {"contains(steps.a.outputs, 'm')", "false"},
        {"contains(null, 'm')", "false"},
        {"contains(3, 3)", "k: contains(a, b): a number cannot contain a number"},
        {"first(steps.a.outputs.list)", "\"x\""},
        {"first(steps.a.outputs.none)", "null"},
        {"first(null)", "null"},
        {"first('a')", "k: first(list): expected a list, got a text"},
        {"join(steps.a.outputs.list)", "\"x, y, 3\""},
        {"join(steps.a.outputs.list, '')", "\"xy3\""},
        {"join(steps.a.outputs.rows, ' ')", "\"{\\\"f\\\":1} {\\\"f\\\":2}\""},
        {"join(null, 'x')", "\"\""},
        {"join('a', 'b')", "k: join(list, separator): expected a list, got a text"},
        {"length ( join(steps.a.outputs.list, '--') ) == 7", "true"},
        {"length()", "k: length(x) has 1 argument, got 0"},
        {"first(1, 2, 3)", "k: first(list) has 1 argument, got 3"},
        {"success(1)", "k: success() has 0 arguments, got 1"},
    };
    CHECK_ALL(examples, true, false);
}
END_TEST

START_TEST(status_functions_follow_the_scope)
{
    static const struct example good[] = {
        {"success()", "true"}, {"failure()", "false"}, {"always()", "true"}};
    static const struct example bad[] = {{"success()", "false"}, {"failure()", "true"}, {"always()", "true"}};
    CHECK_ALL(good, true, false);
    CHECK_ALL(bad, true, true);
}
END_TEST

START_TEST(texts_with_expressions_in_them)
{
    static const struct example examples[] = {
        {"plain", "\"plain\""},         {"${{ 3 }}", "3"},
        {"  ${{ 3 }}\n", "3"},          {"n=${{ 3 }}", "\"n=3\""},
        {"${{ 1 }}${{ 2 }}", "\"12\""}, {"a ${{ null }} b", "\"a  b\""},
        {"${{ true }}!", "\"true!\""},  {"x${{ steps.a.outputs.list }}", "\"x[\\\"x\\\",\\\"y\\\",3]\""},
        {"${{ '}}' }}", "\"}}\""},      {"$ {{ 3 }} ${ 4 }", "\"$ {{ 3 }} ${ 4 }\""},
        {"${{ 2.5 }}s", "\"2.5s\""},    {"", "\"\""},
    };
    CHECK_ALL(examples, false, false);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static const struct example examples[] = {
        {"", "k: the expression ends where a value was expected"},
        {"1 +", "k: expected an operator, got \"+\""},
        {"1 = 1", "k: no operator \"=\"; did you mean \"==\"?"},
        {"(1", "k: the expression ends where \")\" was expected"},
        {"a.b", "k: unknown name \"a\""},
        {"itme.x", "k: unknown name \"itme\"; did you mean \"item\"?"},
        {"frist(1)", "k: unknown function \"frist\"; did you mean \"first\"?"},
        {"vars.", "k: the expression ends where a name was expected"},
        {"vars.a[-1]", "k: expected an index or a text, got \"-1\""},
        {"vars.a[1", "k: the expression ends where \"]\" was expected"},
        {"'x", "k: the text that starts here has no closing quote"},
        {"\"x\"", "k: a text stands in single quotes: 'like this'"},
        {"1.2.3", "k: expected a number, got \"1.2.3\""},
        {"join(1 2)", "k: expected \",\" or \")\", got \"2\""},
        {"!", "k: the expression ends where a value was expected"},
        {"1 || ", "k: the expression ends where a value was expected"},
        {"}}", "k: expected a value, got \"}}\""},
    };
    CHECK_ALL(examples, true, false);
}
END_TEST

START_TEST(size_is_bounded)
{
    AUTO_BUF deep = BUF(100000);
    for (int i = 0; i < 5000; i++)
        buf_putc(&deep, '(');
    char *result = evaluated(buf_text(&deep), true, false);
    ck_assert_str_eq(result, "k: the expression is nested deeper than 32");
    free(result);
    AUTO_BUF wide = BUF(100000);
    buf_puts(&wide, "1");
    for (int i = 0; i < 5000; i++)
        buf_puts(&wide, " || 1");
    result = evaluated(buf_text(&wide), true, false);
    ck_assert_str_eq(result, "k: the expression has more than 256 parts");
    free(result);
    AUTO_BUF path = BUF(100000);
    buf_puts(&path, "vars");
    for (int i = 0; i < 17; i++)
        buf_puts(&path, ".x");
    result = evaluated(buf_text(&path), true, false);
    ck_assert_str_eq(result, "k: the path has more than 16 parts");
    free(result);
}
END_TEST

START_TEST(a_text_that_grows_too_large_is_refused)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    struct err err;
    AUTO_BUF large = BUF(1 << 20);
    while (large.len < 600000)
        buf_puts(&large, "0123456789");
    AUTO_JSON *vars = json_object();
    json_set_text(vars, "v", buf_text(&large));
    struct scope scope = {.vars = vars};
    struct yaml_node node = {.text = STR("${{ vars.v }}${{ vars.v }}"), .mark = {"f.yml", 3, 5}};
    struct expression_source source = {.node = &node, .key = STR("k")};
    struct expression *expression = expression_read(&arena, &source, false, &problems);
    ck_assert_ptr_nonnull(expression);
    ck_assert_ptr_null(expression_evaluate(expression, &scope, &err));
    ck_assert_int_eq(err.kind, ERR_CONFIG);
    ck_assert_str_eq(err.message, "f.yml:3:5: expression: the text is larger than 1048576 bytes");
}
END_TEST

START_TEST(references_are_listed_with_their_places)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    struct place_file file;
    place_file_init(&file, &arena, STR("k: a ${{ steps.b.outputs['c'][2] }} ${{ vars.d || success() }}\n"));
    struct yaml_node node = {.text = STR("a ${{ steps.b.outputs['c'][2] }} ${{ vars.d || success() }}"),
                             .mark = {"f.yml", 1, 4}};
    struct expression_source source = {.file = &file, .node = &node, .key = STR("k")};
    struct expression *expression = expression_read(&arena, &source, false, &problems);
    ck_assert_ptr_nonnull(expression);
    ck_assert(expression->asks_status);
    ck_assert_uint_eq(expression->reference_count, 2);
    const struct reference *first = &expression->references[0], *second = &expression->references[1];
    ck_assert_int_eq(first->root, ROOT_STEPS);
    ck_assert_uint_eq(first->count, 4);
    ck_assert(str_is(first->parts[0].name, "b"));
    ck_assert(str_is(first->parts[2].name, "c"));
    ck_assert_ptr_null(first->parts[3].name.ptr);
    ck_assert_uint_eq(first->parts[3].index, 2);
    ck_assert_uint_eq(first->mark.column, 10);
    ck_assert_int_eq(second->root, ROOT_VARS);
    ck_assert_uint_eq(second->parts[0].mark.column, 46);
}
END_TEST

UNIT_MAIN("workflow/expression", values_keep_their_type, operators, functions,
          status_functions_follow_the_scope, texts_with_expressions_in_them, mistakes_are_named,
          size_is_bounded, a_text_that_grows_too_large_is_refused, references_are_listed_with_their_places)
