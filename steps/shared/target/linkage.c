// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/linkage.h"

#include "base/fs.h"
#include "steps/shared/target/function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIAGNOSTICS_MAX_BYTES = 64 << 10,
    FILE_MAX_BYTES = 4 << 20,
    FILES_MAX = 4000,
    ROUNDS_MAX = 8,
    KINDS = 2
};

struct linkage {
    struct arena arena;
    struct compiler *compiler;
    const char *repository, *file, *scratch;
    struct words sources;  // relative to the repository
    struct words archives; // objects and archives, absolute
    struct words libraries;
    struct words refused; // sources that were found but do not compile
    const char *traps;    // C file in the scratch folder, or NULL
    struct words objects[KINDS];
    size_t compiled[KINDS]; // how many sources have their object
    size_t numbers;
};

static bool
is_archive(const char *word)
{
    return str_ends(str_of(word), STR(".o")) || str_ends(str_of(word), STR(".a"));
}

static void
add_link(struct linkage *linkage, const char *word)
{
    struct arena *arena = &linkage->arena;

    if (strncmp(word, "-L", 2) == 0)
        words_add(arena, &linkage->libraries,
                  arena_printf(arena, "-L%s", command_path(arena, linkage->repository, word + 2)));
    else if (word[0] == '-')
        words_add(arena, &linkage->libraries, arena_dup(arena, word));
    else if (is_archive(word))
        words_add(arena, &linkage->archives, command_path(arena, linkage->repository, word));
    else
        words_add(arena, &linkage->sources, arena_dup(arena, word));
}

struct linkage *
linkage_new(struct compiler *compiler, const char *repository, const char *file, const char *scratch,
            const struct recipe *recipe)
{
    struct linkage *linkage = calloc(1, sizeof *linkage);

    if (linkage == NULL)
        abort();
    struct arena *arena = &linkage->arena;
    linkage->compiler = compiler;
    linkage->repository = arena_dup(arena, repository);
    linkage->file = arena_dup(arena, file);
    linkage->scratch = arena_dup(arena, scratch);
    for (size_t i = 0; i < recipe->link_count; i++)
        add_link(linkage, recipe->link[i]);
    words_add(arena, &linkage->libraries, "-lm");
    return linkage;
}

void
linkage_free(struct linkage *linkage)
{
    if (linkage == NULL)
        return;
    arena_release(&linkage->arena);
    free(linkage);
}

static bool
has_word(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i], word) == 0)
            return true;
    }
    return false;
}

// ---- objects
// ----------------------------------------------------------------------------------------------------

static int
compile_source(struct linkage *linkage, const char *source, const char *original, enum build_kind kind,
               bool *ok, struct buf *diagnostics, struct err *err)
{
    const char *object = arena_printf(&linkage->arena, "%s/part%zu.o", linkage->scratch, linkage->numbers++);

    if (compiler_compile(linkage->compiler, source, original, kind, object, ok, diagnostics, err) != 0)
        return -1;
    if (*ok)
        words_add(&linkage->arena, &linkage->objects[kind], object);
    return 0;
}

// Compiles the sources of a kind that have no object yet.
static int
compile_sources(struct linkage *linkage, enum build_kind kind, struct err *err)
{
    while (linkage->compiled[kind] < linkage->sources.count) {
        AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
        const char *file = linkage->sources.items[linkage->compiled[kind]++];
        const char *path = command_path(&linkage->arena, linkage->repository, file);
        bool ok;
        if (compile_source(linkage, path, file, kind, &ok, &diagnostics, err) != 0)
            return -1;
        if (!ok)
            return err_set(err, ERR_TARGET, "'%s', which the recipe links, does not compile: %" STR_FMT, file,
                           STR_ARG(str_trim(str_head(buf_str(&diagnostics), 600))));
    }
    return 0;
}

