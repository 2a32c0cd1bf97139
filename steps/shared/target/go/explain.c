// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/explain.h"

#include "base/fs.h"
#include "steps/shared/target/command.h"
#include "steps/shared/target/function.h"
#include "steps/shared/target/go/remarks.h"
#include "steps/shared/target/go/tool.h"

#include <string.h>

enum { SOURCE_MAX_BYTES = 16 << 20, REMARKS_MAX_BYTES = 64 << 20, OUTPUT_MAX_BYTES = 1 << 20 };

struct work {
    struct arena arena;
    const struct go_question *question;
    struct go_tool *tool;
    struct buf source;
    size_t start, end; // of the function in the source
};

static unsigned
line_at(struct str text, size_t position)
{
    unsigned line = 1;

    for (size_t i = 0; i < position && i < text.len; i++)
        line += text.ptr[i] == '\n';
    return line;
}

// The compiler writes one file a source file, below a folder for the package, whose name is escaped.
static const char *
find_remarks(struct work *work, const char *folder, const char *source)
{
    struct fs_list files;
    struct err ignored;
    char *stem = arena_dup(&work->arena, fs_base_name(source));

    *strrchr(stem, '.') = '\0';
    const char *end = arena_printf(&work->arena, "/%s.json", stem);
    if (fs_walk(&work->arena, folder, &files, &ignored) != 0)
        return NULL;
    for (size_t i = 0; i < files.count; i++)
        if (str_ends(str_of(arena_printf(&work->arena, "/%s", files.paths[i])), str_of(end)))
            return fs_join(&work->arena, folder, files.paths[i]);
    return NULL;
}

// Builds the package with `text` in place of the file, and reads what was said about it.
static int
build(struct work *work, const char *label, struct str text, struct buf *remarks, struct err *err)
{
    const struct go_question *question = work->question;
    struct arena *arena = &work->arena;
    const char *folder = fs_join(arena, question->scratch, label);
    const char *variant = fs_join(arena, folder, "variant.go"),
               *overlay = fs_join(arena, folder, "overlay.json");
    const char *original = fs_join(arena, question->repository, question->file);
    const char *said = fs_join(arena, folder, "said");
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    AUTO_JSON *json = json_pack("{s:{s:s}}", "Replace", original, variant);
    bool ok;

    char *written = json_compact(json);
    int status = fs_mkdirs(folder, err);
    if (status == 0)
        status = fs_write(variant, text, err);
    if (status == 0)
        status = fs_write(overlay, str_of(written), err);
    free(written);
    if (status != 0)
        return -1;
    const char *items[] = {"build",    "-o",    fs_join(arena, folder, "built"),
                           "-overlay", overlay, arena_printf(arena, "-gcflags=-json=0,%s", said),
                           "."};
    const struct words arguments = {.items = items, .count = sizeof items / sizeof *items};
    if (go_tool_run(work->tool, &arguments, &ok, &output, err) != 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_TARGET, "%s does not build: %.*s", label,
                       STR_ARG(str_head(buf_str(&output), 400)));
    const char *path = find_remarks(work, said, question->file);
    if (path == NULL) // some versions name it after the file that stands in its place
        path = find_remarks(work, said, variant);
    if (path == NULL)
        return err_set(err, ERR_TARGET, "the compiler said nothing about %s", question->file);
    return fs_read(path, REMARKS_MAX_BYTES, remarks, err);
}

// One side: the remarks about lines [first, last] of the text, and about the function in it.
static json_t *
explain_side(struct work *work, const char *label, struct str text, size_t end, const char **version,
             struct err *err)
{
    AUTO_BUF said = BUF(REMARKS_MAX_BYTES);
    struct go_remarks remarks;
    struct function function;
    AUTO_SYNTAX *syntax = syntax_new_in(LANGUAGE_GO, text, err);

    if (syntax == NULL ||
        function_find(&work->arena, syntax, work->question->function, &function, err) != 0 ||
        build(work, label, text, &said, err) != 0 ||
        go_remarks_read(&work->arena, buf_str(&said), label, line_at(text, work->start), line_at(text, end),
                        &remarks, err) != 0)
        return NULL;
    *version = remarks.version;
    return go_remarks_json(&remarks, function.first_line);
}

static json_t *
explain(struct work *work, struct err *err)
{
    const struct go_question *question = work->question;
    AUTO_BUF spliced = BUF(2 * SOURCE_MAX_BYTES);
    struct str source = buf_str(&work->source);
    const char *version = "";

    buf_add_str(&spliced, str_head(source, work->start));
    buf_add_str(&spliced, question->variant);
    buf_add_str(&spliced, str_from(source, work->end));
    AUTO_JSON *before = explain_side(work, "before", source, work->end, &version, err);
    if (before == NULL)
        return NULL;
    AUTO_JSON *after =
        explain_side(work, "after", buf_str(&spliced), work->start + question->variant.len, &version, err);
    if (after == NULL)
        return NULL;
    return json_pack("{s:O, s:O, s:s}", "before", before, "after", after, "go", version);
}

json_t *
go_explain(struct launcher *launcher, const struct go_question *question, struct err *err)
{
    struct work work = {.question = question, .source = BUF(SOURCE_MAX_BYTES)};
    struct function function;
    json_t *json = NULL;
    struct syntax *syntax = NULL;

    work.tool = go_tool_new(launcher, question->repository, question->file, question->scratch, err);
    if (work.tool == NULL || fs_read(fs_join(&work.arena, question->repository, question->file),
                                     SOURCE_MAX_BYTES, &work.source, err) != 0)
        goto out;
    syntax = syntax_new_in(LANGUAGE_GO, buf_str(&work.source), err);
    if (syntax == NULL || function_find(&work.arena, syntax, question->function, &function, err) != 0)
        goto out;
    work.start = function.start;
    work.end = function.end;
    json = explain(&work, err);
out:
    syntax_free(syntax);
    go_tool_free(work.tool);
    buf_release(&work.source);
    arena_release(&work.arena);
    return json;
}
