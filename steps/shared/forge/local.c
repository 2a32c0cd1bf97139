// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/forge/forge.h"

#include "base/fs.h"

#include <string.h>

#define REQUEST_MAX_BYTES (4u << 20)
#define NOTE_MARK "\n<!-- atoll note: "

// "/x/origin.git" -> "/x/origin.pull-requests/atoll-normalize_tag.md"
static const char *
path_of(struct arena *arena, const struct pull_request *request, struct err *err)
{
    struct str url = str_of(request->remote_url);
    if (str_starts(url, STR("file://")))
        url = str_from(url, 7);
    if (url.len == 0 || url.ptr[0] != '/') {
        err_set(err, ERR_CONFIG, "forge local needs a remote on this machine, not %s", request->remote_url);
        return NULL;
    }
    while (url.len > 1 && url.ptr[url.len - 1] == '/')
        url.len--;
    if (str_ends(url, STR(".git")))
        url.len -= 4;
    if (str_ends(url, STR("/")))
        url.len--; // a work tree's own .git folder
    char *name = arena_dup(arena, request->branch);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return arena_printf(arena, "%" STR_FMT ".pull-requests/%s.md", STR_ARG(url), name);
}

static int
find(struct arena *arena, const struct pull_request *request, enum request_state *state, const char **url,
     struct err *err)
{
    const char *path = path_of(arena, request, err);
    if (path == NULL)
        return -1;
    *url = path;
    *state = REQUEST_NONE;
    if (!fs_exists(path))
        return 0;
    AUTO_BUF text = BUF(REQUEST_MAX_BYTES);
    if (fs_read(path, REQUEST_MAX_BYTES, &text, err) != 0)
        return -1;
    if (str_find(buf_str(&text), str_of(request->marker)) < 0)
        *state = REQUEST_FOREIGN;
    else if (str_find(buf_str(&text), STR("\nstate: closed\n")) >= 0)
        *state = REQUEST_CLOSED;
    else if (str_find(buf_str(&text), STR("\nstate: merged\n")) >= 0)
        *state = REQUEST_MERGED;
    else
        *state = REQUEST_OPEN;
    return 0;
}

// The notes that a request at `path` has already; the empty text when there is no such file.
static int
read_notes(const char *path, struct buf *notes, struct err *err)
{
    if (!fs_exists(path))
        return 0;
    AUTO_BUF text = BUF(REQUEST_MAX_BYTES);
    if (fs_read(path, REQUEST_MAX_BYTES, &text, err) != 0)
        return -1;
    ptrdiff_t at = str_find(buf_str(&text), STR(NOTE_MARK));
    if (at >= 0)
        buf_add_str(notes, str_from(buf_str(&text), (size_t)at));
    return 0;
}

static int
publish(struct arena *arena, const struct pull_request *request, const char **url, struct err *err)
{
    const char *path = path_of(arena, request, err);
    if (path == NULL)
        return -1;
    AUTO_BUF text = BUF(REQUEST_MAX_BYTES);
    buf_printf(&text, "---\ntitle: %s\nstate: %s\nbranch: %s\nbase: %s\n---\n", request->title,
               request->draft ? "draft" : "open", request->branch, request->base);
    buf_add_str(&text, request->body);
    if (read_notes(path, &text, err) != 0)
        return -1;
    if (buf_check(&text, "the pull request", err) != 0)
        return -1;
    *url = path;
    return fs_write(path, buf_str(&text), err);
}

static int
note(const char *url, const char *key, struct str content, struct err *err)
{
    AUTO_BUF text = BUF(REQUEST_MAX_BYTES), mark = BUF(4096);
    if (fs_read(url, REQUEST_MAX_BYTES, &text, err) != 0)
        return -1;
    buf_printf(&mark, NOTE_MARK "%s -->\n", key);
    if (str_find(buf_str(&text), buf_str(&mark)) >= 0)
        return 0;
    buf_add_str(&text, buf_str(&mark));
    buf_add_str(&text, content);
    if (buf_check(&mark, "the key of a note", err) != 0 || buf_check(&text, "the pull request", err) != 0)
        return -1;
    return fs_write(url, buf_str(&text), err);
}

const struct forge_ops forge_local = {.name = "local", .find = find, .publish = publish, .note = note};
