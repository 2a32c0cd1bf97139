// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/recipe.h"

#include "base/fs.h"
#include "base/host.h"
#include "base/proc.h"
#include "sandbox/launcher.h"
#include "sandbox/workspace.h"
#include "steps/shared/target/command.h"

#include <string.h>

enum {
    DATABASE_MAX_BYTES = 64 << 20,
    MAKE_OUTPUT_MAX_BYTES = 16 << 20,
    MAKE_MAX_MS = 20000,
    MAKE_PROCESSES = 512,
    MAKE_OPEN_FILES = 1024,
    MAKE_TREE_MAX_BYTES = 512 << 20,
    MAKE_DISK_BYTES = 1 << 30
};

// A compile command and where it runs.
struct found {
    struct words words;
    const char *directory; // absolute
};

// ---- compile_commands.json
// --------------------------------------------------------------------------------------

static struct words
entry_words(struct arena *arena, const json_t *entry)
{
    const json_t *arguments = json_object_get(entry, "arguments");
    struct words words = {0};
    struct str rest;

    if (!json_is_array(arguments))
        return words_split(arena, str_of(json_get_text(entry, "command", "")), &rest);
    for (size_t i = 0; i < json_array_size(arguments); i++) {
        const char *word = json_string_value(json_array_get(arguments, i));
        words_add(arena, &words, arena_dup(arena, word == NULL ? "" : word));
    }
    return words;
}

static bool
find_in_database(struct arena *arena, const char *path, const char *file, struct found *found)
{
    struct err err;
    AUTO_JSON *database = fs_exists(path) ? json_read_file(path, DATABASE_MAX_BYTES, &err) : NULL;

    for (size_t i = 0; i < json_array_size(database); i++) {
        const json_t *entry = json_array_get(database, i);
        const char *base = fs_dir_name(arena, path);
        const char *directory = command_path(arena, base, json_get_text(entry, "directory", "."));
        if (strcmp(command_path(arena, directory, json_get_text(entry, "file", "")), file) != 0)
            continue;
        *found = (struct found){entry_words(arena, entry), directory};
        return found->words.count > 0;
    }
    return false;
}

// ---- make
// -------------------------------------------------------------------------------------------------------

static bool
has_makefile(struct arena *arena, const char *directory)
{
    return fs_exists(fs_join(arena, directory, "Makefile")) ||
           fs_exists(fs_join(arena, directory, "makefile")) ||
           fs_exists(fs_join(arena, directory, "GNUmakefile"));
}

static const char *
host_env(const char *name, const char *otherwise)
{
    const struct host *host = host_real();
    const char *value = host->env(host->context, name);

    return value == NULL || *value == '\0' ? otherwise : value;
}

// Make at work on a view of the repository: also a dry run executes what a Makefile says, $(shell ..) and
// rules that remake what it includes.
struct dry_run {
    struct arena *arena;
    const struct recipe_yard *yard;
    const char *repository;
    struct workspace *workspace; // NULL before the first question, and where the repository is too large
    bool asked;
    bool out_of_time;
};

// What make is asked for. The object alone takes a large repository a moment, everything may take minutes; an
// object that only make's own rules can make is not how the repository does it (-r).
struct question {
    const char *option, *goal; // or NULL
};

// Without a view make may read the repository, and writes nothing.
static void
open_view(struct dry_run *dry)
{
    // A state and its scratch folders are no part of what is built.
    static const char *const without[] = {".git", ".atoll", NULL};
    struct err ignored;
    struct workspace_spec spec = {dry->repository, dry->yard->home, without, MAKE_TREE_MAX_BYTES};
    if (!dry->asked)
        dry->workspace = workspace_new(&spec, &ignored);
    dry->asked = true;
}

// Writes the output as if make had run in the repository itself.
static void
translate(struct str output, const char *view, const char *repository, struct buf *out)
{
    struct str from = str_of(view);
    for (ptrdiff_t at; view != NULL && (at = str_find(output, from)) >= 0;) {
        buf_add_str(out, str_head(output, (size_t)at));
        buf_puts(out, repository);
        output = str_from(output, (size_t)at + from.len);
    }
    buf_add_str(out, output);
}

