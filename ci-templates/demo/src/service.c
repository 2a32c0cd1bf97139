// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include "base64.h"
#include "capture.h"
#include "checksum.h"
#include "fibonacci.h"
#include "merge.h"
#include "murmur3.h"
#include "tag.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define RETRY_MAX 40
#define SHARD_SEED 0x9747b28cu
#define BASE64_MARK "base64:"

// ---- captured calls: in a build without TAGD_CAPTURE each is an empty function ----

static bool
capturing(const struct service *service)
{
    return TAGD_CAPTURE && service->capture_folder != NULL;
}

static void
capture_normalize(const struct service *service, const char *function, const char *in, size_t len, size_t cap)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {CAPTURE_BYTES, in, len, 0},
        {.kind = CAPTURE_NUMBER, .number = len},
        {.kind = CAPTURE_OUTPUT},
        {.kind = CAPTURE_NUMBER, .number = cap},
    };
    capture_call(service->capture_folder, function, args, 4);
}

static void
capture_merge(const struct service *service, const char *a, size_t a_len, const char *b, size_t b_len,
              size_t cap)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {CAPTURE_BYTES, a, a_len, 0}, {.kind = CAPTURE_NUMBER, .number = a_len},
        {CAPTURE_BYTES, b, b_len, 0}, {.kind = CAPTURE_NUMBER, .number = b_len},
        {.kind = CAPTURE_OUTPUT},     {.kind = CAPTURE_NUMBER, .number = cap},
    };
    capture_call(service->capture_folder, "merge_tags", args, 6);
}

static void
capture_update(const struct service *service, uint32_t crc, const uint8_t *data, size_t len)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {.kind = CAPTURE_NUMBER, .number = crc},
        {CAPTURE_BYTES, data, len, 0},
        {.kind = CAPTURE_NUMBER, .number = len},
    };
    capture_call(service->capture_folder, "crc32_update", args, 3);
}

static void
capture_combine(const struct service *service, uint32_t crc1, uint32_t crc2, size_t len2)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {.kind = CAPTURE_NUMBER, .number = crc1},
        {.kind = CAPTURE_NUMBER, .number = crc2},
        {.kind = CAPTURE_NUMBER, .number = len2},
    };
    capture_call(service->capture_folder, "crc32_combine", args, 3);
}

// A block's checksum calls the two below it, so all three are captured.
static void
capture_block(const struct service *service, const uint8_t *data, size_t len)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {CAPTURE_BYTES, data, len, 0},
        {.kind = CAPTURE_NUMBER, .number = len},
        {.kind = CAPTURE_SCALAR, .number = service->blocks_crc},
    };
    capture_call(service->capture_folder, "checksum_block", args, 3);
    capture_update(service, 0, data, len);
    capture_combine(service, service->blocks_crc, crc32_update(0, data, len), len);
}

static void
capture_hash(const struct service *service, const uint8_t *key, size_t len)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {
        {CAPTURE_BYTES, key, len, 0},
        {.kind = CAPTURE_NUMBER, .number = len},
        {.kind = CAPTURE_NUMBER, .number = SHARD_SEED},
    };
    capture_call(service->capture_folder, "murmur3_32", args, 3);
}

static void
capture_retry(const struct service *service, unsigned n)
{
    if (!capturing(service))
        return;
    const struct capture_arg args[] = {{.kind = CAPTURE_NUMBER, .number = n}};
    capture_call(service->capture_folder, "fibonacci", args, 1);
}

// ---- answers ----

static void
answer_text(struct service *service, const char *text, size_t len)
{
    fputs("OK ", service->out);
    fwrite(text, 1, len, service->out);
    putc('\n', service->out);
}

static void
answer_error(struct service *service, const char *reason)
{
    service->totals.errors++;
    fprintf(service->out, "ERR %s\n", reason);
}

static void
on_tag(struct service *service, char *text, size_t len)
{
    char out[TAG_MAX_BYTES];

    capture_normalize(service, "normalize_tag", text, len, sizeof out);
    size_t n = normalize_tag(text, len, out, sizeof out);
    if (n == 0) {
        answer_error(service, "nothing is left of the tag");
        return;
    }
    service->totals.tags++;
    answer_text(service, out, n);
}

static void
on_value(struct service *service, char *text, size_t len)
{
    char out[TAG_MAX_BYTES];

    capture_normalize(service, "normalize_tag_value", text, len, sizeof out);
    size_t n = normalize_tag_value(text, len, out, sizeof out);
    if (n == 0) {
        answer_error(service, "nothing is left of the value");
        return;
    }
    service->totals.values++;
    answer_text(service, out, n);
}

static void
replace_bytes(char *text, size_t len, char from, char to)
{
    for (char *at = memchr(text, from, len); at != NULL; at = memchr(at, from, len - (size_t)(at - text)))
        *at = to;
}

static void
on_merge(struct service *service, char *text, size_t len)
{
    char *bar = memchr(text, '|', len);

    if (bar == NULL) {
        answer_error(service, "MERGE wants two lists with a | between them");
        return;
    }
    size_t a_len = (size_t)(bar - text);
    size_t b_len = len - a_len - 1;
    replace_bytes(text, len, ',', '\n');
    capture_merge(service, text, a_len, bar + 1, b_len, a_len + b_len + 1);
    size_t n = merge_tags(text, a_len, bar + 1, b_len, service->scratch, a_len + b_len + 1);
    replace_bytes(service->scratch, n, '\n', ',');
    service->totals.merges++;
    answer_text(service, service->scratch, n);
}

