// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/value.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

#define OK(call, error) ck_assert_msg((call) == 0, "%s", (error)->message)

struct case_of {
    struct arena arena;
    struct err err;
    struct go_signature signature;
    struct go_function function;
};

// A signature of one argument "x" and the result int; `types` begins with the type of x, int is last.
static int
read_types(struct case_of *c, const char *types, int result)
{
    static struct go_parameter parameter = {.name = "x", .type = "T"};

    *c = (struct case_of){.function = {.package = "m", .parameters = &parameter, .parameter_count = 1}};
    const char *table =
        arena_printf(&c->arena, "{\"arguments\":[0],\"results\":[%d],\"types\":[%s]}", result, types);
    return go_signature_read(&c->arena, str_of(table), &c->function, "x.go:3: function 'f'", &c->signature,
                             &c->err);
}

static int
encode(struct case_of *c, const char *call, struct buf *out)
{
    AUTO_JSON *json = json_read(str_of(call), "call", &c->err);

    ck_assert_msg(json != NULL, "%s", c->err.message);
    return go_value_encode(&c->signature, json, "calls.jsonl:7", out, &c->err);
}

// The call as it is read back from its encoding.
static void
expect(struct case_of *c, const char *call, const char *shown)
{
    AUTO_BUF out = BUF(1 << 16);

    OK(encode(c, call, &out), &c->err);
    AUTO_JSON *json = go_value_decode(&c->signature, buf_str(&out));
    char *text = json_canonical(json);
    ck_assert_str_eq(text, shown);
    free(text);
}

static void
refuse(struct case_of *c, const char *call, const char *message)
{
    AUTO_BUF out = BUF(1 << 16);

    ck_assert_int_eq(encode(c, call, &out), -1);
    ck_assert_int_eq(c->err.kind, ERR_PARSE);
    ck_assert_str_eq(c->err.message, message);
}

#define INT "{\"name\":\"int\",\"kind\":\"int\",\"bits\":64}"

START_TEST(numbers_fit_their_type)
{
    struct case_of c;
    OK(read_types(&c, "{\"name\":\"int8\",\"kind\":\"int\",\"bits\":8}", 0), &c.err);
    expect(&c, "[-128]", "[-128]");
    refuse(&c, "[128]", "calls.jsonl:7: argument \"x\" needs a whole number that fits int8");
    refuse(&c, "[1.5]", "calls.jsonl:7: argument \"x\" needs a whole number that fits int8");
    refuse(&c, "[null]", "calls.jsonl:7: argument \"x\" needs a value, its type has no nil");
    refuse(&c, "[]",
           "calls.jsonl:7: \"args\" needs one entry a parameter (a method's receiver is the first), 1 in "
           "all");
    arena_release(&c.arena);
    OK(read_types(&c, "{\"name\":\"uint64\",\"kind\":\"uint\",\"bits\":64}", 0), &c.err);
    expect(&c, "[-1]", "[-1]");
    arena_release(&c.arena);
}
END_TEST

START_TEST(maps_are_sorted_by_key)
{
    struct case_of c;
    AUTO_BUF a = BUF(4096), b = BUF(4096);
    OK(read_types(&c,
                  "{\"name\":\"map[string]int\",\"kind\":\"map\",\"key\":1,\"element\":2},"
                  "{\"name\":\"string\",\"kind\":\"string\"}," INT,
                  2),
       &c.err);
    OK(encode(&c, "[{\"b\": 1, \"a\": 2, \"\": 3}]", &a), &c.err);
    OK(encode(&c, "[[[\"\", 3], [\"a\", 2], [\"b\", 1]]]", &b), &c.err);
    ck_assert(str_eq(buf_str(&a), buf_str(&b)));
    expect(&c, "[null]", "[null]");
    expect(&c, "[{}]", "[[]]");
    refuse(&c, "[[[\"a\", 1], [\"a\", 2]]]", "calls.jsonl:7: argument \"x\" needs each key once");
    refuse(&c, "[[[\"a\"]]]", "calls.jsonl:7: argument \"x[0]\" needs a pair [key, value]");
    refuse(&c, "[7]", "calls.jsonl:7: argument \"x\" needs an object, or an array of pairs [key, value]");
    arena_release(&c.arena);
}
END_TEST

