// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/screen.h"

#include "steps/island-evolve/go_screen.h"
#include "steps/island-evolve/lexeme.h"

#include <stdio.h>
#include <string.h>

#define NORMAL_MAX_BYTES (1u << 20)

struct screening {
    const struct target *target;
    const struct syntax *syntax; // of the file with the variant
    size_t start, end;           // of the variant in it
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
    snprintf(named, sizeof(named), "%s: %s", cheat_name(cheat), text);
    return refuse(screening, "forbidden", named, what);
}

// Whether a word stands in a text of words with a space before and after each.
static bool
is_one_of(struct str word, const char *words)
{
    char wanted[66];
    if (word.len == 0 || word.len > 63)
        return false;
    snprintf(wanted, sizeof wanted, " %" STR_FMT " ", STR_ARG(word));
    return strstr(words, wanted) != NULL;
}

// ---- words
// -----------------------------------------------------------------------------------------------------

// Words that a function which only computes has no use for, by what they are good for.
static const struct {
    enum cheat cheat;
    const char *words;
} forbidden[] = {
    {CHEAT_ASSEMBLER, " asm __asm __asm__ _Pragma "},
    {CHEAT_EARLY_EXIT,
     " _exit _Exit exit quick_exit abort atexit __builtin_exit __builtin_abort __builtin_trap "},
    {CHEAT_CHILD_PROCESS, " fork vfork clone execve execv execvp execl execlp posix_spawn system popen "},
    {CHEAT_THREAD, " pthread_create thrd_create "},
    {CHEAT_AFFINITY, " sched_setaffinity pthread_setaffinity_np "},
    {CHEAT_PRIORITY, " setpriority sched_setscheduler sched_setparam pthread_setschedparam "},
    {CHEAT_SIGNAL_HANDLER, " signal sigaction raise kill setjmp longjmp _setjmp sigsetjmp siglongjmp "},
    {CHEAT_READS_CLOCK, " clock_gettime clock time gettimeofday timespec_get __builtin_ia32_rdtsc "
                        "__builtin_ia32_rdtscp __rdtsc __rdtscp _rdtsc __builtin_readcyclecounter "},
    {CHEAT_WAITS, " nanosleep clock_nanosleep usleep sleep sched_yield "},
    {CHEAT_HARNESS_MEMORY, " atoll_target atoll_batch atoll_empty atoll_parameters __builtin_return_address "
                           "__builtin_frame_address __builtin_apply backtrace "},
    {CHEAT_KEEPS_STATE, " _Thread_local __thread thread_local _Atomic rand srand random strtok "},
    {CHEAT_SYSTEM_CALL,
     " open openat creat fopen fdopen freopen read write close mmap munmap mprotect syscall "
     "ioctl socket connect bind send recv dlopen dlsym dlmopen getenv setenv putenv environ "
     "printf fprintf puts putchar fputs fputc fwrite fread fgets perror getpid getppid ptrace "
     "prctl personality "},
};

enum cheat
screen_word(struct str word)
{
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (is_one_of(word, forbidden[i].words))
            return forbidden[i].cheat;
    return CHEAT_NONE;
}

static bool
allowed_attribute(struct str word)
{
    static const char words[] =
        " always_inline noinline hot cold pure const unused aligned flatten nonnull leaf optimize "
        "vector_size fallthrough packed may_alias returns_nonnull noclone ";
    if (word.len > 4 && str_starts(word, STR("__")) && str_ends(word, STR("__")))
        word = str_n(word.ptr + 2, word.len - 4);
    return is_one_of(word, words);
}

static enum cheat
attribute_cheat(struct str word)
{
    return is_one_of(word, " constructor destructor __constructor__ __destructor__ ") ? CHEAT_CONSTRUCTOR
                                                                                      : CHEAT_ASSEMBLER;
}

// Looks at the words inside of "((..))" after __attribute__.
static int
check_attribute(struct screening *screening, struct str *rest)
{
    size_t depth = 0;
    do {
        struct lexeme lexeme = lexeme_next(rest);
        if (lexeme.kind == LEXEME_END)
            return 0;
        if (str_is(lexeme.text, "("))
            depth++;
        else if (str_is(lexeme.text, ")"))
            depth--;
        else if (lexeme.kind == LEXEME_WORD && depth == 2 && !allowed_attribute(lexeme.text))
            return forbid(screening, attribute_cheat(lexeme.text), "attribute ", lexeme.text);
    } while (depth > 0);
    return 0;
}

