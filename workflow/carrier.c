// SPDX-License-Identifier: Apache-2.0
#include "workflow/carrier.h"

#include "base/vec.h"
#include "workflow/carriers/ops.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct carrier_ops *const known[] = {&carrier_dir, &carrier_git};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

struct carrier {
    const struct carrier_ops *ops;
    void *self;
};

struct carrier *
carrier_new(const struct carrier_ops *ops, void *self)
{
    struct carrier *carrier = calloc(1, sizeof(*carrier));
    if (!carrier)
        abort();
    *carrier = (struct carrier){ops, self};
    return carrier;
}

static void
refuse_spec(const char *spec, struct err *err)
{
    AUTO_BUF forms = BUF(1000);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        buf_printf(&forms, "%s%s", i == 0 ? "" : i + 1 < KNOWN_COUNT ? ", " : " or ", known[i]->form);
    size_t scheme = strcspn(spec, ":");
    err_set(err, ERR_CONFIG, "no carrier is called \"%.*s\"; a carrier is %s", scheme < 40 ? (int)scheme : 40,
            spec, buf_text(&forms));
}

struct carrier *
carrier_open(const char *spec, const struct carrier_options *options, struct err *err)
{
    struct str rest = str_of(spec);
    struct str scheme = str_cut(&rest, ':');
    for (size_t i = 0; rest.ptr && i < KNOWN_COUNT; i++) {
        if (!str_is(scheme, known[i]->scheme))
            continue;
        void *self = known[i]->open(rest.ptr, options, err);
        return self ? carrier_new(known[i], self) : NULL;
    }
    refuse_spec(spec, err);
    return NULL;
}

void
carrier_close(struct carrier *carrier)
{
    if (!carrier)
        return;
    carrier->ops->close(carrier->self);
    free(carrier);
}

// ---- chunks ----

static int
check_hash(const char *hash, struct err *err)
{
    if (strlen(hash) == 64 && strspn(hash, "0123456789abcdef") == 64)
        return 0;
    return err_set(err, ERR_PARSE, "not a SHA-256 in hexadecimal digits: \"%.70s\"", hash);
}

int
carrier_has(struct carrier *carrier, const char *hash, bool *there, struct err *err)
{
    return check_hash(hash, err) < 0 ? -1 : carrier->ops->has(carrier->self, hash, there, err);
}

int
carrier_put(struct carrier *carrier, struct str content, struct carrier_hash *hash, struct err *err)
{
    if (content.len > CARRIER_CHUNK_BYTES)
        return err_set(err, ERR_LIMIT, "a chunk is larger than %d bytes", CARRIER_CHUNK_BYTES);
    struct hash sum = hash_of(content.len ? content.ptr : "", content.len);
    hash_hex(&sum, hash->text);
    return carrier->ops->put(carrier->self, hash->text, content, err);
}

int
carrier_get(struct carrier *carrier, const char *hash, struct buf *content, struct err *err)
{
    buf_clear(content);
    if (check_hash(hash, err) < 0 || carrier->ops->get(carrier->self, hash, content, err) < 0)
        return -1;
    struct hash sum = hash_of(buf_text(content), content->len);
    char hex[65];
    hash_hex(&sum, hex);
    if (content->len <= CARRIER_CHUNK_BYTES && strcmp(hex, hash) == 0)
        return 0;
    return err_set(err, ERR_PARSE, "chunk %s is damaged", hash);
}

// ---- head ----

int
carrier_load(struct carrier *carrier, struct carrier_version *version, struct buf *head, struct err *err)
{
    *version = (struct carrier_version){""};
    buf_clear(head);
    return carrier->ops->load(carrier->self, version, head, err);
}

static int
check_live(struct str head, const struct carrier_hash *live, size_t count, struct err *err)
{
    if (head.len > CARRIER_HEAD_MAX_BYTES || count > CARRIER_LIVE_MAX)
        return err_set(err, ERR_LIMIT, "a head is larger than %u bytes or names more than %d chunks",
                       CARRIER_HEAD_MAX_BYTES, CARRIER_LIVE_MAX);
    for (size_t i = 0; i < count; i++)
        if (check_hash(live[i].text, err) < 0)
            return -1;
    return 0;
}

