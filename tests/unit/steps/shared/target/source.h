// SPDX-License-Identifier: Apache-2.0
// C text for tests: parsed, its functions found, its signatures inferred. Everything aborts the test when it
// fails.
#ifndef ATOLL_TESTS_TARGET_SOURCE_H
#define ATOLL_TESTS_TARGET_SOURCE_H

#include "steps/shared/target/function.h"
#include "steps/shared/target/scope.h"

#include "tests/unit/unit.h"

#include <stdio.h>

struct source {
    struct arena arena;
    struct syntax *syntax;
    struct scope scope;
};

// Parses a text; release it with source_release, or declare it AUTO_SOURCE.
static inline struct source
source_of(const char *text)
{
    struct source source = {0};
    struct err err;

    source.syntax = syntax_new(str_of(text), &err);
    ck_assert_msg(source.syntax != NULL, "%s", err.message);
    source.scope = (struct scope){.file = source.syntax};
    return source;
}

// Frees what source_of made.
static inline void
source_release(struct source *source)
{
    syntax_free(source->syntax);
    arena_release(&source->arena);
}

#define AUTO_SOURCE __attribute__((cleanup(source_release))) struct source

// The definition of a function of the text.
static inline struct scope_node
source_function(struct source *source, const char *name)
{
    struct function function;
    struct err err;

    ck_assert_msg(function_find(&source->arena, source->syntax, name, &function, &err) == 0, "%s",
                  err.message);
    return (struct scope_node){source->syntax, function.node};
}

// The signature as JSON text; "ERR message" when it can't be inferred. The arena's.
static inline const char *
source_signature(struct source *source, const char *name, const char *overrides)
{
    struct function function;
    struct signature signature;
    struct err err;
    AUTO_JSON *given = overrides == NULL ? NULL : json_read(str_of(overrides), "overrides", &err);

    ck_assert_int_eq(function_find(&source->arena, source->syntax, name, &function, &err), 0);
    if (signature_infer(&source->arena, source->syntax, &function, given, &signature, &err) != 0) {
        ck_assert_int_eq(err.kind, ERR_TARGET);
        return arena_printf(&source->arena, "ERR %s", err.message);
    }
    AUTO_JSON *json = signature_to_json(&signature);
    char *compact = json_compact(json);
    const char *text = arena_dup(&source->arena, compact);
    free(compact);
    return text;
}

// Roles in short: "in=in len=count:in out=out[result]" and so on, with #N for fixed counts and {min,max} for
// ranges.
static inline const char *
source_roles(const char *text, const char *overrides)
{
    struct source source = source_of(text);
    static char out[1100];
    size_t count;
    struct function function;
    struct signature s;
    struct err err;
    AUTO_JSON *given = overrides == NULL ? NULL : json_read(str_of(overrides), "overrides", &err);
    const struct function *list = function_list(&source.arena, source.syntax, &count);
    size_t len = 0;

    ck_assert_uint_gt(count, 0);
    ck_assert_int_eq(function_find(&source.arena, source.syntax, list[count - 1].name, &function, &err), 0);
    out[0] = '\0';
    if (signature_infer(&source.arena, source.syntax, &function, given, &s, &err) != 0) {
        ck_assert_int_eq(err.kind, ERR_TARGET);
        snprintf(out, sizeof out, "ERR %s", err.message);
        s.count = 0;
    }
    for (size_t i = 0; i < s.count; i++) {
        const struct parameter *p = &s.parameters[i];
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s=%s", i == 0 ? "" : " ", p->name,
                                role_name(p->kind));
        if (p->of >= 0)
            len += (size_t)snprintf(out + len, sizeof out - len, ":%s", s.parameters[p->of].name);
        if (p->fixed_count > 0)
            len += (size_t)snprintf(out + len, sizeof out - len, "#%u", p->fixed_count);
        if (p->length_from_result)
            len += (size_t)snprintf(out + len, sizeof out - len, "[result]");
        if (p->min < 0 || p->max > 0)
            len += (size_t)snprintf(out + len, sizeof out - len, "{%g,%g}", p->min, p->max);
    }
    source_release(&source);
    return out;
}

#endif
