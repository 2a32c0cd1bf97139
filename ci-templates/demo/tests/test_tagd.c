// SPDX-License-Identifier: Apache-2.0
// Unit tests of tagd's functions: tables of input and output, identities, and limits.
#include "base64.h"
#include "checksum.h"
#include "fibonacci.h"
#include "merge.h"
#include "murmur3.h"
#include "tag.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    unsigned passed;
    unsigned failed;
};

#define CHECK(tally, condition, ...)                               \
    do {                                                           \
        if (condition) {                                           \
            (tally)->passed++;                                     \
        } else {                                                   \
            (tally)->failed++;                                     \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            printf(__VA_ARGS__);                                   \
            putchar('\n');                                         \
        }                                                          \
    } while (0)

// A string literal with its length, so that it may hold NUL bytes.
#define TEXT(literal) literal, sizeof(literal) - 1

struct pair {
    const char *in;
    size_t in_len;
    const char *out;
    size_t out_len;
};

typedef size_t normalizer(const char *in, size_t in_len, char *out, size_t out_cap);

// A small generator, so that every run tests the same bytes.
static uint32_t
next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void
fill_random(uint8_t *data, size_t len, uint64_t seed)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(next_random(&seed) >> 7);
}

// Runs a table of pairs, each with exactly the memory it needs, one byte more, and plenty.
static void
check_pairs(struct tally *t, normalizer *normalize, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct pair *p = &pairs[i];
        const size_t caps[] = {p->out_len, p->out_len + 1, 1024};
        for (size_t j = 0; j < 3; j++) {
            char *in = malloc(p->in_len > 0 ? p->in_len : 1);
            char *out = malloc(caps[j] > 0 ? caps[j] : 1);
            if (in == NULL || out == NULL)
                abort();
            memcpy(in, p->in, p->in_len);
            size_t n = normalize(in, p->in_len, out, caps[j]);
            CHECK(t, n == p->out_len && memcmp(out, p->out, n) == 0,
                  "row %zu: \"%.*s\" became \"%.*s\", not \"%s\"", i, (int)p->in_len, p->in, (int)n, out,
                  p->out);
            CHECK(t, memcmp(in, p->in, p->in_len) == 0, "row %zu: the input was changed", i);
            free(in);
            free(out);
        }
    }
}

static void
test_normalize_tag(struct tally *t)
{
    static const struct pair pairs[] = {
        {TEXT(""), TEXT("")},
        {TEXT("a"), TEXT("a")},
        {TEXT("Z"), TEXT("z")},
        {TEXT(":"), TEXT(":")},
        {TEXT("_"), TEXT("")},
        {TEXT("7"), TEXT("")},
        {TEXT("env:prod"), TEXT("env:prod")},
        {TEXT("ENV:PROD"), TEXT("env:prod")},
        {TEXT("#test_starting_hash"), TEXT("test_starting_hash")},
        {TEXT("TestCAPSandSuch"), TEXT("testcapsandsuch")},
        {TEXT("Test Conversion Of Weird !@#$%^&**() Characters"),
         TEXT("test_conversion_of_weird_characters")},
        {TEXT("$#weird_starting"), TEXT("weird_starting")},
        {TEXT("allowed:c0l0ns/and.dots-too"), TEXT("allowed:c0l0ns/and.dots-too")},
        {TEXT("1love"), TEXT("love")},
        {TEXT("123:abc"), TEXT(":abc")},
        {TEXT("-./9x"), TEXT("x")},
        {TEXT("underscores__in___a____row"), TEXT("underscores_in_a_row")},
        {TEXT("trailing_"), TEXT("trailing")},
        {TEXT("trailing   !!"), TEXT("trailing")},
        {TEXT("keeps-trailing-"), TEXT("keeps-trailing-")},
        {TEXT(":_:_a_:_"), TEXT(":_:_a_:")},
        {TEXT("a\0b"), TEXT("a_b")},
        {TEXT("\0\0a\0\0"), TEXT("a")},
        {TEXT("tab\there\r"), TEXT("tab_here")},
        {TEXT("caf\xc3\xa9:\xe2\x82\xac"), TEXT("caf_:")},
        {TEXT("\xc3\xa9t\xc3\xa9"), TEXT("t")},
        {TEXT("bad\xff\xfe\xc3utf8"), TEXT("bad_utf8")},
        {TEXT("\xef\xbf\xbdreplaced\xef\xbf\xbd"), TEXT("replaced")},
        {TEXT("a@b[c`d{e"), TEXT("a_b_c_d_e")},
        {TEXT("x,y;z<0>9"), TEXT("x_y_z_0_9")},
        {TEXT("0123456789"), TEXT("")},
        {TEXT("d0123456789"), TEXT("d0123456789")},
        {TEXT("\x7f\x80"
              "del"),
         TEXT("del")},
    };

    check_pairs(t, normalize_tag, pairs, sizeof pairs / sizeof pairs[0]);
}

