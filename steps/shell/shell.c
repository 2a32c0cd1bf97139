// SPDX-License-Identifier: Apache-2.0
#include "steps/shell/shell.h"

#include "base/fs.h"
#include "base/proc.h"
#include "base/vec.h"
#include "workflow/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX_BYTES (1u << 20)
#define LINE_KEPT_BYTES 1024

extern char **environ;

static bool
key_ok(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                    c == '-';
        if (!word)
            return false;
    }
    return key.len > 0;
}

// Takes the lines up to `end` off the front of `text`.
static int
read_many(struct str *text, struct str end, unsigned *line, struct buf *value, struct err *err)
{
    const unsigned first = *line;
    if (end.len == 0)
        return err_set(err, ERR_PARSE, "$ATOLL_OUTPUT:%u: no word behind \"<<\" to end the value", first);
    while (text->ptr != NULL) {
        struct str next = str_cut(text, '\n');
        ++*line;
        if (str_eq(next, end))
            return 0;
        if (*line > first + 1)
            buf_putc(value, '\n');
        buf_add_str(value, next);
    }
    return err_set(err, ERR_PARSE, "$ATOLL_OUTPUT:%u: no line \"%" STR_FMT "\" ends the value", first,
                   STR_ARG(end));
}

json_t *
shell_outputs(struct str text, struct err *err)
{
    json_t *outputs = json_object();
    AUTO_ARENA arena = {0};
    unsigned line = 0;
    while (text.ptr != NULL) {
        struct str rest = str_cut(&text, '\n');
        line++;
        if (str_trim(rest).len == 0)
            continue;
        ptrdiff_t equals = str_find_byte(rest, '='), many = str_find(rest, STR("<<"));
        bool is_many = many >= 0 && (equals < 0 || many < equals);
        struct str key = str_head(rest, (size_t)(is_many ? many : equals < 0 ? 0 : equals));
        if (!key_ok(key)) {
            err_set(err, ERR_PARSE, "$ATOLL_OUTPUT:%u: a line is key=value, or key<<END for many lines",
                    line);
            json_decref(outputs);
            return NULL;
        }
        AUTO_BUF value = BUF(OUTPUT_MAX_BYTES);
        if (!is_many) {
            buf_add_str(&value, str_from(rest, (size_t)equals + 1));
        } else if (read_many(&text, str_trim(str_from(rest, (size_t)many + 2)), &line, &value, err) != 0) {
            json_decref(outputs);
            return NULL;
        }
        json_object_set_new(outputs, arena_str(&arena, key), json_text(buf_str(&value)));
    }
    return outputs;
}

// A value of `env:` as the command sees it.
static const char *
variable_text(struct arena *arena, const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    char *text = json_compact(value);
    const char *kept = arena_dup(arena, text);
    free(text);
    return kept;
}

// The caller's environment, `env:` and $ATOLL_OUTPUT on top.
static const char *const *
environment(const struct step *step, const char *output_path)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    const json_t *extra = json_object_get(step->with, "env");
    const char **env = ARENA_ARRAY(step->arena, const char *, count + json_object_size(extra) + 2);
    size_t used = 0;
    env[used++] = arena_printf(step->arena, "ATOLL_OUTPUT=%s", output_path);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)extra, key, value) env[used++] =
        arena_printf(step->arena, "%s=%s", key, variable_text(step->arena, value));
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(environ[i], '=');
        char *name =
            equals ? arena_str(step->arena, str_n(environ[i], (size_t)(equals - environ[i]))) : environ[i];
        if (strcmp(name, "ATOLL_OUTPUT") != 0 && json_object_get(extra, name) == NULL)
            env[used++] = environ[i];
    }
    return env;
}

// What a running command printed: shown at once, and its last line kept for the error.
struct printed {
    struct buf last, current; // lines with text in them; `current` is not ended
};

static void
end_line(struct printed *printed)
{
    if (str_trim(buf_str(&printed->current)).len == 0)
        return;
    buf_clear(&printed->last);
    buf_add_str(&printed->last, str_trim(buf_str(&printed->current)));
}

