// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/outcome.h"

#include "tests/unit/steps/shared/target/kinds.h"

#define TYPES                                                                      \
    "#include <stdint.h>\n#include <stddef.h>\nstruct in { short x; float y; };\n" \
    "struct slice { const char *at; size_t n; };\n"                                \
    "struct all { struct in in[2]; char name[4]; const char *text; int *v; size_t n; };\n"
#define F(body)                                                                                      \
    "struct slice f(struct all *a, const char *s, struct in *one)\n{ struct slice r = {s, 2}; " body \
    " return r; }\n"

// What the two gave back, "expected | got".
static const char *
outcome(struct kind *k, const char *variant)
{
    struct differential found = kind_compare(k, variant, BUILD_PLAIN);
    ck_assert_uint_eq(found.differ, 1);
    char *expected = json_compact(json_object_get(found.counterexample, "expected"));
    char *got = json_compact(json_object_get(found.counterexample, "got"));
    const char *both = arena_printf(&k->w.arena, "%s | %s", expected, got);
    free(expected);
    free(got);
    json_decref(found.counterexample);
    return both;
}

#define ONE ",\"one\":{\"x\":9,\"y\":0.5}}"
#define ALL(x, name, text, v)                                                                          \
    "\"a\":{\"in\":[{\"x\":" x ",\"y\":0.5},{\"x\":2,\"y\":1.5}],\"name\":\"" name "\",\"text\":" text \
    ",\"v\":{\"at\":{\"buffer\":2,\"offset\":" v ",\"n\":2}"
#define EXPECTED                                                                                       \
    "{\"result\":{\"at\":{\"buffer\":3,\"offset\":0},\"n\":2}," ALL("-1", "ab\\u0000\\u0000", "\"t\"", \
                                                                    "0},\"holds\":[7,8]}") ONE

START_TEST(outputs_are_told_by_name)
{
    AUTO_KIND k;
    kind_init(&k, TYPES F(""), "{\"s\": {\"role\": \"text\"}}");
    kind_add(&k,
             "[{\"in\": [{\"x\": -1, \"y\": 0.5}, {\"x\": 2, \"y\": 1.5}], \"name\": \"ab\", \"text\": \"t\","
             "\"v\": [7, 8]}, \"hello\", {\"x\": 9, \"y\": 0.5}]");
    ck_assert_str_eq(outcome(&k, F("a->in[0].x = 5;")),
                     EXPECTED " | {\"result\":{\"at\":{\"buffer\":3,\"offset\":0},\"n\":2}," ALL(
                         "5", "ab\\u0000\\u0000", "\"t\"", "0},\"holds\":[7,8]}") ONE);
    ck_assert_str_eq(outcome(&k, F("a->v++; a->text = s; r.at = s + 1;")),
                     EXPECTED " | {\"result\":{\"at\":{\"buffer\":3,\"offset\":1},\"n\":2}," ALL(
                         "-1", "ab\\u0000\\u0000", "\"hello\"", "4},\"holds\":[7,8]}") ONE);
    const char *moved = outcome(&k, F("static int other; a->v = &other; a->text = NULL;"));
    ck_assert_msg(strstr(moved, "\"text\":null,\"v\":{\"at\":\"elsewhere\",\"holds\":[7,8]}") != NULL, "%s",
                  moved);
    const char *changed = outcome(&k, F("((char *)s)[1] = 'x';"));
    ck_assert_msg(strstr(changed, "const data was changed") != NULL, "%s", changed);
}
END_TEST

// Any bytes as an output: it ends, and gives an object.
START_TEST(any_bytes_can_be_told)
{
    AUTO_KIND k;
    kind_init(&k, TYPES F(""), "{\"s\": {\"role\": \"text\"}}");
    kind_make_up(&k, 30);
    struct rng rng;
    rng_init(&rng, 3, 3);
    for (size_t i = 0; i < k.bench.train.count; i++) {
        AUTO_BUF bytes = BUF(1000);
        struct value values[SIGNATURE_PARAMETERS_MAX];
        (void)corpus_call_values(&k.w.arena, &k.bench.train, i, &k.bench.target.signature, values);
        for (uint64_t n = rng_below(&rng, 120) * 8; n > 0; n -= 8)
            buf_add_u64(&bytes, rng_below(&rng, 2) == 0 ? rng_below(&rng, 9) : rng_u64(&rng));
        json_t *json = outcome_json(&k.bench.target.signature, values, buf_str(&bytes));
        ck_assert(json_is_object(json));
        json_decref(json);
    }
}
END_TEST

UNIT_MAIN("steps/shared/target/outcome", outputs_are_told_by_name, any_bytes_can_be_told)