static bool
allowed_header(struct str line)
{
    static const char headers[] = " <string.h> <stdint.h> <stddef.h> <stdbool.h> <limits.h> <inttypes.h> "
                                  "<ctype.h> <math.h> <stdlib.h> <float.h> ";
    ptrdiff_t open = str_find_byte(line, '<');
    return open >= 0 && is_one_of(str_trim(str_from(line, (size_t)open)), headers);
}

// "GCC unroll 4", "GCC ivdep": what tells about a loop. All else may change what the machine code is for.
static bool
allowed_pragma(struct str rest)
{
    struct lexeme who = lexeme_next(&rest), what = lexeme_next(&rest), more = lexeme_next(&rest);
    bool unroll = str_is(what.text, "unroll") && more.kind == LEXEME_NUMBER;
    bool ivdep = str_is(what.text, "ivdep") && more.kind == LEXEME_END;
    return str_is(who.text, "GCC") && (unroll || ivdep) && lexeme_next(&rest).kind == LEXEME_END;
}

static int check_words(struct screening *screening, struct str text);

static int
check_directive(struct screening *screening, struct str line)
{
    struct str rest = str_trim(str_from(line, 1));
    struct str name = lexeme_next(&rest).text;
    bool plain = str_is(name, "undef") || str_is(name, "if") || str_is(name, "ifdef") ||
                 str_is(name, "ifndef") || str_is(name, "elif") || str_is(name, "else") ||
                 str_is(name, "endif");
    if (str_is(name, "define"))
        return check_words(screening, rest);
    bool allowed = plain || (str_is(name, "include") && allowed_header(rest)) ||
                   (str_is(name, "pragma") && allowed_pragma(rest));
    return allowed ? 0 : forbid(screening, CHEAT_SYSTEM_CALL, "", line);
}

// A word that the baseline's file uses already is the repository's own business.
static bool
is_ours(const struct screening *screening, struct str word)
{
    struct str rest = screening->target->source;
    for (struct lexeme lexeme = lexeme_next(&rest); lexeme.kind != LEXEME_END; lexeme = lexeme_next(&rest))
        if (lexeme.kind == LEXEME_WORD && str_eq(lexeme.text, word))
            return true;
    return false;
}

static int
check_word(struct screening *screening, struct str word)
{
    enum cheat cheat = screen_word(word);
    if (cheat == CHEAT_NONE || is_ours(screening, word))
        return 0;
    return forbid(screening, cheat, "use of ", word);
}

static int
check_words(struct screening *screening, struct str text)
{
    struct str rest = text;
    for (struct lexeme lexeme = lexeme_next(&rest); lexeme.kind != LEXEME_END; lexeme = lexeme_next(&rest)) {
        int refused = 0;
        if (lexeme.kind == LEXEME_DIRECTIVE)
            refused = check_directive(screening, lexeme.text);
        else if (str_is(lexeme.text, "__attribute__") || str_is(lexeme.text, "__attribute"))
            refused = check_attribute(screening, &rest);
        else if (lexeme.kind == LEXEME_WORD)
            refused = check_word(screening, lexeme.text);
        if (refused != 0)
            return refused;
    }
    return 0;
}

// Spellings that only hide something: digraphs, attributes in brackets, words cut by a line's end.
static int
check_spelling(struct screening *screening, struct str variant)
{
    static const char *const odd[] = {"%:", "??", "[["};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (str_find(variant, str_of(odd[i])) >= 0)
            return forbid(screening, CHEAT_ASSEMBLER, "the spelling ", str_of(odd[i]));
    for (size_t i = 1; i + 2 < variant.len; i++)
        if (variant.ptr[i] == '\\' && variant.ptr[i + 1] == '\n' && lexeme_in_word(variant.ptr[i - 1]) &&
            lexeme_in_word(variant.ptr[i + 2]))
            return forbid(screening, CHEAT_ASSEMBLER,
                          "a word cut by the end of a line: ", str_head(str_from(variant, i - 1), 8));
    return 0;
}

