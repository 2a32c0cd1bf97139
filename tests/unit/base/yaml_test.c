// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "base/yaml.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct err err;

static struct yaml_node *
read_ok(const char *text)
{
    struct yaml_node *node = yaml_read(&arena, str_of(text), "f.yml", &err);
    ck_assert_msg(node != NULL, "%s", err.message);
    return node;
}

static void
ck_refused(const char *text, const char *message)
{
    err.message[0] = 0;
    ck_assert_msg(!yaml_read(&arena, str_of(text), "f.yml", &err), "accepted: %s", text);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    ck_assert_str_eq(err.message, message);
}

static void
ck_mark(struct yaml_mark mark, unsigned line, unsigned column)
{
    ck_assert_str_eq(mark.file, "f.yml");
    ck_assert_uint_eq(mark.line, line);
    ck_assert_uint_eq(mark.column, column);
}

static void
ck_json(const char *text, const char *json)
{
    AUTO_JSON *value = yaml_to_json(read_ok(text));
    char *compact = json_compact(value);
    ck_assert_str_eq(compact, json);
    free(compact);
}

START_TEST(keeps_positions)
{
    struct yaml_node *root =
        read_ok("# comment\nname: x\nsteps:\n  - id: a\n    with: {k: [1, zwei]}\n  - 'b'\n");
    ck_assert_int_eq(root->kind, YAML_MAP);
    ck_mark(root->mark, 2, 1);
    ck_assert_uint_eq(root->count, 2);
    ck_assert(str_is(root->pairs[1].key, "steps"));
    ck_mark(root->pairs[1].mark, 3, 1);
    struct yaml_node *steps = yaml_get(root, "steps");
    ck_assert_int_eq(steps->kind, YAML_LIST);
    ck_assert_uint_eq(steps->count, 2);
    ck_mark(steps->items[0]->mark, 4, 5);
    ck_mark(yaml_get(steps->items[0], "id")->mark, 4, 9);
    struct yaml_node *list = yaml_get(yaml_get(steps->items[0], "with"), "k");
    ck_mark(list->items[1]->mark, 5, 19);
    ck_assert(str_is(list->items[1]->text, "zwei"));
    ck_assert(!list->items[1]->quoted);
    ck_mark(steps->items[1]->mark, 6, 5);
    ck_assert(steps->items[1]->quoted);
    ck_assert_ptr_null(yaml_get(root, "none"));
    ck_assert_ptr_null(yaml_get(steps, "id"));
    ck_assert_ptr_null(yaml_get(NULL, "id"));
    arena_release(&arena);
}
END_TEST

START_TEST(counts_columns_in_characters)
{
    struct yaml_node *root = read_ok("{ü: ä, b: ok}");
    ck_mark(root->pairs[1].mark, 1, 8);
    arena_release(&arena);
}
END_TEST

START_TEST(reads_the_core_schema)
{
    ck_json("[null, ~, Null, nUll]", "[null,null,null,\"nUll\"]");
    ck_json("[true, FALSE, yes, on, 'true']", "[true,false,\"yes\",\"on\",\"true\"]");
    ck_json("[0, -7, +7, 007, 0x1F, 0o17, 1_000, '1']", "[0,-7,7,7,31,15,\"1_000\",\"1\"]");
    ck_json("[9223372036854775807, 0o, 0x, -, +]", "[9223372036854775807,\"0o\",\"0x\",\"-\",\"+\"]");
    ck_json("[0.5, .5, 1., -1e3, 1e, 1.2.3, ., 12a, 1e999, .inf]",
            "[0.5,0.5,1.0,-1000.0,\"1e\",\"1.2.3\",\".\",\"12a\",\"1e999\",\".inf\"]");
    ck_json("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}");
    ck_json("!!str 5", "\"5\"");
    ck_json("! 5", "\"5\"");
    ck_json("{}", "{}");
    ck_json("z: 1\na: 2\n", "{\"z\":1,\"a\":2}");
    arena_release(&arena);
}
END_TEST

