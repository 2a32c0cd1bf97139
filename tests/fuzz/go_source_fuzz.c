// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Go file: every mutator's sites, and what it writes at the first of them.
#include "steps/island-evolve/go_mutate.h"
#include "steps/shared/target/go/function.h"

enum { SITES_TRIED = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
mutate(struct arena *arena, const struct target *target, struct rng *rng)
{
    const struct mutation mutation = {.arena = arena,
                                      .target = target,
                                      .syntax = target->syntax,
                                      .function = target->function,
                                      .variant_start = target->function.start,
                                      .variant_end = target->function.end,
                                      .rng = rng};
    for (size_t m = 0; go_mutators[m] != NULL; m++) {
        size_t sites = go_mutators[m]->sites(&mutation);
        for (size_t i = 0; i < sites && i < SITES_TRIED; i++) {
            AUTO_BUF variant = BUF(1 << 20);
            char note[160];
            struct err err;
            (void)!go_mutators[m]->apply(&mutation, i, &variant, note, &err);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA arena = {0};
    struct err err;
    struct rng rng;
    struct str text = str_n((const char *)bytes, size);
    AUTO_SYNTAX *syntax = syntax_new_in(LANGUAGE_GO, text, &err);
    size_t count;
    if (syntax == NULL || size > 8192)
        return 0;
    rng_init(&rng, 1, 2);
    const struct function *functions = function_list(&arena, syntax, &count);
    for (size_t i = 0; i < count && i < 2; i++) {
        struct go_function head;
        struct target target = {.file = "fuzz.go",
                                .name = functions[i].name,
                                .source = syntax_text(syntax),
                                .syntax = syntax,
                                .function = functions[i]};
        (void)!go_function_read(&arena, syntax, &functions[i], &head, &err);
        mutate(&arena, &target, &rng);
    }
    return 0;
}
