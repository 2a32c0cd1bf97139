// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_screen.h"

#include "sandbox/cheat.h"
#include "steps/island-evolve/go_shape.h"
#include "steps/island-evolve/lexeme.h"

#include <stdio.h>
#include <string.h>

#define NORMAL_MAX_BYTES (1u << 20)

struct screening {
    const struct target *target;
    struct shape shape; // of the file with the variant
    const char **reason;
    char *detail;
    size_t detail_size;
};

static int
refuse(struct screening *screening, const char *reason, const char *text, struct str what)
{
    *screening->reason = reason;
    snprintf(screening->detail, screening->detail_size, "%s%" STR_FMT, text, STR_ARG(str_head(what, 200)));
    return 1;
}

// Refuses what only cheats need, by its name.
static int
forbid(struct screening *screening, enum cheat cheat, const char *text, struct str what)
{
    char named[128];

    snprintf(named, sizeof named, "%s: %s", cheat_name(cheat), text);
    return refuse(screening, "forbidden", named, what);
}

// Compiler directives: //go:linkname, //go:nosplit, //export.
static int
check_comments(struct screening *screening)
{
    static const char *const directives[] = {"//go:", "//export", "//line ", "/*line "};
    const struct mutation *mutation = screening->shape.mutation;
    size_t count;
    const struct span *comments = syntax_comments(mutation->syntax, &count);

    for (size_t i = 0; i < count; i++) {
        struct str text = shape_between(&screening->shape, comments[i].start, comments[i].end);
        if (comments[i].start < mutation->variant_start || comments[i].end > mutation->variant_end)
            continue;
        for (size_t k = 0; k < sizeof directives / sizeof *directives; k++)
            if (str_starts(text, str_of(directives[k])))
                return forbid(screening, CHEAT_ASSEMBLER, "a compiler directive: ", text);
    }
    return 0;
}

static bool
same_head(const struct screening *screening)
{
    AUTO_BUF ours = BUF(NORMAL_MAX_BYTES), theirs = BUF(NORMAL_MAX_BYTES);
    const struct function *old = &screening->target->function, *new = &screening->shape.mutation->function;

    lexeme_normal(str_n(screening->target->source.ptr + old->start, old->body_start - old->start), &ours);
    lexeme_normal(shape_between(&screening->shape, new->start, new->body_start), &theirs);
    return str_eq(buf_str(&ours), buf_str(&theirs));
}

static int
check_function(struct screening *screening, struct mutation *mutation)
{
    const struct target *target = screening->target;
    struct err problem;

    if (function_find(mutation->arena, mutation->syntax, target->name, &mutation->function, &problem) != 0)
        return refuse(screening, "parse", "", str_of(problem.message));
    if (mutation->function.start < mutation->variant_start || mutation->function.end > mutation->variant_end)
        return refuse(screening, "parse", "the reply does not define ", str_of(target->name));
    if (node_broken(syntax_root(mutation->syntax)) && !node_broken(syntax_root(target->syntax)))
        return refuse(screening, "parse", "syntax error in ", str_of(target->name));
    return 0;
}

int
go_screen_variant(const struct target *target, struct str variant, const char **reason,
                  char *detail, // NOLINT(readability-non-const-parameter): written through the screening
                  size_t detail_size, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_SYNTAX *syntax = syntax_new_in(LANGUAGE_GO, target_splice(&arena, target, variant, false), err);
    if (syntax == NULL)
        return -1;
    struct mutation mutation = {.arena = &arena,
                                .target = target,
                                .syntax = syntax,
                                .variant_start = target->function.start,
                                .variant_end = target->function.start + variant.len};
    struct screening screening = {
        .target = target, .reason = reason, .detail = detail, .detail_size = detail_size};
    int refused = check_function(&screening, &mutation);
    if (refused != 0)
        return refused;
    screening.shape = shape_of(&mutation);
    if (!same_head(&screening))
        return refuse(&screening, "signature", "another signature: ",
                      shape_between(&screening.shape, mutation.function.start, mutation.function.body_start));
    return check_comments(&screening);
}