START_TEST(nested_values_are_named_in_errors)
{
    struct case_of c;
    OK(read_types(&c,
                  "{\"name\":\"m.T\",\"kind\":\"struct\",\"fields\":[{\"name\":\"rows\",\"type\":1},{"
                  "\"name\":\"raw\","
                  "\"type\":3}]},{\"name\":\"[][]uint8\",\"kind\":\"slice\",\"element\":3},"
                  "{\"name\":\"uint8\",\"kind\":\"uint\",\"bits\":8},"
                  "{\"name\":\"[]uint8\",\"kind\":\"slice\",\"element\":2}," INT,
                  4),
       &c.err);
    expect(&c, "[{\"rows\": [\"a\", null, [0, 255]]}]",
           "[{\"raw\":null,\"rows\":[\"a\",null,{\"b64\":\"AP8=\"}]}]");
    refuse(&c, "[{\"rows\": [\"a\", 5]}]",
           "calls.jsonl:7: argument \"x.rows[1]\" needs a string, {\"b64\": \"..\"} or an array of bytes");
    refuse(&c, "[{\"row\": []}]", "calls.jsonl:7: argument \"x\" needs only fields that its type has");
    arena_release(&c.arena);
}
END_TEST

START_TEST(short_encodings_do_no_harm)
{
    struct case_of c;
    OK(read_types(&c,
                  "{\"name\":\"[]string\",\"kind\":\"slice\",\"element\":1},"
                  "{\"name\":\"string\",\"kind\":\"string\"}," INT,
                  2),
       &c.err);
    static const char huge[] = "\xff\xff\xff\xff\xff\xff\xff\x7f\x09\0\0\0\0\0\0\0ab";
    for (size_t length = 0; length < sizeof huge; length++) {
        AUTO_JSON *call = go_value_decode(&c.signature, str_n(huge, length));
        AUTO_JSON *output = go_value_output(&c.signature, str_n(huge, length));
        ck_assert_uint_eq(json_array_size(call), 1);
        ck_assert(json_is_object(output));
    }
    arena_release(&c.arena);
}
END_TEST

START_TEST(what_cannot_be_passed_is_named)
{
    struct case_of c;
    ck_assert_int_eq(
        read_types(&c,
                   "{\"name\":\"*m.T\",\"kind\":\"pointer\",\"element\":1},{\"name\":\"m.T\",\"kind\":"
                   "\"struct\",\"fields\":[{\"name\":\"next\",\"type\":0},{\"name\":\"log\",\"type\":2}]},"
                   "{\"name\":\"io.Writer\",\"kind\":\"interface\"}," INT,
                   3),
        -1);
    ck_assert_int_eq(c.err.kind, ERR_TARGET);
    ck_assert_str_eq(
        c.err.message,
        "x.go:3: function 'f': x.log has type io.Writer, which atoll can't pass or compare; it knows basic "
        "types, strings, errors, and slices, arrays, maps, structures and pointers of them");
    arena_release(&c.arena);
    // A table with an index that leads nowhere.
    ck_assert_int_eq(read_types(&c, "{\"name\":\"*int\",\"kind\":\"pointer\",\"element\":9}", 0), -1);
    ck_assert_ptr_nonnull(strstr(c.err.message, "another form than expected"));
    arena_release(&c.arena);
}
END_TEST

