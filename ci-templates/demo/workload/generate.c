// SPDX-License-Identifier: Apache-2.0
// Prints a stream of requests for tagd, the same one for the same options. What a production agent sees is
// imitated in what matters to its cost: most tags are nearly clean, text is in several scripts, blocks are
// mostly small.
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SMALLEST 32
#define BLOCK_LARGEST 16384
#define LIST_MAX 64
#define TAG_BYTES 48

// Tells how often each request comes, in parts of all.
struct mix {
    const char *name;
    unsigned tag, value, block, parts, merge, hash, retry, bad;
    unsigned list_min, list_max; // tags in one list of a MERGE
    unsigned key_min, key_max;   // tags in the key of a HASH
};

static const struct mix mixes[] = {
    {"ingest", 5800, 2850, 250, 10, 330, 1000, 55, 10, 3, 14, 1, 20},
    {"merge", 500, 400, 10, 0, 5500, 3580, 5, 5, 16, 60, 20, 80},
};

struct generator {
    uint64_t state;
    const struct mix *mix;
    size_t block_max;
    char block[BLOCK_LARGEST + 64];
};

static const char *const keys[] = {
    "env",       "service",    "version",           "host",           "team",        "region",
    "Kube_Pod",  "kube_node",  "Container Name",    "image_tag",      "http.method", "http.url",
    "http.host", "db.system",  "db/instance",       "Customer Name",  "User-Agent",  "process@name",
    "trace id",  "cloud.zone", "Availability Zone", "kube_namespace", "queue",       "Error Message",
};

static const char *const names[] = {
    "prod",     "Staging", "checkout", "Web-Frontend", "payments", "us-east-1a",  "eu_west",  "redis-Cache",
    "postgres", "GET",     "POST",     "ingester",     "Auth",     "kafka",       "consumer", "nginx-ingress",
    "worker",   "Batch",   "cron",     "search",       "Default",  "kube-system", "v1.27.3",  "4.18",
};

static const char *const words[] = {
    "connection",
    "refused",
    "timeout",
    "after",
    "Retrying",
    "the",
    "request",
    "from",
    "user",
    "O'Neil,",
    "(id=42)",
    "at",
    "10.0.3.7",
    "failed:",
    "no",
    "such",
    "file",
    "\"index\"",
    "Failed",
    "to",
    "parse",
    "key=value;",
    "100%",
    "of",
    "caf\xc3\xa9",
    "M\xc3\xbcnchen",
    "\xe6\x9d\xb1\xe4\xba\xac",
    "na\xc3\xafve",
    "99\xe2\x82\xac",
    "[warn]",
    "#7",
    "-",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// SplitMix64.
static uint64_t
next_random(struct generator *g)
{
    uint64_t z = g->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned
below(struct generator *g, unsigned n)
{
    return (unsigned)((next_random(g) >> 32) * n >> 32);
}

static unsigned
between(struct generator *g, unsigned low, unsigned high)
{
    return low + below(g, high - low + 1);
}

static void
print_word(struct generator *g, const char *const *list, size_t count)
{
    fputs(list[below(g, (unsigned)count)], stdout);
}

// An identifier as people and machines write them: letters of both cases and digits.
static void
print_identifier(struct generator *g, unsigned len)
{
    static const char digits[] = "0123456789abcdefABCDEFghkmXYZ-";

    for (unsigned i = 0; i < len; i++)
        putchar(digits[below(g, sizeof digits - 1)]);
}

static void
print_sentence(struct generator *g, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            fputs(below(g, 12) == 0 ? "  " : " ", stdout);
        print_word(g, words, COUNT(words));
    }
}

static void
print_path(struct generator *g, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        putchar('/');
        if (below(g, 3) == 0)
            print_identifier(g, between(g, 2, 10));
        else
            print_word(g, names, COUNT(names));
    }
    if (below(g, 3) == 0)
        printf("?id=%u&Page=%u", below(g, 100000), below(g, 20));
}

static void
print_value(struct generator *g)
{
    unsigned kind = below(g, 100);

    if (kind < 30) {
        print_word(g, names, COUNT(names));
        if (below(g, 2) == 0)
            printf("-%u", below(g, 1000));
    } else if (kind < 50) {
        print_word(g, names, COUNT(names));
        putchar('-');
        print_identifier(g, between(g, 5, 24));
    } else if (kind < 65) {
        print_path(g, between(g, 1, 6));
    } else if (kind < 90) {
        print_sentence(g, between(g, 2, 16));
    } else if (kind < 97) {
        print_identifier(g, 36);
    } else {
        // Bytes that are no UTF-8.
        print_word(g, names, COUNT(names));
        printf("%c%c", (int)between(g, 0x80, 0xff), (int)between(g, 0xc0, 0xff));
        print_word(g, words, COUNT(words));
    }
}

static void
print_tag(struct generator *g)
{
    if (below(g, 20) == 0)
        fputs(below(g, 2) == 0 ? "  " : "12_", stdout);
    print_word(g, keys, COUNT(keys));
    putchar(':');
    print_value(g);
    if (below(g, 25) == 0)
        fputs(" _", stdout);
}

// Fills g->block with lines of a log. Most blocks are small: each doubling of the size is rarer than the
// last.
static size_t
make_block(struct generator *g)
{
    size_t size = BLOCK_SMALLEST;
    size_t n = 0;

    while (size < BLOCK_LARGEST && below(g, 100) < 56)
        size *= 2;
    size += below(g, (unsigned)size);
    if (size > g->block_max)
        size = g->block_max;
    while (n < size) {
        const char *word = below(g, 3) == 0 ? names[below(g, COUNT(names))] : words[below(g, COUNT(words))];
        n += (size_t)snprintf(g->block + n, sizeof g->block - n, "%s %x ", word, below(g, 65536));
    }
    return size;
}

