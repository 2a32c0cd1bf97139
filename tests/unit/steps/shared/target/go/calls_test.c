// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/calls.h"

#include "steps/shared/target/corpus.h"
#include "steps/shared/target/go/value.h"
#include "tests/unit/unit.h"

#define OK(call, error) ck_assert_msg((call) == 0, "%s", (error)->message)

// A method (r *R) f(s string, n int8, xs []int, m map[string]bool, p *float64) int.
struct scene {
    struct arena arena;
    struct err err;
    struct go_signature go;
    struct signature signature;
    struct corpus train, drawn;
    json_t *learned;
    struct rng rng;
};

static const char types[] =
    "{\"arguments\":[0,3,4,5,6,8],\"results\":[2],\"types\":["
    "{\"name\":\"*m.R\",\"kind\":\"pointer\",\"element\":1},"
    "{\"name\":\"m.R\",\"kind\":\"struct\",\"fields\":[{\"name\":\"limit\",\"type\":2}]},"
    "{\"name\":\"int\",\"kind\":\"int\",\"bits\":64},"
    "{\"name\":\"string\",\"kind\":\"string\"},"
    "{\"name\":\"int8\",\"kind\":\"int\",\"bits\":8},"
    "{\"name\":\"[]int\",\"kind\":\"slice\",\"element\":2},"
    "{\"name\":\"map[string]bool\",\"kind\":\"map\",\"key\":3,\"element\":7},"
    "{\"name\":\"bool\",\"kind\":\"bool\"},"
    "{\"name\":\"*float64\",\"kind\":\"pointer\",\"element\":9},"
    "{\"name\":\"float64\",\"kind\":\"float\",\"bits\":64}]}";

static const char *const captured[] = {
    "[{\"limit\": 7}, \"abc\", 3, [1, 2, 3], {\"k\": true}, 0.5]",
    "[{\"limit\": 9}, \"a longer one\", 5, [10], {}, null]",
};

static void
scene_init(struct scene *s)
{
    static struct go_parameter parameters[] = {
        {.name = "s"}, {.name = "n"}, {.name = "xs"}, {.name = "m"}, {.name = "p"}};
    const struct go_function function = {.package = "m",
                                         .receiver = "(r *R)",
                                         .receiver_name = "r",
                                         .receiver_type = "R",
                                         .receiver_is_pointer = true,
                                         .parameters = parameters,
                                         .parameter_count = 5};
    *s = (struct scene){0};
    OK(go_signature_read(&s->arena, str_of(types), &function, "x.go:1", &s->go, &s->err), &s->err);
    s->signature = (struct signature){.calls = &go_call_ops, .go = &s->go};
    corpus_init(&s->train, 1 << 20);
    corpus_init(&s->drawn, 1 << 24);
    rng_init(&s->rng, 11, 0);
    for (size_t i = 0; i < 2; i++) {
        AUTO_JSON *json = json_read(str_of(captured[i]), "call", &s->err);
        OK(go_call_ops.add(&s->train, &s->signature, json, "calls:1", &s->err), &s->err);
    }
    s->learned = go_call_ops.distribution(&s->train, &s->signature);
}

static void
scene_release(struct scene *s)
{
    json_decref(s->learned);
    corpus_release(&s->train);
    corpus_release(&s->drawn);
    arena_release(&s->arena);
}

START_TEST(the_distribution_is_learned)
{
    struct scene s;
    scene_init(&s);
    char *text = json_canonical(s.learned);
    ck_assert_str_eq(
        text, "{\"m\":{\"longest\":2},\"n\":{\"max\":5,\"min\":3},\"p\":{},\"r\":{\"max\":9,\"min\":7},"
              "\"s\":{\"longest\":12},\"xs\":{\"longest\":3,\"max\":10,\"min\":1}}");
    free(text);
    scene_release(&s);
}
END_TEST

START_TEST(drawn_calls_fit_and_differ)
{
    struct scene s;
    size_t fresh = 0;
    scene_init(&s);
    OK(go_call_ops.generate(&s.drawn, &s.signature, s.learned, &s.train, &s.rng, 200, &s.err), &s.err);
    ck_assert_uint_eq(s.drawn.count, 200);
    for (size_t i = 0; i < s.drawn.count; i++) {
        AUTO_JSON *call = go_call_ops.json(&s.drawn, i, &s.signature);
        int64_t limit = json_get_int(json_array_get(call, 0), "limit", 0);
        ck_assert(limit == 7 || limit == 9); // a receiver is one that was seen
        int64_t n = json_integer_value(json_array_get(call, 1 + 1));
        ck_assert(n >= 2 && n <= 6);
        fresh += !str_eq(corpus_call(&s.drawn, i), corpus_call(&s.train, 0)) &&
                 !str_eq(corpus_call(&s.drawn, i), corpus_call(&s.train, 1));
    }
    ck_assert_uint_gt(fresh, 150);
    // The same seed draws the same calls.
    struct corpus again;
    corpus_init(&again, 1 << 24);
    rng_init(&s.rng, 11, 0);
    OK(go_call_ops.generate(&again, &s.signature, s.learned, &s.train, &s.rng, 200, &s.err), &s.err);
    ck_assert(str_eq(buf_str(&again.bytes), buf_str(&s.drawn.bytes)));
    corpus_release(&again);
    scene_release(&s);
}
END_TEST

START_TEST(calls_are_made_up_without_any)
{
    struct scene s;
    struct corpus none = {0};
    scene_init(&s);
    OK(go_call_ops.generate(&s.drawn, &s.signature, NULL, &none, &s.rng, 100, &s.err), &s.err);
    ck_assert_uint_eq(s.drawn.count, 100);
    scene_release(&s);
}
END_TEST

// Whether some call has `value` as argument `index`.
static bool
has(const struct scene *s, size_t index, const char *value)
{
    for (size_t i = 0; i < s->drawn.count; i++) {
        AUTO_JSON *call = go_call_ops.json(&s->drawn, i, &s->signature);
        char *text = json_dumps(json_array_get(call, index), JSON_ENCODE_ANY | JSON_COMPACT);
        bool same = strcmp(text, value) == 0;
        free(text);
        if (same)
            return true;
    }
    return false;
}

START_TEST(boundaries_are_there)
{
    struct scene s;
    scene_init(&s);
    OK(go_call_ops.boundary(&s.drawn, &s.signature, s.learned, &s.rng, &s.err), &s.err);
    ck_assert(has(&s, 1, "\"\"") && has(&s, 1, "\"a\"") && has(&s, 1, "{\"b64\":\"////\"}"));
    ck_assert(has(&s, 2, "0") && has(&s, 2, "3") && has(&s, 2, "5"));
    ck_assert(has(&s, 3, "null") && has(&s, 3, "[]"));
    ck_assert(has(&s, 4, "null") && has(&s, 4, "[]"));
    scene_release(&s);
}
END_TEST

START_TEST(numbers_go_beyond_what_was_seen)
{
    struct scene s;
    scene_init(&s);
    OK(go_call_ops.beyond(&s.drawn, &s.signature, s.learned, &s.train, &s.rng, &s.err), &s.err);
    ck_assert(has(&s, 2, "6") && has(&s, 2, "2") && has(&s, 2, "127") && has(&s, 2, "-128"));
    scene_release(&s);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/calls", the_distribution_is_learned, drawn_calls_fit_and_differ,
          calls_are_made_up_without_any, boundaries_are_there, numbers_go_beyond_what_was_seen)