START_TEST(a_panic_is_told_from_results)
{
    ck_assert(go_value_returned(str_n("\0\0\0\0\0\0\0\0", 8)));
    ck_assert(!go_value_returned(str_n("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)));
    ck_assert(!go_value_returned(STR("")));
}
END_TEST

#define MAP_AND_ERROR                                                                                     \
    "{\"name\":\"map[string]*[]int\",\"kind\":\"map\",\"key\":1,\"element\":2},"                          \
    "{\"name\":\"string\",\"kind\":\"string\"},{\"name\":\"*[]int\",\"kind\":\"pointer\",\"element\":3}," \
    "{\"name\":\"[]int\",\"kind\":\"slice\",\"element\":4}," INT ",{\"name\":\"error\",\"kind\":\"error\"}"

static void
words(struct buf *out, const uint64_t *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_u64(out, items[i]);
}
#define WORDS(out, ...) \
    words(out, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void
text(struct buf *out, const char *text)
{
    buf_add_u64(out, strlen(text));
    buf_puts(out, text);
}

// An output of error x map: two errors in one, and memory that is shared, each with its name.
START_TEST(an_output_names_memory_and_errors)
{
    struct case_of c;
    AUTO_BUF out = BUF(4096);
    OK(read_types(&c, MAP_AND_ERROR, 5), &c.err);
    WORDS(&out, 0, 1, 0);
    text(&out, "no: eof");
    text(&out, "*m.wrapped");
    WORDS(&out, 2);
    text(&out, "Line int");
    WORDS(&out, 1);
    text(&out, "7");
    text(&out, "inner error");
    WORDS(&out, 0, 3);
    WORDS(&out, 1, 1);
    text(&out, "eof");
    text(&out, "");
    WORDS(&out, 0); // nil
    WORDS(&out, 1, 2);
    text(&out, "bad");
    text(&out, "");
    WORDS(&out,
          2); // the map has a pair; its numbers are 0, 1 for the key, 2 for the pointer, 3 for the slice
    text(&out, "k");
    WORDS(&out, 1, 3, 5, 6);
    WORDS(&out, 2, 2, 0, 0, 0, 2, 8, 0, 2, 3, 0, 3, 9, 0, 0);
    AUTO_JSON *json = go_value_output(&c.signature, buf_str(&out));
    char *shown = json_canonical(json);
    ck_assert_str_eq(shown,
                     "{\"changed\":[[[\"k\",[5,6]]]],\"results\":[{\"fields\":{\"Line int\":\"7\",\"inner "
                     "error\":null},\"identity\":\"a new error in every call\",\"text\":\"no: eof\","
                     "\"type\":\"*m.wrapped\",\"wraps\":[{\"identity\":\"the same error in every "
                     "call\",\"text\":\"eof\"},null,{\"identity\":\"error 1 of the arguments\",\"text\":"
                     "\"bad\"}]}],\"shares_memory\":[[\"x\",\"x[\\\"k\\\"] from byte 8\"],"
                     "[\"*x[\\\"k\\\"] (capacity 2)\",null]]}");
    free(shown);
    // Cut short anywhere, it does no harm.
    for (size_t length = 0; length < out.len; length++) {
        AUTO_JSON *cut = go_value_output(&c.signature, str_head(buf_str(&out), length));
        ck_assert(json_is_object(cut));
    }
    arena_release(&c.arena);
}
END_TEST

// A slice of structures without fields may have any length.
START_TEST(what_takes_no_room_ends)
{
    struct case_of c;
    AUTO_BUF out = BUF(4096);
    OK(read_types(&c,
                  "{\"name\":\"[]struct {}\",\"kind\":\"slice\",\"element\":1},"
                  "{\"name\":\"struct {}\",\"kind\":\"struct\",\"fields\":[]}," INT,
                  2),
       &c.err);
    WORDS(&out, UINT64_MAX);
    AUTO_JSON *call = go_value_decode(&c.signature, buf_str(&out));
    ck_assert_uint_lt(json_array_size(json_array_get(call, 0)), 2000);
    arena_release(&c.arena);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/value", an_output_names_memory_and_errors, what_takes_no_room_ends,
          a_panic_is_told_from_results, numbers_fit_their_type, maps_are_sorted_by_key,
          nested_values_are_named_in_errors, short_encodings_do_no_harm, what_cannot_be_passed_is_named)
