// SPDX-License-Identifier: Apache-2.0
// Every kind of signature, from source text to a verdict: a variant that does the same passes, one that
// differs in a single place is caught.
#include "tests/unit/steps/shared/target/kinds.h"

#define INCLUDES                                                                                     \
    "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <stdlib.h>\n#include " \
    "<string.h>\n"

static const char numbers[] =
    INCLUDES "enum colour { RED, GREEN = 5, BLUE };\n"
             "typedef enum { LOW = -1, HIGH = 1 } level;\ntypedef size_t count_t;\ntypedef _Bool flag;\n"
             "long f(enum colour c, level l, bool b, flag g, count_t n, float x, const short v[4])\n"
             "{ return (long)c * 3 + l + b * 7 + g * 11 + (long)n + (long)(x * 2) + v[3]; }\n";

START_TEST(numbers_enums_and_arrays)
{
    AUTO_KIND k;
    kind_init(&k, numbers, NULL);
    kind_add(&k, "[5, -1, true, 1, 9, 0.25, [1, 2, 3, 4]]");
    kind_add(&k, "[0, 1, false, 0, 0, -1.5, [0, 0, 0, -4]]");
    kind_make_up(&k, 60);
    kind_same(&k,
              "long f(enum colour c, level l, bool b, flag g, count_t n, float x, const short v[4])\n"
              "{ return (long)c * 3 + l + (b ? 7 : 0) + (g ? 11 : 0) + (long)n + (long)(x * 2) + v[3]; }");
    kind_differs(&k, "long f(enum colour c, level l, bool b, flag g, count_t n, float x, const short v[4])\n"
                     "{ return (long)c * 3 + l + b * 7 + b * 11 + (long)n + (long)(x * 2) + v[3]; }");
}
END_TEST

#define JOIN(body)                                                                                        \
    "size_t f(const char *const *items, size_t n, char *out, size_t cap)\n"                               \
    "{ size_t k = 0; for (size_t i = 0; i < n; i++) for (const char *c = items[i]; *c && k < cap; c++)\n" \
    "    " body "\n  return k; }\n"

START_TEST(counted_strings)
{
    AUTO_KIND k;
    kind_init(&k, INCLUDES JOIN("out[k++] = *c;"), NULL);
    kind_add(&k, "[[\"abc\", \"\", \"d\"], 3, null, 16]");
    kind_add(&k, "[[], 0, null, 4]");
    kind_make_up(&k, 60);
    kind_same(&k, JOIN("{ char x = *c; out[k++] = x; }"));
    const char *args = kind_differs(&k, JOIN("out[k++] = i == 2 && *c == 'd' ? 'D' : *c;"));
    ck_assert_msg(strstr(args, "\"d\"") != NULL, "%s", args);
}
END_TEST

START_TEST(strings_that_end_with_null)
{
    AUTO_KIND k;
    kind_init(&k,
              INCLUDES "int f(char **list) { int n = 0; while (*list) { n += (int)strlen(*list); list++; }\n"
                       "  return n; }\n",
              NULL);
    ck_assert_int_eq(k.bench.target.signature.parameters[0].kind, CELL_TEXT);
    kind_add(&k, "[[\"abc\", \"de\"]]");
    kind_make_up(&k, 40);
    kind_same(&k,
              "int f(char **list) { int n = 0; for (; *list; list++) n += (int)strlen(*list); return n; }");
    kind_differs(&k, "int f(char **list) { int n = 0; while (*list) { n += (int)strlen(*list); list++; }\n"
                     "  return n > 4 ? 4 : n; }");
}
END_TEST

// Sorts pointers: what is compared is what they point to.
#define SORT(condition)                                                    \
    "void f(const char **v, size_t n)\n{ for (size_t i = 1; i < n; i++)\n" \
    "    for (size_t j = i; j > 0 && " condition "; j--) {\n"              \
    "      const char *t = v[j]; v[j] = v[j - 1]; v[j - 1] = t; } }\n"

