// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/value.h"

#include "steps/shared/target/generate.h"
#include "tests/unit/steps/shared/target/calls.h"

#define HEADER                                                                                             \
    "\"element\": \"struct h\", \"members\": {\"name\": {\"type\": \"const char *\", \"role\": \"text\"}," \
    "\"id\": {\"type\": \"uint8_t\", \"role\": \"scalar\"}}"
#define REQUEST                                                                                        \
    "\"r\": {\"type\": \"struct r *\", \"element\": \"struct r\", \"role\": \"inout\", \"count\": 1, " \
    "\"members\": {"                                                                                   \
    "\"on\": {\"type\": \"bool\", \"role\": \"scalar\"},"                                              \
    "\"at\": {\"type\": \"struct p\", \"element\": \"struct p\", \"role\": \"scalar\", \"members\": {" \
    "  \"y\": {\"type\": \"float\", \"role\": \"scalar\"}}},"                                          \
    "\"label\": {\"type\": \"char [4]\", \"role\": \"array\"},"                                        \
    "\"h\": {\"type\": \"const struct h *\", \"role\": \"in\", " HEADER "},"                           \
    "\"n\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"h\"}}}"
#define STRINGS                                                                                          \
    "\"l\": {\"type\": \"const char *const *\", \"element\": \"char *\", \"role\": \"in\"},"             \
    "\"n\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"l\"},"                                 \
    "\"t\": {\"type\": \"char *\", \"role\": \"inout\", \"length\": \"nul\"},"                           \
    "\"room\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"t\"},"                              \
    "\"c\": {\"type\": \"const struct c *\", \"role\": \"context\", \"setup\": \"make\", \"members\": {" \
    "  \"size\": {\"type\": \"int\", \"role\": \"scalar\"}}}"

// Adds a call, which comes back as `wanted`, and as the same bytes when that is read again.
static void
round_trip(const char *params, const char *arguments, const char *wanted)
{
    AUTO_CALLS calls = calls_of(params);
    ck_assert_msg(calls_add(&calls, arguments) == 0, "%s: %s", arguments, calls.err.message);
    const char *text = calls_text(&calls, 0);
    ck_assert_str_eq(text, wanted);
    ck_assert_msg(calls_add(&calls, text) == 0, "%s: %s", text, calls.err.message);
    ck_assert(str_eq(corpus_call(&calls.corpus, 0), corpus_call(&calls.corpus, 1)));
}

START_TEST(structs_go_to_json_and_back)
{
    round_trip(
        REQUEST,
        "[{\"on\": true, \"at\": {\"y\": 0.5}, \"label\": \"ab\", \"h\": [{\"name\": \"x\", \"id\": 255}]}]",
        "[{\"on\":1,\"at\":{\"y\":0.5},\"label\":\"ab\",\"h\":[{\"name\":\"x\",\"id\":255}],\"n\":1}]");
    round_trip(REQUEST, "[{\"on\": 0, \"at\": {\"y\": 0}, \"label\": [97, 0, 98], \"h\": [], \"n\": 0}]",
               "[{\"on\":0,\"at\":{\"y\":0.0},\"label\":\"a\\u0000b\",\"h\":[],\"n\":0}]");
    round_trip(STRINGS, "[[\"a\", \"\"], null, \"text\", null, {\"size\": -1}]",
               "[[\"a\",\"\"],2,\"text\",5,{\"size\":-1}]");
    round_trip(STRINGS, "[[], 0, \"text\", 9, {\"size\": 0}]", "[[],0,\"text\",9,{\"size\":0}]");
    round_trip(STRINGS, "[[], 0, \"a\\u0000b\", 9, {\"size\": 0}]", "[[],0,\"a\\u0000b\",9,{\"size\":0}]");
}
END_TEST

START_TEST(the_encoding_is_what_the_abi_says)
{
    AUTO_CALLS calls = calls_of(REQUEST);
    static const char wanted[] = "\1\0\0\0\0\0\0\0"                                 // one struct
                                 "\1\0\0\0\0\0\0\0"                                 // on
                                 "\0\0\0\0\0\0\xe0\x3f"                             // at.y, a double
                                 "ab\0\0\0\0\0\0"                                   // label, padded
                                 "\2\0\0\0\0\0\0\0"                                 // two of h
                                 "\1\0\0\0\0\0\0\0x\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0"  // "x", 7
                                 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x8\0\0\0\0\0\0"; // "", 8
    ck_assert_int_eq(
        calls_add(&calls, "[{\"on\": 1, \"at\": {\"y\": 0.5}, \"label\": \"ab\", \"h\": [{\"name\": \"x\","
                          "\"id\": 7}, {\"name\": \"\", \"id\": 8}]}]"),
        0);
    struct str call = corpus_call(&calls.corpus, 0);
    ck_assert_uint_eq(call.len, sizeof wanted);
    ck_assert_mem_eq(call.ptr, wanted, sizeof wanted);
    AUTO_ARENA arena = {0};
    struct value values[SIGNATURE_PARAMETERS_MAX];
    ck_assert(corpus_call_values(&arena, &calls.corpus, 0, &calls.signature, values));
    ck_assert_uint_eq(values[0].parts[3].number, 2);
    ck_assert_uint_eq(values[0].parts[3].parts[3].number, 8);
    for (size_t cut = 8; cut < call.len; cut += 8) { // what lacks is zero or empty
        struct str rest = str_head(call, cut);
        ck_assert(!value_read_list(&arena, calls.signature.parameters, 1, &rest, values));
    }
}
END_TEST

