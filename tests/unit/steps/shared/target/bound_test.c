// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/bound.h"

#include "tests/unit/steps/shared/target/source.h"

static struct integer_usage
usage(const char *body)
{
    char text[500];
    snprintf(text, sizeof text, "int f(char *p, int n, char *q) { int i = 0; %s }", body);
    AUTO_SOURCE source = source_of(text);

    return usage_of_integer(&source.scope, source_function(&source, "f"), STR("n"), STR("p"));
}

START_TEST(bounds_are_compared_with_variables)
{
    ck_assert(usage("for (; i < n; i++) p[i] = 0;").bound);
    ck_assert(usage("for (; i < n; i++) p[i] = 0;").loop);
    ck_assert(usage("while (i != n) i++;").loop);
    ck_assert(usage("do i++; while (i <= n);").loop);
    ck_assert(usage("if (i + 4 <= n) return 1;").bound);
    ck_assert(!usage("if (i + 4 <= n) return 1;").loop);
    ck_assert(usage("if (n >= i) return 1;").bound);
    ck_assert(usage("while (n--) i++;").bound);
    ck_assert(usage("while (n-- > 0) i++;").loop);
    ck_assert(usage("n -= 4;").bound);
    ck_assert(usage("char *end = p + n;").bound);
    ck_assert(usage("return g(p, n);").bound);
    ck_assert(usage("int left = n - 1; while (i < left) i++;").bound);
    ck_assert(usage("int left = n < 8 ? n : 8; while (i < left) i++;").loop);
}
END_TEST

START_TEST(values_are_no_bounds)
{
    ck_assert(!usage("return n > 10;").bound);
    ck_assert(!usage("while (n) { i += n & 1; n >>= 1; }").bound);
    ck_assert(!usage("return n == i;").bound);
    ck_assert(!usage("return n < 'a';").bound);
    ck_assert(!usage("return g(n, p);").bound);
    ck_assert(!usage("return g(q, n);").bound);
    ck_assert(!usage("return *(q + n);").bound);
    ck_assert(!usage("n++; return n;").bound);
    ck_assert(!usage("n += 3;").bound);
    ck_assert(!usage("while (q[i] != n) i++;").bound);
    ck_assert(!usage("while (n > *q) q++;").bound);
}
END_TEST

START_TEST(indices_are_told_apart)
{
    ck_assert(usage("return p[n];").index);
    ck_assert(!usage("return p[n];").bound);
    ck_assert(!usage("return p[n - 1];").index);
    ck_assert(!usage("for (; i < n; i++) p[i] = 0;").index);
}
END_TEST

START_TEST(finds_what_a_count_bounds)
{
    AUTO_SOURCE source = source_of("void f(char *a, int n, char *b, char *c) {\n"
                                   "  for (int i = 0; i < n; i++) b[i] = a[i];\n"
                                   "  for (int k = 0; k < 3; k++) c[k] = 0; }");
    struct scope_node f = source_function(&source, "f");

    ck_assert(usage_bounds_index(&source.scope, f, STR("n"), STR("b")));
    ck_assert(!usage_bounds_index(&source.scope, f, STR("n"), STR("c")));
}
END_TEST

START_TEST(counts_calls_of_itself)
{
    AUTO_SOURCE source = source_of("int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n"
                                   "int g(int n) { return f(n); }");

    ck_assert_uint_eq(usage_self_calls(source_function(&source, "f"), STR("f")), 2);
    ck_assert_uint_eq(usage_self_calls(source_function(&source, "g"), STR("g")), 0);
}
END_TEST

static bool
returns_length(const char *body)
{
    char text[500];
    snprintf(text, sizeof text,
             "#define BAD -2\nenum { FINE };\nint f(char *out, int len) { int n = 0, rc = 0; %s }", body);
    AUTO_SOURCE source = source_of(text);

    return usage_returns_length(&source.scope, source_function(&source, "f"), STR("out"));
}

START_TEST(tells_lengths_from_other_results)
{
    ck_assert(returns_length("out[n++] = 1; return n;"));
    ck_assert(returns_length("if (len) return -1; out[n++] = 1; return (int)(n);"));
    ck_assert(returns_length("out[n++] = 1; if (n > len) return BAD; return n + 1;"));
    ck_assert(returns_length("char *p = out; *p++ = 1; return (int)(p - out);"));
    ck_assert(!returns_length("out[n++] = 1; return rc;"));
    ck_assert(!returns_length("out[n++] = 1; rc++; return rc;"));
    ck_assert(!returns_length("out[n++] = 1; if (len) return rc; return n;"));
    ck_assert(!returns_length("out[n++] = 1; return g(n);"));
    ck_assert(!returns_length("for (n = 0; n < len; n++) out[n] = 1; return n;"));
    ck_assert(!returns_length("return 0;"));
    ck_assert(!returns_length("if (len) return -EINVAL; return FINE;"));
    ck_assert(!returns_length("out[n++] = 1; return n > 3;"));
    ck_assert(!returns_length("n = 1;"));
}
END_TEST

UNIT_MAIN("steps/shared/target/bound", bounds_are_compared_with_variables, values_are_no_bounds,
          indices_are_told_apart, finds_what_a_count_bounds, counts_calls_of_itself,
          tells_lengths_from_other_results)
