// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/corpus.h"

#include "tests/unit/steps/shared/target/calls.h"

#include <math.h>

static uint64_t
u64_at(struct str text, size_t at)
{
    uint64_t value;
    ck_assert_uint_le(at + 8, text.len);
    memcpy(&value, text.ptr + at, 8);
    return value;
}

START_TEST(encodes_as_the_cell_expects)
{
    AUTO_CALLS calls = calls_of("\"t\": {\"type\": \"const char *\", \"role\": \"text\"},"
                                "\"x\": {\"type\": \"int\", \"role\": \"scalar\"},"
                                "\"p\": {\"type\": \"int16_t *\", \"role\": \"inout\", \"count\": 3},"
                                "\"o\": {\"type\": \"double *\", \"role\": \"out\", \"count\": 5}");
    ck_assert_int_eq(calls_add(&calls, "[\"abcdefgh\", -2, [1, -1, 300], null]"), 0);
    struct str call = corpus_call(&calls.corpus, 0);

    ck_assert_uint_eq(call.len, 8 + 16 + 8 + 8 + 8 + 8);
    ck_assert_uint_eq(u64_at(call, 0), 8);
    ck_assert_mem_eq(call.ptr + 8, "abcdefgh\0\0\0\0\0\0\0\0", 16);
    ck_assert_int_eq((int64_t)u64_at(call, 24), -2);
    ck_assert_uint_eq(u64_at(call, 32), 3);
    ck_assert_mem_eq(call.ptr + 40, "\x01\x00\xff\xff\x2c\x01\x00\x00", 8);
    ck_assert_uint_eq(u64_at(call, 48), 5);
}
END_TEST

START_TEST(counts_take_no_room)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    ck_assert_int_eq(calls_add(&calls, "[\"abc\", null, null, 9]"), 0);
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];

    ck_assert_uint_eq(corpus_call(&calls.corpus, 0).len, 8 + 8 + 8);
    ck_assert_uint_eq(corpus_call_parts(&calls.corpus, 0, &calls.signature, parts), 4);
    ck_assert_uint_eq(parts[0].value, 3);
    ck_assert(str_is(parts[0].content, "abc"));
    ck_assert_uint_eq(parts[2].value, 9);
    ck_assert_str_eq(calls_text(&calls, 0), "[\"abc\",3,null,9]");
}
END_TEST

START_TEST(floats_are_doubles_as_scalars_and_floats_in_buffers)
{
    AUTO_CALLS calls = calls_of("\"x\": {\"type\": \"float\", \"role\": \"scalar\"},"
                                "\"p\": {\"type\": \"const float *\", \"role\": \"in\", \"count\": 2}");
    double x;
    float p[2];
    ck_assert_int_eq(calls_add(&calls, "[0.5, [1.5, -2]]"), 0);
    struct str call = corpus_call(&calls.corpus, 0);

    memcpy(&x, call.ptr, 8);
    memcpy(p, call.ptr + 16, 8);
    ck_assert(x == 0.5 && p[0] == 1.5f && p[1] == -2.0f);
    ck_assert_str_eq(calls_text(&calls, 0), "[0.5,[1.5,-2.0]]");
}
END_TEST

START_TEST(what_is_no_json_number_goes_as_bytes)
{
    AUTO_CALLS calls = calls_of("\"p\": {\"type\": \"const double *\", \"role\": \"in\"},"
                                "\"n\": {\"type\": \"int\", \"role\": \"count\", \"of\": \"p\"}");
    const double values[] = {1, NAN, -INFINITY};
    corpus_add_buffer(&calls.corpus, &calls.signature.parameters[0], values, 3);
    ck_assert_int_eq(corpus_end_call(&calls.corpus, &calls.err), 0);
    const char *text = calls_text(&calls, 0);

    ck_assert_msg(strstr(text, "\"b64\"") != NULL, "%s", text);
    ck_assert_int_eq(calls_add(&calls, text), 0);
    ck_assert(str_eq(corpus_call(&calls.corpus, 0), corpus_call(&calls.corpus, 1)));
}
END_TEST

START_TEST(a_full_corpus_forgets_the_call)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    struct corpus small;
    corpus_init(&small, 64);
    const struct parameter *in = &calls.signature.parameters[0];

    corpus_add_buffer(&small, in, "abc", 3);
    corpus_add_buffer(&small, in, "abc", 3);
    ck_assert_int_eq(corpus_end_call(&small, &calls.err), 0);
    corpus_add_buffer(&small, in, "0123456789012345678901234567890123456789", 40);
    ck_assert_int_eq(corpus_end_call(&small, &calls.err), -1);
    ck_assert_int_eq(calls.err.kind, ERR_LIMIT);
    ck_assert_uint_eq(small.count, 1);
    ck_assert_uint_eq(small.bytes.len, 32);
    corpus_release(&small);
}
END_TEST