int
linkage_add_objects(struct linkage *linkage, enum build_kind kind, struct arena *arena, struct words *inputs,
                    struct err *err)
{
    if (compile_sources(linkage, kind, err) != 0)
        return -1;
    for (size_t i = 0; i < linkage->objects[kind].count; i++)
        words_add(arena, inputs, linkage->objects[kind].items[i]);
    for (size_t i = 0; i < linkage->archives.count; i++)
        words_add(arena, inputs, linkage->archives.items[i]);
    if (linkage->traps != NULL)
        words_add(arena, inputs, linkage->traps);
    for (size_t i = 0; i < linkage->libraries.count; i++)
        words_add(arena, inputs, linkage->libraries.items[i]);
    return 0;
}

// ---- what is missing
// --------------------------------------------------------------------------------------------

struct words
linkage_missing(struct arena *arena, struct str output)
{
    static const struct {
        struct str before;
        char after;
    } forms[] = {{{"undefined reference to `", 24}, '\''}, {{"undefined symbol: ", 18}, '\n'}};
    struct words missing = {0};

    while (output.ptr != NULL) {
        struct str line = str_cut(&output, '\n');
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            ptrdiff_t at = str_find(line, forms[i].before);
            if (at < 0)
                continue;
            struct str name = str_from(line, (size_t)at + forms[i].before.len);
            const char *word = arena_str(arena, str_trim(str_cut(&name, forms[i].after)));
            if (!has_word(&missing, word))
                words_add(arena, &missing, word);
        }
    }
    return missing;
}

struct definition_search {
    const struct syntax *syntax;
    struct str name;
    bool found;
};

static bool
has_storage(const struct syntax *syntax, struct node node)
{
    for (size_t i = 0; i < node_count(node); i++) {
        struct node child = node_child(node, i);
        struct str text = node_text(syntax, child);
        if (node_is(child, "storage_class_specifier") && (str_is(text, "extern") || str_is(text, "static")))
            return true;
    }
    return false;
}

static bool
visit_variable(void *context, struct node node)
{
    struct definition_search *search = context;

    if (node_is(node, "function_definition") || node_is(node, "type_definition"))
        return false;
    if (!node_is(node, "declaration"))
        return true;
    if (has_storage(search->syntax, node))
        return false;
    for (size_t i = 0; i < node_count(node); i++) {
        struct node d = node_child(node, i);
        while (!node_is_null(node_field(d, "declarator")) && !node_is(d, "function_declarator"))
            d = node_field(d, "declarator");
        if (node_is(d, "identifier") && str_eq(node_text(search->syntax, d), search->name))
            search->found = true;
    }
    return false;
}

static bool
defines(struct arena *arena, struct str text, const char *name)
{
    struct err err;
    size_t count = 0;

    if (str_find(text, str_of(name)) < 0)
        return false;
    struct syntax *syntax = syntax_new(text, &err);
    if (syntax == NULL)
        return false;
    struct definition_search search = {syntax, str_of(name), false};
    const struct function *functions = function_list(arena, syntax, &count);
    for (size_t i = 0; i < count; i++)
        search.found = search.found || (!functions[i].is_static && strcmp(functions[i].name, name) == 0);
    if (!search.found)
        node_walk(syntax_root(syntax), visit_variable, &search);
    syntax_free(syntax);
    return search.found;
}

static bool
is_test(const char *path)
{
    return str_find(str_of(path), STR("test")) >= 0 || str_find(str_of(path), STR("fuzz")) >= 0 ||
           str_find(str_of(path), STR("example")) >= 0;
}

// How many folders lie between two files, each up and each down.
static size_t
distance(const char *a, const char *b)
{
    size_t same = 0;
    size_t steps = 0;

    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '/')
            same = i + 1;
    }
    for (const char *p = a + same; *p != '\0'; p++)
        steps += *p == '/';
    for (const char *p = b + same; *p != '\0'; p++)
        steps += *p == '/';
    return steps;
}

