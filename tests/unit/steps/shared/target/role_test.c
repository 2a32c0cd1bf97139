// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/role.h"

#include "tests/unit/steps/shared/target/source.h"

#define NORMALIZE                                                            \
    "size_t f(const char *in, size_t in_len, char *out, size_t out_cap) {\n" \
    "  size_t n = 0;\n"                                                      \
    "  for (size_t i = 0; i < in_len && n < out_cap; i++)\n"                 \
    "    if (n == 0 || out[n - 1] != '_') out[n++] = in[i];\n"               \
    "  while (n > 0 && out[n - 1] == '_') n--;\n"                            \
    "  return n; }"

START_TEST(infers_the_usual_shapes)
{
    ck_assert_str_eq(source_roles(NORMALIZE, NULL),
                     "in=in in_len=count:in out=out[result] out_cap=count:out");
    ck_assert_str_eq(source_roles("uint32_t f(const uint8_t *d, size_t n, uint32_t *total) {\n"
                                  "  for (size_t i = 0; i < n; i++) *total += d[i]; return *total; }",
                                  NULL),
                     "d=in n=count:d total=inout#1");
    ck_assert_str_eq(source_roles("int f(const char *s) { int n = 0; while (*s++) n++; return n; }", NULL),
                     "s=text");
    ck_assert_str_eq(source_roles("double f(double x, _Bool b, enum c e) { return b ? x : e; }", NULL),
                     "x=scalar b=scalar e=scalar");
    ck_assert_str_eq(
        source_roles("void f(char *s, size_t n) { for (size_t i = 0; i < n; i++) s[i] |= 32; }", NULL),
        "s=inout n=count:s");
    ck_assert_str_eq(source_roles("int f(void) { return 1; }", NULL), "");
}
END_TEST

START_TEST(names_do_not_matter)
{
    ck_assert_str_eq(
        source_roles("int g(const int *zz, int q) { int s = 0; for (int i = 0; i < q; i++) s += zz[i];\n"
                     "  return s; }",
                     NULL),
        "zz=in q=count:zz");
    ck_assert_str_eq(
        source_roles("int g(const int *len, int count) { return len[0] + len[1] * count; }", NULL),
        "len=in#2 count=scalar");
    // size_t behind a pointer is its count unless it is only an index.
    ck_assert_str_eq(source_roles("int g(const int x[9], size_t i) { return x[i]; }", NULL),
                     "x=in#9 i=scalar");
    ck_assert_str_eq(source_roles("int sum(const int *x, size_t n);\n"
                                  "int g(const int *x, size_t n) { return sum(x, n); }",
                                  NULL),
                     "x=in n=count:x");
    const char *indexed = source_roles("int g(const int *x, size_t i) { return x[i]; }", NULL);
    ck_assert_msg(strstr(indexed, "no length found") != NULL, "%s", indexed);
}
END_TEST

START_TEST(infers_fixed_and_shared_counts)
{
    ck_assert_str_eq(source_roles("#define N 16\nvoid f(const uint8_t key[N], uint8_t out[4]) {\n"
                                  "  for (int i = 0; i < 4; i++) out[i] = key[i]; }",
                                  NULL),
                     "key=in#16 out=out#4");
    ck_assert_str_eq(source_roles("float f(const float *a, const float *b, size_t n) { float s = 0;\n"
                                  "  for (size_t i = 0; i < n; i++) s += a[i] * b[i]; return s; }",
                                  NULL),
                     "a=in b=in:a n=count:a");
    ck_assert_str_eq(source_roles("void f(const float *a, size_t n, float *b) {\n"
                                  "  for (size_t i = 0; i < n; i++) b[i] = 2 * a[i]; }",
                                  NULL),
                     "a=in n=count:a b=out:a");
    ck_assert_str_eq(source_roles("int f(size_t n, const int *a) { int s = 0;\n"
                                  "  for (size_t i = 0; i < n; i++) s += a[i]; return s; }",
                                  NULL),
                     "n=count:a a=in");
    ck_assert_str_eq(source_roles("void f(uint32_t *state, const uint8_t *d, size_t n) {\n"
                                  "  while (n--) *state = *state * 31 + *d++; }",
                                  NULL),
                     "state=inout#1 d=in n=count:d");
}
END_TEST

START_TEST(limits_what_makes_calls_long)
{
    ck_assert_str_eq(source_roles("uint64_t f(unsigned n) { return n < 2 ? n : f(n - 1) + f(n - 2); }", NULL),
                     "n=scalar{0,24}");
    ck_assert_str_eq(
        source_roles("int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i; return s; }", NULL),
        "n=scalar{0,4096}");
    ck_assert_str_eq(source_roles("int f(int n) { return n * 2; }", NULL), "n=scalar");
    ck_assert_str_eq(source_roles("int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }",
                                  "{\"n\": {\"min\": 1, \"max\": 9}}"),
                     "n=scalar{1,9}");
}
END_TEST