static void
test_normalize_tag_value(struct tally *t)
{
    static const struct pair pairs[] = {
        {TEXT(""), TEXT("")},
        {TEXT("7"), TEXT("7")},
        {TEXT("007 Bond"), TEXT("007_bond")},
        {TEXT("1love"), TEXT("1love")},
        {TEXT("_1"), TEXT("1")},
        {TEXT("-1"), TEXT("1")},
        {TEXT("::1"), TEXT("::1")},
        {TEXT("/var/log"), TEXT("var/log")},
        {TEXT("10.0.0.1:8125"), TEXT("10.0.0.1:8125")},
        {TEXT("us-east-1A"), TEXT("us-east-1a")},
        {TEXT("trailing_ _"), TEXT("trailing")},
        {TEXT("A  B__C \t D"), TEXT("a_b_c_d")},
        {TEXT("!!!"), TEXT("")},
        {TEXT("a\0b"), TEXT("a_b")},
        {TEXT("\xc3\xa9"
              "1\xc3\xa9"
              "2\xc3\xa9"),
         TEXT("1_2")},
        {TEXT("bad\xff\xfe\xc3utf8"), TEXT("bad_utf8")},
        {TEXT("Mozilla/5.0 (X11; Linux)"), TEXT("mozilla/5.0_x11_linux")},
        {TEXT("a@b[c`d{e"), TEXT("a_b_c_d_e")},
    };

    check_pairs(t, normalize_tag_value, pairs, sizeof pairs / sizeof pairs[0]);
}

// What both have in common: each byte alone, long inputs, and outputs that are too small.
static void
check_normalizer_limits(struct tally *t, normalizer *normalize)
{
    static const char keep[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./:";
    char in[888];
    char out[1024];

    for (int c = 0; c < 256; c++) {
        char three[3] = {'x', (char)c, 'y'};
        bool kept = c != 0 && strchr(keep, c) != NULL;
        char middle = (char)(kept ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : '_');
        size_t n = normalize(three, 3, out, sizeof out);
        CHECK(t, n == 3 && out[0] == 'x' && out[1] == middle && out[2] == 'y', "byte %d", c);
    }

    memset(in, 'A', sizeof in);
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == TAG_MAX_BYTES, "888 letters");
    CHECK(t, out[0] == 'a' && out[TAG_MAX_BYTES - 1] == 'a', "888 letters");
    memset(in, ' ', sizeof in);
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 0, "888 spaces");
    in[0] = 'a';
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 1, "a letter and 887 spaces");
    in[887] = 'b';
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 3 && memcmp(out, "a_b", 3) == 0, "a long run");
    in[0] = ' ';
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 1 && out[0] == 'b', "887 skipped");

    // The 200th byte is the underscore, which then goes.
    memset(in, 'c', sizeof in);
    in[199] = '%';
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 199, "an underscore at the limit");
    in[199] = 'c';
    in[198] = '%';
    CHECK(t, normalize(in, sizeof in, out, sizeof out) == 200 && out[198] == '_',
          "an underscore before the limit");

    for (size_t cap = 0; cap <= 4; cap++) {
        char small[4] = {'#', '#', '#', '#'};
        size_t n = normalize("aB-c", 4, small, cap);
        CHECK(t, n == cap && memcmp(small, "ab-c", cap) == 0, "capacity %zu", cap);
        CHECK(t, cap == 4 || small[cap] == '#', "capacity %zu overrun", cap);
    }
    CHECK(t, normalize("a b", 3, out, 2) == 1, "no room after the underscore");
    CHECK(t, normalize("a", 1, NULL, 0) == 0, "no room at all");
}

static void
check_merge(struct tally *t, const char *a, const char *b, const char *want)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    size_t cap = a_len + b_len + 1;
    char *out = malloc(cap);

    if (out == NULL)
        abort();
    size_t n = merge_tags(a, a_len, b, b_len, out, cap);
    CHECK(t, n == strlen(want) && memcmp(out, want, n) == 0, "\"%s\" and \"%s\" became \"%.*s\", not \"%s\"",
          a, b, (int)n, out, want);
    n = merge_tags(b, b_len, a, a_len, out, cap);
    CHECK(t, n == strlen(want) && memcmp(out, want, n) == 0, "\"%s\" and \"%s\" became \"%.*s\", not \"%s\"",
          b, a, (int)n, out, want);
    free(out);
}