// Runs make in `directory`, or where the view has it.
static int
run_make(struct dry_run *dry, const char *directory, const struct question *question,
         struct launch_result *result, struct err *err)
{
    const char *view = dry->workspace != NULL ? workspace_path(dry->workspace) : NULL;
    const char *make = proc_find(dry->arena, "make");
    struct words argv = {0};
    const char *env[] = {arena_printf(dry->arena, "PATH=%s", host_env("PATH", "/usr/bin:/bin")), "LANG=C",
                         "HOME=/", NULL};
    const char *const readable[] = {dry->repository, NULL}, *const writable[] = {view, NULL};
    const char *cwd = directory, *given[] = {make, "-n", "-B", "-k", "-w", question->option, question->goal};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i] != NULL)
            words_add(dry->arena, &argv, given[i]);
    words_add(dry->arena, &argv, NULL);
    if (view != NULL)
        cwd = arena_printf(dry->arena, "%s%s", view, directory + strlen(dry->repository));
    struct launch_spec spec = {
        .profile = LAUNCH_BUILD,
        .argv = argv.items,
        .env = env,
        .cwd = cwd,
        .read_paths = view == NULL ? readable : NULL,
        .write_paths = writable,
        .output_max_bytes = MAKE_OUTPUT_MAX_BYTES,
        .limits = {.wall_ms = MAKE_MAX_MS,
                   .disk_bytes = MAKE_DISK_BYTES,
                   .processes = MAKE_PROCESSES,
                   .open_files = MAKE_OPEN_FILES},
    };
    return make == NULL ? -1 : launcher_run(dry->yard->launcher, &spec, result, err);
}

// Asks make what it would run to build everything; nothing is built.
static bool
find_with_make(struct dry_run *dry, const char *directory, const struct question *question, const char *file,
               struct found *found)
{
    struct launch_result result;
    struct err ignored;
    AUTO_BUF output = BUF(2 * MAKE_OUTPUT_MAX_BYTES);

    if (dry->yard == NULL)
        return false;
    open_view(dry);
    if (run_make(dry, directory, question, &result, &ignored) != 0)
        return false;
    dry->out_of_time |= result.limit != NULL && strcmp(result.limit, "wall") == 0;
    translate(buf_str(&result.output), dry->workspace != NULL ? workspace_path(dry->workspace) : NULL,
              dry->repository, &output);
    launch_result_release(&result);
    found->directory = directory;
    return command_find(dry->arena, buf_str(&output), file, &found->directory, &found->words);
}

static bool
find_in_makefile(struct dry_run *dry, const char *directory, const char *file, struct found *found)
{
    const char *below = file + strlen(directory) + 1, *dot = strrchr(below, '.');
    const char *object = arena_printf(dry->arena, "%.*s.o", (int)(dot != NULL ? dot - below : 0), below);
    const struct question questions[] = {{"-r", object}, {NULL, NULL}, {NULL, "all"}};

    for (size_t i = 0; i < sizeof questions / sizeof *questions && !dry->out_of_time; i++)
        if (find_with_make(dry, directory, &questions[i], file, found))
            return true;
    return false;
}

// From the file's own folder up to the root of the repository.
static bool
find_in_makefiles(struct dry_run *dry, const char *file, struct found *found)
{
    for (const char *d = fs_dir_name(dry->arena, file); strlen(d) >= strlen(dry->repository);
         d = fs_dir_name(dry->arena, d)) {
        if (has_makefile(dry->arena, d) && find_in_makefile(dry, d, file, found))
            return true;
        if (strcmp(d, "/") == 0 || dry->out_of_time)
            break;
    }
    return false;
}

// Why the flags are a guess; NULL when a command was found.
static const char *
find_command(struct arena *arena, const char *repository, const char *file, const struct recipe_yard *yard,
             struct found *found)
{
    static const char *const databases[] = {"compile_commands.json", "build/compile_commands.json"};
    struct dry_run dry = {.arena = arena, .yard = yard, .repository = repository};

    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        if (find_in_database(arena, fs_join(arena, repository, databases[i]), file, found))
            return NULL;
    }
    bool there = find_in_makefiles(&dry, file, found);
    workspace_free(dry.workspace);
    if (there)
        return NULL;
    return dry.out_of_time ? arena_printf(arena, "make -n took more than %d s", MAKE_MAX_MS / 1000)
                           : "neither compile_commands.json nor make -n says how it is compiled";
}

// ---- what is given
// ----------------------------------------------------------------------------------------------

int
recipe_words(struct arena *arena, const json_t *given, const char *key, struct words *words, struct err *err)
{
    const json_t *list = json_object_get(given, key);
    struct str rest = str_of(json_string_value(list));

    *words = (struct words){0};
    while (rest.ptr != NULL) {
        struct words more = words_split(arena, rest, &rest);
        for (size_t i = 0; i < more.count; i++)
            words_add(arena, words, more.items[i]);
    }
    if (list != NULL && !json_is_null(list) && !json_is_string(list) && !json_is_array(list))
        return err_set(err, ERR_TARGET, "recipe: '%s' must be a list of texts", key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (word == NULL)
            return err_set(err, ERR_TARGET, "recipe: '%s' must be a list of texts", key);
        words_add(arena, words, arena_dup(arena, word));
    }
    return 0;
}

// The path of `directory` below the repository, "." for the repository itself.
static const char *
below(struct arena *arena, const char *repository, const char *directory)
{
    size_t len = strlen(repository);

    if (strncmp(directory, repository, len) == 0 && directory[len] == '/')
        return arena_dup(arena, directory + len + 1);
    return strcmp(directory, repository) == 0 ? "." : directory;
}

