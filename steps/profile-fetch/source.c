// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/source.h"

#include "base/archive.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/url.h"
#include "steps/profile-fetch/format.h"

#include <string.h>

#define FETCH_TIMEOUT_MS 300000 // a live endpoint samples for a while before it answers

void
source_list_release(struct source_list *list)
{
    VEC_EACH (struct source, source, &list->items)
        buf_release(&source->data);
    vec_release(&list->items);
    arena_release(&list->arena);
}

// A new element, or NULL when there are too many.
static struct source *
S_push(struct source_list *list, const char *name, struct err *err)
{
    if (list->items.count >= SOURCE_MAX_COUNT) {
        (void)err_set(err, ERR_LIMIT, "more than %d profiles", SOURCE_MAX_COUNT);
        return NULL;
    }
    struct source *source = vec_push(&list->items);
    source->name = arena_dup(&list->arena, name);
    buf_init(&source->data, SOURCE_MAX_BYTES);
    return source;
}

static int
S_count_bytes(struct source_list *list, const struct source *source, struct err *err)
{
    list->bytes += source->data.len;
    if (list->bytes > 4 * SOURCE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: all profiles together are larger than %zu MiB", source->name,
                       4 * SOURCE_MAX_BYTES >> 20);
    return 0;
}

int
source_add(struct source_list *list, const char *name, struct str data, struct err *err)
{
    struct source *source = S_push(list, name, err);
    if (!source)
        return -1;
    buf_add_str(&source->data, data);
    return buf_check(&source->data, name, err) < 0 ? -1 : S_count_bytes(list, source, err);
}

static int
S_load_file(struct source_list *list, const char *path, struct err *err)
{
    if (fs_is_dir(path))
        return err_set(err, ERR_USAGE, "%s is a folder; name files, e.g. %s/*.pb.gz", path, path);
    struct source *source = S_push(list, path, err);
    if (!source || fs_read(path, SOURCE_MAX_BYTES, &source->data, err) < 0)
        return -1;
    return S_count_bytes(list, source, err);
}

static int
S_load_url(struct source_list *list, const char *url, struct err *err)
{
    struct http_request request = {.url = url, .max_bytes = SOURCE_MAX_BYTES, .timeout_ms = FETCH_TIMEOUT_MS};
    AUTO_HTTP_RESPONSE response = {0};
    const char *name = url_public(&list->arena, url);
    if (http_fetch(&request, &response, err) < 0)
        return err_wrap(err, "%s", name);
    if (response.status != 200)
        return err_set(err, ERR_NET, "%s: status %ld instead of 200", name, response.status);
    return source_add(list, name, buf_str(&response.body), err);
}

int
source_load(struct source_list *list, const char *where, const char *folder, struct err *err)
{
    if (strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0)
        return S_load_url(list, where, err);
    const char *path = folder ? fs_join(&list->arena, folder, where) : where;
    if (fs_exists(path) || !strpbrk(path, "*?[{"))
        return S_load_file(list, path, err);
    struct fs_list found;
    if (fs_glob(&list->arena, path, &found, err) < 0)
        return -1;
    if (found.count == 0)
        return err_set(err, ERR_NOT_FOUND, "%s matches no file", path);
    for (size_t i = 0; i < found.count; i++)
        if (S_load_file(list, found.paths[i], err) < 0)
            return -1;
    return 0;
}

static bool
S_is_archive(struct str data)
{
    return str_starts(data, STR("PK\003\004")) || str_starts(data, STR("7z\274\257\047\034")) ||
           (data.len > 262 && str_starts(str_from(data, 257), STR("ustar")));
}

struct members {
    const char *archive, *format;
    struct profile *profile;
    size_t read;
};

// A member that is no profile (a README, say) is left out.
static int
S_member(void *context, const char *name, struct str data, struct err *err)
{
    struct members *members = context;
    AUTO_ARENA arena = {0};
    AUTO_BUF unpacked = BUF(PROFILE_MAX_BYTES);
    const char *full_name = arena_printf(&arena, "%s(%s)", members->archive, name);
    if (unpack_bytes(data, PROFILE_MAX_BYTES, &unpacked, err) < 0)
        return err_wrap(err, "%s", full_name);
    bool named = members->format && strcmp(members->format, "auto") != 0;
    if (!named && !format_detect(buf_str(&unpacked)))
        return 0;
    members->read++;
    return format_read(buf_str(&unpacked), full_name, members->format, members->profile, err);
}

// libarchive wants a file.
static int
S_read_archive(const struct source *source, const char *format, struct profile *profile, struct err *err)
{
    AUTO_ARENA arena = {0};
    char *folder = fs_temp_dir(&arena, NULL, "atoll-profile-", err);
    if (!folder)
        return -1;
    struct members members = {.archive = source->name, .format = format, .profile = profile};
    const char *path = fs_join(&arena, folder, "archive");
    int result = fs_write(path, buf_str(&source->data), err);
    if (result == 0)
        result = unpack_each(path, PROFILE_MAX_BYTES, S_member, &members, err);
    struct err ignored;
    (void)!fs_remove_tree(folder, &ignored);
    if (result == 0 && members.read == 0)
        result = err_set(err, ERR_PARSE, "%s: the archive holds no profile", source->name);
    return result;
}

int
source_read(const struct source *source, const char *format, struct profile *profile, struct err *err)
{
    AUTO_BUF unpacked = BUF(PROFILE_MAX_BYTES);
    struct str data = buf_str(&source->data);
    if (S_is_archive(data))
        return S_read_archive(source, format, profile, err);
    if (unpack_bytes(data, PROFILE_MAX_BYTES, &unpacked, err) < 0)
        return err_wrap(err, "%s", source->name);
    data = buf_str(&unpacked);
    if (S_is_archive(data))
        return S_read_archive(source, format, profile, err);
    return format_read(data, source->name, format, profile, err);
}