static void
test_merge_tags(struct tally *t)
{
    check_merge(t, "", "", "");
    check_merge(t, "a", "", "a");
    check_merge(t, "a", "a", "a");
    check_merge(t, "a", "b", "a\nb");
    check_merge(t, "a\nb\nc", "b\nd", "a\nb\nc\nd");
    check_merge(t, "a\nc\ne", "b\nd\nf", "a\nb\nc\nd\ne\nf");
    check_merge(t, "a\na\nb", "b\nb", "a\nb");
    check_merge(t, "env:prod\n", "env:prod\n\n", "env:prod");
    check_merge(t, "\na\n\nb", "", "a\nb");
    check_merge(t, "env", "env:prod", "env\nenv:prod");
    check_merge(t, "env:pro\nenv:prod", "env:prod\nenv:prodx", "env:pro\nenv:prod\nenv:prodx");
    check_merge(t, "a", "\xc3\xa9", "a\n\xc3\xa9");
    check_merge(t, "z\n\x7f", "\x80\n\xff", "z\n\x7f\n\x80\n\xff");
    check_merge(t, "service:checkout\nversion:1.10\nversion:1.9", "env:prod\nversion:1.2",
                "env:prod\nservice:checkout\nversion:1.10\nversion:1.2\nversion:1.9");
}

static void
test_merge_limits(struct tally *t)
{
    // "a", "a\nbb", "a\nbb\nc" take 1, 4 and 6 bytes: nothing is cut in the middle.
    static const size_t want[] = {0, 1, 1, 1, 4, 4, 6, 6};
    char small[8];

    for (size_t cap = 0; cap < sizeof want / sizeof want[0]; cap++) {
        memset(small, '#', sizeof small);
        size_t n = merge_tags("a\nc", 3, "bb\nc", 4, small, cap);
        CHECK(t, n == want[cap] && memcmp(small, "a\nbb\nc", n) == 0, "capacity %zu", cap);
        CHECK(t, small[cap] == '#', "capacity %zu overrun", cap);
    }
    CHECK(t, merge_tags("x\0y\nz", 5, "x\0y", 3, small, sizeof small) == 5, "NUL bytes are bytes");
    CHECK(t, memcmp(small, "x\0y\nz", 5) == 0, "NUL bytes are bytes");
}

// Two long lists in which every third tag is common.
static void
test_merge_long(struct tally *t)
{
    char *a = calloc(3, 16000);
    char *b = a + 16000;
    char *out = a + 32000;
    size_t a_len = 0;
    size_t b_len = 0;

    if (a == NULL)
        abort();
    for (int i = 0; i < 900; i++) {
        if (i % 3 != 1)
            a_len += (size_t)snprintf(a + a_len, 16000 - a_len, "kube_pod:%04d\n", i);
        if (i % 3 != 2)
            b_len += (size_t)snprintf(b + b_len, 16000 - b_len, "kube_pod:%04d\n", i);
    }
    size_t n = merge_tags(a, a_len - 1, b, b_len, out, 16000);
    CHECK(t, n == 900 * 14 - 1, "%zu bytes", n);
    for (size_t i = 0; i < 900 && n == 900 * 14 - 1; i++) {
        char tag[32];
        snprintf(tag, sizeof tag, "kube_pod:%04zu", i);
        CHECK(t, memcmp(out + i * 14, tag, 13) == 0, "tag %zu", i);
    }
    free(a);
}

static void
test_crc(struct tally *t)
{
    static const struct {
        const char *data;
        size_t len;
        uint32_t crc;
    } rows[] = {
        {TEXT(""), 0},
        {TEXT("a"), 0xe8b7be43},
        {TEXT("abc"), 0x352441c2},
        {TEXT("123456789"), 0xcbf43926},
        {TEXT("message digest"), 0x20159d7f},
        {TEXT("The quick brown fox jumps over the lazy dog"), 0x414fa339},
        {TEXT("\0"), 0xd202ef8d},
        {TEXT("\0\0\0\0"), 0x2144df1c},
        {TEXT("\xff\xff\xff\xff"), 0xffffffff},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t total = 0;
        const uint8_t *data = (const uint8_t *)rows[i].data;
        uint32_t crc = crc32_update(0, data, rows[i].len);
        CHECK(t, crc == rows[i].crc, "row %zu: %08" PRIx32, i, crc);
        CHECK(t, checksum_block(data, rows[i].len, &total) == crc && total == crc, "row %zu: a first block",
              i);
    }
    CHECK(t, crc32_update(0x12345678, NULL, 0) == 0x12345678, "nothing changes nothing");
    CHECK(t, crc32_combine(0x12345678, 0, 0) == 0x12345678, "nothing changes nothing");
}

