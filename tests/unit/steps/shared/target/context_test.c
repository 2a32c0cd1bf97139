// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/context.h"

#include "tests/unit/steps/shared/target/kinds.h"

#include "tests/unit/steps/shared/target/source.h"

// A hash table that nobody outside of the file knows.
#define TABLE                                                                                              \
    "#include <stdint.h>\n#include <stdlib.h>\n#include <stddef.h>\n"                                      \
    "struct table { size_t size; unsigned *slots; void *(*hook)(void); };\n"                               \
    "static struct table *make(unsigned size, double fill)\n"                                              \
    "{ if (size == 77) return NULL; struct table *t = malloc(sizeof *t); t->size = size + 1;\n"            \
    "  t->slots = calloc(t->size, sizeof *t->slots); t->hook = NULL;\n"                                    \
    "  for (size_t i = 0; i < t->size; i++) t->slots[i] = (unsigned)((double)i * fill); return t; }\n"     \
    "static void unmake(struct table *t) { free(t->slots); free(t); }\n"                                   \
    "static uint64_t tell(const struct table *t)\n"                                                        \
    "{ uint64_t h = t->size; for (size_t i = 0; i < t->size; i++) h = h * 31 + t->slots[i]; return h; }\n" \
    "void *keep(void) { return NULL; }\n"

#define LOOK_UP(body) "unsigned f(const struct table *t, unsigned key)\n{ " body " }\n"
#define STORE(body) "void f(struct table *t, unsigned key, unsigned value)\n{ " body " }\n"

#define READS "{\"t\": {\"role\": \"context\", \"setup\": \"make\", \"teardown\": \"unmake\"}}"
#define CHANGES                                                                      \
    "{\"t\": {\"role\": \"context\", \"setup\": \"make\", \"teardown\": \"unmake\"," \
    " \"digest\": \"tell\"}}"

START_TEST(a_context_that_is_read)
{
    AUTO_KIND k;
    kind_init(&k, TABLE LOOK_UP("return t->slots[key % t->size];"), READS);
    kind_add(&k, "[{\"size\": 16, \"fill\": 1.5}, 3]");
    kind_add(&k, "[{\"size\": 4, \"fill\": 2}, 9]");
    kind_make_up(&k, 60);
    kind_same(&k, LOOK_UP("size_t at = key; while (at >= t->size) at -= t->size; return t->slots[at];"));
    const char *args = kind_differs(&k, LOOK_UP("return t->slots[(key + 1) % t->size];"));
    ck_assert_msg(strncmp(args, "[{\"size\":", 9) == 0, "%s", args);
}
END_TEST

START_TEST(a_context_that_changes_is_compared_by_its_digest)
{
    AUTO_KIND k;
    kind_init(&k, TABLE STORE("t->slots[key % t->size] = value;"), CHANGES);
    kind_add(&k, "[{\"size\": 16, \"fill\": 1}, 3, 99]");
    kind_add(&k, "[{\"size\": 16, \"fill\": 1}, 4, 98]"); // its own, though its arguments are the same
    kind_make_up(&k, 40);
    kind_same(&k, STORE("unsigned *at = &t->slots[key % t->size]; *at = value;"));
    kind_differs(&k, STORE("t->slots[key % t->size] = value + (key == 4);"));
    kind_differs(&k, STORE("(void)t; (void)key; (void)value;"));
}
END_TEST