START_TEST(appends_and_drops_whole_calls)
{
    AUTO_CALLS a = calls_of(CALLS_COPY);
    struct corpus b;
    corpus_init(&b, 1 << 20);
    for (int i = 0; i < 200; i++) {
        const char *call = arena_printf(&a.arena, "[\"%d\", null, null, %d]", i, i);
        ck_assert_int_eq(calls_add(&a, call), 0);
        corpus_append(&b, &a.corpus, (size_t)i);
    }
    ck_assert_uint_eq(b.count, 200);
    for (size_t i = 0; i < 200; i++)
        ck_assert(str_eq(corpus_call(&a.corpus, i), corpus_call(&b, i)));
    corpus_drop_last(&b);
    ck_assert_uint_eq(b.count, 199);
    ck_assert_uint_eq(b.bytes.len, b.offsets[199]);
    struct cell_inputs inputs = corpus_inputs(&b);
    ck_assert_uint_eq(inputs.count, 199);
    ck_assert_uint_eq(inputs.offsets[199], b.bytes.len);
    corpus_release(&b);
    ck_assert_uint_eq(corpus_inputs(&b).offsets[0], 0);
}
END_TEST

START_TEST(packs_and_unpacks)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    AUTO_BUF packed = BUF(1 << 20);
    struct corpus back;
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(calls_add(&calls, arena_printf(&calls.arena, "[\"%0*d\", null, null, 1]", i, i)), 0);
    corpus_pack(&calls.corpus, &packed);

    ck_assert_int_eq(corpus_unpack(buf_str(&packed), &back, &calls.err), 0);
    ck_assert_uint_eq(back.count, 100);
    for (size_t i = 0; i < 100; i++)
        ck_assert(str_eq(corpus_call(&calls.corpus, i), corpus_call(&back, i)));
    corpus_release(&back);
    buf_clear(&packed);
    corpus_pack(&back, &packed); // an empty one
    ck_assert_uint_eq(packed.len, 8);
    ck_assert_int_eq(corpus_unpack(buf_str(&packed), &back, &calls.err), 0);
    ck_assert_uint_eq(back.count, 0);
    corpus_release(&back);
}
END_TEST

static void
refused(struct str packed)
{
    struct corpus corpus;
    struct err err = {0};
    char *copy = malloc(packed.len + 1); // so that a sanitizer sees what is read beyond
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, packed.ptr, packed.len);
    ck_assert_int_eq(corpus_unpack(str_n(copy, packed.len), &corpus, &err), -1);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    corpus_release(&corpus);
    free(copy);
}

START_TEST(refuses_what_is_no_packed_corpus)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    AUTO_BUF packed = BUF(1 << 20);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(calls_add(&calls, "[\"abc\", null, null, 1]"), 0);
    corpus_pack(&calls.corpus, &packed);

    for (size_t len = 0; len < packed.len; len++)
        refused(str_head(buf_str(&packed), len));
    const struct {
        size_t at;
        uint64_t value;
    } lies[] = {{0, 2},          {0, 4},  {0, UINT64_MAX}, {0, UINT64_MAX / 8},
                {0, 1ull << 61}, {8, 23}, {8, UINT64_MAX}, {16, 0},
                {24, 64},        {24, 80}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        uint64_t truth;
        memcpy(&truth, packed.ptr + lies[i].at, 8);
        memcpy(packed.ptr + lies[i].at, &lies[i].value, 8);
        refused(buf_str(&packed));
        memcpy(packed.ptr + lies[i].at, &truth, 8);
    }
}
END_TEST

START_TEST(calls_that_lie_are_cut)
{
    AUTO_CALLS calls = calls_of("\"t\": {\"type\": \"const char *\", \"role\": \"text\"},"
                                "\"p\": {\"type\": \"const int *\", \"role\": \"in\", \"count\": 2},"
                                "\"x\": {\"type\": \"int\", \"role\": \"scalar\"}");
    const uint64_t lengths[] = {16, 24, UINT64_MAX, UINT64_MAX - 6, UINT64_MAX / 4, 1ull << 62};
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        corpus_add_scalar(&calls.corpus, lengths[i]);
        corpus_add_scalar(&calls.corpus, 0);
        corpus_add_scalar(&calls.corpus, 0);
        ck_assert_int_eq(corpus_end_call(&calls.corpus, &calls.err), 0);
        corpus_call_parts(&calls.corpus, i, &calls.signature, parts);
        ck_assert_uint_eq(parts[0].value, 0);
        ck_assert_uint_eq(parts[0].content.len, 0);
        ck_assert_uint_eq(parts[1].value, 0);
        ck_assert_uint_eq(parts[2].value, 0);
    }
    corpus_add_scalar(&calls.corpus, 1); // "\0" and then an array that claims more than there is
    corpus_add_scalar(&calls.corpus, 0);
    corpus_add_scalar(&calls.corpus, 1ull << 61);
    ck_assert_int_eq(corpus_end_call(&calls.corpus, &calls.err), 0);
    corpus_call_parts(&calls.corpus, calls.corpus.count - 1, &calls.signature, parts);
    ck_assert_uint_eq(parts[0].value, 1);
    ck_assert_uint_eq(parts[1].value, 0);
}
END_TEST

UNIT_MAIN("steps/shared/target/corpus", encodes_as_the_cell_expects, counts_take_no_room,
          floats_are_doubles_as_scalars_and_floats_in_buffers, what_is_no_json_number_goes_as_bytes,
          a_full_corpus_forgets_the_call, appends_and_drops_whole_calls, packs_and_unpacks,
          refuses_what_is_no_packed_corpus, calls_that_lie_are_cut)