static bool
is_wrapper(const char *word)
{
    static const char *const wrappers[] = {"ccache", "sccache", "distcc", "icecc"};

    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (strcmp(fs_base_name(word), wrappers[i]) == 0)
            return true;
    return false;
}

// The compiler of a command, without what only caches or distributes it; what follows it is added to `flags`.
static const char *
take_compiler(struct arena *arena, const struct words *command, struct words *flags)
{
    size_t at = 0;

    while (at + 1 < command->count && is_wrapper(command->items[at]))
        at++;
    for (size_t i = at + 1; i < command->count; i++)
        words_add(arena, flags, command->items[i]);
    return command->count > 0 ? command->items[at] : "cc";
}

// Who compiles: what is given, $CC, what the repository uses itself. $CC may hold flags, too.
static const char *
choose_compiler(struct arena *arena, const json_t *given, const char *used, struct words *flags)
{
    struct str rest;
    const char *named = json_get_text(given, "cc", host_env("CC", NULL));

    if (named != NULL) {
        struct words words = words_split(arena, str_of(named), &rest);
        return take_compiler(arena, &words, flags);
    }
    return used != NULL && (used[0] == '/' ? fs_exists(used) : proc_find(arena, used) != NULL) ? used : "cc";
}

int
recipe_read(struct arena *arena, const char *repository, const char *file, const json_t *given,
            const struct recipe_yard *yard, struct recipe *recipe, struct err *err)
{
    struct words list, link, write, command = {0};
    struct found found = {.directory = repository};
    const char *used = NULL, *doubt = json_get_text(given, "doubt", NULL);

    if (recipe_words(arena, given, "flags", &list, err) != 0 ||
        recipe_words(arena, given, "link", &link, err) != 0 ||
        recipe_words(arena, given, "write", &write, err) != 0)
        return -1;
    words_add(arena, &command, "cc");
    if (json_object_get(given, "flags") != NULL)
        for (size_t i = 0; i < list.count; i++)
            words_add(arena, &command, list.items[i]);
    else {
        doubt = find_command(arena, repository, command_path(arena, repository, file), yard, &found);
        if (doubt == NULL)
            used = take_compiler(arena, &found.words, &command);
    }
    *recipe = (struct recipe){.doubt = doubt != NULL ? arena_dup(arena, doubt) : NULL,
                              .link_given = json_object_get(given, "link") != NULL,
                              .cc = choose_compiler(arena, given, used, &command)};
    // Whoever names flags, what does not bear on the code is left out, and the level is at least -O2.
    struct words flags = command_flags(arena, &command);
    recipe->flags = flags.items;
    recipe->flag_count = flags.count;
    recipe->link = link.items;
    recipe->link_count = link.count;
    recipe->write = write.items;
    recipe->write_count = write.count;
    recipe->directory =
        arena_dup(arena, json_get_text(given, "directory", below(arena, repository, found.directory)));
    return 0;
}

int
recipe_refused(const struct recipe *recipe, const char *file, struct str diagnostics, struct err *err)
{
    struct str line = str_cut(&diagnostics, '\n');

    if (recipe->doubt == NULL)
        return err_set(err, ERR_TARGET, "%s does not compile: %" STR_FMT, file, STR_ARG(line));
    return err_set(err, ERR_TARGET,
                   "%s does not compile: %" STR_FMT
                   " (its flags are a guess: %s; write compile_commands.json, or "
                   "give them as recipe.flags or --flags)",
                   file, STR_ARG(str_head(line, 400)), recipe->doubt);
}

bool
recipe_is_open(const struct recipe *recipe)
{
    size_t sources = 0;

    for (size_t i = 0; i < recipe->link_count; i++) {
        struct str word = str_of(recipe->link[i]);
        sources += !str_starts(word, STR("-")) && !str_ends(word, STR(".o")) && !str_ends(word, STR(".a"));
    }
    return !recipe->link_given || (recipe->link_count > 0 && sources == 0);
}

static void
set_list(json_t *object, const char *key, const char *const *items, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_text(str_of(items[i])));
    json_object_set_new(object, key, list);
}

json_t *
recipe_to_json(const struct recipe *recipe)
{
    json_t *object = json_object();

    json_set_text(object, "cc", recipe->cc);
    set_list(object, "flags", recipe->flags, recipe->flag_count);
    json_set_text(object, "directory", recipe->directory);
    if (recipe->link_given || recipe->link_count > 0)
        set_list(object, "link", recipe->link, recipe->link_count);
    if (recipe->write_count > 0)
        set_list(object, "write", recipe->write, recipe->write_count);
    if (recipe->doubt != NULL)
        json_set_text(object, "doubt", recipe->doubt);
    return object;
}
