// SPDX-License-Identifier: Apache-2.0
#include "workflow/head.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char hex_digits[] = "0123456789abcdef";
static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static int
wrong(const char *key, const char *what, struct err *err)
{
    return err_set(err, ERR_PARSE, "a published head is damaged: \"%s\" is not %s", key, what);
}

// Copies a text of at most `max` and, unless 0, at least `min` bytes out of `letters`.
static bool
take_text(const json_t *value, size_t min, size_t max, const char *letters, char *out)
{
    size_t len = json_string_length(value);
    const char *text = json_string_value(value);
    if (!text || len < min || len > max || (letters && strspn(text, letters) != len) || strlen(text) != len)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool
take_int(const json_t *json, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(json, key);
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= min && *out <= max;
}

static int
read_chunks(struct arena *arena, const json_t *json, struct head *head, struct err *err)
{
    const json_t *list = json_object_get(json, "chunks");
    int64_t expected = (head->size_bytes + CARRIER_CHUNK_BYTES - 1) / CARRIER_CHUNK_BYTES;
    if (!json_is_array(list) || json_array_size(list) != (size_t)expected)
        return wrong("chunks", "a list of as many chunks as \"size\" needs", err);
    head->chunk_count = (size_t)expected;
    head->chunks = ARENA_ARRAY(arena, struct carrier_hash, head->chunk_count);
    for (size_t i = 0; i < head->chunk_count; i++)
        if (!take_text(json_array_get(list, i), 64, 64, hex_digits, head->chunks[i].text))
            return wrong("chunks", "a list of SHA-256 sums", err);
    return 0;
}

static int
read_lease(const json_t *json, struct head *head, struct err *err)
{
    const json_t *lease = json_object_get(json, "lease");
    if (json_is_null(lease))
        return 0;
    if (!take_text(json_object_get(lease, "owner"), 1, HEAD_NAME_MAX, NULL, head->owner) ||
        !take_int(lease, "until_ns", 0, INT64_MAX, &head->until_ns))
        return wrong("lease", "null or an owner and a time", err);
    for (const char *c = head->owner; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return wrong("lease", "free of control characters", err);
    return 0;
}

static int
read_writes(const json_t *json, struct head *head, struct err *err)
{
    const json_t *list = json_object_get(json, "previous");
    if (!take_text(json_object_get(json, "write"), 32, 32, hex_digits, head->write))
        return wrong("write", "32 hexadecimal digits", err);
    if (!json_is_array(list) || json_array_size(list) > HEAD_PREVIOUS_MAX)
        return wrong("previous", "a short list", err);
    head->previous_count = json_array_size(list);
    for (size_t i = 0; i < head->previous_count; i++)
        if (!take_text(json_array_get(list, i), 32, 32, hex_digits, head->previous[i]))
            return wrong("previous", "a list of 32 hexadecimal digits each", err);
    return 0;
}

static int
read_snapshot(struct arena *arena, const json_t *json, struct head *head, struct err *err)
{
    if (!take_text(json_object_get(json, "lineage"), 1, HEAD_NAME_MAX, name_letters, head->lineage))
        return wrong("lineage", "letters and digits", err);
    if (!take_int(json, "generation", 1, INT64_MAX - 1, &head->generation))
        return wrong("generation", "a number from 1", err);
    if (!take_int(json, "schema", 1, INT32_MAX, &head->schema))
        return wrong("schema", "a number from 1", err);
    if (!take_int(json, "size", 1, INT64_MAX, &head->size_bytes))
        return wrong("size", "a number from 1", err);
    if (head->size_bytes > SNAPSHOT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a published head names a state of %lld bytes; %lld is the limit",
                       (long long)head->size_bytes, (long long)SNAPSHOT_MAX_BYTES);
    if (!take_text(json_object_get(json, "sha256"), 64, 64, hex_digits, head->sum))
        return wrong("sha256", "a SHA-256 sum", err);
    return read_chunks(arena, json, head, err);
}

int
head_read(struct arena *arena, struct str text, struct head *head, struct err *err)
{
    int64_t format;
    *head = (struct head){0};
    if (text.len > CARRIER_HEAD_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a published head is larger than %u bytes", CARRIER_HEAD_MAX_BYTES);
    AUTO_JSON *json = json_read(text, "published head", err);
    if (!json)
        return -1;
    if (!json_is_object(json) || !take_int(json, "format", 1, INT64_MAX, &format))
        return wrong("format", "a number from 1", err);
    if (format > HEAD_FORMAT)
        return err_set(err, ERR_ENVIRONMENT,
                       "the state was published by a newer atoll: format %lld, this atoll knows format %d",
                       (long long)format, HEAD_FORMAT);
    if (read_snapshot(arena, json, head, err) < 0 || read_lease(json, head, err) < 0)
        return -1;
    return read_writes(json, head, err);
}

void
head_write(const struct head *head, struct buf *out)
{
    AUTO_JSON *chunks = json_array(), *previous = json_array(), *lease = json_null();
    for (size_t i = 0; i < head->chunk_count; i++)
        json_array_append_new(chunks, json_string(head->chunks[i].text));
    for (size_t i = 0; i < head->previous_count; i++)
        json_array_append_new(previous, json_string(head->previous[i]));
    if (head->owner[0])
        lease = json_pack("{s:o, s:I}", "owner", json_text(str_of(head->owner)), "until_ns",
                          (json_int_t)head->until_ns);
    AUTO_JSON *json =
        json_pack("{s:i, s:o, s:I, s:I, s:I, s:s, s:O, s:O, s:s, s:O}", "format", HEAD_FORMAT, "lineage",
                  json_text(str_of(head->lineage)), "generation", (json_int_t)head->generation, "schema",
                  (json_int_t)head->schema, "size", (json_int_t)head->size_bytes, "sha256", head->sum,
                  "chunks", chunks, "lease", lease, "write", head->write, "previous", previous);
    char *text = json_compact(json);
    buf_puts(out, text);
    buf_putc(out, '\n');
    free(text);
}

void
head_new_write(char write[HEAD_WRITE_SIZE])
{
    uint8_t random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        abort();
    for (size_t i = 0; i < sizeof(random); i++) {
        write[2 * i] = hex_digits[random[i] >> 4];
        write[2 * i + 1] = hex_digits[random[i] & 15];
    }
    write[HEAD_WRITE_SIZE - 1] = 0;
}

bool
head_is_write(const struct head *head, const char *write)
{
    return *write && strcmp(head->write, write) == 0;
}

bool
head_is_after(const struct head *head, const char *write)
{
    for (size_t i = 0; i < head->previous_count; i++)
        if (strcmp(head->previous[i], write) == 0)
            return true;
    return false;
}

bool
head_is_held(const struct head *head, const char *owner, int64_t now_ns)
{
    return head->owner[0] && strcmp(head->owner, owner) != 0 && head->until_ns > now_ns;
}
