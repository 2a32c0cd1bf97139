// SPDX-License-Identifier: Apache-2.0
// Errors in the outputs of Go functions (harness_error.go): known by their text, type, what they wrap, and
// whether they are the same each time.
#include "tests/unit/steps/shared/target/go/workshop.h"
#include "tests/unit/steps/shared/target/kinds.h"

static const char declarations[] =
    "import (\n\t\"errors\"\n\t\"fmt\"\n\t\"syscall\"\n)\n\nvar errNone = errors.New(\"none\")\n\n"
    "type parseError struct {\n\tLine int\n\tfile string\n}\n\n"
    "func (e *parseError) Error() string { return fmt.Sprint(\"line \", e.Line) }\n\n"
    "type texts []string\n\nfunc (t texts) Error() string { return t[0] }\n\n"
    "type outer struct{ error }\n\n"
    "type lazy struct{ n int }\n\nfunc (l lazy) Error() string { return fmt.Sprint(\"no \", l.n) }\n\n"
    "type endless int\n\nfunc (e endless) Error() string { return \"more\" }\n\n"
    "func (e endless) Unwrap() []error { return []error{e + 1, e + 2, nil} }\n\n"
    "type broken struct{ inner *broken }\n\nfunc (b *broken) Error() string { return b.inner.Error() }\n\n"
    "func (b *broken) Unwrap() error { return b.inner.inner }\n\n"
    "var _ = syscall.ENOENT\n\n";

// One function with a result that is an error.
#define MAKES(error) "func f(n int, given error) (int, error) { return n, " error " }"

struct replacement {
    const char *before, *after;
    const char *expected, *got; // as a person is shown them; NULL when they are equal
};

static void
try_replacements(const struct replacement *replacements, size_t count)
{
    for (size_t i = 0; i < count && has_go(); i++) {
        struct kind k;
        const struct replacement *r = &replacements[i];
        struct arena arena = {0};
        kind_open_go(&k, "f", arena_printf(&arena, "%s" MAKES("%s"), declarations, r->before));
        kind_add(&k, "[7, \"bad\"]");
        const char *variant = arena_printf(&arena, MAKES("%s"), r->after);
        if (r->expected == NULL)
            kind_same(&k, variant);
        else
            kind_differs_as(&k, variant, arena_printf(&arena, "{\"results\":[7,%s]}", r->expected),
                            arena_printf(&arena, "{\"results\":[7,%s]}", r->got));
        kind_release(&k);
        arena_release(&arena);
    }
}

#define TRY(replacements) try_replacements(replacements, sizeof(replacements) / sizeof *(replacements))
#define FRESH "\"identity\":\"a new error in every call\""
#define SAME "\"identity\":\"the same error in every call\""
#define SENTINEL "{" SAME ",\"text\":\"none\"}"

START_TEST(a_sentinel_is_the_same_each_time)
{
    static const struct replacement replacements[] = {
        {"errNone", "errors.New(\"none\")", SENTINEL, "\"none\""},
        {"errors.New(\"none\")", "errNone", "\"none\"", SENTINEL},
        {"fmt.Errorf(\"no: %w\", errNone)", "fmt.Errorf(\"no: %w\", errors.New(\"none\"))",
         "{" FRESH ",\"text\":\"no: none\",\"type\":\"*fmt.wrapError\",\"wraps\":[" SENTINEL "]}",
         "{" FRESH ",\"text\":\"no: none\",\"type\":\"*fmt.wrapError\",\"wraps\":[\"none\"]}"},
        {"fmt.Errorf(\"no: %w\", errNone)", "errors.New(\"no: none\")",
         "{" FRESH ",\"text\":\"no: none\",\"type\":\"*fmt.wrapError\",\"wraps\":[" SENTINEL "]}",
         "\"no: none\""},
        {"errors.Join(errNone, given)", "errors.Join(errNone, errors.New(given.Error()))",
         "{" FRESH ",\"text\":\"none\\nbad\",\"type\":\"*errors.joinError\",\"wraps\":[" SENTINEL
         ",{\"identity\":\"error 1 of the arguments\",\"text\":\"bad\"}]}",
         "{" FRESH ",\"text\":\"none\\nbad\",\"type\":\"*errors.joinError\",\"wraps\":[" SENTINEL
         ",\"bad\"]}"},
        {"given", "errors.New(given.Error())", "{\"identity\":\"error 1 of the arguments\",\"text\":\"bad\"}",
         "\"bad\""},
        {"syscall.ENOENT", "errors.New(syscall.ENOENT.Error())",
         "{\"fields\":{\"uintptr\":\"2\"}," SAME ",\"text\":\"no such file or directory\","
         "\"type\":\"syscall.Errno with Is, Timeout, Temporary\"}",
         "\"no such file or directory\""},
        {"fmt.Errorf(\"no: %w\", errNone)", "fmt.Errorf(\"%s: %w\", \"no\", errNone)", NULL, NULL},
    };
    TRY(replacements);
}
END_TEST

