// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/record.h"

#include "tests/unit/steps/shared/target/source.h"

// What the members of parameter p of `int f(T p)` are: "name=role@offset:size" and so on; "ERR message".
static const char *
members_of(const char *text, const char *overrides)
{
    static char out[2048];
    AUTO_SOURCE source = source_of(text);
    struct function function;
    struct signature s;
    struct err err;
    AUTO_JSON *given = overrides == NULL ? NULL : json_read(str_of(overrides), "overrides", &err);
    size_t len = 0;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), 0);
    if (signature_infer(&source.arena, source.syntax, &function, given, &s, &err) != 0) {
        snprintf(out, sizeof out, "ERR %s", err.message);
        return out;
    }
    out[0] = '\0';
    const struct parameter *p = &s.parameters[0];
    for (size_t i = 0; i < p->member_count; i++) {
        const struct parameter *m = &p->members[i];
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s=%s@%u", i == 0 ? "" : " ", m->name,
                                role_name(m->kind), m->offset);
        if (m->of >= 0)
            len += (size_t)snprintf(out + len, sizeof out - len, ":%s", p->members[m->of].name);
        if (m->fixed_count > 0)
            len += (size_t)snprintf(out + len, sizeof out - len, "#%u", m->fixed_count);
        if (m->until_nul)
            len += (size_t)snprintf(out + len, sizeof out - len, "[nul]");
    }
    snprintf(out + len, sizeof out - len, " / %u", p->size);
    return out;
}

#define F(type) "int f(" type "p) { return p != 0; }\n"

START_TEST(lays_out_as_compilers_do)
{
    struct inner {
        char c;
        double d;
    };
    struct outer {
        short s;
        struct inner in[2];
        bool b;
        const char *text;
        int32_t bits[3];
        char last;
    };
    char wanted[200];
    snprintf(wanted, sizeof wanted,
             "s=scalar@%zu in=array@%zu#2 b=scalar@%zu text=text@%zu bits=array@%zu#3 last=scalar@%zu / %zu",
             offsetof(struct outer, s), offsetof(struct outer, in), offsetof(struct outer, b),
             offsetof(struct outer, text), offsetof(struct outer, bits), offsetof(struct outer, last),
             sizeof(struct outer));
    ck_assert_str_eq(members_of("struct inner { char c; double d; };\n"
                                "struct outer { short s; struct inner in[2]; bool b; const char *text;\n"
                                "int32_t bits[3]; char last; };\n" F("const struct outer *"),
                                NULL),
                     wanted);
    ck_assert_str_eq(
        members_of("typedef struct { int a, b; struct { char x; } in; } T; typedef T U;\n" F("U *"), NULL),
        "a=scalar@0 b=scalar@4 in=scalar@8 / 12");
    ck_assert_str_eq(members_of("#define N 2\nstruct m { float m[N][3]; };\n" F("struct m *"), NULL),
                     "m=array@0#6 / 24");
}
END_TEST

START_TEST(members_have_roles)
{
    ck_assert_str_eq(
        members_of("struct b { const uint8_t *data; size_t len; char *text; int id; };\n" F("struct b *"),
                   NULL),
        "data=in@0 len=count@8:data text=inout@16[nul] id=scalar@24 / 32");
    ck_assert_str_eq(
        members_of("struct b { unsigned n; int *v; const char **names; struct b2 { int x; } *one; };\n" F(
                       "struct b *"),
                   NULL),
        "n=count@0:v v=inout@8 names=text@16 one=inout@24#1 / 32");
    ck_assert_str_eq(members_of("struct b { char *data; size_t len; size_t cap; };\n" F("struct b *"),
                                "{\"p\": {\"members\": {\"len\": {\"role\": \"scalar\", \"max\": 4},"
                                "\"cap\": {\"role\": \"count\", \"of\": \"data\"}}}}"),
                     "data=inout@0 len=scalar@8 cap=count@16:data / 24");
    ck_assert_str_eq(
        members_of("struct b { char name[8]; int *v; };\n" F("struct b *"),
                   "{\"p\": {\"members\": {\"name\": {\"length\": \"nul\"}, \"v\": {\"count\": 3}}}}"),
        "name=array@0#8[nul] v=inout@8#3 / 16");
}
END_TEST

static void
refused(const char *text, const char *overrides, const char *words)
{
    const char *got = members_of(text, overrides);
    ck_assert_msg(strncmp(got, "ERR function 'f': ", 18) == 0 && strstr(got, words) != NULL, "%s: %s", text,
                  got);
}

