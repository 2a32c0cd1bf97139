// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/effect.h"

#include "tests/unit/steps/shared/target/source.h"

static const char *
effect(const char *body)
{
    static struct arena arena;
    char text[1000];
    snprintf(text, sizeof text,
             "static int hits, seen[8]; struct s { int x; } *state;\n"
             "static int pure(int x) { return x + 1; }\n"
             "static void count(int by) { hits += by; }\n"
             "static void note(int by) { count(by); }\n"
             "int f(int n, const char *in, char *out) { %s }",
             body);
    AUTO_SOURCE source = source_of(text);

    return effect_find(&arena, &source.scope, source_function(&source, "f"));
}

static void
refused(const char *body, const char *why)
{
    const char *got = effect(body);

    ck_assert_msg(got != NULL && strcmp(got, why) == 0, "%s: %s", body, got == NULL ? "none" : got);
}

static void
none(const char *body)
{
    const char *got = effect(body);

    ck_assert_msg(got == NULL, "%s: %s", body, got);
}

START_TEST(variables_that_outlive_the_call_are_effects)
{
    refused("hits++; return n;", "writes 'hits', which outlives the call");
    refused("seen[n & 7] = 1; return n;", "writes 'seen', which outlives the call");
    refused("state->x -= n; return n;", "writes 'state', which outlives the call");
    refused("(*state).x = n; return n;", "writes 'state', which outlives the call");
    refused("static int last; int was = last; last = n; return was;",
            "writes 'last', which outlives the call");
    refused("errno = 3; return n;", "writes 'errno', which outlives the call");
}
END_TEST

START_TEST(calls_are_followed)
{
    refused("count(n); return n;", "writes 'hits', which outlives the call");
    refused("if (n) note(n); return n;", "writes 'hits', which outlives the call");
    refused("printf(\"%d\", n); return n;", "calls 'printf'");
    none("return pure(n);");
    none("return n < 2 ? n : f(n - 1, in, out);");
    none("return elsewhere(n);");
}
END_TEST

START_TEST(what_is_local_or_a_buffer_is_none)
{
    none("int s = 0; for (int i = 0; i < n; i++) s += in[i]; return s;");
    none("char *p = out; *p++ = 1; *(p + n) = 2; ((int *)out)[n] = 3; return n;");
    none("struct s local; local.x = 1; int a[4]; a[n] = 2; return local.x + a[0];");
    none("static const int table[2] = {1, 2}; n--; return table[n & 1] + hits;");
    none("memcpy(out, in, 3); return 0;");
}
END_TEST

UNIT_MAIN("steps/shared/target/effect", variables_that_outlive_the_call_are_effects, calls_are_followed,
          what_is_local_or_a_buffer_is_none)