// Goes to the step's own output, which the supervisor tells line by line, without an end.
static void
on_output(void *context, struct str bytes)
{
    struct printed *printed = context;
    (void)!fwrite(bytes.ptr, 1, bytes.len, stdout);
    (void)!fflush(stdout);
    while (bytes.ptr != NULL) {
        struct str line = str_cut(&bytes, '\n');
        size_t room = printed->current.max - printed->current.len;
        buf_add_str(&printed->current, str_head(line, room));
        if (bytes.ptr == NULL)
            break;
        end_line(printed);
        buf_clear(&printed->current);
    }
}

static int
judge(const struct proc_result *done, struct printed *printed, struct err *err)
{
    if (done->exit_code == 0)
        return 0;
    if (done->signal != 0)
        return err_set(err, ERR_TARGET, "the command was ended by signal %d", done->signal);
    end_line(printed);
    return err_set(err, ERR_TARGET, "the command ended with exit code %d: %s", done->exit_code,
                   buf_text(&printed->last));
}

static int
command_run(struct step *step, const char *output_path, struct err *err)
{
    const char *shell = step_text(step, "shell"), *directory = step_path(step, "working-directory");
    if (proc_find(step->arena, shell) == NULL)
        return err_set(err, ERR_ENVIRONMENT, "`shell: %s`: there is no %s in PATH", shell, shell);
    const char *const argv[] = {shell, "-e", "-c", step_text(step, "run"), NULL};
    struct printed printed = {BUF(LINE_KEPT_BYTES), BUF(LINE_KEPT_BYTES)};
    struct proc_spec spec = {
        .argv = argv,
        .env = environment(step, output_path),
        .cwd = directory != NULL ? directory : step->repository,
        .merge_stderr = true,
        .on_output = on_output,
        .context = &printed,
    };
    AUTO_PROC_RESULT done = {0};
    int result = proc_run(&spec, &done, err);
    if (result == 0)
        result = judge(&done, &printed, err);
    buf_release(&printed.last);
    buf_release(&printed.current);
    return result;
}

static int
execute(void *context, json_t **result, struct err *err)
{
    struct step *step = context;
    char *output_path = fs_join(step->arena, step->scratch, "output");
    if (fs_write(output_path, STR(""), err) != 0 || command_run(step, output_path, err) != 0)
        return -1;
    AUTO_BUF text = BUF(OUTPUT_MAX_BYTES);
    if (fs_read(output_path, OUTPUT_MAX_BYTES, &text, err) != 0)
        return -1;
    *result = shell_outputs(buf_str(&text), err);
    return *result != NULL ? 0 : -1;
}

static int
run(struct step *step, struct err *err)
{
    AUTO_JSON *result = NULL;
    if (journal_activity(step, "run", "command", step->with, execute, step, &result, err) != 0)
        return -1;
    const char *key;
    json_t *value;
    json_object_foreach(result, key, value) step_output(step, key, json_incref(value));
    return 0;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    return arena_printf(arena, "runs `%s`; what it sends is its own", json_get_text(with, "run", ""));
}

static const char *const shells[] = {"sh", "bash", NULL};
static const struct field inputs[] = {
    {.name = "run",
     .type = FIELD_TEXT,
     .required = true,
     .summary = "The command; it stops at the first that fails."},
    {.name = "shell", .type = FIELD_TEXT, .otherwise = "\"sh\"", .choices = shells, .summary = "sh or bash."},
    {.name = "env", .type = FIELD_MAP, .summary = "Environment variables on top of the caller's."},
    {.name = "working-directory", .type = FIELD_TEXT, .summary = "Folder to run in; default the repository."},
    {.name = NULL},
};

const struct step_ops step_shell = {
    .name = "shell",
    .summary = "Runs a shell command.",
    .inputs = inputs,
    .outputs = NULL, // whatever the command writes
    .run = run,
    .plan = plan,
};