START_TEST(knows_null)
{
    ck_assert(yaml_is_null(NULL));
    ck_assert(yaml_is_null(read_ok("")));
    ck_assert(yaml_is_null(read_ok("# only a comment\n")));
    ck_assert(yaml_is_null(read_ok("~")));
    ck_assert(!yaml_is_null(read_ok("''")));
    ck_assert(!yaml_is_null(read_ok("[]")));
    ck_assert(!yaml_is_null(read_ok("0")));
    arena_release(&arena);
}
END_TEST

START_TEST(names_the_place_of_an_error)
{
    ck_refused("a: 1\nb: 2\na: 3\n", "f.yml:3:1: this key is already set above: a");
    ck_refused("x:\n  - {k: 1, k: 2}\n", "f.yml:2:12: this key is already set above: k");
    ck_refused("a: 1\n b: 2\n", "f.yml:2:3: mapping values are not allowed in this context");
    ck_refused("a: [1, 2\nb: 3\n",
               "f.yml:2:2: did not find expected ',' or ']' while parsing a flow sequence");
    ck_refused("a:\n\t- b\n",
               "f.yml:2:1: found character that cannot start any token while scanning for the next token");
    ck_refused("a: !secret x\n", "f.yml:1:4: tags are not supported: !secret");
    ck_refused("a: !!set {x}\n", "f.yml:1:4: tags are not supported: tag:yaml.org,2002:set");
    ck_refused("? [a]\n: b\n", "f.yml:1:3: a key must be a plain text");
    ck_refused("a: 1\n---\nb: 2\n", "f.yml:2:1: only one document is allowed");
    ck_refused("a: \"x\\0y\"\n", "f.yml:1:4: a NUL character is not allowed");
    ck_refused("ab: 1\nc: \xff\n", "f.yml:2:4: invalid leading UTF-8 octet");
    arena_release(&arena);
}
END_TEST

START_TEST(resolves_aliases)
{
    ck_json("a: &x {k: [1]}\nb: *x\n", "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]}}");
    ck_json("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
    ck_json("base: &b {x: 1}\nd: {<<: *b}\n", "{\"base\":{\"x\":1},\"d\":{\"<<\":{\"x\":1}}}");
    ck_refused("a: *x\n", "f.yml:1:4: no finished anchor is named x");
    ck_refused("a: &x [1, *x]\n", "f.yml:1:11: no finished anchor is named x");
    arena_release(&arena);
}
END_TEST

START_TEST(refuses_bombs)
{
    AUTO_BUF text = BUF(4 << 20);
    buf_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i <= 9; i++) {
        buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
        buf_puts(&text, "]\n");
    }
    ck_assert_ptr_null(yaml_read(&arena, buf_str(&text), "f.yml", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "f.yml:5:"));
    ck_assert_ptr_nonnull(strstr(err.message, "more than 100000 nodes"));

    buf_clear(&text);
    for (int i = 0; i < 64; i++)
        buf_putc(&text, '[');
    for (int i = 0; i < 64; i++)
        buf_putc(&text, ']');
    read_ok(buf_text(&text));
    AUTO_BUF deeper = BUF(1000);
    buf_printf(&deeper, "[%s]", buf_text(&text));
    ck_refused(buf_text(&deeper), "f.yml:1:65: nested deeper than 64 levels");
    ck_refused("a: &a [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
               "b: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
               "f.yml:2:38: nested deeper than 64 levels by alias a");

    buf_clear(&text);
    buf_puts(&text, "a: ");
    while (text.len <= 1 << 20)
        buf_puts(&text, "0123456789abcdef");
    ck_refused(buf_text(&text), "f.yml:1:1: larger than 1 MiB");
    arena_release(&arena);
}
END_TEST