START_TEST(a_type_is_told_from_a_text)
{
    static const struct replacement replacements[] = {
        {"&parseError{n, \"a\"}", "errors.New(\"line 7\")",
         "{\"fields\":{\"Line int\":\"7\",\"file string\":\"a\"}," FRESH
         ",\"text\":\"line 7\",\"type\":\"*example.com/m.parseError\"}",
         "\"line 7\""},
        {"&parseError{n, \"a\"}", "&parseError{n, \"\"}",
         "{\"fields\":{\"Line int\":\"7\",\"file string\":\"a\"}," FRESH
         ",\"text\":\"line 7\",\"type\":\"*example.com/m.parseError\"}",
         "{\"fields\":{\"Line int\":\"7\",\"file string\":\"\"}," FRESH
         ",\"text\":\"line 7\",\"type\":\"*example.com/m.parseError\"}"},
        // What it does lazily is not timed.
        {"fmt.Errorf(\"no %d\", n)", "lazy{n}", "\"no 7\"",
         "{\"fields\":{\"n int\":\"7\"}," SAME ",\"text\":\"no 7\",\"type\":\"example.com/m.lazy\"}"},
        {"fmt.Errorf(\"no %d\", n)", "errors.New(\"no 7\")", NULL, NULL},
        {"fmt.Errorf(\"no 7\")", "fmt.Errorf(\"no %d\", n)", NULL, NULL},
        {"fmt.Errorf(\"no 7\")", "error(nil)", "\"no 7\"", "null"},
        {"&parseError{n, \"a\"}",
         "func() error { e := new(parseError); e.Line, e.file = 7, \"a\"; return e }()", NULL, NULL},
    };
    TRY(replacements);
}
END_TEST

START_TEST(odd_errors_do_no_harm)
{
    static const struct replacement replacements[] = {
        // They can't be compared, so they are never the same.
        {"texts{\"bad\"}", "errors.New(\"bad\")",
         "{\"fields\":{\"slice\":null}," FRESH ",\"text\":\"bad\",\"type\":\"example.com/m.texts\"}",
         "\"bad\""},
        {"outer{texts{\"bad\"}}", "texts{\"bad\"}",
         "{\"fields\":{\"error error\":null}," FRESH ",\"text\":\"bad\",\"type\":\"example.com/m.outer\"}",
         "{\"fields\":{\"slice\":null}," FRESH ",\"text\":\"bad\",\"type\":\"example.com/m.texts\"}"},
        {"endless(0)", "endless(n - 7)", NULL, NULL},
        {"(*parseError)(nil)",
         "errors.New(\"panic: runtime error: invalid memory address or nil pointer dereference\")",
         "{" SAME ",\"text\":\"panic: runtime error: invalid memory address or nil pointer dereference\","
         "\"type\":\"*example.com/m.parseError\"}",
         "\"panic: runtime error: invalid memory address or nil pointer dereference\""},
        {"&broken{}", "&broken{inner: nil}", NULL, NULL},
        // A type of the function's own has the name of another one, and no more.
        {"outer{errNone}", "func() error { type outer struct{ error; m int }; return outer{errNone, 0} }()",
         "{\"fields\":{\"error error\":null}," SAME ",\"text\":\"none\",\"type\":\"example.com/m.outer\"}",
         "{\"fields\":{\"error error\":null,\"m int\":\"0\"}," SAME
         ",\"text\":\"none\",\"type\":\"example.com/m.outer\"}"},
    };
    TRY(replacements);
}
END_TEST