// crc(a then b) is update(crc(a), b), is combine(crc(a), crc(b), |b|), is the total after both blocks.
static void
test_crc_identities(struct tally *t)
{
    static const size_t lengths[] = {0,  1,  2,  3,  4,   7,   8,    15,   16,
                                     31, 32, 63, 64, 255, 256, 1000, 4096, 16384};
    static const size_t count = sizeof lengths / sizeof lengths[0];
    uint8_t *data = malloc(2 * 16384);

    if (data == NULL)
        abort();
    fill_random(data, 2 * 16384, 7);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const uint8_t *second = data + lengths[i];
            uint32_t total = 0;
            uint32_t whole = crc32_update(0, data, lengths[i] + lengths[j]);
            uint32_t first = checksum_block(data, lengths[i], &total);
            uint32_t crc = crc32_update(0, second, lengths[j]);
            CHECK(t, total == first, "length %zu", lengths[i]);
            CHECK(t, crc32_update(first, second, lengths[j]) == whole, "%zu + %zu", lengths[i], lengths[j]);
            CHECK(t, crc32_combine(first, crc, lengths[j]) == whole, "%zu + %zu", lengths[i], lengths[j]);
            CHECK(t, checksum_block(second, lengths[j], &total) == crc, "%zu + %zu", lengths[i], lengths[j]);
            CHECK(t, total == whole, "%zu + %zu", lengths[i], lengths[j]);
        }
    }
    free(data);
}

static void
test_murmur3(struct tally *t)
{
    static const struct {
        const char *key;
        size_t len;
        uint32_t seed;
        uint32_t hash;
    } rows[] = {
        {TEXT(""), 0, 0},
        {TEXT(""), 1, 0x514e28b7},
        {TEXT(""), 0xffffffff, 0x81f16f39},
        {TEXT("\0\0\0\0"), 0, 0x2362f9de},
        {TEXT("\xff\xff\xff\xff"), 0, 0x76293b50},
        {TEXT("\x21\x43\x65\x87"), 0, 0xf55b516b},
        {TEXT("\x21\x43\x65\x87"), 0x5082edee, 0x2362f9de},
        {TEXT("\x21\x43\x65"), 0, 0x7e4a8634},
        {TEXT("\x21\x43"), 0, 0xa0f7b07a},
        {TEXT("\x21"), 0, 0x72661cf4},
        {TEXT("a"), 0x9747b28c, 0x7fa09ea6},
        {TEXT("aa"), 0x9747b28c, 0x5d211726},
        {TEXT("aaa"), 0x9747b28c, 0x283e0130},
        {TEXT("aaaa"), 0x9747b28c, 0x5a97808a},
        {TEXT("abc"), 0, 0xb3dd93fa},
        {TEXT("Hello, world!"), 0x9747b28c, 0x24884cba},
        {TEXT("The quick brown fox jumps over the lazy dog"), 0x9747b28c, 0x2fa826cd},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t hash = murmur3_32((const uint8_t *)rows[i].key, rows[i].len, rows[i].seed);
        CHECK(t, hash == rows[i].hash, "row %zu: %08" PRIx32, i, hash);
    }
}

static void
test_fibonacci(struct tally *t)
{
    uint64_t a = 0;
    uint64_t b = 1;

    for (unsigned n = 0; n <= 27; n++) {
        uint64_t got = fibonacci(n);
        CHECK(t, got == a, "fibonacci(%u) = %" PRIu64, n, got);
        uint64_t next = a + b;
        a = b;
        b = next;
    }
}

static void
test_base64(struct tally *t)
{
    static const char *const bad[] = {
        "A", "AA", "AAA", "A===", "AA=A", "====", "AA==AAAA", "A*==", "AB==", "AAB=", "AA A"};
    uint8_t data[64];
    uint8_t back[96];
    char text[96];
    size_t n;

    fill_random(data, sizeof data, 11);
    for (size_t len = 0; len <= sizeof data; len++) {
        size_t chars = base64_encode(data, len, text);
        CHECK(t, chars == (len + 2) / 3 * 4, "length %zu", len);
        CHECK(t, base64_decode(text, chars, back, &n) && n == len && memcmp(back, data, len) == 0,
              "length %zu", len);
    }
    CHECK(t, base64_encode((const uint8_t *)"foobar", 5, text) == 8 && memcmp(text, "Zm9vYmE=", 8) == 0,
          "fooba");
    CHECK(t, base64_decode("+/+/", 4, back, &n) && n == 3 && memcmp(back, "\xfb\xff\xbf", 3) == 0, "+ and /");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(t, !base64_decode(bad[i], strlen(bad[i]), back, &n), "%s", bad[i]);
}

int
main(void)
{
    struct tally tally = {0, 0};

    test_normalize_tag(&tally);
    test_normalize_tag_value(&tally);
    check_normalizer_limits(&tally, normalize_tag);
    check_normalizer_limits(&tally, normalize_tag_value);
    test_merge_tags(&tally);
    test_merge_limits(&tally);
    test_merge_long(&tally);
    test_crc(&tally);
    test_crc_identities(&tally);
    test_murmur3(&tally);
    test_fibonacci(&tally);
    test_base64(&tally);
    printf("%u checks passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 ? 0 : 1;
}