const char *
linkage_find(struct arena *arena, const char *repository, const char *file, const char *name)
{
    struct fs_list list;
    struct err err;
    const char *best = NULL;

    if (fs_walk(arena, repository, &list, &err) != 0)
        return NULL;
    for (size_t i = 0; i < list.count && i < FILES_MAX; i++) {
        const char *path = list.paths[i];
        AUTO_BUF text = BUF(FILE_MAX_BYTES);
        if (!str_ends(str_of(path), STR(".c")) || strcmp(path, file) == 0 || is_test(path))
            continue;
        if (best != NULL && distance(path, file) >= distance(best, file))
            continue;
        if (fs_read(fs_join(arena, repository, path), FILE_MAX_BYTES, &text, &err) == 0 &&
            defines(arena, buf_str(&text), name))
            best = path;
    }
    return best;
}

// ---- completion
// -------------------------------------------------------------------------------------------------

// Links as a program would be, and gives what is missing.
static int
try_link(struct linkage *linkage, const char *object, const char *shim, struct words *missing,
         struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF output = BUF(DIAGNOSTICS_MAX_BYTES);
    struct words inputs = {0};
    bool ok;

    words_add(&arena, &inputs, "-Wl,-z,defs");
    words_add(&arena, &inputs, object);
    words_add(&arena, &inputs, shim);
    if (linkage_add_objects(linkage, BUILD_PLAIN, &arena, &inputs, err) != 0 ||
        compiler_link(linkage->compiler, &inputs, BUILD_PLAIN, fs_join(&arena, linkage->scratch, "try.so"),
                      &ok, &output, err) != 0)
        return -1;
    *missing = ok ? (struct words){0} : linkage_missing(&linkage->arena, buf_str(&output));
    return 0;
}

// Compiles a source that was found; one that does not compile is not used. 1 when it was added.
static int
add_source(struct linkage *linkage, const char *file, struct err *err)
{
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    bool ok;

    if (has_word(&linkage->sources, file) || has_word(&linkage->refused, file))
        return 0;
    if (compile_source(linkage, command_path(&linkage->arena, linkage->repository, file), file, BUILD_PLAIN,
                       &ok, &diagnostics, err) != 0)
        return -1;
    words_add(&linkage->arena, ok ? &linkage->sources : &linkage->refused, file);
    linkage->compiled[BUILD_PLAIN] += ok;
    return ok;
}

static int
set_traps(struct linkage *linkage, const struct words *missing, struct err *err)
{
    AUTO_BUF text = BUF(1 << 20);
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    const char *source = fs_join(&linkage->arena, linkage->scratch, "traps.c");
    const char *object = fs_join(&linkage->arena, linkage->scratch, "traps.o");
    bool ok;

    for (size_t i = 0; i < missing->count; i++)
        buf_printf(&text, "__asm__(\".weak %s\\n.hidden %s\\n.set %s, atoll_trap\\n\");\n", missing->items[i],
                   missing->items[i], missing->items[i]);
    buf_puts(&text,
             "__attribute__((visibility(\"hidden\"), used)) void atoll_trap(void) { __builtin_trap(); }\n");
    if (fs_write(source, buf_str(&text), err) != 0 ||
        compiler_compile(linkage->compiler, source, "traps.c", BUILD_PLAIN, object, &ok, &diagnostics, err) !=
            0)
        return -1;
    if (ok)
        linkage->traps = object;
    return 0;
}

int
linkage_complete(struct linkage *linkage, const char *object, const char *shim, struct err *err)
{
    struct words missing = {0};

    for (int round = 0; round < ROUNDS_MAX; round++) {
        int added = 0;
        if (try_link(linkage, object, shim, &missing, err) != 0)
            return -1;
        for (size_t i = 0; i < missing.count; i++) {
            const char *file =
                linkage_find(&linkage->arena, linkage->repository, linkage->file, missing.items[i]);
            int status = file == NULL ? 0 : add_source(linkage, file, err);
            if (status < 0)
                return -1;
            added += status;
        }
        if (added == 0)
            break;
    }
    return missing.count == 0 ? 0 : set_traps(linkage, &missing, err);
}
