// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/command.h"

#include "base/fs.h"
#include "base/vec.h"

#include <string.h>

enum { WORD_MAX_BYTES = 1 << 20 };

void
words_add(struct arena *arena, struct words *words, const char *word)
{
    if (words->count == words->capacity) {
        words->capacity = words->capacity == 0 ? 16 : words->capacity * 2;
        const char **items = ARENA_ARRAY(arena, const char *, words->capacity);
        if (words->count > 0)
            memcpy(items, words->items, words->count * sizeof *items);
        words->items = items;
    }
    words->items[words->count++] = word;
}

// ---- splitting
// --------------------------------------------------------------------------------------------------

struct splitter {
    struct str text;
    size_t at;
    struct buf word;
    bool in_word;
    bool computed; // the word holds something that a shell would compute
};

// Skips what a shell would compute, beginning at ` or $.
static void
skip_computed(struct splitter *s)
{
    char first = s->text.ptr[s->at++];
    int depth = 0;

    s->computed = true;
    if (first == '`') {
        while (s->at < s->text.len && s->text.ptr[s->at] != '`')
            s->at++;
        s->at++;
        return;
    }
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at];
        if (c == '(' || c == '{')
            depth++;
        else if (c == ')' || c == '}')
            depth--;
        else if (depth == 0 && memchr(" \t;&|\"'/", c, 8) != NULL)
            return;
        s->at++;
        if (depth == 0 && (c == ')' || c == '}'))
            return;
    }
}

static void
add_char(struct splitter *s, char c)
{
    buf_putc(&s->word, c);
    s->in_word = true;
    s->at++;
}

static void
read_quoted(struct splitter *s, char quote)
{
    s->at++;
    s->in_word = true;
    while (s->at < s->text.len && s->text.ptr[s->at] != quote) {
        char c = s->text.ptr[s->at];
        bool escapes = quote == '"' && c == '\\' && s->at + 1 < s->text.len;
        if (escapes && memchr("\"\\$`", s->text.ptr[s->at + 1], 4) != NULL)
            s->at++;
        else if (quote == '"' && (c == '$' || c == '`')) {
            skip_computed(s);
            continue;
        }
        add_char(s, s->text.ptr[s->at]);
    }
    s->at++;
}

static void
finish_word(struct arena *arena, struct splitter *s, struct words *words)
{
    if (s->in_word && !s->computed)
        words_add(arena, words, arena_str(arena, buf_str(&s->word)));
    buf_clear(&s->word);
    s->in_word = s->computed = false;
}

struct words
words_split(struct arena *arena, struct str line, struct str *rest)
{
    struct splitter s = {.text = line, .word = BUF(WORD_MAX_BYTES)};
    struct words words = {0};

    *rest = (struct str){0};
    while (s.at < line.len) {
        char c = line.ptr[s.at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            finish_word(arena, &s, &words);
            s.at++;
        } else if (c == '"' || c == '\'') {
            read_quoted(&s, c);
        } else if (c == '\\' && s.at + 1 < line.len) {
            s.at++;
            if (line.ptr[s.at] == '\n')
                s.at++;
            else
                add_char(&s, line.ptr[s.at]);
        } else if (c == '$' || c == '`') {
            skip_computed(&s);
            s.in_word = true;
        } else if (c == ';' || c == '&' || c == '|') {
            while (s.at < line.len && (line.ptr[s.at] == c))
                s.at++;
            *rest = str_from(line, s.at);
            break;
        } else {
            add_char(&s, c);
        }
    }
    finish_word(arena, &s, &words);
    buf_release(&s.word);
    return words;
}

// ---- paths and matching
// -----------------------------------------------------------------------------------------

char *
command_path(struct arena *arena, const char *directory, const char *path)
{
    char *whole = path[0] == '/' ? arena_dup(arena, path) : arena_printf(arena, "%s/%s", directory, path);
    char *out = arena_dup(arena, whole);
    struct str rest = str_of(whole);
    size_t len = 0;

    while (rest.ptr != NULL) {
        struct str part = str_cut(&rest, '/');
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            while (len > 0 && out[--len] != '/')
                ;
            continue;
        }
        out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    if (len == 0)
        out[len++] = '/';
    out[len] = '\0';
    return out;
}

static bool
is_compiler(const char *word)
{
    static const char *const ends[] = {"cc", "gcc", "clang", "c99", "c11", "c17", "tcc", "icx"};
    struct str name = str_of(fs_base_name(word));

    // gcc-12, clang-14
    ptrdiff_t dash = str_rfind_byte(name, '-');
    if (dash > 0 && (size_t)dash + 1 < name.len && name.ptr[dash + 1] >= '0' && name.ptr[dash + 1] <= '9')
        name = str_head(name, (size_t)dash);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (str_ends(name, str_of(ends[i])))
            return true;
    }
    return false;
}

static bool
is_c_file(const char *word)
{
    return word[0] != '-' && str_ends(str_of(word), STR(".c"));
}

bool
command_compiles(struct arena *arena, const struct words *words, const char *directory, const char *file)
{
    bool compiler = false;
    bool names_file = false;

    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i];
        if (i < 3 && is_compiler(word))
            compiler = true;
        if (strcmp(word, "-E") == 0 || strcmp(word, "-M") == 0 || strcmp(word, "-MM") == 0 ||
            strcmp(word, "-fsyntax-only") == 0)
            return false;
        if (is_c_file(word) && strcmp(command_path(arena, directory, word), file) == 0)
            names_file = true;
    }
    return compiler && names_file;
}

// ---- flags
// ------------------------------------------------------------------------------------------------------