static void
ck_written(const char *json, const char *yaml)
{
    AUTO_JSON *value = json_read(str_of(json), "test", &err);
    ck_assert_ptr_nonnull(value);
    AUTO_BUF text = BUF(1 << 16);
    ck_assert_msg(yaml_write(value, &text, &err) == 0, "%s", err.message);
    ck_assert_str_eq(buf_text(&text), yaml);
}

START_TEST(writes_block_style)
{
    ck_written("{\"z\": 1, \"a\": [true, null, \"x y\"], \"e\": {}, \"l\": [], \"m\": {\"k\": -2.5}}",
               "z: 1\na:\n- true\n- null\n- x y\ne: {}\nl: []\nm:\n  k: -2.5\n");
    ck_written(
        "[\"true\", \"1\", \"\", \"~\", \"no\", \"0777\", \"12:30\", \"a: b\", \"- x\", \"#c\", \"ok\"]",
        "- 'true'\n- '1'\n- ''\n- '~'\n- 'no'\n- '0777'\n- '12:30'\n- 'a: b'\n- '- x'\n- '#c'\n- ok\n");
    ck_written("{\"t\": \"one\\ntwo\\n\", \"yes\": \"grün\"}", "t: |\n  one\n  two\n'yes': grün\n");
    ck_written("[0.1, 1e300, 100.0]", "- 0.1\n- 1e+300\n- 100.0\n");
}
END_TEST

static void
ck_round_trip(const json_t *value)
{
    AUTO_BUF text = BUF(1 << 16);
    ck_assert_int_eq(yaml_write(value, &text, &err), 0);
    AUTO_JSON *back = yaml_to_json(read_ok(buf_text(&text)));
    char *json = json_compact(value);
    ck_assert_msg(json_equal((json_t *)value, back), "%s became\n%s", json, buf_text(&text));
    free(json);
}

// Any text survives, whatever style the emitter picks.
START_TEST(round_trips_random_texts)
{
    static const char *const pieces[] = {" ", "\n", "a", ":", "-", "#", "'",      "\"", "\\", "\t",
                                         "1", "e",  ".", "{", "]", ",", "&",      "*",  "!",  "|",
                                         ">", "%",  "@", "`", "?", "ü", "\u2028", "\r", "~"};
    struct rng rng;
    rng_init(&rng, 7, 0);
    for (int round = 0; round < 3000; round++) {
        AUTO_BUF text = BUF(1000);
        for (uint64_t left = rng_below(&rng, 7); left > 0; left--)
            buf_puts(&text, pieces[rng_below(&rng, sizeof(pieces) / sizeof(pieces[0]))]);
        AUTO_JSON *value = json_pack("{s:s, s:[s, {s:s}]}", "k", buf_text(&text), "l", buf_text(&text), "d",
                                     buf_text(&text));
        json_object_set_new(value, buf_text(&text), json_integer(1));
        ck_round_trip(value);
        arena_release(&arena);
    }
}
END_TEST

START_TEST(round_trips_numbers)
{
    struct rng rng;
    rng_init(&rng, 8, 0);
    for (int round = 0; round < 1000; round++) {
        double real = (rng_real(&rng) - 0.5) * (round % 2 ? 1e6 : 1e-6);
        AUTO_JSON *value = json_pack("[f, I]", real, (json_int_t)rng_u64(&rng));
        ck_round_trip(value);
        arena_release(&arena);
    }
}
END_TEST

START_TEST(reports_a_full_buffer)
{
    AUTO_JSON *value = json_pack("[s]", "a long text that does not fit");
    AUTO_BUF text = BUF(10);
    ck_assert_int_eq(yaml_write(value, &text, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

UNIT_MAIN("base/yaml", keeps_positions, counts_columns_in_characters, reads_the_core_schema, knows_null,
          names_the_place_of_an_error, resolves_aliases, refuses_bombs, writes_block_style,
          round_trips_random_texts, round_trips_numbers, reports_a_full_buffer)
