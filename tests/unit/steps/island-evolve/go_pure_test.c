// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_literal.h"
#include "steps/island-evolve/go_pure.h"

#include "tests/unit/steps/island-evolve/go_rig.h"

#include <malloc.h>

// F(argument) of a file that defines it; "none" when it has no value.
static const char *
value_of(const char *file, int64_t argument)
{
    static char text[64];
    struct go_rig rig;
    unsigned steps = 100000;
    struct pure_value given = {{.bits = 64, .is_signed = true}, argument}, value;

    go_rig_open(&rig, file, "F");
    struct go_rig_mutation m = go_rig_mutation(&rig, NULL);
    struct shape shape = shape_of(&m.mutation);
    struct pure_frame frame = pure_frame_of(&shape, &steps);
    bool known = pure_call(&frame, shape_function(&shape, STR("F")), &given, 1, &value);
    snprintf(text, sizeof text, value.type.is_bool ? "%lld?" : "%lld", (long long)value.number);
    syntax_free(m.syntax);
    go_rig_close(&rig);
    return known ? text : "none";
}

static void
check(const char *result, const char *body, int64_t argument, const char *expected)
{
    char file[1200];
    snprintf(
        file, sizeof file,
        "package q\n\nimport (\n\t\"strings\"\n\t\"unicode\"\n\t\"unicode/utf8\"\n)\n\ntype small uint8\n\n"
        "const (\n\tfour = 1 << 2\n\tmarks = \"+-\\n\"\n\tbig uint16 = 0xfff0\n)\n\n"
        "var table = [6]int8{1, -2, 4: 7}\n\nvar loose = 3\n\nfunc half(x int) int {\n\treturn x / 2\n}\n\n"
        "func F(x int) %s {\n%s\n}\n",
        result, body);
    const char *got = value_of(file, argument);
    ck_assert_msg(strcmp(got, expected) == 0, "%s: %s, not %s", body, got, expected);
}

START_TEST(numbers_wrap_as_their_types_say)
{
    check("uint8", "return uint8(x) + 1", 255, "0");
    check("int8", "return int8(x) + 1", 127, "-128");
    check("uint32", "return ^uint32(x)", 0, "4294967295");
    check("int", "return -7 / x", 2, "-3");
    check("int", "return -7 % x", 2, "-1");
    check("int", "return -8 >> 1", 2, "-4");
    check("uint16", "return uint16(x)<<9 | 1", 255, "65025");
    check("uint64", "return uint64(x) << 64", 1, "0");
    check("int", "return x &^ 6", 15, "9");
    check("small", "return small(x) * 3", 100, "44");
    check("uint16", "return big + four<<2", 0, "0");
    check("int", "return 1_000 + 0b11 + 0o17 + 017 + 0xF", 0, "1048");
}
END_TEST

START_TEST(statements_run)
{
    check("int",
          "n := 0\nfor i := 0; i < x; i++ {\nif i%2 == 0 {\ncontinue\n}\nif i > 6 {\nbreak\n}\nn += "
          "i\n}\nreturn n",
          100, "9");
    check("int",
          "n := 1\nfor n < x {\nn *= 2\n}\nfor range 3 {\nn++\n}\nfor i := range 4 {\nn += i\n}\nreturn n",
          100, "137");
    check("string", "return \"\"", 1, "none");
    check("int", "switch x {\ncase 1, 2:\nreturn 5\ncase 3:\nx = 9\ndefault:\nreturn 0\n}\nreturn x", 3, "9");
    check("int", "switch y := x * 2; {\ncase y > 4:\nreturn y\n}\nreturn -1", 3, "6");
    check("int", "var a, b = 1, 2\nreturn a + b", 0, "none");
    check("int", "a, b := x, 2\na, b = b, a\nreturn a*10 + b", 7, "27");
    check("bool", "if y := half(x); y > 3 {\nreturn true\n} else if y == 0 {\nreturn !false\n}\nreturn false",
          8, "1?");
    check("int8", "return table[x] + table[x+1]", 3, "7");
    check("int8", "return table[x]", 6, "none");
}
END_TEST