// ---- state
// -----------------------------------------------------------------------------------------------------

static bool
has_word(const struct syntax *syntax, struct node declaration, const char *word)
{
    for (size_t i = 0; i < node_count(declaration); i++)
        if (str_is(node_text(syntax, node_child(declaration, i)), word))
            return true;
    return false;
}

static bool
declares_function(struct node declaration)
{
    for (size_t i = 0; i < node_count(declaration); i++)
        if (!node_is_null(function_declarator(node_child(declaration, i))))
            return true;
    return false;
}

// A variable that outlives the call and can be written.
static bool
keeps_state(const struct screening *screening, struct node node)
{
    if (!node_is(node, "declaration") || has_word(screening->syntax, node, "const"))
        return false;
    bool in_file = node_is(node_parent(node), "translation_unit");
    if (!in_file && !has_word(screening->syntax, node, "static"))
        return false;
    return !declares_function(node) && !has_word(screening->syntax, node, "extern");
}

struct walk {
    struct screening *screening;
    struct node found;
};

static bool
visit(void *context, struct node node)
{
    struct walk *walk = context;
    const struct screening *screening = walk->screening;
    if (node_end(node) <= screening->start || node_start(node) >= screening->end)
        return false;
    if (node_start(node) >= screening->start && node_is_null(walk->found) && keeps_state(screening, node))
        walk->found = node;
    return node_is_null(walk->found);
}

static int
check_state(struct screening *screening)
{
    struct walk walk = {screening, {{0}, NULL, NULL}};
    node_walk(syntax_root(screening->syntax), visit, &walk);
    if (node_is_null(walk.found))
        return 0;
    return forbid(screening, CHEAT_KEEPS_STATE,
                  "state that outlives a call: ", node_text(screening->syntax, walk.found));
}

// ---- signature
// -------------------------------------------------------------------------------------------------

static bool
same_head(const struct target *target, const struct syntax *syntax, const struct function *function)
{
    AUTO_BUF ours = BUF(NORMAL_MAX_BYTES), theirs = BUF(NORMAL_MAX_BYTES);
    struct str text = syntax_text(syntax);
    lexeme_plain(str_n(target->source.ptr + target->function.start,
                       target->function.body_start - target->function.start),
                 &ours);
    lexeme_plain(str_n(text.ptr + function->start, function->body_start - function->start), &theirs);
    return str_eq(buf_str(&ours), buf_str(&theirs));
}

static int
check_function(struct screening *screening, struct arena *arena)
{
    struct function function;
    struct err problem;
    if (function_find(arena, screening->syntax, screening->target->name, &function, &problem) != 0)
        return refuse(screening, "parse", "", str_of(problem.message));
    if (function.start < screening->start || function.end > screening->end)
        return refuse(screening, "parse", "the reply does not define ", str_of(screening->target->name));
    if (node_broken(function.node))
        return refuse(screening, "parse", "syntax error in ", str_of(screening->target->name));
    if (!same_head(screening->target, screening->syntax, &function))
        return refuse(
            screening, "signature", "another signature: ",
            str_n(syntax_text(screening->syntax).ptr + function.start, function.body_start - function.start));
    return 0;
}

int
screen_variant(const struct target *target, struct str variant, const char **reason,
               char *detail, // NOLINT(readability-non-const-parameter): written through the screening
               size_t detail_size, struct err *err)
{
    if (syntax_language(target->syntax) == LANGUAGE_GO)
        return go_screen_variant(target, variant, reason, detail, detail_size, err);
    AUTO_ARENA arena = {0};
    AUTO_SYNTAX *syntax = syntax_new(target_splice(&arena, target, variant, false), err);
    if (syntax == NULL)
        return -1;
    struct screening screening = {.target = target,
                                  .syntax = syntax,
                                  .start = target->function.start,
                                  .end = target->function.start + variant.len,
                                  .reason = reason,
                                  .detail = detail,
                                  .detail_size = detail_size};
    int refused = check_function(&screening, &arena);
    if (refused == 0)
        refused = check_spelling(&screening, variant);
    if (refused == 0)
        refused = check_words(&screening, variant);
    return refused != 0 ? refused : check_state(&screening);
}
