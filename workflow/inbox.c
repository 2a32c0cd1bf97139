// SPDX-License-Identifier: Apache-2.0
#include "workflow/inbox.h"

#include "base/fs.h"
#include "workflow/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SUFFIX ".json"

const char *
message_approval_name(struct arena *arena, const char *step)
{
    return arena_printf(arena, "approve %s", step);
}

static json_t *
json_of(const struct message *message)
{
    return json_pack("{s:i, s:s, s:s?, s:s, s:s, s:I, s:O?}", "version", 1, "kind", message->kind, "run",
                     message->run, "name", message->name, "sender", message->sender, "sent_ns",
                     (json_int_t)message->sent_ns, "data", message->data);
}

char *
message_write(const struct message *message)
{
    AUTO_JSON *json = json_of(message);
    return json ? json_compact(json) : NULL;
}

// What a message lacks, or NULL.
static const char *
missing_in(const struct message *message)
{
    static const char *const kinds[] = {"signal", "cancel", "pause", "unpause"};
    bool known = false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        known = known || strcmp(kinds[i], message->kind) == 0;
    bool signal = strcmp(message->kind, "signal") == 0;
    if (!known)
        return "kind that this atoll knows";
    if ((signal || strcmp(message->kind, "cancel") == 0) && !message->run)
        return "run";
    return signal && !*message->name ? "name" : NULL;
}

int
message_read(struct str text, const char *id, struct arena *arena, struct message *message, json_t **json,
             struct err *err)
{
    *json = json_read(text, "message", err);
    if (!*json)
        return -1;
    *message = (struct message){
        .id = arena_dup(arena, id),
        .kind = json_get_text(*json, "kind", ""),
        .run = json_get_text(*json, "run", NULL),
        .name = json_get_text(*json, "name", ""),
        .sender = json_get_text(*json, "sender", ""),
        .sent_ns = json_get_int(*json, "sent_ns", 0),
        .data = json_object_get(*json, "data"),
    };
    if (json_is_null(message->data))
        message->data = NULL;
    const char *missing =
        json_get_int(*json, "version", 0) == 1 ? missing_in(message) : "version that this atoll knows";
    if (!missing)
        return 0;
    err_set(err, ERR_PARSE, "message %s has no %s", id, missing);
    json_drop(json);
    return -1;
}

char *
message_seal(const struct message *given, const struct host *host, const struct secrets *secrets, char id[27],
             struct err *err)
{
    uint8_t random[10];
    struct message message = *given;
    message.id = id;
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        err_sys(err, ERR_IO, "getrandom");
        return NULL;
    }
    message.sent_ns = host->wall_ns(host->context);
    run_make_id(message.sent_ns, random, id);
    AUTO_JSON *json = secrets_mask(secrets, json_of(&message));
    char *text = json ? json_compact(json) : NULL;
    if (!text) {
        err_set(err, ERR_USAGE, "a text of the message is not UTF-8");
        return NULL;
    }
    size_t size = strlen(text);
    if (size <= INBOX_MESSAGE_MAX_BYTES)
        return text;
    free(text);
    err_set(err, ERR_LIMIT, "the message has %zu bytes; %zu is the most", size, INBOX_MESSAGE_MAX_BYTES);
    return NULL;
}

const char *
inbox_folder(struct arena *arena, const char *state_path)
{
    return arena_printf(arena, "%s.inbox", state_path);
}

static char *
path_of(struct arena *arena, const char *folder, const char *id)
{
    return arena_printf(arena, "%s/%s" SUFFIX, folder, id);
}

int
inbox_put(const char *folder, const char *id, struct str text, struct err *err)
{
    AUTO_ARENA arena = {0};
    return fs_create(path_of(&arena, folder, id), text, err);
}

int
inbox_list(const char *folder, struct arena *arena, const char ***ids, size_t *count, struct err *err)
{
    struct fs_list found;
    *count = 0;
    *ids = NULL;
    if (!fs_is_dir(folder))
        return 0;
    if (fs_walk(arena, folder, &found, err) < 0)
        return -1;
    *ids = ARENA_ARRAY(arena, const char *, found.count + 1);
    for (size_t i = 0; i < found.count; i++) {
        struct str name = str_of(found.paths[i]);
        if (str_ends(name, STR(SUFFIX)) && str_find_byte(name, '/') < 0)
            (*ids)[(*count)++] = arena_str(arena, str_head(name, name.len - strlen(SUFFIX)));
    }
    return 0;
}

int
inbox_read(const char *folder, const char *id, struct buf *text, struct err *err)
{
    AUTO_ARENA arena = {0};
    return fs_read(path_of(&arena, folder, id), INBOX_MESSAGE_MAX_BYTES, text, err);
}

int
inbox_drop(const char *folder, const char *id, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *path = path_of(&arena, folder, id);
    return unlink(path) == 0 || errno == ENOENT ? 0 : err_sys(err, ERR_IO, "removing %s", path);
}