START_TEST(the_library_answers_for_ascii)
{
    check("bool", "return unicode.IsLetter(rune(x)) || strings.ContainsRune(marks, rune(x))", '+', "1?");
    check("bool", "return unicode.IsLetter(rune(x))", 0xe9, "none");
    check("rune", "return unicode.ToLower(rune(x))", 'Q', "113");
    check("int", "return strings.IndexByte(\"a\\x62c\", byte(x))", 'c', "2");
    check("bool", "return x < utf8.RuneSelf", 128, "0?");
}
END_TEST

START_TEST(what_depends_on_more_has_no_value)
{
    check("int", "return x + loose", 1, "none");
    check("int", "loose = x\nreturn x", 1, "none");
    check("int", "return x / 0", 1, "none");
    check("int", "return x << -1", 1, "none");
    check("int", "return uint8(x)", 1, "none");
    check("int", "return x + uint8(1)", 1, "none");
    check("int", "return unknown(x)", 1, "none");
    check("int", "defer half(x)\nreturn x", 1, "none");
    check("int", "for {\n}", 1, "none");
    check("int", "return F(x)", 1, "none");
    check("int", "go half(x)\nreturn 1", 1, "none");
}
END_TEST

START_TEST(literals)
{
    static const struct {
        const char *text;
        long long number;
    } known[] = {{"'a'", 'a'},
                 {"'\\n'", 10},
                 {"'\\''", '\''},
                 {"'\\x41'", 65},
                 {"'\\101'", 65},
                 {"'\u00e4'", 0xe4},
                 {"'\\U0001F600'", 0x1f600},
                 {"0X1f", 31},
                 {"0", 0},
                 {"00", 0}};
    static const char *const none[] = {"",       "'",       "''",    "'ab'", "'\\q'",
                                       "0x",     "08",      "1e3",   "0b2",  "99999999999999999999",
                                       "'\xff'", "'\\400'", "'\\x4'"};
    __int128 number;
    AUTO_BUF text = BUF(100);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_msg(go_literal(str_of(known[i].text), &number) && number == known[i].number, "%s",
                      known[i].text);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(!go_literal(str_of(none[i]), &number), "%s", none[i]);
    ck_assert(go_literal_text(STR("\"a\\t\\u00e9\\xff\""), &text));
    ck_assert_str_eq(buf_text(&text), "a\t\xc3\xa9\xff");
    buf_clear(&text);
    ck_assert(go_literal_text(STR("`a\\t`"), &text));
    ck_assert_str_eq(buf_text(&text), "a\\t");
    ck_assert(!go_literal_text(STR("\"a\\"), &text));
}
END_TEST

static size_t
allocated_bytes(void)
{
    struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

// A table is asked for again and again while another one is made of it: in a large file, too, that takes no
// memory.
START_TEST(an_element_is_read_without_keeping_anything)
{
    AUTO_BUF file = BUF(1 << 20);
    struct go_rig rig;
    unsigned steps = 100000;
    buf_puts(&file, "package q\n\nvar table = [6]int8{1, -2, 4: 7}\n\nfunc F(x int) int {\n\treturn "
                    "int(table[x])\n}\n");
    for (int i = 0; i < 500; i++)
        buf_printf(&file, "\nfunc g%d(a, b, c int) int {\n\treturn a + b + c\n}\n", i);
    go_rig_open(&rig, buf_text(&file), "F");
    struct go_rig_mutation m = go_rig_mutation(&rig, NULL);
    struct shape shape = shape_of(&m.mutation);
    struct pure_frame frame = pure_frame_of(&shape, &steps);
    const struct function *function = shape_function(&shape, STR("F"));
    struct pure_value given = {{.bits = 64, .is_signed = true}, 4}, value = {0};
    size_t before = allocated_bytes();
    for (int i = 0; i < 100; i++)
        ck_assert(pure_call(&frame, function, &given, 1, &value) && value.number == 7);
    ck_assert_uint_lt(allocated_bytes(), before + (1 << 20));
    syntax_free(m.syntax);
    go_rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_pure", numbers_wrap_as_their_types_say, statements_run,
          the_library_answers_for_ascii, what_depends_on_more_has_no_value, literals,
          an_element_is_read_without_keeping_anything)
