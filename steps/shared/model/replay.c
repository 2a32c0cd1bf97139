// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "steps/shared/model/model.h"

#include <string.h>

#define FILE_MAX_BYTES ((size_t)16 << 20)
#define REPLIES_MAX 10000

static int
add_reply(struct model *model, struct str text, struct err *err)
{
    if (model->reply_count == REPLIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d replies", REPLIES_MAX);
    model->replies[model->reply_count++] = str_n(arena_str(model->arena, text), text.len);
    return 0;
}

static int
read_line(struct model *model, struct str line, const char *name, struct err *err)
{
    AUTO_JSON *json = json_read(line, name, err);
    if (json == NULL)
        return -1;
    const json_t *text = json_is_object(json) ? json_object_get(json, "reply") : json;
    if (!json_is_string(text))
        return err_set(err, ERR_PARSE, "%s: a line is a string or {\"reply\": \"..\"}", name);
    return add_reply(model, str_n(json_string_value(text), json_string_length(text)), err);
}

static int
read_lines(struct model *model, const char *path, struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    if (fs_read(path, FILE_MAX_BYTES, &text, err) != 0)
        return -1;
    struct str rest = buf_str(&text);
    for (unsigned number = 1; rest.ptr != NULL; number++) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len > 0 &&
            read_line(model, line, arena_printf(model->arena, "%s:%u", path, number), err) != 0)
            return -1;
    }
    return 0;
}

static int
read_folder(struct model *model, const char *path, struct err *err)
{
    struct fs_list files;
    if (fs_walk(model->arena, path, &files, err) != 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        AUTO_BUF text = BUF(FILE_MAX_BYTES);
        if (fs_read(fs_join(model->arena, path, files.paths[i]), MODEL_REPLY_MAX_BYTES, &text, err) != 0 ||
            add_reply(model, buf_str(&text), err) != 0)
            return -1;
    }
    return 0;
}

static int
open_replay(struct model *model, const json_t *settings, struct err *err)
{
    const char *file = json_get_text(settings, "file", NULL);
    if (file == NULL)
        return err_set(err, ERR_CONFIG, "a model of provider replay needs `file:`");
    const char *path = fs_join(model->arena, model->directory, file);
    model->replies = ARENA_ARRAY(model->arena, struct str, REPLIES_MAX);
    return fs_is_dir(path) ? read_folder(model, path, err) : read_lines(model, path, err);
}

static int
complete(struct model *model, size_t number, struct str prompt, struct buf *reply, struct err *err)
{
    (void)prompt;
    (void)err;
    if (number >= model->reply_count)
        return 0;
    buf_add_str(reply, model->replies[number]);
    return 1;
}

const struct model_ops model_replay = {"replay", open_replay, complete};
