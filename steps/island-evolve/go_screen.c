// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_screen.h"

#include "steps/island-evolve/go_cheat.h"
#include "steps/island-evolve/go_shape.h"
#include "steps/island-evolve/lexeme.h"

#include <stdio.h>
#include <string.h>

#define NORMAL_MAX_BYTES (1u << 20)

struct screening {
    const struct target *target;
    struct shape shape;    // of the file with the variant
    struct shape baseline; // of the file as it stands
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

// What the function says already is the repository's own business.
static bool
is_ours(const struct screening *screening, const char *kinds, struct str text)
{
    const struct shape *baseline = &screening->baseline;
    struct nodes all = shape_find(baseline, baseline->mutation->function.node, kinds);

    for (size_t i = 0; i < all.count; i++)
        if (str_eq(shape_text(baseline, all.items[i]), text))
            return true;
    return false;
}

// ---- packages and words ----

// What is computed from arguments alone.
static const char *const pure_packages[] = {"strings",   "bytes", "unicode",         "unicode/utf8", "math",
                                            "math/bits", "sort",  "slices",          "strconv",      "errors",
                                            "cmp",       "maps",  "encoding/binary", "hash/crc32"};

static bool
is_pure_package(const struct shape *shape, struct str name)
{
    for (size_t i = 0; i < sizeof pure_packages / sizeof *pure_packages; i++)
        if (str_eq(go_import(shape, pure_packages[i]), name))
            return true;
    return false;
}

// Whether an identifier names a package that the file imports.
static bool
is_package(const struct shape *shape, struct node operand)
{
    struct str name = shape_text(shape, operand);
    struct nodes specs = shape_find(shape, syntax_root(shape->syntax), "import_spec");
    struct go_variable variable;

    if (!node_is(operand, "identifier") || go_variable(shape, operand, name, &variable))
        return false;
    for (size_t i = 0; i < specs.count; i++) {
        struct str path = shape_text(shape, node_field(specs.items[i], "path"));
        const char *plain = arena_str(shape->arena, str_n(path.ptr + 1, path.len > 1 ? path.len - 2 : 0));
        if (str_eq(go_import(shape, plain), name))
            return true;
    }
    return false;
}

static int
check_selector(struct screening *screening, struct node node)
{
    const struct shape *shape = &screening->shape;
    struct node operand = node_field(node, "operand");
    struct str text = shape_text(shape, node);

    if (!is_package(shape, operand) || is_pure_package(shape, shape_text(shape, operand)) ||
        is_ours(screening, "selector_expression qualified_type", text))
        return 0;
    enum cheat cheat =
        go_cheat_of_package(shape, shape_text(shape, operand), shape_text(shape, node_field(node, "field")));
    return forbid(screening, cheat, "use of ", text);
}

static int
check_call(struct screening *screening, struct node node)
{
    static const char *const words[] = {"print", "println", "recover", "panic", "close"};
    const struct shape *shape = &screening->shape;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (go_is_call(shape, node, words[i]) && !is_ours(screening, "identifier", str_of(words[i])))
            return forbid(screening, go_cheat_of_builtin(str_of(words[i])), "use of ", str_of(words[i]));
    return 0;
}

// Statements and declarations that a variant may hold only where the function had such a one.
static int
check_kind(struct screening *screening, struct node node)
{
    static const char *const kinds[] = {"go_statement",     "select_statement",   "send_statement",
                                        "defer_statement",  "import_declaration", "channel_type",
                                        "receive_statement"};
    const struct shape *shape = &screening->shape, *baseline = &screening->baseline;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (node_is(node, kinds[i]) &&
            shape_find(baseline, baseline->mutation->function.node, kinds[i]).count == 0)
            return forbid(screening, go_cheat_of_kind(node), "", shape_text(shape, node));
    if (node_is(node, "unary_expression") && str_is(shape_operator(shape, node), "<-") &&
        !is_ours(screening, "unary_expression", shape_text(shape, node)))
        return forbid(screening, go_cheat_of_kind(node), "", shape_text(shape, node));
    return 0;
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

// ---- state ----

// Whether a value is made of constants alone, so that nothing runs before main.
static bool
is_constant_value(const struct shape *shape, struct node value)
{
    struct nodes signs = shape_find(shape, value, "unary_expression");

    for (size_t i = 0; i < signs.count; i++)
        if (str_is(shape_operator(shape, signs.items[i]), "&") ||
            str_is(shape_operator(shape, signs.items[i]), "<-"))
            return false;
    return shape_find(shape, value, "call_expression func_literal").count == 0;
}

// A variable of the variant is a table: every mention reads an element or its length.
static bool
is_only_read(const struct shape *shape, struct str name, struct node spec)
{
    struct nodes all = shape_find(shape, syntax_root(shape->syntax), "identifier");

    for (size_t i = 0; i < all.count; i++) {
        struct node parent = node_parent(all.items[i]), outer = parent;
        if (!str_eq(shape_text(shape, all.items[i]), name) || node_same(parent, spec))
            continue;
        while (node_is(node_parent(outer), "index_expression") &&
               node_same(node_field(node_parent(outer), "operand"), outer))
            outer = node_parent(outer);
        bool element =
            node_is(parent, "index_expression") && node_same(node_field(parent, "operand"), all.items[i]);
        bool length = go_is_call(shape, node_parent(parent), "len");
        bool ranged = node_is(parent, "range_clause") && node_same(node_field(parent, "right"), all.items[i]);
        if ((!element && !length && !ranged) || (element && go_is_changed(shape, outer)))
            return false;
    }
    return true;
}

static int
check_variables(struct screening *screening, struct node declaration)
{
    const struct shape *shape = &screening->shape;
    struct nodes specs = shape_find(shape, declaration, "var_spec");

    for (size_t i = 0; i < specs.count; i++) {
        struct node spec = specs.items[i], value = node_field(spec, "value");
        if (node_is_null(value) || !is_constant_value(shape, value))
            return forbid(screening, CHEAT_KEEPS_STATE,
                          "state that outlives a call: ", shape_text(shape, spec));
        for (size_t k = 0; k < node_count(spec); k++)
            if (node_is(node_child(spec, k), "identifier") &&
                !is_only_read(shape, shape_text(shape, node_child(spec, k)), spec))
                return forbid(screening, CHEAT_KEEPS_STATE,
                              "state that outlives a call: ", shape_text(shape, spec));
    }
    return 0;
}

// The harness stands in the same package.
static int
check_name(struct screening *screening, struct node name)
{
    struct str text = shape_text(&screening->shape, name);

    if (!go_cheat_is_harness(text) || is_ours(screening, "identifier type_identifier", text))
        return 0;
    return forbid(screening, CHEAT_HARNESS_MEMORY, "use of ", text);
}

// A write to a variable of the file that the function did not write to.
static int
check_write(struct screening *screening, struct node name)
{
    const struct shape *shape = &screening->shape, *baseline = &screening->baseline;
    struct node outer = name;
    struct str text = shape_text(shape, name);
    struct go_variable variable;

    for (struct node up = node_parent(outer);
         (node_is(up, "index_expression") || node_is(up, "slice_expression") ||
          node_is(up, "selector_expression")) &&
         node_same(node_field(up, "operand"), outer);
         up = node_parent(up))
        outer = up;
    if (!go_is_changed(shape, outer) || !go_variable(shape, name, text, &variable) ||
        variable.origin != GO_GLOBAL)
        return 0;
    struct node own = baseline->mutation->function.node;
    if (go_changes(baseline, own, text) || go_changes_elements(baseline, own, text))
        return 0;
    return forbid(screening, CHEAT_KEEPS_STATE, "it writes to ", text);
}

// ---- the whole ----

static int
check_node(struct screening *screening, struct node node)
{
    int refused = check_kind(screening, node);

    if (refused == 0 && (node_is(node, "selector_expression")))
        refused = check_selector(screening, node);
    if (refused == 0 && node_is(node, "call_expression"))
        refused = check_call(screening, node);
    if (refused == 0 && node_is(node, "var_declaration") && node_is(node_parent(node), "source_file"))
        refused = check_variables(screening, node);
    if (refused == 0 && (node_is(node, "identifier") || node_is(node, "type_identifier")))
        refused = check_name(screening, node);
    if (refused == 0 && node_is(node, "identifier"))
        refused = check_write(screening, node);
    if (refused == 0 && (node_is(node, "function_declaration") || node_is(node, "method_declaration")) &&
        str_is(shape_text(&screening->shape, node_field(node, "name")), "init"))
        refused = forbid(screening, CHEAT_CONSTRUCTOR, "", STR("a function init, which runs before main"));
    return refused;
}

struct walk {
    struct screening *screening;
    int refused;
};

static bool
visit(void *context, struct node node)
{
    struct walk *walk = context;
    const struct mutation *mutation = walk->screening->shape.mutation;

    if (walk->refused != 0 || node_end(node) <= mutation->variant_start ||
        node_start(node) >= mutation->variant_end)
        return false;
    if (node_start(node) >= mutation->variant_start)
        walk->refused = check_node(walk->screening, node);
    return walk->refused == 0;
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
    struct mutation old = {.arena = &arena,
                           .target = target,
                           .syntax = target->syntax,
                           .function = target->function,
                           .variant_start = target->function.start,
                           .variant_end = target->function.end};
    struct screening screening = {
        .target = target, .reason = reason, .detail = detail, .detail_size = detail_size};
    int refused = check_function(&screening, &mutation);
    if (refused != 0)
        return refused;
    screening.shape = shape_of(&mutation);
    screening.baseline = shape_of(&old);
    if (!same_head(&screening))
        return refuse(&screening, "signature", "another signature: ",
                      shape_between(&screening.shape, mutation.function.start, mutation.function.body_start));
    struct walk walk = {&screening, check_comments(&screening)};
    if (walk.refused != 0)
        return walk.refused;
    node_walk(syntax_root(syntax), visit, &walk);
    return walk.refused;
}