START_TEST(what_is_not_supported_is_named)
{
    static const char *const structs[][2] = {
        {"struct s { int a; unsigned b : 3; };", "struct s has a bit-field (line 1"},
        {"struct s {\n  int a;\n  union { int x; float y; } u; };",
         "its member u (line 3 of its file): of type "
         "'union' is not supported: unions"},
        {"struct s { int a; union { int x; float y; }; };", "a struct or union without a name"},
        {"struct s { int (*call)(int); };",
         "its member call (line 1 of its file): is a pointer to a function"},
        {"struct s { struct hidden *h; };", "struct hidden is not defined in this file"},
        {"struct s { int n; struct s *next; };", "nested too deep, or in itself"},
        {"struct s { int n; char data[]; };", "an array without a size"},
        {"struct s { int *const *rows; };", "its member rows"},
        {"struct s { int (*grid)[4]; };", "a pointer to arrays"},
        {"struct s { char c; int i; } __attribute__((packed));", "struct s has attributes"},
        {"struct s { volatile int i; };", "a volatile or atomic member"},
        {"struct s { long double x; };", "its member x"},
        {"struct s { void *user; };", "no length found"},
        {"struct s { const float *v; };", "member 'p.v' of type 'const float *': no length found"},
        {"struct s {\n#ifdef X\n  int a;\n#endif\n  int b; };", "members under preprocessor conditions"},
        {"struct s { };", "no members"},
    };
    for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++) {
        char text[400];
        snprintf(text, sizeof text, "%s\n" F("struct s *"), structs[i][0]);
        refused(text, NULL, structs[i][1]);
    }
    refused("union u { int a; float b; };\n" F("union u *"), NULL, "unions are not supported");
    refused("int f(int **rows, int n) { return rows[n - 1][0]; }", NULL, "parameter 'rows' of type 'int **'");
    refused("struct s { int *v; int n; };\n" F("struct s *"), "{\"p\": {\"members\": {\"x\": {}}}}",
            "p has no member 'x'");
    refused("struct s { int *v; int n; };\n" F("struct s *"),
            "{\"p\": {\"members\": {\"n\": {\"role\": \"in\"}}}}",
            "'p.n' of type 'int' can't have role 'in'");
    refused("struct s { int *v; int n; };\n" F("struct s *"), "{\"p\": {\"role\": \"out\"}}",
            "it holds pointers");
    refused("struct s { int *v; int n; };\n" F("struct s *"),
            "{\"p\": {\"members\": {\"v\": {\"count\": 3}}}}", "write one");
    refused("int f(int a) { return a; }", "{\"a\": {\"members\": {}}}", "has no members");
}
END_TEST

// Types that double at every level end, and soon.
START_TEST(huge_types_are_refused)
{
    AUTO_BUF text = BUF(1 << 14);
    buf_puts(&text, "struct s0 { int a; };\n");
    for (int level = 1; level < 6; level++) {
        buf_printf(&text, "struct s%d { ", level);
        for (int k = 0; k < 30; k++)
            buf_printf(&text, "struct s%d m%d; ", level - 1, k);
        buf_puts(&text, "};\n");
    }
    buf_puts(&text, F("struct s5 *"));
    refused(buf_text(&text), NULL, "more than 256 members in all");
}
END_TEST

START_TEST(results_are_structs_too)
{
    AUTO_SOURCE source = source_of("struct r { int a; const char *at; size_t n; };\n"
                                   "struct r f(int x) { struct r r = {x, 0, 0}; return r; }\n"
                                   "union u { int a; };\nunion u g(int x) { union u u = {x}; return u; }\n");
    ck_assert_str_eq(
        source_signature(&source, "f", NULL),
        "{\"result\":\"struct r\",\"result_element\":\"struct r\",\"result_members\":{\"a\":{\"type\":"
        "\"int\",\"role\":\"scalar\"},\"at\":{\"type\":\"const char *\",\"role\":\"in\"},\"n\":{"
        "\"type\":\"size_t\",\"role\":\"count\",\"of\":\"at\"}},\"params\":{\"x\":{\"type\":\"int\","
        "\"role\":\"scalar\"}}}");
    ck_assert_ptr_nonnull(
        strstr(source_signature(&source, "g", NULL), "result type 'union u' is not supported"));
}
END_TEST

UNIT_MAIN("steps/shared/target/record", lays_out_as_compilers_do, members_have_roles,
          what_is_not_supported_is_named, huge_types_are_refused, results_are_structs_too)