START_TEST(strings_in_another_order)
{
    AUTO_KIND k;
    kind_init(&k, INCLUDES SORT("strcmp(v[j - 1], v[j]) > 0"), NULL);
    ck_assert_int_eq(k.bench.target.signature.parameters[0].kind, CELL_INOUT);
    kind_add(&k, "[[\"b\", \"a\", \"c\", \"a\"], 4]");
    kind_make_up(&k, 40);
    kind_same(&k, SORT("strcmp(v[j - 1], v[j]) >= 0")); // an unstable one gives the same strings
    kind_differs(&k, SORT("strcmp(v[j - 1], v[j]) < 0"));
    kind_differs(&k, "void f(const char **v, size_t n) { for (size_t i = 1; i < n; i++) v[i] = v[0]; }");
}
END_TEST

#define TRIM(end) "void f(char *s)\n{ size_t n = strlen(s); while (n > 0 && s[n - 1] == ' ') n--; " end " }\n"

START_TEST(texts_that_change_in_place)
{
    AUTO_KIND k;
    kind_init(&k, INCLUDES TRIM("s[n] = 0;"), NULL);
    kind_add(&k, "[\"abc  \"]");
    kind_add(&k, "[\"\"]");
    kind_make_up(&k, 60);
    // What stands behind the NUL is nobody's business.
    kind_same(&k, TRIM("memset(s + n, 0, strlen(s + n));"));
    kind_differs(&k, TRIM("if (n != 3) s[n] = 0;"));
}
END_TEST

#define APPEND(last)                                                                        \
    "int f(char *buf, size_t cap)\n{ size_t n = strlen(buf); if (n + 2 > cap) return -1;\n" \
    "  buf[n] = '!'; buf[n + 1] = 0; " last " return 0; }\n"

START_TEST(texts_with_room)
{
    AUTO_KIND k;
    kind_init(&k, INCLUDES APPEND(""), NULL);
    ck_assert(k.bench.target.signature.parameters[0].until_nul);
    ck_assert_int_eq(k.bench.target.signature.parameters[1].kind, CELL_COUNT);
    kind_add(&k, "[\"abc\", 8]");
    kind_add(&k, "[\"abc\", 4]");
    kind_make_up(&k, 60);
    kind_same(&k, APPEND("if (n + 2 < cap) buf[n + 2] = 'x';"));
    kind_differs(&k, APPEND("if (n == 3) buf[n] = '?';"));
}
END_TEST

#define SHAPES                                        \
    INCLUDES "struct point { short x; double y; };\n" \
             "typedef struct { char tag; struct point at; uint16_t sides[3]; char name[8]; } shape;\n"
#define GROW(signature, body) signature "\n{ " body " }\n"

START_TEST(structs_by_pointer)
{
    const char *declared = "int f(shape *s, const struct point *by)";
    AUTO_KIND k;
    kind_init(&k,
              SHAPES GROW("int f(shape *s, const struct point *by)",
                          "s->at.x = (short)(s->at.x + by->x); s->at.y += by->y; s->sides[2]++; s->name[0] = "
                          "'n'; return s->tag;"),
              NULL);
    kind_add(&k, "[{\"tag\": 1, \"at\": {\"x\": -3, \"y\": 0.5}, \"sides\": [1, 2], \"name\": \"box\"},"
                 "{\"x\": 4, \"y\": 1.5}]");
    kind_make_up(&k, 60);
    kind_same(&k, arena_printf(&k.w.arena,
                               "%s\n{ shape c = *s; c.at.x = (short)(c.at.x + by->x); c.at.y += by->y;"
                               "  c.sides[2]++; c.name[0] = 'n'; memset(s, 0xEE, sizeof *s); s->tag = c.tag;"
                               "  s->at.x = c.at.x; s->at.y = c.at.y; memcpy(s->sides, c.sides, 6);"
                               "  memcpy(s->name, c.name, 8); return c.tag; }",
                               declared)); // padding has other bytes
    static const char *const wrong[] = {
        "s->at.x = (short)(s->at.x + by->x); s->at.y += by->y; s->sides[2]++; return s->tag;",
        "s->at.x = (short)(s->at.x + by->x); s->sides[2]++; s->name[0] = 'n'; return s->tag;",
        "s->at.x = (short)(s->at.x + by->x); s->at.y += by->y; s->name[0] = 'n'; return s->tag;",
        "s->at.x = (short)(s->at.x + by->x); s->at.y += by->y; s->sides[2]++; s->name[0] = 'n'; return "
        "s->tag++;",
        // const data is changed
        "s->at.x = (short)(s->at.x + by->x); s->at.y += by->y; s->sides[2]++; s->name[0] = 'n';"
        "((struct point *)by)->x++; return s->tag;",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *args = kind_differs(&k, arena_printf(&k.w.arena, "%s\n{ %s }", declared, wrong[i]));
        ck_assert_msg(strncmp(args, "[{\"tag\":", 8) == 0 && strstr(args, "\"at\":{\"x\":") != NULL, "%s",
                      args);
    }
}
END_TEST

