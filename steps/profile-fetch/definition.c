// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/definition.h"

#include <ctype.h>
#include <string.h>

#define MAX_CONDITIONS 64 // nested #if

enum token { TOKEN_NONE, TOKEN_NAME, TOKEN_STRING, TOKEN_CLOSE, TOKEN_SEMICOLON, TOKEN_OTHER };

struct scan {
    struct str text;
    size_t at;
    uint32_t line;
    definition_fn fn;
    void *context;
    enum token previous;
    struct str word; // the last name
    uint32_t word_line;
    unsigned braces, parens, wrappers;   // wrappers: open `extern "C" {` and `namespace {`
    unsigned conditions[MAX_CONDITIONS]; // braces at each open #if
    unsigned condition_count;
    struct str name; // candidate: a name before parentheses at the outermost level
    uint32_t name_line;
    bool closed;  // its parentheses are complete
    bool between; // a declaration of a parameter (K&R) came after them
    bool local, wrapper, defining, recursive;
};

enum definition_language
definition_language_of(struct str path)
{
    static const struct {
        const char *ending;
        enum definition_language language;
    } endings[] = {{".c", LANGUAGE_C},      {".h", LANGUAGE_C},       {".cc", LANGUAGE_CPP},
                   {".cpp", LANGUAGE_CPP},  {".cxx", LANGUAGE_CPP},   {".hpp", LANGUAGE_CPP},
                   {".hh", LANGUAGE_CPP},   {".inc", LANGUAGE_C},     {".go", LANGUAGE_GO},
                   {".rs", LANGUAGE_OTHER}, {".py", LANGUAGE_OTHER},  {".java", LANGUAGE_OTHER},
                   {".js", LANGUAGE_OTHER}, {".ts", LANGUAGE_OTHER},  {".rb", LANGUAGE_OTHER},
                   {".kt", LANGUAGE_OTHER}, {".php", LANGUAGE_OTHER}, {".zig", LANGUAGE_OTHER}};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(path, str_of(endings[i].ending)))
            return endings[i].language;
    return LANGUAGE_NONE;
}

const char *
definition_language_name(enum definition_language language)
{
    static const char *const names[] = {"none", "c", "c++", "go", "other"};
    return names[language];
}

static bool
S_is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static char
S_peek(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->text.len ? scan->text.ptr[scan->at + ahead] : '\0';
}

// Goes on by `count` bytes and counts lines.
static void
S_skip(struct scan *scan, size_t count)
{
    for (; count > 0 && scan->at < scan->text.len; count--)
        if (scan->text.ptr[scan->at++] == '\n')
            scan->line++;
}

static void
S_skip_comment(struct scan *scan)
{
    struct str rest = str_from(scan->text, scan->at);
    bool block = S_peek(scan, 1) == '*';
    ptrdiff_t end = block ? str_find(str_from(rest, 2), STR("*/")) : str_find_byte(rest, '\n');
    S_skip(scan, end < 0 ? rest.len : (size_t)end + (block ? 4 : 0));
}

static void
S_skip_quoted(struct scan *scan, char quote)
{
    S_skip(scan, 1);
    while (scan->at < scan->text.len && S_peek(scan, 0) != quote && S_peek(scan, 0) != '\n')
        S_skip(scan, S_peek(scan, 0) == '\\' ? 2 : 1);
    if (S_peek(scan, 0) == quote)
        S_skip(scan, 1);
}

// A directive; the branches of a condition all start at the same depth of braces.
static void
S_directive(struct scan *scan)
{
    struct str rest = str_trim(str_head(str_from(scan->text, scan->at + 1), 40));
    if (str_starts(rest, STR("if"))) {
        if (scan->condition_count < MAX_CONDITIONS)
            scan->conditions[scan->condition_count++] = scan->braces;
    } else if (str_starts(rest, STR("el")) && scan->condition_count > 0) {
        scan->braces = scan->conditions[scan->condition_count - 1];
    } else if (str_starts(rest, STR("endif")) && scan->condition_count > 0) {
        scan->condition_count--;
    }
    while (scan->at < scan->text.len && S_peek(scan, 0) != '\n') {
        if (S_peek(scan, 0) == '/' && S_peek(scan, 1) == '*')
            S_skip_comment(scan);
        else
            S_skip(scan, S_peek(scan, 0) == '\\' ? (S_peek(scan, 1) == '\r' ? 3 : 2) : 1);
    }
}

