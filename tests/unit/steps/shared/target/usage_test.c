// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/usage.h"

#include "tests/unit/steps/shared/target/source.h"

static struct pointer_usage
usage(const char *body)
{
    char text[800];
    snprintf(text, sizeof text,
             "static void fill(char *to, int n) { for (int i = 0; i < n; i++) to[i] = 0; }\n"
             "static int sum(const char *of, int n) { int s = 0; while (n--) s += *of++; return s; }\n"
             "static int loop(char *of) { return loop(of) + of[0]; }\n"
             "void outside(const char *p); void changes(char *p);\n"
             "int f(char *p, char *other, int n) { int i = 0; char c; %s }",
             body);
    AUTO_SOURCE source = source_of(text);

    return usage_of_pointer(&source.scope, source_function(&source, "f"), STR("p"));
}

START_TEST(single_values_do_not_move)
{
    struct pointer_usage u = usage("*p = *p + 1;");
    ck_assert(u.used && !u.moved && !u.by_variable && u.written && u.read_first);
    u = usage("p[0] = 1;");
    ck_assert(u.used && !u.moved && u.written && !u.read_first);
    u = usage("return n;");
    ck_assert(!u.used && !u.written && !u.read_first);
    u = usage("return p[3] + p[1];");
    ck_assert(u.moved && !u.by_variable);
    ck_assert_uint_eq(u.last_index, 3);
    u = usage("return *(p + 2);");
    ck_assert(u.moved && !u.by_variable);
    ck_assert_uint_eq(u.last_index, 2);
}
END_TEST

START_TEST(indices_and_steps_move)
{
    ck_assert(usage("return p[i];").by_variable);
    ck_assert(usage("while (n--) c = *p++;").by_variable);
    ck_assert(usage("p += n; return *p;").by_variable);
    ck_assert(usage("char *end = p + n; return *end;").by_variable);
    ck_assert(usage("return p[i - 1];").moved);
    ck_assert(!usage("return other[*p];").by_variable);
    ck_assert(!usage("return p == other;").moved);
}
END_TEST

START_TEST(order_tells_inputs_from_outputs)
{
    ck_assert(!usage("for (; i < n; i++) p[i] = other[i];").read_first);
    ck_assert(usage("for (; i < n; i++) p[i] = p[i] + 1;").read_first);
    ck_assert(usage("for (; i < n; i++) p[i] ^= 1;").read_first);
    ck_assert(usage("for (; i < n; i++) p[i]++;").read_first);
    ck_assert(usage("for (; i < n; i++) p[i]++;").written);
    ck_assert(usage("c = p[0]; p[0] = p[1]; p[1] = c;").read_first);
    ck_assert(!usage("p[i++] = 1; c = p[i - 1];").read_first);
    ck_assert(!usage("int k = 0; while (k > 0 && p[k - 1] == ' ') k--; p[k++] = 1;").read_first);
    ck_assert(!usage("return p[i];").written);
}
END_TEST

START_TEST(aliases_are_followed)
{
    ck_assert(!usage("char *q = p; *q++ = 1; c = *q;").read_first);
    ck_assert(usage("char *q = (char *)p; char *r; r = q + 1; *r = *r + 1;").read_first);
    ck_assert(usage("char *q = n ? p : other; *q = *q + 1;").written);
    ck_assert(!usage("int d = other - p; other[d] = 1;").written);
    ck_assert(!usage("unsigned long bits = (unsigned long)p; return bits & 7;").moved);
    ck_assert(usage("char *q = &p[i]; q[0] = 1;").written);
}
END_TEST

START_TEST(calls_are_followed)
{
    struct pointer_usage u = usage("fill(p, n);");
    ck_assert(u.written && !u.read_first && u.by_variable);
    u = usage("return sum(p, n);");
    ck_assert(!u.written && u.read_first && u.by_variable);
    u = usage("memcpy(p, other, n);");
    ck_assert(u.written && !u.read_first);
    u = usage("memcpy(other, p, n);");
    ck_assert(!u.written && u.read_first);
    u = usage("__builtin_memset(p, 0, n);");
    ck_assert(u.written && !u.read_first);
    u = usage("outside(p);");
    ck_assert(!u.written && u.read_first);
    u = usage("changes(p);");
    ck_assert(u.written && u.read_first);
    u = usage("unknown(p);");
    ck_assert(u.written && u.read_first);
    ck_assert(usage("return loop(p);").read_first);
}
END_TEST

START_TEST(tests_for_nul_are_seen)
{
    ck_assert(usage("while (*p) p++;").nul_tested);
    ck_assert(usage("for (; p[i] != '\\0'; i++) n++;").nul_tested);
    ck_assert(usage("for (; p[i]; i++) n++;").nul_tested);
    ck_assert(usage("if (!*p) return 0;").nul_tested);
    ck_assert(usage("while ((c = *p++) != 0) n++;").nul_tested);
    ck_assert(usage("while (n && *p) p++;").nul_tested);
    ck_assert(usage("return strlen(p);").nul_tested);
    ck_assert(!usage("return memcmp(p, other, n);").nul_tested);
    ck_assert(!usage("while (i < n && p[i] != 'x') i++;").nul_tested);
    ck_assert(!usage("return p[i] + 1;").nul_tested);
}
END_TEST

UNIT_MAIN("steps/shared/target/usage", single_values_do_not_move, indices_and_steps_move,
          order_tells_inputs_from_outputs, aliases_are_followed, calls_are_followed, tests_for_nul_are_seen)
