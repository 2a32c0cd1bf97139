// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/definition.h"

#include "base/buf.h"
#include "tests/unit/unit.h"

static void
note(void *context, const struct definition *definition)
{
    buf_printf(context, "%" STR_FMT ":%u-%u%s%s ", STR_ARG(definition->name), definition->line,
               definition->line_end, definition->local ? "l" : "", definition->recursive ? "r" : "");
}

static void
check_scan(enum definition_language language, const char *text, const char *expected)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF found = BUF(10000);
    definition_scan(&arena, str_of(text), language, note, &found);
    ck_assert_str_eq(buf_text(&found), expected);
}

START_TEST(finds_c_functions)
{
    check_scan(LANGUAGE_C,
               "int f(void);\nint f(void)\n{\n  return g(1);\n}\nstatic int\ng(int a)\n{ return a; }\n",
               "f:2-5 g:7-8l ");
    check_scan(LANGUAGE_C, "int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }", "fib:1-1r ");
}
END_TEST

START_TEST(is_not_fooled_by_c)
{
    check_scan(LANGUAGE_C,
               "// f() {\n/* g() { */ const char *s = \"h() {\";\nchar c = '{';\n#define M(x) x() {\\\n }\n"
               "struct s { int (*f)(int); };\nint a[] = { sizeof(int) };\nenum e { A = X(1) };\n"
               "int x = f(1);\nint k(int a, int b) __attribute__((const));\nint real(void) NOTHROW { if (a) "
               "{ b(); } }\n",
               "real:11-11 ");
}
END_TEST

START_TEST(finds_old_and_decorated_definitions)
{
    check_scan(LANGUAGE_C,
               "int ZEXPORT deflate(strm, flush)\n  z_streamp strm;\n  int flush;\n{\n}\nint next(void) { }",
               "deflate:1-5 next:6-6 ");
    check_scan(LANGUAGE_C,
               "API(int) f(void) __attribute__((hot)) {\n}\nint p(void) NORETURN;\nstruct s { int a; };\n",
               "f:1-2 ");
}
END_TEST

START_TEST(survives_the_preprocessor)
{
    check_scan(LANGUAGE_C,
               "#if A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  x();\n}\nint g(void) {\n}\n",
               "f:4-7 g:8-9 ");
    check_scan(LANGUAGE_C,
               "int f(void) {\n#ifdef B\n if (a) {\n#elif C\n if (b) {\n#endif\n }\n}\nint g(void) {}\n",
               "f:1-8 g:9-9 ");
    check_scan(LANGUAGE_C, "int f(void) {\n if (MACRO_OPENS {\n}\nint g(void) {}\n", "f:1-3 g:4-4 ");
}
END_TEST

START_TEST(finds_cpp_functions_in_wrappers)
{
    check_scan(LANGUAGE_CPP,
               "extern \"C\" {\nint f(void) { }\n}\nnamespace a { namespace b {\nvoid T::m(int) const { }\n} "
               "}\nint g() {}\n",
               "f:2-2 m:5-5 g:7-7 ");
}
END_TEST

START_TEST(finds_go_functions)
{
    check_scan(
        LANGUAGE_GO,
        "package x\nfunc Sum(b []byte) int {\n\treturn 1\n}\nfunc (w *Writer) flush() {\n\tw.flush()\n}\n"
        "func Map[T any](x T) {}\nfunc (l List[T]) Len() int { return 0 }\nfunc step(h int) int {\n}\nvar f "
        "= func() {\n}\n"
        "func fib(n int) int {\n\treturn fib(n-1)\n}\n",
        "Sum:2-4 Writer.flush:5-7lr Map:8-8 List.Len:9-9 step:10-11l fib:14-16lr ");
}
END_TEST

START_TEST(finds_calls_in_other_languages)
{
    check_scan(LANGUAGE_OTHER, "def parse(x):\n  return lower(x)\n", "parse:1-0 lower:2-0 ");
    check_scan(LANGUAGE_NONE, "int f(void) {}\n", "");
}
END_TEST