// Whether a name in front of parentheses says something about the function before or after it.
static bool
S_is_decoration(struct str word)
{
    static const char *const words[] = {"__attribute__", "__attribute", "__declspec", "__asm__", "asm",
                                        "noexcept",      "alignas",     "_Alignas",   "throw",   "__nonnull"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

static void
S_forget(struct scan *scan)
{
    scan->name = (struct str){0};
    scan->closed = scan->between = scan->local = scan->wrapper = false;
}

static void
S_word(struct scan *scan)
{
    size_t len = 0;
    while (S_is_word(S_peek(scan, len)))
        len++;
    scan->word = str_head(str_from(scan->text, scan->at), len);
    scan->word_line = scan->line;
    scan->previous = TOKEN_NAME;
    scan->at += len;
    if (scan->defining && S_peek(scan, 0) == '(' && str_eq(scan->word, scan->name))
        scan->recursive = true;
    if (scan->braces > 0 || scan->parens > 0)
        return;
    if (str_is(scan->word, "static"))
        scan->local = true;
    else if (str_is(scan->word, "extern") || str_is(scan->word, "namespace"))
        scan->wrapper = true;
}

static void
S_open_brace(struct scan *scan)
{
    if (scan->braces > 0) {
        scan->braces++;
        return;
    }
    bool after_name =
        scan->closed && !scan->between && (scan->previous == TOKEN_CLOSE || scan->previous == TOKEN_NAME);
    bool after_parameters = scan->closed && scan->between && scan->previous == TOKEN_SEMICOLON;
    if (scan->parens == 0 && (after_name || after_parameters)) {
        scan->defining = true;
        scan->recursive = false;
        scan->braces = 1;
    } else if (scan->wrapper && !scan->closed) {
        scan->wrappers++;
        S_forget(scan);
    } else {
        scan->defining = false;
        scan->braces = 1;
    }
    scan->parens = 0;
}

static void
S_close_brace(struct scan *scan)
{
    bool first_column = scan->at == 0 || scan->text.ptr[scan->at - 1] == '\n';
    if (scan->braces == 0) {
        if (scan->wrappers > 0)
            scan->wrappers--;
        S_forget(scan);
        return;
    }
    scan->braces = first_column && scan->defining ? 0 : scan->braces - 1;
    if (scan->braces > 0)
        return;
    struct definition definition = {.name = scan->name,
                                    .line = scan->name_line,
                                    .line_end = scan->line,
                                    .local = scan->local,
                                    .recursive = scan->recursive};
    if (scan->defining)
        scan->fn(scan->context, &definition);
    scan->defining = false;
    S_forget(scan);
}

// A token at the outermost level.
static void
S_outer(struct scan *scan, char c)
{
    if (c == '(') {
        bool names = scan->parens == 0 && scan->previous == TOKEN_NAME && !S_is_decoration(scan->word);
        if (names && !scan->between) {
            scan->name = scan->word;
            scan->name_line = scan->word_line;
            scan->closed = false;
        }
        scan->parens++;
    } else if (c == ')' && scan->parens > 0) {
        if (--scan->parens == 0 && scan->name.len > 0)
            scan->closed = true;
    } else if (c == ';' && scan->parens == 0) {
        if (scan->closed && (scan->previous == TOKEN_NAME || scan->between))
            scan->between = true;
        else
            S_forget(scan);
    } else if (c == '=' && scan->parens == 0) {
        S_forget(scan);
    }
}

static void
S_mark(struct scan *scan)
{
    char c = S_peek(scan, 0);
    if (c == '{')
        S_open_brace(scan);
    else if (c == '}')
        S_close_brace(scan);
    else if (scan->braces == 0)
        S_outer(scan, c);
    scan->previous = c == ')' ? TOKEN_CLOSE : c == ';' ? TOKEN_SEMICOLON : TOKEN_OTHER;
    S_skip(scan, 1);
}

static void
S_scan_c(struct scan *scan)
{
    bool line_start = true;
    while (scan->at < scan->text.len) {
        char c = S_peek(scan, 0);
        if (isspace((unsigned char)c)) {
            line_start = line_start || c == '\n';
            S_skip(scan, 1);
            continue;
        }
        if (c == '#' && line_start) {
            S_directive(scan);
        } else if (c == '/' && (S_peek(scan, 1) == '/' || S_peek(scan, 1) == '*')) {
            S_skip_comment(scan);
            continue;
        } else if (c == '"' || c == '\'') {
            S_skip_quoted(scan, c);
            scan->previous = TOKEN_STRING;
        } else if (S_is_word(c)) {
            S_word(scan);
        } else {
            S_mark(scan);
        }
        line_start = false;
    }
}

// "func (w *Writer) Flush(" gives "Writer.Flush"; empty when the line defines nothing.
static struct str
S_go_name(struct arena *arena, struct str line)
{
    struct str rest = str_from(line, 5), receiver = {0};
    if (str_starts(rest, STR("("))) {
        ptrdiff_t close = str_find_byte(rest, ')');
        if (close < 0)
            return (struct str){0};
        receiver = str_from(str_head(rest, (size_t)close), 1);
        ptrdiff_t bracket = str_find_byte(receiver, '[');
        receiver = str_trim(str_head(receiver, bracket < 0 ? receiver.len : (size_t)bracket));
        size_t start = receiver.len;
        while (start > 0 && S_is_word(receiver.ptr[start - 1]))
            start--;
        receiver = str_from(receiver, start);
        rest = str_trim(str_from(rest, (size_t)close + 1));
    }
    size_t len = 0;
    while (len < rest.len && (S_is_word(rest.ptr[len]) || (rest.ptr[len] & 0x80)))
        len++;
    struct str name = str_head(rest, len);
    if (len == 0 || receiver.len == 0)
        return name;
    return str_of(arena_printf(arena, "%" STR_FMT ".%" STR_FMT, STR_ARG(receiver), STR_ARG(name)));
}

static bool
S_go_is_local(struct str name)
{
    ptrdiff_t dot = str_rfind_byte(name, '.');
    char first = name.ptr[dot + 1];
    return first == '_' || islower((unsigned char)first);
}

// Whether a line calls a function by its bare name, or a method by its last part.
static bool
S_go_calls(struct str line, struct str name)
{
    ptrdiff_t dot = str_rfind_byte(name, '.');
    struct str word = str_from(name, (size_t)(dot + 1));
    ptrdiff_t at = str_find(line, word);
    return at > 0 && !S_is_word(line.ptr[at - 1]) &&
           str_starts(str_from(line, (size_t)at + word.len), STR("("));
}

static void
S_scan_go(struct arena *arena, struct scan *scan)
{
    struct str rest = scan->text;
    struct definition definition = {0};
    uint32_t line_number = 0;
    while (rest.ptr && rest.len > 0) {
        struct str line = str_cut(&rest, '\n'), trimmed = str_trim(line);
        bool starts = str_starts(line, STR("func "));
        line_number++;
        if (starts)
            definition = (struct definition){.name = S_go_name(arena, line), .line = line_number};
        if (starts && definition.name.len > 0)
            definition.local = S_go_is_local(definition.name);
        if (!starts && definition.name.len > 0 && S_go_calls(line, definition.name))
            definition.recursive = true;
        bool one_line = starts && !str_ends(trimmed, STR("{"));
        if (definition.name.len > 0 && (str_starts(line, STR("}")) || one_line)) {
            definition.line_end = line_number;
            scan->fn(scan->context, &definition);
            definition = (struct definition){0};
        }
    }
}

// Every name right before a parenthesis; the caller keeps the first.
static void
S_scan_other(struct scan *scan)
{
    while (scan->at < scan->text.len) {
        if (!S_is_word(S_peek(scan, 0))) {
            S_skip(scan, 1);
            continue;
        }
        S_word(scan);
        struct definition definition = {.name = scan->word, .line = scan->word_line};
        if (S_peek(scan, 0) == '(')
            scan->fn(scan->context, &definition);
    }
}

static uint32_t
S_count_lines(struct str text)
{
    uint32_t lines = 0;
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; at && at < end;
         at = memchr(at, '\n', (size_t)(end - at)), at = at ? at + 1 : at)
        lines++;
    return lines;
}

uint32_t
definition_scan(struct arena *arena, struct str text, enum definition_language language, definition_fn fn,
                void *context)
{
    struct scan scan = {.text = text, .line = 1, .fn = fn, .context = context};
    if (language == LANGUAGE_C || language == LANGUAGE_CPP)
        S_scan_c(&scan);
    else if (language == LANGUAGE_GO)
        S_scan_go(arena, &scan);
    else if (language == LANGUAGE_OTHER)
        S_scan_other(&scan);
    return S_count_lines(text);
}

// Cuts what GCC and clang append to the name of a copy: ".part.0", ".constprop.1.isra.0", ".cold",
// ".llvm.123".
static struct str
S_without_clone(struct str symbol)
{
    static const char *const marks[] = {".part.", ".constprop.", ".isra.", ".cold", ".lto_priv.",
                                        ".llvm.", ".localalias", ".clone", "@@",    "@plt"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        ptrdiff_t at = str_find(symbol, str_of(marks[i]));
        if (at > 0)
            symbol = str_head(symbol, (size_t)at);
    }
    return symbol;
}

// The part of a C++ or Rust symbol behind the last "::" that is outside <> and ().
static struct str
S_last_part(struct str symbol)
{
    size_t start = 0, depth = 0;
    for (size_t i = 0; i < symbol.len; i++) {
        char c = symbol.ptr[i];
        if (c == '<') {
            depth++;
        } else if (c == '>' && depth > 0) {
            depth--;
        } else if (c == '(' && depth == 0 && i > start) {
            symbol = str_head(symbol, i);
        } else if (c == ':' && depth == 0 && i + 1 < symbol.len && symbol.ptr[i + 1] == ':') {
            start = i + 2;
        }
    }
    symbol = str_from(symbol, start);
    ptrdiff_t angle = str_find_byte(symbol, '<');
    return angle > 0 ? str_head(symbol, (size_t)angle) : symbol;
}

// Whether a part of a Go symbol names a closure inside the part before it: "func1", "2", "gowrap1",
// "func2-range1".
static bool
S_is_closure(struct str part)
{
    static const char *const words[] = {"func", "gowrap", "deferwrap", ""};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct str rest = str_from(part, strlen(words[i]));
        if (str_starts(part, str_of(words[i])) && rest.len > 0 && isdigit((unsigned char)rest.ptr[0]))
            return true;
    }
    return false;
}