#define MIX(result) "struct point f(struct point a, shape b, int scale)\n{ " result " }\n"

START_TEST(structs_by_value)
{
    AUTO_KIND k;
    kind_init(&k, SHAPES MIX("struct point r = {(short)(a.x + b.at.x), a.y * scale + b.sides[1]}; return r;"),
              NULL);
    kind_add(&k, "[{\"x\": 1, \"y\": 2.5}, {\"tag\": 1, \"at\": {\"x\": 7, \"y\": 1}, \"sides\": [1, 2, 3],"
                 "\"name\": \"\"}, 3]");
    kind_make_up(&k, 60);
    kind_same(&k, MIX("struct point r; memset(&r, 0x77, sizeof r); r.x = (short)(a.x + b.at.x);"
                      "r.y = a.y * scale + b.sides[1]; return r;"));
    kind_differs(&k, MIX("struct point r = {(short)(a.x + b.at.x), a.y * scale + b.sides[0]}; return r;"));
    kind_differs(&k, MIX("struct point r = {(short)(a.x - b.at.x), a.y * scale + b.sides[1]}; return r;"));
}
END_TEST

#define REQUEST                                                                              \
    INCLUDES "struct header { const char *name; char *value; };\n"                           \
             "struct request { const uint8_t *body; size_t length; struct header *headers; " \
             "size_t count; float weights[2]; const char *const *tags; int tag_count; };\n"
#define SCORE(more)                                                                                  \
    "uint64_t f(const struct request *r)\n{ uint64_t s = 0;\n"                                       \
    "  for (size_t i = 0; i < r->length; i++) s += r->body[i];\n"                                    \
    "  for (size_t i = 0; i < r->count; i++) { s = s * 31 + strlen(r->headers[i].name);\n"           \
    "    r->headers[i].value[0] = r->headers[i].value[0] == 'a' ? 'A' : r->headers[i].value[0]; }\n" \
    "  for (int i = 0; i < r->tag_count; i++) s += strlen(r->tags[i]) * (uint64_t)i;\n  " more "\n"  \
    "  return s; }\n"

START_TEST(pointers_in_structs)
{
    AUTO_KIND k;
    kind_init(&k, REQUEST SCORE(""), NULL);
    kind_add(&k,
             "[{\"body\": \"abc\", \"headers\": [{\"name\": \"host\", \"value\": \"abc\"}, {\"name\": \"x\","
             "\"value\": \"\"}], \"weights\": [0.5, 0.1], \"tags\": [\"t1\", \"second\"]}]");
    kind_add(
        &k, "[{\"body\": [], \"length\": 0, \"headers\": [], \"count\": 0, \"weights\": [1, 2], \"tags\": [],"
            "\"tag_count\": 0}]");
    kind_make_up(&k, 60);
    kind_same(&k, SCORE("s += 0;"));
    kind_differs(&k, SCORE("s += r->weights[1] > 0.05f && r->weights[1] < 0.15f;"));
    kind_differs(&k, SCORE("if (r->count == 2) r->headers[1].value = r->headers[0].value;"));
    kind_differs(&k,
                 SCORE("if (r->count > 0 && r->headers[0].value[0] == 'A') r->headers[0].value[1] = 'B';"));
    kind_differs(&k, SCORE("if (r->length == 3) ((struct request *)r)->length = 2;"));
    kind_differs(&k, SCORE("if (r->length == 3) ((uint8_t *)r->body)[1] = 'x';"));
}
END_TEST

#define CURSOR(step)                                                                            \
    "int f(struct cursor *c)\n{ if (c->at_size == 0 || c->position >= c->at_size) return -1;\n" \
    "  int r = c->at[c->position]; " step " return r; }\n"