START_TEST(survives_every_cut)
{
    static const char text[] = "static int\nf(int a /* x */) { return '\\'' + \"a\\\"\"[0]; }\n#if A \\\n "
                               "B\n#endif\nint g(b) int b; { }\n";
    for (size_t len = 0; len < sizeof(text); len++) {
        AUTO_ARENA arena = {0};
        AUTO_BUF found = BUF(1000);
        char *copy = malloc(len + 1);
        memcpy(copy, text, len);
        for (int language = LANGUAGE_NONE; language <= LANGUAGE_OTHER; language++)
            definition_scan(&arena, str_n(copy, len), (enum definition_language)language, note, &found);
        free(copy);
    }
}
END_TEST

START_TEST(counts_lines)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF found = BUF(10);
    ck_assert_uint_eq(definition_scan(&arena, STR("a\nb\n"), LANGUAGE_C, note, &found), 2);
    ck_assert_uint_eq(definition_scan(&arena, STR("a\nb"), LANGUAGE_C, note, &found), 2);
    ck_assert_uint_eq(definition_scan(&arena, STR(""), LANGUAGE_C, note, &found), 0);
}
END_TEST

START_TEST(knows_a_language_by_its_ending)
{
    ck_assert_int_eq(definition_language_of(STR("a/b.c")), LANGUAGE_C);
    ck_assert_int_eq(definition_language_of(STR("a/b.go")), LANGUAGE_GO);
    ck_assert_int_eq(definition_language_of(STR("a/b.cc")), LANGUAGE_CPP);
    ck_assert_int_eq(definition_language_of(STR("a/b.py")), LANGUAGE_OTHER);
    ck_assert_int_eq(definition_language_of(STR("README.md")), LANGUAGE_NONE);
    ck_assert_str_eq(definition_language_name(LANGUAGE_CPP), "c++");
}
END_TEST

static void
check_name(const char *symbol, enum definition_language language, const char *expected)
{
    AUTO_ARENA arena = {0};
    struct str name = definition_name_of(&arena, str_of(symbol), language);
    ck_assert_msg(str_is(name, expected), "%s gives %" STR_FMT, symbol, STR_ARG(name));
}

START_TEST(names_symbols_as_the_source_does)
{
    check_name("crc32_combine.part.0", LANGUAGE_C, "crc32_combine");
    check_name("f.constprop.1.isra.0.cold", LANGUAGE_C, "f");
    check_name("memcpy@plt", LANGUAGE_C, "memcpy");
    check_name("ns::T<a::b>::find(int, std::x<y>) const", LANGUAGE_CPP, "find");
    check_name("(anonymous namespace)::go(int)", LANGUAGE_CPP, "go");
    check_name("max<int>(int)", LANGUAGE_CPP, "max");
    check_name("", LANGUAGE_C, "");
    check_name("example.com/x/tag.(*Writer).Flush.func1", LANGUAGE_GO, "Writer.Flush");
    check_name("main.work.func1.2", LANGUAGE_GO, "work");
    check_name("main.work-range1", LANGUAGE_GO, "work");
    check_name("main.Map[...]", LANGUAGE_GO, "Map");
    check_name("main.Set[go.shape.int].Add", LANGUAGE_GO, "Set.Add");
    check_name("gopkg.in/yaml%2ev3.parse", LANGUAGE_GO, "parse");
    check_name("nodot", LANGUAGE_GO, "");
}
END_TEST

UNIT_MAIN("steps/profile-fetch/definition", finds_c_functions, is_not_fooled_by_c,
          finds_old_and_decorated_definitions, survives_the_preprocessor, finds_cpp_functions_in_wrappers,
          finds_go_functions, finds_calls_in_other_languages, survives_every_cut, counts_lines,
          knows_a_language_by_its_ending, names_symbols_as_the_source_does)