static void
refused(const char *params, const char *arguments, const char *words)
{
    AUTO_CALLS calls = calls_of(params);
    ck_assert_msg(calls_add(&calls, arguments) == -1, "%s was taken", arguments);
    ck_assert_msg(strncmp(calls.err.message, "x.jsonl:7: ", 11) == 0 &&
                      strstr(calls.err.message, words) != NULL,
                  "%s: %s", arguments, calls.err.message);
    ck_assert_int_eq(calls.err.kind, ERR_PARSE);
    ck_assert_uint_eq(calls.corpus.bytes.len, 0);
}

#define GOOD "\"on\": 1, \"at\": {\"y\": 0}, \"label\": \"\""

START_TEST(errors_name_the_member)
{
    refused(REQUEST, "[7]", "argument \"r\" is an object of 5 members");
    refused(REQUEST, "[[]]", "argument \"r\" has 0 elements, the function takes 1");
    refused(REQUEST, "[{\"on\": 2}]", "argument \"r.on\": 2 does not fit type 'bool'");
    refused(REQUEST, "[{\"on\": 1, \"at\": 5}]", "argument \"r.at\" is an object of 1 members");
    refused(REQUEST, "[{" GOOD "}]", "argument \"r.h\" is an array of objects");
    refused(REQUEST, "[{" GOOD ", \"h\": [], \"lable\": \"\"}]",
            "there is no member \"r.lable\"; did you mean \"label\"?");
    refused(REQUEST, "[{" GOOD ", \"h\": [{\"name\": \"x\", \"id\": 256}]}]",
            "argument \"r.h[0].id\": 256 does not fit");
    refused(REQUEST, "[{" GOOD ", \"h\": [{\"name\": \"x\\u0000\", \"id\": 1}]}]",
            "\"r.h[0].name\" is a terminated string");
    refused(REQUEST, "[{" GOOD ", \"h\": [], \"n\": 2}]",
            "argument \"r.n\" says 2, but \"h\" has 0 elements");
    refused(REQUEST, "[{\"on\": 1, \"at\": {\"y\": 0}, \"label\": \"abcde\", \"h\": []}]",
            "\"r.label\" has 5 elements, the function takes 4");
    refused(STRINGS, "[[\"a\", 3], null, \"\", null, {\"size\": 1}]", "argument \"l[1]\" is a buffer");
    refused(STRINGS, "[\"a\", null, \"\", null, {\"size\": 1}]", "argument \"l\" is an array of strings");
    refused(STRINGS, "[[], null, \"text\", 4, {\"size\": 1}]",
            "a text of 4 bytes and its NUL; there is room for 4");
    refused(STRINGS, "[[], null, \"\", null, null]", "argument \"c\" is an object of 1 members");
}
END_TEST

// Calls that are made up are calls that could have been captured.
START_TEST(fresh_calls_are_calls)
{
    static const char *const all[] = {REQUEST, STRINGS};
    for (size_t i = 0; i < 2; i++) {
        AUTO_CALLS calls = calls_of(all[i]);
        AUTO_CALLS back = calls_of(all[i]);
        corpus_release(&calls.corpus);
        corpus_init(&calls.corpus, 16 << 20);
        struct rng rng;
        rng_init(&rng, 5, i);
        ck_assert_int_eq(calls_add(&calls, i == 0 ? "[{" GOOD ", \"h\": [{\"name\": \"host\", \"id\": 3}]}]"
                                                  : "[[\"one\"], 1, \"text\", 16, {\"size\": 9}]"),
                         0);
        AUTO_JSON *learned = distribution_of(&calls.corpus, &calls.signature);
        ck_assert_int_eq(
            generate_calls(&calls.corpus, &calls.signature, learned, &calls.corpus, &rng, 300, &calls.err),
            0);
        ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, learned, &rng, &calls.err), 0);
        ck_assert_uint_gt(calls.corpus.count, 350);
        for (size_t k = 0; k < calls.corpus.count; k++) {
            const char *text = calls_text(&calls, k);
            corpus_release(&back.corpus);
            corpus_init(&back.corpus, 1 << 20);
            ck_assert_msg(calls_add(&back, text) == 0, "%s: %s", text, back.err.message);
            ck_assert_msg(str_eq(corpus_call(&calls.corpus, k), corpus_call(&back.corpus, 0)), "%s", text);
        }
    }
}
END_TEST

START_TEST(members_have_distributions)
{
    AUTO_CALLS calls = calls_of(REQUEST);
    for (int k = 0; k < 20; k++)
        ck_assert_int_eq(
            calls_add(&calls, arena_printf(&calls.arena,
                                           "[{" GOOD ", \"h\": [{\"name\": \"host\", \"id\": %d}, {\"name\":"
                                           "\"a\", \"id\": 7}]}]",
                                           k + 10)),
            0);
    AUTO_JSON *learned = distribution_of(&calls.corpus, &calls.signature);
    const json_t *members = json_object_get(json_object_get(learned, "r"), "members");
    const json_t *h = json_object_get(members, "h"),
                 *id = json_object_get(json_object_get(h, "members"), "id");
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(h, "lengths"), 5)), 2);
    ck_assert_int_eq(json_get_int(id, "min", 0), 7);
    ck_assert_int_eq(json_get_int(id, "max", 0), 29);
    ck_assert_int_eq((int)distribution_longest(json_object_get(json_object_get(h, "members"), "name")), 4);
    ck_assert_ptr_null(json_object_get(members, "n"));
    ck_assert_ptr_null(json_object_get(json_object_get(learned, "r"), "lengths"));
}
END_TEST

UNIT_MAIN("steps/shared/target/value", structs_go_to_json_and_back, the_encoding_is_what_the_abi_says,
          errors_name_the_member, fresh_calls_are_calls, members_have_distributions)