static void
print_base64(const char *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i + 3 <= len; i += 3) {
        unsigned a = (unsigned char)data[i];
        unsigned b = (unsigned char)data[i + 1];
        unsigned c = (unsigned char)data[i + 2];
        unsigned bits = a << 16 | b << 8 | c;
        putchar(digits[bits >> 18]);
        putchar(digits[bits >> 12 & 63]);
        putchar(digits[bits >> 6 & 63]);
        putchar(digits[bits & 63]);
    }
}

static void
print_block(struct generator *g, const char *request)
{
    size_t size = make_block(g);

    printf("%s ", request);
    if (below(g, 16) == 0) {
        for (size_t i = 0; i < size; i++)
            g->block[i] = (char)(next_random(g) >> 56);
        fputs("base64:", stdout);
        print_base64(g->block, size);
    } else {
        fwrite(g->block, 1, size, stdout);
    }
    putchar('\n');
}

static void
print_parts(struct generator *g)
{
    for (unsigned i = between(g, 2, 6); i > 0; i--)
        print_block(g, "PART");
    puts("END");
}

// A normalised tag out of a few thousand, so that lists have many in common.
static void
make_tag(struct generator *g, char tag[TAG_BYTES])
{
    static const char *const clean_keys[] = {"env",  "service",  "version",   "host",   "kube_namespace",
                                             "team", "kube_pod", "kube_node", "region", "availability-zone"};
    static const char *const clean[] = {"prod",   "checkout", "web-frontend", "payments", "us-east-1a",
                                        "worker", "ingester", "postgres",     "search",   "kafka-consumer"};

    snprintf(tag, TAG_BYTES, "%s:%s-%u", clean_keys[below(g, COUNT(clean_keys))],
             clean[below(g, COUNT(clean))], below(g, 40));
}

static int
compare_tags(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void
print_list(struct generator *g, unsigned low, unsigned high, bool sorted)
{
    char tags[2 * LIST_MAX][TAG_BYTES];
    unsigned count = between(g, low, high);

    for (unsigned i = 0; i < count; i++)
        make_tag(g, tags[i]);
    if (sorted)
        qsort(tags, count, sizeof tags[0], compare_tags);
    for (unsigned i = 0; i < count; i++)
        printf("%s%s", i > 0 ? "," : "", tags[i]);
}

static void
print_retry(struct generator *g)
{
    unsigned n = below(g, 60) == 0 ? between(g, 23, 25) : between(g, 1, 22);

    printf("RETRY %u\n", n);
}

static void
print_bad(struct generator *g)
{
    static const char *const bad[] = {"PING",      "TAG !!!",        "RETRY soon",
                                      "MERGE a,b", "BLOCK base64:x", "VALUE"};

    puts(bad[below(g, COUNT(bad))]);
}

static void
print_merge(struct generator *g)
{
    fputs("MERGE ", stdout);
    print_list(g, g->mix->list_min, g->mix->list_max, true);
    putchar('|');
    print_list(g, g->mix->list_min, g->mix->list_max, true);
    putchar('\n');
}

static void
print_request(struct generator *g)
{
    const struct mix *m = g->mix;
    unsigned all = m->tag + m->value + m->block + m->parts + m->merge + m->hash + m->retry + m->bad;
    unsigned pick = below(g, all);

    if (pick < m->tag) {
        fputs("TAG ", stdout);
        print_tag(g);
        putchar('\n');
    } else if ((pick -= m->tag) < m->value) {
        fputs("VALUE ", stdout);
        print_value(g);
        putchar('\n');
    } else if ((pick -= m->value) < m->block) {
        print_block(g, "BLOCK");
    } else if ((pick -= m->block) < m->parts) {
        print_parts(g);
    } else if ((pick -= m->parts) < m->merge) {
        print_merge(g);
    } else if ((pick -= m->merge) < m->hash) {
        fputs("HASH ", stdout);
        print_list(g, m->key_min, m->key_max, false);
        putchar('\n');
    } else if ((pick -= m->hash) < m->retry) {
        print_retry(g);
    } else {
        print_bad(g);
    }
}

static int
usage(FILE *to, int status)
{
    fputs("usage: workload [--seed N] [--records N] [--mix NAME] [--max-block BYTES]\n"
          "mixes: ingest (tags and blocks), merge (lists and hashes)\n",
          to);
    return status;
}

static const struct mix *
find_mix(const char *name)
{
    for (size_t i = 0; i < COUNT(mixes); i++) {
        if (strcmp(mixes[i].name, name) == 0)
            return &mixes[i];
    }
    return NULL;
}

// A whole number up to `high`; false when the text is none.
static bool
parse_number(const char *text, uint64_t high, uint64_t *number)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    *number = value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= high;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'}, {"records", required_argument, NULL, 'r'},
        {"mix", required_argument, NULL, 'm'},  {"max-block", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
    struct generator g = {.mix = &mixes[0]};
    uint64_t seed = 1;
    uint64_t records = 10000;
    uint64_t block_max = BLOCK_LARGEST;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(stdout, 0);
        bool valid = (option == 's' && parse_number(optarg, UINT64_MAX, &seed)) ||
                     (option == 'r' && parse_number(optarg, 1000000000, &records)) ||
                     (option == 'b' && parse_number(optarg, BLOCK_LARGEST, &block_max)) ||
                     (option == 'm' && (g.mix = find_mix(optarg)) != NULL);
        if (!valid)
            return usage(stderr, 2);
    }
    if (optind < argc)
        return usage(stderr, 2);
    g.state = seed;
    g.block_max = (size_t)block_max;
    for (uint64_t i = 0; i < records; i++)
        print_request(&g);
    return fflush(stdout) == 0 ? 0 : 1;
}
