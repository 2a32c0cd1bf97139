// SPDX-License-Identifier: Apache-2.0
// Any bytes as a C file: its functions are found, and their signatures inferred or refused; what is inferred
// comes back from JSON.
#include "steps/shared/target/function.h"
#include "steps/shared/target/signature.h"

#include <stdlib.h>

enum { TRIED_FUNCTIONS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
try_function(struct arena *arena, const struct syntax *syntax, const struct function *function)
{
    struct signature signature, back;
    struct err err;
    if (signature_infer(arena, syntax, function, NULL, &signature, &err) != 0) {
        if (err.kind != ERR_TARGET)
            abort();
        return;
    }
    AUTO_JSON *json = signature_to_json(&signature);
    (void)!signature_from_json(arena, json, &back, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_SYNTAX *syntax = syntax_new(str_n((const char *)bytes, size), &err);
    if (syntax == NULL)
        return 0;
    size_t count;
    const struct function *functions = function_list(&arena, syntax, &count);
    for (size_t i = 0; i < count && i < TRIED_FUNCTIONS; i++) {
        struct function function;
        if (function_find(&arena, syntax, functions[i].name, &function, &err) == 0)
            try_function(&arena, syntax, &function);
    }
    return 0;
}
