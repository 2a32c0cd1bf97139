// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/captured.h"

#include "tests/unit/steps/shared/target/calls.h"

// Adds a call, writes it as JSON, which must be `wanted`, and reads that again.
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

static const char *
one(const char *type, const char *rest)
{
    static char params[300];
    snprintf(params, sizeof params, "\"p\": {\"type\": \"%s\", %s}", type, rest);
    return params;
}

START_TEST(scalars_of_every_type)
{
    static const char *const types[][2] = {
        {"int8_t", "-128"},
        {"uint8_t", "255"},
        {"int16_t", "-32768"},
        {"uint16_t", "65535"},
        {"int", "-2147483648"},
        {"unsigned", "4294967295"},
        {"long", "-9223372036854775808"},
        {"uint64_t", "9223372036854775807"},
        {"uint64_t", "-1"},
        {"size_t", "0"},
        {"char", "97"},
        {"float", "0.25"},
        {"double", "-1e300"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char array[64];
        snprintf(array, sizeof array, "[%s]", types[i][1]);
        round_trip(one(types[i][0], "\"role\": \"scalar\""), array,
                   strcmp(types[i][1], "-1e300") == 0 ? "[-1.0000000000000001e300]" : array);
    }
    round_trip(one("bool", "\"role\": \"scalar\""), "[true]", "[1]");
    round_trip(one("int", "\"role\": \"scalar\""), "[7.0]", "[7]");
}
END_TEST

START_TEST(buffers_of_every_type)
{
    static const char *const types[][2] = {
        {"const int8_t *", "\"a\\u0000b\""},
        {"const uint8_t *", "{\"b64\":\"/wA=\"}"},
        {"const void *", "\"x\""},
        {"const char *", "\"\""},
        {"const int16_t *", "[-32768,32767]"},
        {"const uint16_t *", "[0,65535]"},
        {"const int *", "[-2147483648,2147483647]"},
        {"const uint32_t *", "[4294967295]"},
        {"const long *", "[-9223372036854775808,1]"},
        {"const uint64_t *", "[-1,9223372036854775807]"},
        {"const float *", "[0.5,-3.0]"},
        {"const double *", "[0.5,-0.0]"},
        {"const int *", "[]"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char params[400], array[100];
        snprintf(params, sizeof params,
                 "%s, \"n\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"p\"}",
                 one(types[i][0], "\"role\": \"in\""));
        AUTO_CALLS calls = calls_of(params);
        snprintf(array, sizeof array, "[%s, null]", types[i][1]);
        ck_assert_msg(calls_add(&calls, array) == 0, "%s", calls.err.message);
        struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
        corpus_call_parts(&calls.corpus, 0, &calls.signature, parts);
        snprintf(array, sizeof array, "[%s,%llu]", types[i][1], (unsigned long long)parts[0].value);
        round_trip(params, array, array);
    }
    round_trip(one("const uint8_t *", "\"role\": \"in\", \"count\": 3"), "[[65, 66, 67]]", "[\"ABC\"]");
    round_trip(one("const uint8_t *", "\"role\": \"in\", \"count\": 2"), "[[255, -1]]",
               "[{\"b64\":\"//8=\"}]");
    round_trip(one("const int *", "\"role\": \"in\", \"count\": 1"), "[\"\\u0001\\u0000\\u0000\\u0000\"]",
               "[[1]]");
}
END_TEST

START_TEST(every_role)
{
    round_trip(CALLS_COPY, "[\"abc\", 3, null, 12]", "[\"abc\",3,null,12]");
    round_trip(one("const char *", "\"role\": \"text\""), "[\"h\xc3\xa9\"]", "[\"h\xc3\xa9\"]");
    round_trip(one("int *", "\"role\": \"inout\", \"count\": 1"), "[5]", "[[5]]");
    round_trip(one("int *", "\"role\": \"out\", \"count\": 4"), "[null]", "[null]");
    round_trip("", "[]", "[]");
}
END_TEST

#define SHARED                                                              \
    "\"a\": {\"type\": \"const int *\", \"role\": \"in\"},"                 \
    "\"b\": {\"type\": \"const char *\", \"role\": \"in\", \"of\": \"a\"}," \
    "\"o\": {\"type\": \"short *\", \"role\": \"out\", \"of\": \"a\"},"     \
    "\"n\": {\"type\": \"int\", \"role\": \"count\", \"of\": \"a\"}"

START_TEST(shared_counts)
{
    AUTO_CALLS calls = calls_of(SHARED);
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    round_trip(SHARED, "[[1, 2, 3], \"abc\", null, 3]", "[[1,2,3],\"abc\",null,3]");
    ck_assert_int_eq(calls_add(&calls, "[[1, 2, 3], \"abc\", null, null]"), 0);
    corpus_call_parts(&calls.corpus, 0, &calls.signature, parts);
    ck_assert_uint_eq(parts[2].value, 3); // the capacity of an output that shares it
}
END_TEST

// The call is refused with a message that holds `words` behind its place, and leaves no trace.
static void
refused(const char *params, const char *arguments, const char *words)
{
    AUTO_CALLS calls = calls_of(params);
    ck_assert_msg(calls_add(&calls, arguments) == -1, "%s was taken", arguments);
    ck_assert_msg(strncmp(calls.err.message, "x.jsonl:7: ", 11) == 0 &&
                      strstr(calls.err.message, words) != NULL,
                  "%s: %s", arguments, calls.err.message);
    ck_assert_int_eq(calls.err.kind, ERR_PARSE);
    ck_assert_uint_eq(calls.corpus.count, 0);
    ck_assert_uint_eq(calls.corpus.bytes.len, 0);
}

START_TEST(refuses_what_does_not_fit)
{
    const char *text = "\"p\": {\"type\": \"const char *\", \"role\": \"text\"}";
    static const char *const numbers[][3] = {
        {"int8_t", "[128]", "128 does not fit type 'int8_t'"},
        {"int8_t", "[-129]", "does not fit"},
        {"uint8_t", "[256]", "does not fit"},
        {"uint8_t", "[-1]", "does not fit"},
        {"int", "[2147483648]", "does not fit"},
        {"unsigned", "[4294967296]", "does not fit"},
        {"unsigned", "[-1]", "does not fit"},
        {"bool", "[2]", "does not fit"},
        {"int", "[1.5]", "1.5 is not a whole number"},
        {"long", "[1e300]", "not a whole number"},
        {"int", "[\"1\"]", "\"p\" is a number"},
        {"int", "[null]", "is a number"},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        refused(one(numbers[i][0], "\"role\": \"scalar\""), numbers[i][1], numbers[i][2]);
    }
    refused(text, "[]", "one entry a parameter, 1 in all");
    refused(text, "[\"a\", 1]", "one entry a parameter");
    refused(text, "{\"p\": 1}", "one entry a parameter");
    refused(text, "[\"a\\u0000b\"]", "holds a NUL");
    refused(text, "[3]", "is a buffer");
    refused(text, "[{\"b64\": \"?\"}]", "is a buffer");
    refused(text, "[{\"hex\": \"00\"}]", "is a buffer");
    refused(CALLS_COPY, "[\"abc\", 4, null, 12]", "\"len\" says 4, but \"in\" has 3 elements");
    refused(CALLS_COPY, "[\"abc\", \"3\", null, 12]", "a whole number or null");
    refused(CALLS_COPY, "[\"abc\", 3, null, null]", "\"cap\" is the capacity of \"out\"");
    refused(CALLS_COPY, "[\"abc\", 3, null, -1]", "capacity");
    refused(CALLS_COPY, "[\"abc\", 3, null, 99999999999]", "capacity");
    refused("\"p\": {\"type\": \"const int *\", \"role\": \"in\", \"count\": 2}", "[[1]]",
            "has 1 elements, the function takes 2");
    refused("\"p\": {\"type\": \"const int *\", \"role\": \"in\", \"count\": 2}", "[[1, \"x\"]]",
            "element 1 is not a number");
    refused("\"p\": {\"type\": \"const int *\", \"role\": \"in\", \"count\": 1}", "[\"abc\"]",
            "not a multiple of its element size 4");
    refused(SHARED, "[[1, 2, 3], \"ab\", null, 3]",
            "\"b\" has 2 elements, but \"a\", whose count it shares, has 3");
}
END_TEST

// Reads `text` for CALLS_COPY into both sides.
static int
read_copy(struct calls *calls, const char *text, struct corpus *holdout)
{
    *calls = calls_of(CALLS_COPY);
    corpus_init(holdout, 1 << 20);
    return captured_read(str_of(text), "dir/calls.jsonl", &calls->signature, &calls->corpus, holdout,
                         &calls->err);
}

START_TEST(errors_name_file_and_line)
{
    static const char *const texts[][2] = {
        {"{\"args\": [\"a\", 1, null, 1]}\n\n{\"args\": [\"b\"]}\n", "dir/calls.jsonl:3: "},
        {"{\"args\": [\"a\", 1, null, 1]}\n{\"args\": [", "dir/calls.jsonl:2:"},
        {"[1]", "dir/calls.jsonl:1: a call is"},
        {"{}", "dir/calls.jsonl:1: a call is"},
        {"7", "dir/calls.jsonl:1"},
        {"{\"args\": [\"a\", 1, null, 1], \"count\": 0}", "dir/calls.jsonl:1: \"count\""},
        {"{\"args\": [\"a\", 1, null, 1], \"count\": \"2\"}", "dir/calls.jsonl:1: \"count\""},
        {"{\"args\": [\"a\", 1, null, 1], \"args\": []}", "dir/calls.jsonl:1:"},
        {"", "dir/calls.jsonl: no calls in it"},
        {"\n \n", "dir/calls.jsonl: no calls in it"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        AUTO_CALLS calls;
        struct corpus holdout;
        ck_assert_int_eq(read_copy(&calls, texts[i][0], &holdout), -1);
        ck_assert_msg(strstr(calls.err.message, texts[i][1]) == calls.err.message, "%s", calls.err.message);
        ck_assert_uint_eq(calls.corpus.count + holdout.count, 0);
        corpus_release(&holdout);
    }
}
END_TEST

static size_t
occurrences(const struct corpus *corpus, struct str call)
{
    size_t found = 0;
    for (size_t i = 0; i < corpus->count; i++)
        found += str_eq(corpus_call(corpus, i), call);
    return found;
}

// 300 distinct calls, the k-th with count k % 20 + 1, every third once more.
static struct buf
many_calls(void)
{
    struct buf text = BUF(1 << 20);
    for (int k = 0; k < 300; k++)
        buf_printf(&text, "{\"args\": [\"call %d\", null, null, 1], \"count\": %d, \"note\": 1}\n", k,
                   k % 20 + 1);
    for (int k = 0; k < 300; k += 3)
        buf_printf(&text, "\r\n  {\"args\":[\"call %d\",null,null,1]}  \r\n", k);
    return text;
}

START_TEST(splits_by_distinct_value)
{
    AUTO_CALLS calls, wanted = calls_of(CALLS_COPY);
    struct corpus holdout;
    AUTO_BUF text = many_calls();
    ck_assert_int_eq(read_copy(&calls, buf_text(&text), &holdout), 0);

    size_t held = 0;
    for (int k = 0; k < 300; k++) {
        ck_assert_int_eq(calls_add(&wanted, arena_printf(&wanted.arena, "[\"call %d\", null, null, 1]", k)),
                         0);
        struct str call = corpus_call(&wanted.corpus, (size_t)k);
        size_t in_train = occurrences(&calls.corpus, call), in_holdout = occurrences(&holdout, call);
        int times = k % 20 + 1 + (k % 3 == 0);
        ck_assert_uint_eq(in_train, in_holdout == 1 ? 0u : (unsigned)(times < 8 ? times : 8));
        ck_assert_uint_le(in_holdout, 1);
        held += in_holdout;
    }
    ck_assert_uint_gt(held, 60); // a third of 300, by hash
    ck_assert_uint_lt(held, 140);
    ck_assert_uint_eq(holdout.count, held);
    corpus_release(&holdout);
}
END_TEST

START_TEST(a_call_is_on_one_side_whatever_file_it_is_in)
{
    for (int k = 0; k < 40; k++) {
        AUTO_CALLS calls;
        struct corpus holdout;
        char alone[100], among[300];
        snprintf(alone, sizeof alone, "{\"args\": [\"call %d\", null, null, 1]}", k);
        snprintf(among, sizeof among, "%s\n{\"args\": [\"other\", null, null, 1]}\n", alone);
        ck_assert_int_eq(read_copy(&calls, alone, &holdout), 0);
        ck_assert_int_eq(
            captured_read(str_of(among), "b", &calls.signature, &calls.corpus, &holdout, &calls.err), 0);
        AUTO_CALLS wanted = calls_of(CALLS_COPY);
        ck_assert_int_eq(calls_add(&wanted, arena_printf(&wanted.arena, "[\"call %d\", null, null, 1]", k)),
                         0);
        struct str call = corpus_call(&wanted.corpus, 0);
        size_t in_train = occurrences(&calls.corpus, call), in_holdout = occurrences(&holdout, call);
        ck_assert_uint_eq(in_train + in_holdout, 2);
        ck_assert(in_train == 0 || in_holdout == 0);
        corpus_release(&holdout);
    }
}
END_TEST

START_TEST(repeats_only_where_there_is_room)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    struct corpus train, holdout;
    AUTO_BUF text = BUF(1 << 20);
    for (int k = 0; k < 30; k++)
        buf_printf(&text, "{\"args\": [\"call %02d\", null, null, 1], \"count\": 8}\n", k);
    corpus_init(&train, 24 * 30);
    corpus_init(&holdout, 24 * 30);

    ck_assert_int_eq(captured_read(buf_str(&text), "f", &calls.signature, &train, &holdout, &calls.err), 0);
    ck_assert_uint_eq(train.count + holdout.count, 30);
    corpus_release(&train);
    corpus_init(&train, 24 * 3);
    ck_assert_int_eq(captured_read(buf_str(&text), "f", &calls.signature, &train, &holdout, &calls.err), -1);
    ck_assert_int_eq(calls.err.kind, ERR_LIMIT);
    corpus_release(&train);
    corpus_release(&holdout);
}
END_TEST

UNIT_MAIN("steps/shared/target/captured", scalars_of_every_type, buffers_of_every_type, every_role,
          shared_counts, refuses_what_does_not_fit, errors_name_file_and_line, splits_by_distinct_value,
          a_call_is_on_one_side_whatever_file_it_is_in, repeats_only_where_there_is_room)