// "example.com/x/tag.(*Writer).Flush.func1" gives "Writer.Flush", "main.Map[...]" gives "Map".
static struct str
S_go_part(struct arena *arena, struct str symbol)
{
    ptrdiff_t bracket = str_find_byte(symbol, '[');
    struct str tail = {0};
    if (bracket > 0) {
        ptrdiff_t end = str_rfind_byte(symbol, ']');
        tail = end > bracket ? str_from(symbol, (size_t)end + 1) : tail;
        symbol = str_head(symbol, (size_t)bracket);
    }
    ptrdiff_t slash = str_rfind_byte(symbol, '/');
    struct str rest = str_of(arena_printf(arena, "%" STR_FMT "%" STR_FMT,
                                          STR_ARG(str_from(symbol, (size_t)(slash + 1))), STR_ARG(tail)));
    (void)str_cut(&rest, '.'); // the package
    struct str first = str_cut(&rest, '.');
    if (str_starts(first, STR("(*")) && str_ends(first, STR(")")))
        first = str_from(str_head(first, first.len - 1), 2);
    ptrdiff_t dash = str_find_byte(first, '-');
    first = str_head(first, dash > 0 ? (size_t)dash : first.len);
    struct str second = rest.ptr ? str_cut(&rest, '.') : (struct str){0};
    dash = str_find_byte(second, '-');
    second = str_head(second, dash > 0 ? (size_t)dash : second.len);
    if (second.len == 0 || S_is_closure(second))
        return first;
    return str_of(arena_printf(arena, "%" STR_FMT ".%" STR_FMT, STR_ARG(first), STR_ARG(second)));
}

struct str
definition_name_of(struct arena *arena, struct str symbol, enum definition_language language)
{
    if (language == LANGUAGE_GO)
        return S_go_part(arena, symbol);
    return S_last_part(S_without_clone(symbol));
}