// Flags with a separate or joined argument that are kept.
static bool
takes_argument(const char *word)
{
    static const char *const flags[] = {"-I",        "-D",        "-U",      "-include",
                                        "-imacros",  "-isystem",  "-iquote", "-idirafter",
                                        "--sysroot", "-isysroot", "-target"};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(word, flags[i]) == 0)
            return true;
    }
    return false;
}

// Flags with a separate argument that are dropped with it.
static bool
drops_argument(const char *word)
{
    static const char *const flags[] = {"-o", "-MF",      "-MT", "-MQ", "-x",   "-L",
                                        "-l", "-Xlinker", "-T",  "-z",  "-arch"};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(word, flags[i]) == 0)
            return true;
    }
    return false;
}

static bool
starts_with_any(const char *word, const char *const *prefixes)
{
    for (size_t i = 0; prefixes[i] != NULL; i++) {
        if (str_starts(str_of(word), str_of(prefixes[i])))
            return true;
    }
    return false;
}

static bool
is_dropped(const char *word)
{
    static const char *const prefixes[] = {"-fsanitize",      "-fno-sanitize",   "-flto",
                                           "-fno-lto",        "-ffat-lto",       "-fprofile",
                                           "-fplugin",        "-ftest-coverage", "-fdiagnostics",
                                           "-fcolor",         "-fdump",          "-fuse-ld",
                                           "-fPIC",           "-fpic",           "-fPIE",
                                           "-fpie",           "-fno-pic",        "-fno-PIC",
                                           "-fno-pie",        "-fno-PIE",        "-fvisibility",
                                           "-fopt-info",      "-fsave-",         "-ffile-prefix-map",
                                           "-fdebug",         "-fsyntax-only",   "-fauto-profile",
                                           "-fwhole-program", "-fanalyzer",      "-fmessage",
                                           "-fverbose",       "-fstack-usage",   NULL};

    return starts_with_any(word, prefixes);
}

static bool
is_kept(const char *word)
{
    static const char *const prefixes[] = {
        "-f",       "-m",      "-D",         "-U",         "-I",      "-std=",     "-ansi",     "-pthread",
        "-isystem", "-iquote", "-idirafter", "--sysroot=", "--param", "--target=", "-nostdinc", NULL};

    return starts_with_any(word, prefixes) && !is_dropped(word);
}

static bool
is_level(const char *word)
{
    return word[0] == '-' && word[1] == 'O';
}

// -O2, -O3 and above, -Ofast; everything else is lower than what a release is built with.
static bool
is_high_level(const char *word)
{
    return strcmp(word, "-Ofast") == 0 || (word[2] >= '2' && word[2] <= '9');
}

struct words
command_flags(struct arena *arena, const struct words *words)
{
    struct words flags = {0};
    const char *level = "-O2";

    for (size_t i = 1; i < words->count; i++) {
        if (is_level(words->items[i]))
            level = is_high_level(words->items[i]) ? words->items[i] : "-O2";
    }
    words_add(arena, &flags, level);
    for (size_t i = 1; i < words->count; i++) {
        const char *word = words->items[i];
        if (drops_argument(word)) {
            i++;
        } else if (takes_argument(word) && i + 1 < words->count) {
            words_add(arena, &flags, word);
            words_add(arena, &flags, words->items[++i]);
        } else if (is_kept(word)) {
            words_add(arena, &flags, word);
        }
    }
    return flags;
}

// ---- make
// -------------------------------------------------------------------------------------------------------

static bool
is_special_build(const struct words *words)
{
    static const char *const prefixes[] = {"-fsanitize", "--coverage", "-fprofile", "-ftest-coverage",
                                           "-O0",        "-Og",        NULL};

    for (size_t i = 0; i < words->count; i++) {
        if (starts_with_any(words->items[i], prefixes))
            return true;
    }
    return false;
}

// Follows "make[1]: Entering directory '/path'" and `cd path`.
static void
follow_directory(struct arena *arena, struct str line, const struct words *words, const char **directory)
{
    ptrdiff_t entering = str_find(line, STR(": Entering directory '"));

    if (entering >= 0) {
        struct str path = str_from(line, (size_t)entering + strlen(": Entering directory '"));
        ptrdiff_t end = str_rfind_byte(path, '\'');
        *directory = arena_str(arena, str_head(path, end < 0 ? path.len : (size_t)end));
    } else if (words->count == 2 && strcmp(words->items[0], "cd") == 0) {
        *directory = command_path(arena, *directory, words->items[1]);
    }
}

// Takes one line with its continuations off the front.
static struct str
cut_logical_line(struct str *rest)
{
    size_t end = 0;

    while (end < rest->len && !(rest->ptr[end] == '\n' && (end == 0 || rest->ptr[end - 1] != '\\')))
        end++;
    struct str line = str_head(*rest, end);
    *rest = end < rest->len ? str_from(*rest, end + 1) : (struct str){0};
    return line;
}

bool
command_find(struct arena *arena, struct str output, const char *file, const char **directory,
             struct words *found)
{
    const char *outer = *directory;
    const char *found_in = NULL;

    while (output.ptr != NULL) {
        struct str line = cut_logical_line(&output);
        const char *here = outer;
        struct str rest = line;
        while (rest.ptr != NULL) {
            struct words words = words_split(arena, rest, &rest);
            follow_directory(arena, line, &words,
                             str_find(line, STR(": Entering directory '")) >= 0 ? &outer : &here);
            bool better = found_in == NULL || (is_special_build(found) && !is_special_build(&words));
            if (better && command_compiles(arena, &words, here, file)) {
                *found = words;
                found_in = here;
            }
        }
    }
    if (found_in != NULL)
        *directory = found_in;
    return found_in != NULL;
}
