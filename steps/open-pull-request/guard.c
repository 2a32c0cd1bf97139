// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/guard.h"

#include "base/fs.h"
#include "steps/open-pull-request/go_guard.h"
#include "steps/shared/target/go/function.h"

#include <ctype.h>
#include <string.h>

#define FILE_MAX_BYTES (16u << 20)

const char *
guard_name(struct arena *arena, const struct target *target)
{
    bool is_go = syntax_language(target->syntax) == LANGUAGE_GO;
    const char *place = is_go ? fs_dir_name(arena, target->file) : target->file;
    char *name = arena_dup(arena, target->name);

    if (is_go ? strcmp(place, ".") == 0 : !target->function.is_static)
        place = NULL;
    for (char *c = name; *c != '\0'; c++)
        if (*c == '.')
            *c = '-';
    if (place == NULL)
        return name;
    char *stem = arena_dup(arena, fs_base_name(place));
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot != stem)
        *dot = '\0';
    for (char *c = stem; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return arena_printf(arena, "%s--%s", stem, name);
}

const char *
guard_companion(struct arena *arena, const struct target *target, const char **name)
{
    bool is_go = syntax_language(target->syntax) == LANGUAGE_GO;
    const char *package = is_go ? go_package(arena, target->syntax) : NULL;

    *name = is_go ? GO_GUARD_FILE : GUARD_HEADER;
    if (is_go)
        return package != NULL ? go_guard_file(arena, package) : NULL;
    return guard_header();
}

struct guard_names
guard_names(struct arena *arena, const char *file, const char *function)
{
    if (language_of(file) == LANGUAGE_GO)
        return (struct guard_names){go_guard_version(arena, function, "Control"),
                                    go_guard_version(arena, function, "Treatment"), GO_GUARD_FILE};
    return (struct guard_names){arena_printf(arena, "%s_control", function),
                                arena_printf(arena, "%s_treatment", function), GUARD_HEADER};
}

const char *
guard_flag_key(struct arena *arena, const char *name)
{
    char *key = arena_printf(arena, "atoll-%s", name);
    for (char *c = key; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    return key;
}

const char *
guard_variable(struct arena *arena, const char *name)
{
    char *variable = arena_printf(arena, "ATOLL_FLAG_%s", name);
    for (char *c = variable; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return variable;
}

// A piece of a file in which every use of the function's name becomes another name.
struct renaming {
    const struct syntax *syntax;
    const char *name, *suffix;
    size_t at; // copied up to here
    struct buf *out;
};

static bool
rename_node(void *context, struct node node)
{
    struct renaming *renaming = context;
    if (node_is(node, "identifier") && str_is(node_text(renaming->syntax, node), renaming->name)) {
        struct str text = syntax_text(renaming->syntax);
        buf_add(renaming->out, text.ptr + renaming->at, node_end(node) - renaming->at);
        buf_puts(renaming->out, renaming->suffix);
        renaming->at = node_end(node);
    }
    return true;
}

// "static " unless it is there; storage classes that no longer fit are left out.
static size_t
write_storage(struct str declaration, struct buf *out)
{
    static const char *const dropped[] = {"extern", "inline", "static"};
    size_t skip = 0;
    for (bool again = true; again;) {
        again = false;
        while (skip < declaration.len && isspace((unsigned char)declaration.ptr[skip]))
            skip++;
        for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
            size_t length = strlen(dropped[i]);
            struct str rest = str_from(declaration, skip);
            if (str_starts(rest, str_of(dropped[i])) && rest.len > length &&
                isspace((unsigned char)rest.ptr[length])) {
                skip += length;
                again = true;
            }
        }
    }
    buf_puts(out, "static ");
    return skip;
}

static void
write_copy(const struct syntax *syntax, const struct function *function, const char *name, const char *suffix,
           struct buf *out)
{
    struct str text = syntax_text(syntax);
    struct str declaration = str_n(text.ptr + function->start, function->body_start - function->start);
    struct renaming renaming = {syntax, name, suffix, function->start + write_storage(declaration, out), out};
    node_walk(function->node, rename_node, &renaming);
    buf_add(out, text.ptr + renaming.at, function->end - renaming.at);
    buf_puts(out, "\n\n");
}

// Takes `#include <..>` lines out of the variant's definitions; `seen` is the file they would be added to.
static void
split_includes(struct str text, struct str seen, struct buf *includes, struct buf *rest)
{
    while (text.ptr != NULL) {
        struct str line = str_cut(&text, '\n');
        struct str trimmed = str_trim(line);
        if (str_starts(trimmed, STR("#include"))) {
            if (str_find(seen, trimmed) < 0) {
                buf_add_str(includes, trimmed);
                buf_putc(includes, '\n');
            }
            continue;
        }
        buf_add_str(rest, line);
        if (text.ptr != NULL)
            buf_putc(rest, '\n');
    }
}

// Where new lines of `#include` go: after the last one of the file, else at its first declaration.
static size_t
include_position(const struct syntax *syntax)
{
    struct node root = syntax_root(syntax);
    size_t at = SIZE_MAX, first = 0;
    for (size_t i = 0; i < node_count(root); i++) {
        struct node child = node_child(root, i);
        if (node_is(child, "preproc_include"))
            at = node_end(child);
        else if (first == 0)
            first = node_start(child);
    }
    if (at == SIZE_MAX)
        return first;
    struct str text = syntax_text(syntax);
    return at > 0 && text.ptr[at - 1] == '\n' ? at : at + (at < text.len);
}

// The names of the parameters, in order, as arguments.
static int
write_arguments(const struct target *target, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < target->signature.count; i++) {
        const char *name = target->signature.parameters[i].name;
        if (name == NULL || *name == '\0')
            return err_set(err, ERR_TARGET, "%s: parameter %zu has no name", target->name, i + 1);
        buf_printf(out, "%s%s", i > 0 ? ", " : "", name);
    }
    return 0;
}

