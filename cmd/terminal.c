// SPDX-License-Identifier: Apache-2.0
#include "cmd/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool
env_set(const struct host *host, const char *name)
{
    const char *value = host->env(host->context, name);
    return value != NULL && *value != '\0';
}

void
terminal_init(struct terminal *terminal, const struct arguments *arguments, const struct host *host)
{
    *terminal = (struct terminal){.width = 100};
    terminal->json = arguments_has(arguments, "json");
    terminal->quiet = arguments_has(arguments, "quiet");
    terminal->verbose = arguments_has(arguments, "verbose");
    terminal->github = env_set(host, "GITHUB_ACTIONS");
    terminal->workspace = host->env(host->context, "GITHUB_WORKSPACE");
    const char *term = host->env(host->context, "TERM");
    bool capable = term != NULL && strcmp(term, "dumb") != 0;
    const char *when = arguments_text(arguments, "color", "auto");
    if (strcmp(when, "auto") == 0)
        terminal->color = isatty(STDOUT_FILENO) && capable && !env_set(host, "NO_COLOR");
    else
        terminal->color = strcmp(when, "always") == 0;
    terminal->live =
        isatty(STDERR_FILENO) && capable && !terminal->quiet && !terminal->json && !env_set(host, "CI");
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        terminal->width = size.ws_col;
}

const char *
terminal_style(const struct terminal *terminal, enum style style)
{
    static const char *const escapes[] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_WARN] = "\033[33m",
    };
    return terminal->color ? escapes[style] : "";
}

void
terminal_clear(struct terminal *terminal)
{
    if (terminal->live_line_shown)
        fputs("\r\033[K", stderr);
    terminal->live_line_shown = false;
}

void
terminal_note(struct terminal *terminal, const char *format, ...)
{
    if (terminal->quiet || terminal->json)
        return;
    terminal_clear(terminal);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

void
terminal_live(struct terminal *terminal, const char *text)
{
    if (!terminal->live)
        return;
    fprintf(stderr, "\r\033[K%.*s", terminal->width - 1, text);
    fflush(stderr);
    terminal->live_line_shown = true;
}

// As GitHub's runner reads it back; a property ends at more characters than a message does.
static void
put_escaped(FILE *out, const char *text, bool property)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*c);
        else
            fputc(*c, out);
    }
}

static void
put_annotation(FILE *out, const char *command, const char *text)
{
    fprintf(out, "::%s::", command);
    put_escaped(out, text, false);
    fputc('\n', out);
}

static const char *
below_workspace(const struct terminal *terminal, const char *file)
{
    size_t len = terminal->workspace != NULL ? strlen(terminal->workspace) : 0;
    bool below = len > 0 && strncmp(file, terminal->workspace, len) == 0 && file[len] == '/';
    return below ? file + len + 1 : file;
}

void
terminal_problem(struct terminal *terminal, FILE *out, const char *file, unsigned line, unsigned column,
                 const char *text)
{
    terminal_clear(terminal);
    if (!terminal->github) {
        fprintf(out, "%s:%u:%u: %s\n", file, line, column, text);
        return;
    }
    fputs("::error file=", out);
    put_escaped(out, below_workspace(terminal, file), true);
    fprintf(out, ",line=%u,col=%u::", line, column);
    put_escaped(out, text, false);
    fputc('\n', out);
}

void
terminal_warning(struct terminal *terminal, const char *text)
{
    terminal_clear(terminal);
    if (terminal->github)
        put_annotation(stderr, "warning", text);
    else
        fprintf(stderr, "%swarning:%s %s\n", terminal_style(terminal, STYLE_WARN),
                terminal_style(terminal, STYLE_PLAIN), text);
}

void
terminal_error(struct terminal *terminal, const struct err *err)
{
    terminal_clear(terminal);
    const char *hint = err_hint(err->kind);
    if (terminal->json) {
        AUTO_JSON *json = terminal->answer != NULL ? terminal->answer : json_object();
        terminal->answer = NULL;
        json_set_text(json, "error", err->message);
        json_set_text(json, "kind", err_name(err->kind));
        if (hint != NULL)
            json_set_text(json, "hint", hint);
        terminal_json(json);
    }
    if (terminal->github)
        put_annotation(stderr, "error", err->message);
    else
        fprintf(stderr, "%satoll:%s %s\n", terminal_style(terminal, STYLE_BAD),
                terminal_style(terminal, STYLE_PLAIN), err->message);
    if (hint != NULL)
        fprintf(stderr, "  %s\n", hint);
}

void
terminal_group(struct terminal *terminal, const char *title)
{
    terminal_clear(terminal);
    if (terminal->github && !terminal->json)
        put_annotation(stderr, "group", title);
    else
        terminal_note(terminal, "%s%s%s", terminal_style(terminal, STYLE_BOLD), title,
                      terminal_style(terminal, STYLE_PLAIN));
}

void
terminal_group_end(struct terminal *terminal)
{
    if (terminal->github && !terminal->json)
        fputs("::endgroup::\n", stderr);
}

void
terminal_json(const json_t *json)
{
    char *text = json_pretty(json);
    puts(text);
    free(text);
}