START_TEST(a_pointer_that_leaves_the_call_is_never_equal)
{
    const char *source =
        INCLUDES "struct cursor { const unsigned char *at; size_t at_size; size_t position; };\n"
                 "static const unsigned char other[8];\n" CURSOR("c->at++; c->position++;");
    AUTO_KIND k;
    kind_init(&k, source,
              "{\"c\": {\"members\": {\"position\": {\"role\": \"scalar\", \"min\": 0, \"max\": 4}, "
              "\"at_size\": {\"role\": \"count\", \"of\": \"at\"}}}}");
    kind_add(&k, "[{\"at\": \"abc\", \"position\": 1}]");
    kind_same(&k, CURSOR("c->position++; c->at = c->at + 1;"));
    kind_differs(&k, CURSOR("c->at += 2; c->position++;"));
    kind_differs(&k, CURSOR("c->at = other; c->position++;"));
    kind_differs(&k, CURSOR("c->at = NULL; c->position++;"));
}
END_TEST

#define RUNS(body)                                                                                     \
    "size_t f(const uint8_t *d, size_t n, struct run *out, size_t cap)\n{ size_t k = 0;\n"             \
    "  for (size_t i = 0; i < n; i++) { if (k > 0 && out[k - 1].byte == d[i]) { out[k - 1].length++; " \
    "continue; }\n"                                                                                    \
    "    if (k == cap) break; " body " }\n  return k; }\n"

START_TEST(arrays_of_structs_to_write)
{
    AUTO_KIND k;
    kind_init(&k,
              INCLUDES "struct run { uint8_t byte; uint32_t length; };\n" RUNS(
                  "out[k].byte = d[i]; out[k].length = 1; k++;"),
              "{\"out\": {\"role\": \"out\", \"length\": \"result\"}}");
    kind_add(&k, "[\"aabbb\", 5, null, 8]");
    kind_make_up(&k, 60);
    kind_same(&k, RUNS("struct run r = {d[i], 1}; memset(&out[k], 1, sizeof r); out[k].byte = r.byte;"
                       "out[k++].length = 1;"));
    kind_differs(&k, RUNS("out[k].byte = d[i]; out[k].length = 1 + (d[i] == 'b'); k++;"));
}
END_TEST

START_TEST(static_helpers_tables_and_globals)
{
    static const char source[] =
        INCLUDES "static const unsigned char table[4] = {3, 1, 4, 1};\nstatic int bias = 7;\n"
                 "static int pick(unsigned i) { return table[i & 3] + bias; }\n"
                 "static int f(const unsigned *v, size_t n)\n"
                 "{ int s = 0; for (size_t i = 0; i < n; i++) s += pick(v[i]); return s; }\n"
                 "int use(void) { unsigned v = 1; return f(&v, 1); }\n";
    AUTO_KIND k;
    kind_init(&k, source, NULL);
    kind_add(&k, "[[1, 2, 3], 3]");
    kind_make_up(&k, 40);
    kind_same(&k, "static int f(const unsigned *v, size_t n)\n"
                  "{ int s = (int)n * bias; while (n--) s += table[v[n] & 3]; return s; }");
    kind_differs(&k, "static int f(const unsigned *v, size_t n)\n"
                     "{ int s = 0; for (size_t i = 0; i < n; i++) s += pick(v[i] + 1); return s; }");
}
END_TEST