// Batches make their contexts anew: what a call stored in one is not there in the next.
START_TEST(every_batch_has_its_own)
{
    AUTO_KIND k;
    struct cell_batch first, second;
    char path[4096];
    kind_init(&k, TABLE "unsigned f(struct table *t, unsigned key) { return ++t->slots[key % t->size]; }\n",
              CHANGES);
    kind_add(&k, "[{\"size\": 4, \"fill\": 1}, 1]");
    kind_add(&k, "[{\"size\": 4, \"fill\": 1}, 2]");
    OK(workbench_object(&k.bench, target_baseline(&k.bench.target), BUILD_PLAIN, path, &k.w.err), &k.w.err);
    struct cell *cell = workbench_cell(&k.bench, path, BUILD_PLAIN, &k.w.err);
    ck_assert_msg(cell != NULL, "%s", k.w.err.message);
    struct cell_inputs inputs = corpus_inputs(&k.bench.train);
    OK(cell_load(cell, &inputs, &k.w.err), &k.w.err);
    OK(cell_batch(cell, 0, 2, 2000, &first, &k.w.err), &k.w.err); // more than a part has contexts for
    ck_assert_uint_gt(first.parts, 1);
    OK(cell_batch(cell, 0, 2, 2000, &second, &k.w.err), &k.w.err);
    ck_assert(first.digest.words[0] == second.digest.words[0] &&
              first.digest.words[1] == second.digest.words[1]);
    cell_free(cell);
}
END_TEST

START_TEST(a_setup_that_fails_is_a_failed_call)
{
    AUTO_KIND k;
    char path[4096];
    enum cell_fault fault;
    AUTO_BUF output = BUF(100), detail = BUF(100);
    kind_init(&k, TABLE LOOK_UP("return t->slots[key % t->size];"), READS);
    kind_add(&k, "[{\"size\": 77, \"fill\": 1}, 3]");
    kind_add(&k, "[{\"size\": 78, \"fill\": 1}, 3]");
    OK(workbench_object(&k.bench, target_baseline(&k.bench.target), BUILD_PLAIN, path, &k.w.err), &k.w.err);
    struct cell *cell = workbench_cell(&k.bench, path, BUILD_PLAIN, &k.w.err);
    struct cell_inputs inputs = corpus_inputs(&k.bench.train);
    ck_assert_msg(cell != NULL, "%s", k.w.err.message);
    OK(cell_load(cell, &inputs, &k.w.err), &k.w.err);
    OK(cell_call(cell, 0, &output, &fault, &detail, &k.w.err), &k.w.err);
    ck_assert_int_eq(fault, CELL_CRASHED);
    ck_assert_str_eq(buf_text(&detail), "the setup of a context gave NULL");
    cell_free(cell);
    struct differential found = kind_compare(&k, LOOK_UP("return t->slots[3];"), BUILD_PLAIN);
    ck_assert(found.left_out == 1 && found.compared == 1 && found.differ == 0);
}
END_TEST

static void
refused(const char *function, const char *overrides, const char *words)
{
    AUTO_ARENA arena = {0};
    const char *got = source_roles(arena_printf(&arena, "%s%s", TABLE, function), overrides);
    ck_assert_msg(strncmp(got, "ERR ", 4) == 0 && strstr(got, words) != NULL, "%s: %s", overrides, got);
}

START_TEST(what_a_context_lacks_is_said)
{
    const char *reads = LOOK_UP("return t->slots[key];"), *stores = STORE("t->slots[key] = value;");
    refused(reads, NULL, "{role: context, setup: FUNCTION}");
    refused(reads, "{\"t\": {\"role\": \"context\"}}", "\"setup\": FUNCTION");
    refused(reads, "{\"t\": {\"role\": \"context\", \"setup\": \"create\"}}",
            "'create', which is declared neither");
    refused(reads, "{\"t\": {\"role\": \"context\", \"setup\": \"tell\"}}", "takes 't'");
    refused(stores, READS, "a context that the function may change");
    refused(stores, "{\"t\": {\"role\": \"context\", \"setup\": \"make\", \"digest\": \"keep\"}}",
            "the digest of 't' must be");
    refused(reads, "{\"t\": {\"role\": \"context\", \"setup\": \"make\", \"members\": {\"sise\": {}}}}",
            "sise");
}
END_TEST

UNIT_MAIN("steps/shared/target/context", a_context_that_is_read,
          a_context_that_changes_is_compared_by_its_digest, every_batch_has_its_own,
          a_setup_that_fails_is_a_failed_call, what_a_context_lacks_is_said)
