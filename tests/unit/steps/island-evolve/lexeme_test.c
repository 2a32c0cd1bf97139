// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/lexeme.h"

#include "tests/unit/unit.h"

static bool
same(void (*form)(struct str, struct buf *), const char *a, const char *b)
{
    AUTO_BUF x = BUF(4096), y = BUF(4096);
    form(str_of(a), &x);
    form(str_of(b), &y);
    return str_eq(buf_str(&x), buf_str(&y));
}

START_TEST(test_kinds)
{
    static const struct {
        const char *text;
        enum lexeme_kind kind;
    } wanted[] = {{"#define A \\\n 2", LEXEME_DIRECTIVE},
                  {"int", LEXEME_WORD},
                  {"x", LEXEME_WORD},
                  {"<<=", LEXEME_SIGN},
                  {"0x1Fu", LEXEME_NUMBER},
                  {"+", LEXEME_SIGN},
                  {"1.5e+3", LEXEME_NUMBER},
                  {";", LEXEME_SIGN},
                  {"\"a\\\"b//\"", LEXEME_TEXT},
                  {"'\\''", LEXEME_TEXT}};
    struct str rest = STR("#define A \\\n 2\nint/*c*/x <<= 0x1Fu+1.5e+3; // end\n \"a\\\"b//\" '\\''");
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        struct lexeme lexeme = lexeme_next(&rest);
        ck_assert_int_eq(lexeme.kind, wanted[i].kind);
        ck_assert(str_is(lexeme.text, wanted[i].text));
    }
    ck_assert_int_eq(lexeme_next(&rest).kind, LEXEME_END);
}
END_TEST

START_TEST(test_hexadecimal_ends_before_a_sign)
{
    struct str rest = STR("0xE+1");
    ck_assert(str_is(lexeme_next(&rest).text, "0xE"));
    ck_assert(str_is(lexeme_next(&rest).text, "+"));
    ck_assert(str_is(lexeme_next(&rest).text, "1"));
}
END_TEST

START_TEST(test_normal_form)
{
    ck_assert(same(lexeme_normal, "int f(int a){return a+1;}",
                   "int\nf ( int a )\n{ /* one more */ return a + 1; }"));
    ck_assert(!same(lexeme_normal, "a + +b", "a ++b"));
    ck_assert(!same(lexeme_normal, "return a+1;", "return a+2;"));
    ck_assert(!same(lexeme_normal, "const int a;", "int a;"));
    ck_assert(!same(lexeme_normal, "f(\"a b\")", "f(\"ab\")"));
    ck_assert(same(lexeme_normal, "/* open", ""));
}
END_TEST

START_TEST(test_plain_form)
{
    ck_assert(same(lexeme_plain, "int f(const char *restrict p)", "int f(char *p)"));
    ck_assert(same(lexeme_plain, "__attribute__((hot, optimize(\"O3\"))) static inline int f(void)",
                   "int f(void)"));
    ck_assert(same(lexeme_plain, "#pragma GCC unroll 4\nfor (;;) ;", "for (;;) ;"));
    ck_assert(!same(lexeme_plain, "#define A 1\nint a = A;", "int a = A;"));
    ck_assert(!same(lexeme_plain, "f(a)", "f(b)"));
}
END_TEST

UNIT_MAIN("island-evolve/lexeme", test_kinds, test_hexadecimal_ends_before_a_sign, test_normal_form,
          test_plain_form)