static void
expect_output(const char *source, const char *arguments, const char *output)
{
    struct go_bench b;
    AUTO_BUF bytes = BUF(1 << 20), detail = BUF(1 << 16);
    enum cell_fault fault;

    go_bench_open(&b, source, "f");
    go_bench_add(&b, arguments);
    struct cell *cell = go_bench_cell(&b, target_baseline(&b.target), BUILD_PLAIN);
    for (int i = 0; i < 2; i++) {
        OK(cell_call(cell, 0, &bytes, &fault, &detail, &b.w.err), &b.w.err);
        ck_assert_msg(fault == CELL_OK, "%s", buf_text(&detail));
        AUTO_JSON *json = go_value_output(b.target.signature.go, buf_str(&bytes));
        char *text = json_canonical(json);
        ck_assert_str_eq(text, output);
        free(text);
    }
    cell_free(cell);
    go_bench_release(&b);
}

// A function that fails is called twice, and what the second call does to its arguments is not told.
START_TEST(the_second_call_does_not_disturb)
{
    if (!has_go())
        return;
    expect_output("package m\n\nimport \"errors\"\n\nvar errNone = errors.New(\"none\")\n\n"
                  "func f(s []byte) ([]byte, error) { s[0]++; return s, errNone }\n",
                  "[\"abc\"]",
                  "{\"changed\":[\"bbc\"],\"results\":[\"bbc\"," SENTINEL
                  "],\"shares_memory\":[[\"result 1 (capacity 3)\",\"s (capacity 3)\"]]}");
    expect_output(
        "package m\n\nimport \"errors\"\n\nvar calls int\n\nvar errNone = errors.New(\"none\")\n\n"
        "func f(n int) error {\n\tcalls++\n\tif calls%2 == 0 {\n\t\tpanic(\"again\")\n\t}\n\treturn "
        "errNone\n}\n",
        "[1]", "{\"results\":[\"none\"]}");
    // In maps, too, each mark is where its error is.
    expect_output("package m\n\nimport \"errors\"\n\nvar errNone = errors.New(\"none\")\n\n"
                  "func f(m map[string]error) error {\n\tm[\"b\"] = errNone\n\tm[\"c\"] = m[\"a\"]\n\treturn "
                  "errNone\n}\n",
                  "[{\"a\": \"bad\", \"d\": \"worse\"}]",
                  "{\"changed\":[[[\"a\",{\"identity\":\"error 1 of the arguments\",\"text\":\"bad\"}],"
                  "[\"b\",{\"identity\":\"the same error in every call\",\"text\":\"none\"}],"
                  "[\"c\",{\"identity\":\"error 1 of the arguments\",\"text\":\"bad\"}],"
                  "[\"d\",{\"identity\":\"error 2 of the arguments\",\"text\":\"worse\"}]]],"
                  "\"results\":[" SENTINEL "]}");
    expect_output("package m\n\nimport \"errors\"\n\nfunc f(n int) (error, error) {\n\terr := "
                  "errors.New(\"bad\")\n\treturn err, err\n}\n",
                  "[1]",
                  "{\"results\":[\"bad\",{\"identity\":\"error 1 of this output\",\"text\":\"bad\"}]}");
}
END_TEST

UNIT_MAIN("steps/shared/target/go/error", a_sentinel_is_the_same_each_time, a_type_is_told_from_a_text,
          odd_errors_do_no_harm, the_second_call_does_not_disturb)