static int
write_dispatcher(const struct target *target, struct buf *out, struct err *err)
{
    const struct function *function = &target->function;
    AUTO_BUF arguments = BUF(1 << 16);
    if (write_arguments(target, &arguments, err) != 0)
        return -1;
    struct str declaration =
        str_n(target->source.ptr + function->start, function->body_start - function->start);
    buf_add_str(out, str_trim(declaration));
    const char *name = target->name, *list = buf_text(&arguments);
    bool is_void = target->signature.result_size == 0;
    buf_printf(out, "\n{\n    if (atoll_flag_%s())\n        %s%s_treatment(%s);\n", name,
               is_void ? "" : "return ", name, list);
    buf_printf(out, "%s%s_control(%s);\n}", is_void ? "    else\n        " : "    return ", name, list);
    return 0;
}

// The spliced file is parsed, so that the treatment is seen with all its context.
static int
write_treatment(struct arena *arena, const struct target *target, struct str variant, struct buf *includes,
                struct buf *out, struct err *err)
{
    struct str spliced = target_splice(arena, target, variant, false);
    AUTO_SYNTAX *syntax = syntax_new(spliced, err);
    if (syntax == NULL)
        return -1;
    struct function function;
    if (function_find(arena, syntax, target->name, &function, err) != 0)
        return err_wrap(err, "the variant");
    size_t start = target->function.start;
    if (function.start < start || function.end > start + variant.len)
        return err_set(err, ERR_TARGET, "the variant does not define %s", target->name);
    struct str before = str_n(spliced.ptr + start, function.start - start);
    struct str after = str_n(spliced.ptr + function.end, start + variant.len - function.end);
    AUTO_BUF definitions = BUF(FILE_MAX_BYTES);
    split_includes(before, target->source, includes, &definitions);
    struct str text = str_trim(buf_str(&definitions));
    if (text.len > 0) {
        buf_add_str(out, text);
        buf_puts(out, "\n\n");
    }
    write_copy(syntax, &function, target->name, "_treatment", out);
    if (str_trim(after).len > 0) {
        buf_add_str(out, str_trim(after));
        buf_puts(out, "\n\n");
    }
    return 0;
}

int
guard_write(struct arena *arena, const struct target *target, struct str variant,
            enum guard_template template, struct buf *file, struct err *err)
{
    const struct function *function = &target->function;
    struct str source = target->source;
    if (syntax_language(target->syntax) == LANGUAGE_GO) {
        const char *own = guard_name(arena, target);
        const struct go_guard guard = {
            source, target->name, variant, guard_flag_key(arena, own), guard_variable(arena, own), template};
        return go_guard_write(arena, &guard, file, err);
    }
    AUTO_BUF includes = BUF(1 << 16), middle = BUF(FILE_MAX_BYTES), dispatcher = BUF(1 << 20);
    if (write_treatment(arena, target, variant, &includes, &middle, err) != 0)
        return -1;
    AUTO_BUF whole = BUF(FILE_MAX_BYTES);
    write_copy(target->syntax, function, target->name, "_control", &whole);
    buf_add_str(&whole, buf_str(&middle));
    const char *name = guard_name(arena, target);
    buf_printf(&whole, "%s(%s, \"%s\", \"%s\")\n\n",
               template == GUARD_PER_CALL ? "ATOLL_FLAG_EACH_CALL" : "ATOLL_FLAG", target->name,
               guard_flag_key(arena, name), guard_variable(arena, name));
    if (write_dispatcher(target, &dispatcher, err) != 0)
        return -1;
    size_t include_at = include_position(target->syntax),
           at = syntax_comment_start(target->syntax, function->start);
    if (include_at > at)
        include_at = at;
    buf_add_str(file, str_head(source, include_at));
    if (str_find(source, STR("#include \"" GUARD_HEADER "\"")) < 0)
        buf_puts(file, "#include \"" GUARD_HEADER "\"\n");
    buf_add_str(file, buf_str(&includes));
    buf_add_str(file, str_n(source.ptr + include_at, at - include_at));
    buf_add_str(file, buf_str(&whole));
    buf_add_str(file, str_n(source.ptr + at, function->start - at));
    buf_add_str(file, buf_str(&dispatcher));
    buf_add_str(file, str_from(source, function->end));
    if (buf_check(&whole, "the guarded function", err) != 0)
        return -1;
    return buf_check(file, "the guarded file", err);
}