// Header, flags and the rest of the program come from compile_commands.json and from the repository.
START_TEST(a_function_of_a_program)
{
    AUTO_KIND k;
    k = (struct kind){0};
    workshop_init(&k.w);
    const char *root = k.w.repository;
    workshop_file(&k.w, "include/pair.h",
                  "typedef long wide;\nstruct pair { int a; wide b; };\nint weigh(const struct pair *p);\n");
    workshop_file(&k.w, "src/weigh.c",
                  "#include \"pair.h\"\nstatic const int weights[2] = {2, FIVE};\n"
                  "int weigh(const struct pair *p) { return p->a * weights[0] + (int)p->b * weights[1]; }\n");
    workshop_file(&k.w, "compile_commands.json",
                  arena_printf(&k.w.arena,
                               "[{\"directory\": \"%s\", \"file\": \"x.c\", \"command\": \"gcc -O2 -Iinclude "
                               "-DFIVE=5 -c x.c\"}, {\"directory\": \"%s\", \"file\": \"src/weigh.c\","
                               "\"command\": \"gcc -O2 -Iinclude -DFIVE=5 -c src/weigh.c\"}]",
                               root, root));
#define HEAVIEST(start)                                                                               \
    "int f(const struct pair *p, size_t n)\n{ int best = " start "; for (size_t i = 0; i < n; i++)\n" \
    "    if (weigh(&p[i]) > best) best = weigh(&p[i]);\n  return best; }\n"
    kind_open(&k, "#include <stddef.h>\n#include \"pair.h\"\n" HEAVIEST("0"),
              "{\"recipe\": {\"cc\": \"gcc\"}}");
    kind_add(&k, "[[{\"a\": 1, \"b\": 2}, {\"a\": 9, \"b\": -1}], null]");
    kind_make_up(&k, 40);
    kind_same(&k, "int f(const struct pair *p, size_t n)\n{ int best = 0; for (size_t i = 0; i < n; i++) {\n"
                  "  int w = weigh(p + i); best = w > best ? w : best; } return best; }");
    kind_differs(&k, HEAVIEST("1"));
}
END_TEST

// What the source alone does not show, the compiler does.
START_TEST(another_layout_is_refused_by_the_compiler)
{
    AUTO_KIND k;
    char path[4096];
    kind_init(&k,
              "#pragma pack(push, 1)\nstruct odd { char c; int i; };\n#pragma pack(pop)\n"
              "int f(const struct odd *o) { return o->c + o->i; }\n",
              NULL);
    ck_assert_int_eq(
        workbench_object(&k.bench, target_baseline(&k.bench.target), BUILD_PLAIN, path, &k.w.err), -1);
    ck_assert_int_eq(k.w.err.kind, ERR_TARGET);
    ck_assert_msg(strstr(k.w.err.message, "atoll reads struct odd another way than the compiler") != NULL ||
                      strstr(k.w.err.message, "is it packed?") != NULL,
                  "%s", k.w.err.message);
}
END_TEST

#define CHECKED(body) "int f(const struct point *p)\n{ " body " return p->x; }\n"

// How a call failed, and the input with which it did.
static void
failed_with(const char *variant, enum build_kind build, int64_t wall_ms, const char *word)
{
    AUTO_KIND k;
    kind_init(&k, SHAPES CHECKED(""), NULL);
    k.bench.limits.wall_ms = wall_ms;
    kind_add(&k, "[{\"x\": 1, \"y\": 2}]");
    kind_add(&k, "[{\"x\": 77, \"y\": 3}]");
    struct differential found = kind_compare(&k, variant, build);
    ck_assert_uint_eq(found.differ, 1);
    char *args = json_compact(json_object_get(found.counterexample, "args"));
    ck_assert_str_eq(args, "[{\"x\":77,\"y\":3.0}]");
    const char *got = json_get_text(found.counterexample, "got", "");
    ck_assert_msg(strstr(got, word) != NULL, "%s", got);
    free(args);
    json_decref(found.counterexample);
}

START_TEST(failures_come_with_the_struct_that_caused_them)
{
    failed_with(CHECKED("if (p->x == 77) *(volatile int *)8 = 1;"), BUILD_PLAIN, 30000, "signal");
    failed_with(CHECKED("while (*(const volatile short *)&p->x == 77) ;"), BUILD_PLAIN, 4000,
                "no answer within");
    failed_with(CHECKED("if (p->x == 77) return ((const volatile short *)p)[8];"), BUILD_SANITIZED, 30000,
                "AddressSanitizer");
}
END_TEST

UNIT_MAIN("steps/shared/target/kinds", numbers_enums_and_arrays, counted_strings, strings_that_end_with_null,
          strings_in_another_order, texts_that_change_in_place, texts_with_room, structs_by_pointer,
          structs_by_value, pointers_in_structs, a_pointer_that_leaves_the_call_is_never_equal,
          arrays_of_structs_to_write, static_helpers_tables_and_globals, a_function_of_a_program,
          another_layout_is_refused_by_the_compiler, failures_come_with_the_struct_that_caused_them)
