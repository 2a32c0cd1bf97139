// SPDX-License-Identifier: Apache-2.0
// What was published, as JSON: it is kept beside the state and goes to and fro between processes.
#include "workflow/publication.h"

#include <string.h>

static json_t *
list_json(const char texts[][HEAD_WRITE_SIZE], size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

json_t *
published_json(const struct published *published)
{
    if (!published->version.text[0] && published->open_count == 0)
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "version", published->version.text, "lineage",
                     published->lineage, "generation", (json_int_t)published->generation, "write",
                     published->write, "previous", list_json(published->previous, published->previous_count),
                     "open", list_json(published->open, published->open_count));
}

static bool
read_text(const json_t *json, const char *key, char *out, size_t size)
{
    const char *text = json_get_text(json, key, NULL);
    if (!text || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool
read_list(const json_t *list, char texts[][HEAD_WRITE_SIZE], size_t most, size_t *count)
{
    size_t i;
    json_t *one;
    if (!json_is_array(list) || json_array_size(list) > most)
        return false;
    json_array_foreach((json_t *)(uintptr_t)list, i, one)
    {
        const char *text = json_string_value(one);
        if (!text || strlen(text) >= HEAD_WRITE_SIZE)
            return false;
        memcpy(texts[i], text, strlen(text) + 1);
    }
    *count = json_array_size(list);
    return true;
}

int
published_read(const json_t *json, struct published *published, struct err *err)
{
    *published = (struct published){.generation = json_get_int(json, "generation", 0)};
    if (!json || json_is_null(json))
        return 0;
    struct published *p = published;
    bool fine =
        read_text(json, "version", p->version.text, sizeof(p->version.text)) &&
        read_text(json, "lineage", p->lineage, sizeof(p->lineage)) &&
        read_text(json, "write", p->write, sizeof(p->write)) &&
        read_list(json_object_get(json, "previous"), p->previous, HEAD_PREVIOUS_MAX, &p->previous_count) &&
        read_list(json_object_get(json, "open"), p->open, PUBLISHED_OPEN_MAX, &p->open_count);
    return fine ? 0 : err_set(err, ERR_PARSE, "what was published last can't be read");
}