START_TEST(results_that_are_codes_are_no_lengths)
{
    ck_assert_str_eq(
        source_roles("int f(const int *a, size_t n, int *o, size_t cap) {\n"
                     "  if (n > cap) return -1; for (size_t i = 0; i < n; i++) o[i] = a[i]; return 0; }",
                     NULL),
        "a=in n=count:a o=out cap=count:o");
    ck_assert_str_eq(source_roles("double f(char *o, size_t cap) {\n"
                                  "  double s = 1; for (size_t i = 0; i < cap; i++) o[i] = 1; return s; }",
                                  NULL),
                     "o=out cap=count:o");
    // A result that is computed, and no length of what was written.
    ck_assert_str_eq(
        source_roles("int f(const char *a, size_t n, char *o, size_t cap) { int rc = 0; size_t k = 0;\n"
                     "  for (size_t i = 0; i < n && k < cap; i++) if (a[i] > 1) o[k++] = a[i];\n"
                     "  if (k == cap) rc = 1; return rc; }",
                     NULL),
        "a=in n=count:a o=out cap=count:o");
    // Two outputs: nobody knows whose length the result is.
    ck_assert_str_eq(source_roles("size_t f(char *a, size_t n, char *b, size_t m) { size_t k = 0;\n"
                                  "  while (k < n && k < m) { a[k] = 1; b[k] = 2; k++; } return k; }",
                                  NULL),
                     "a=out n=count:a b=out m=count:b");
    ck_assert_str_eq(source_roles(NORMALIZE, "{\"out\": {\"length\": \"capacity\"}}"),
                     "in=in in_len=count:in out=out out_cap=count:out");
}
END_TEST

START_TEST(overrides_win)
{
    ck_assert_str_eq(source_roles(NORMALIZE, "{\"out\": {\"role\": \"inout\"}}"),
                     "in=in in_len=count:in out=inout out_cap=count:out");
    ck_assert_str_eq(
        source_roles(NORMALIZE, "{\"in\": {\"role\": \"text\"}, \"in_len\": {\"role\": \"scalar\"}}"),
        "in=text in_len=scalar{0,4096} out=out[result] out_cap=count:out");
    ck_assert_str_eq(source_roles("int f(const int *table, int x) { return x & 1 ? table[x] : 0; }",
                                  "{\"table\": {\"role\": \"in\", \"count\": 256}}"),
                     "table=in#256 x=scalar");
    ck_assert_str_eq(source_roles("int f(const int *p, int last) { return last & 1 ? p[last] : 0; }",
                                  "{\"last\": {\"role\": \"count\", \"of\": \"p\"}}"),
                     "p=in last=count:p");
    ck_assert_str_eq(source_roles("int f(const int *a, const int *b, int n) { return a[n] + b[n]; }",
                                  "{\"n\": {\"role\": \"count\", \"of\": \"a\"}, \"b\": {\"of\": \"a\"}}"),
                     "a=in b=in:a n=count:a");
    ck_assert_str_eq(source_roles("void f(char *o, int x) { o[x] = 1; }",
                                  "{\"o\": {\"role\": \"out\", \"count\": 8, \"length\": \"result\"}}"),
                     "o=out#8[result] x=scalar");
}
END_TEST

static void
refused(const char *overrides, const char *words)
{
    const char *got = source_roles(NORMALIZE, overrides);

    ck_assert_msg(strncmp(got, "ERR ", 4) == 0 && strstr(got, words) != NULL, "%s: %s", overrides, got);
}

START_TEST(bad_overrides_are_named)
{
    refused("{\"inn\": {\"role\": \"in\"}}", "no parameter 'inn'");
    refused("{\"in\": \"in\"}", "must be an object");
    refused("{\"in\": {\"role\": \"input\"}}", "roles are scalar, in, text, inout, out, count");
    refused("{\"in\": {\"role\": \"count\"}}", "can't have role 'count'");
    refused("{\"in_len\": {\"role\": \"out\"}}", "can't have role 'out'");
    refused("{\"in_len\": {\"role\": \"count\"}}", "write whose");
    refused("{\"in_len\": {\"role\": \"count\", \"of\": \"nobody\"}}", "no other pointer");
    refused("{\"in_len\": {\"role\": \"count\", \"of\": \"out_cap\"}}", "no other pointer");
    refused("{\"in\": {\"role\": \"in\", \"of\": \"in\"}}", "no other pointer");
    refused("{\"in\": {\"count\": -1}}", "between 1");
    refused("{\"out\": {\"length\": \"half\"}}", "result or capacity");
    refused("{\"in_len\": {\"role\": \"scalar\", \"min\": 3, \"max\": 2}}", "min above max");
    refused("{\"in\": {\"count\": 4}, \"in_len\": {\"role\": \"count\", \"of\": \"in\"}}", "write one");
}
END_TEST

START_TEST(a_missing_length_says_what_to_write)
{
    const char *got =
        source_roles("int f(const int *p, int key) { int i = 0; while (p[i] != key) i++; return i; }", NULL);

    ck_assert_ptr_nonnull(strstr(got, "parameter 'p' of type 'const int *': no length found"));
    ck_assert_ptr_nonnull(strstr(got, "{\"p\": {\"role\": \"in\", \"count\": N}}"));
    got = source_roles("void f(int *p, const int *end) { while (p < end) *p++ = 0; }", NULL);
    ck_assert_ptr_nonnull(strstr(got, "\"role\": \"out\""));
}
END_TEST

UNIT_MAIN("steps/shared/target/role", infers_the_usual_shapes, names_do_not_matter,
          infers_fixed_and_shared_counts, limits_what_makes_calls_long, results_that_are_codes_are_no_lengths,
          overrides_win, bad_overrides_are_named, a_missing_length_says_what_to_write)