// The bytes of a block: as they stand, or from base 64. False when they are neither.
static bool
block_bytes(struct service *service, const char *text, size_t len, const uint8_t **data, size_t *data_len)
{
    size_t mark = strlen(BASE64_MARK);

    *data = (const uint8_t *)text;
    *data_len = len;
    if (len < mark || memcmp(text, BASE64_MARK, mark) != 0)
        return true;
    *data = (const uint8_t *)service->scratch;
    return base64_decode(text + mark, len - mark, (uint8_t *)service->scratch, data_len);
}

static void
on_block(struct service *service, char *text, size_t len)
{
    const uint8_t *data;
    size_t data_len;

    if (!block_bytes(service, text, len, &data, &data_len)) {
        answer_error(service, "the block is no base 64");
        return;
    }
    capture_block(service, data, data_len);
    uint32_t crc = checksum_block(data, data_len, &service->blocks_crc);
    service->totals.blocks++;
    service->totals.block_bytes += data_len;
    fprintf(service->out, "OK %08" PRIx32 " %08" PRIx32 "\n", crc, service->blocks_crc);
}

static void
on_part(struct service *service, char *text, size_t len)
{
    const uint8_t *data;
    size_t data_len;

    if (!block_bytes(service, text, len, &data, &data_len)) {
        answer_error(service, "the part is no base 64");
        return;
    }
    capture_update(service, service->part_crc, data, data_len);
    service->part_crc = crc32_update(service->part_crc, data, data_len);
    service->part_bytes += data_len;
    fprintf(service->out, "OK %08" PRIx32 "\n", service->part_crc);
}

static void
on_end(struct service *service, char *text, size_t len)
{
    (void)text;
    if (len > 0) {
        answer_error(service, "END stands alone");
        return;
    }
    capture_combine(service, service->blocks_crc, service->part_crc, service->part_bytes);
    service->blocks_crc = crc32_combine(service->blocks_crc, service->part_crc, service->part_bytes);
    service->totals.blocks++;
    service->totals.block_bytes += service->part_bytes;
    fprintf(service->out, "OK %08" PRIx32 " %08" PRIx32 "\n", service->part_crc, service->blocks_crc);
    service->part_crc = 0;
    service->part_bytes = 0;
}

static void
on_hash(struct service *service, char *text, size_t len)
{
    const uint8_t *key = (const uint8_t *)text;

    capture_hash(service, key, len);
    service->totals.hashes++;
    fprintf(service->out, "OK %08" PRIx32 "\n", murmur3_32(key, len, SHARD_SEED));
}

static void
on_retry(struct service *service, char *text, size_t len)
{
    unsigned n = 0;
    bool valid = len > 0 && len <= 2;

    for (size_t i = 0; valid && i < len; i++) {
        valid = text[i] >= '0' && text[i] <= '9';
        n = n * 10 + (unsigned)(text[i] - '0');
    }
    if (!valid || n > RETRY_MAX) {
        answer_error(service, "RETRY wants a number from 0 to 40");
        return;
    }
    capture_retry(service, n);
    service->totals.retries++;
    fprintf(service->out, "OK %" PRIu64 "\n", fibonacci(n));
}

static void
on_stats(struct service *service, char *text, size_t len)
{
    const struct service_totals *t = &service->totals;

    (void)text;
    if (len > 0) {
        answer_error(service, "STATS stands alone");
        return;
    }
    fprintf(service->out,
            "OK tags=%" PRIu64 " values=%" PRIu64 " merges=%" PRIu64 " blocks=%" PRIu64
            " block_bytes=%" PRIu64 " hashes=%" PRIu64 " retries=%" PRIu64 " errors=%" PRIu64
            " crc=%08" PRIx32 "\n",
            t->tags, t->values, t->merges, t->blocks, t->block_bytes, t->hashes, t->retries, t->errors,
            service->blocks_crc);
}

struct command {
    const char *name;
    void (*answer)(struct service *service, char *text, size_t len);
};

static const struct command commands[] = {
    {"TAG", on_tag}, {"VALUE", on_value}, {"MERGE", on_merge}, {"BLOCK", on_block}, {"PART", on_part},
    {"END", on_end}, {"HASH", on_hash},   {"RETRY", on_retry}, {"STATS", on_stats},
};

void
service_init(struct service *service, FILE *out, const char *capture_folder)
{
    memset(service, 0, sizeof *service);
    service->out = out;
    service->capture_folder = capture_folder;
}

void
service_line(struct service *service, char *line, size_t len)
{
    char *space = memchr(line, ' ', len);
    size_t name_len = space != NULL ? (size_t)(space - line) : len;
    size_t text_at = space != NULL ? name_len + 1 : len;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *command = &commands[i];
        if (strlen(command->name) == name_len && memcmp(command->name, line, name_len) == 0) {
            command->answer(service, line + text_at, len - text_at);
            return;
        }
    }
    answer_error(service, "unknown request");
}

void
service_line_too_long(struct service *service)
{
    answer_error(service, "the line is too long");
}