int
carrier_swap(struct carrier *carrier, const struct carrier_version *expect, struct str head,
             const struct carrier_hash *live, size_t count, struct carrier_version *now, struct err *err)
{
    *now = (struct carrier_version){""};
    if (check_live(head, live, count, err) < 0)
        return -1;
    if (carrier->ops->swap(carrier->self, expect, head, live, count, now, err) == 0)
        return 0;
    // A conflict, too, can be the second half of a call that took place: somebody between repeated it.
    struct carrier_version standing = {""};
    struct err ignored;
    if (now->text[0] && carrier->ops->look(carrier->self, &standing, &ignored) == 0 &&
        strcmp(standing.text, now->text) == 0)
        return 0;
    return -1;
}

// ---- messages ----

void
carrier_message_id(const struct host *host, char id[27])
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; // sorted, as the id is to sort by time
    uint64_t ms = (uint64_t)(host->wall_ns(host->context) / 1000000);
    uint8_t random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        abort();
    for (int i = 9; i >= 0; i--, ms >>= 5)
        id[i] = digits[ms & 31];
    for (int i = 0; i < 16; i++)
        id[10 + i] = digits[random[i] & 31];
    id[26] = 0;
}

static int
check_id(const char *id, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(id);
    if (len > 0 && len <= CARRIER_ID_MAX && strspn(id, allowed) == len)
        return 0;
    return err_set(err, ERR_USAGE, "a message's id is up to %d letters, digits, '-' and '_', not \"%.120s\"",
                   CARRIER_ID_MAX, id);
}

int
carrier_message_put(struct carrier *carrier, const char *id, struct str text, struct err *err)
{
    if (check_id(id, err) < 0)
        return -1;
    if (text.len > CARRIER_MESSAGE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a message is larger than %d bytes", CARRIER_MESSAGE_MAX_BYTES);
    if (carrier->ops->message_put(carrier->self, id, text, err) == 0)
        return 0;
    AUTO_BUF there = BUF(CARRIER_MESSAGE_MAX_BYTES);
    struct err ignored;
    if (carrier->ops->message_get(carrier->self, id, &there, &ignored) == 0 && str_eq(buf_str(&there), text))
        return 0;
    return -1;
}

struct ids {
    struct arena *arena;
    VEC(const char *) found;
};

static int
add_id(void *context, const char *id, struct err *err)
{
    struct ids *ids = context;
    struct err ignored;
    if (check_id(id, &ignored) < 0)
        return 0; // not a message of ours
    if (ids->found.count == CARRIER_MESSAGES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d messages are waiting", CARRIER_MESSAGES_MAX);
    *vec_push(&ids->found) = arena_dup(ids->arena, id);
    return 0;
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
carrier_message_list(struct carrier *carrier, struct arena *arena, const char ***out, size_t *count,
                     struct err *err)
{
    struct ids ids = {.arena = arena};
    int status = carrier->ops->message_list(carrier->self, add_id, &ids, err);
    *count = ids.found.count;
    *out = ARENA_ARRAY(arena, const char *, *count);
    if (*count > 0) {
        memcpy(*out, ids.found.items, *count * sizeof(**out));
        qsort(*out, *count, sizeof(**out), by_bytes);
    }
    vec_release(&ids.found);
    return status;
}

int
carrier_message_get(struct carrier *carrier, const char *id, struct buf *text, struct err *err)
{
    buf_clear(text);
    return check_id(id, err) < 0 ? -1 : carrier->ops->message_get(carrier->self, id, text, err);
}

int
carrier_message_drop(struct carrier *carrier, const char *id, struct err *err)
{
    return check_id(id, err) < 0 ? -1 : carrier->ops->message_drop(carrier->self, id, err);
}
