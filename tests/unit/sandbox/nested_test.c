// SPDX-License-Identifier: Apache-2.0
// Arguments with members, by the cell's protocol alone.
#include "sandbox/cell.h"
#include "tests/unit/sandbox/fixture.h"
#include "tests/unit/sandbox/objects.h"

struct bench {
    struct fixture f;
    struct calls calls;
    struct cell *cell;
    struct buf output, detail;
};

#define MEMBERS(list) "(const struct cell_parameter[]){" list ", {CELL_END, -1}}"

// struct item { char c; short v[2]; const char *name; int *at; size_t n; }, where n counts at.
#define ITEM                                                                                                \
    MEMBERS("{CELL_SCALAR, -1, 1, 1}, {CELL_ARRAY, -1, 2, 1, .offset = 2, .count = 2}, {CELL_TEXT, -1, 1, " \
            ".offset = "                                                                                    \
            "8}, {CELL_INOUT, -1, 4, 1, .offset = 16}, {CELL_COUNT, 3, 8, .offset = 24}")
#define ITEMS(body)                                                                                       \
    OBJECT("{CELL_INOUT, -1, 32, .members = " ITEM "}, {CELL_COUNT, 0, 8}",                               \
           "struct item { char c; short v[2]; const char *name; int *at; size_t n; };\n"                  \
           "int64_t f(struct item *i, size_t n) { int64_t s = 0; for (; n--; i++) { s += i->c + i->v[1];" \
           "s += (int64_t)strlen(i->name); for (size_t k = 0; k < i->n; k++) s += i->at[k]++; " body      \
           "} return s; }",                                                                               \
           "f(s[0].p, s[1].u)")

static void
bench_init(struct bench *b, const char *source)
{
    *b = (struct bench){.output = BUF(1 << 16), .detail = BUF(1 << 16)};
    fixture_init(&b->f);
    calls_init(&b->calls);
    struct cell_options options = {.object_path = fixture_object(&b->f, "object.so", source),
                                   .limits = {.wall_ms = 20000, .memory_bytes = 256 << 20}};
    b->cell = cell_new(b->f.launcher, &options, &b->f.err);
    ck_assert_msg(b->cell != NULL, "%s", b->f.err.message);
}

static void
bench_release(struct bench *b)
{
    cell_free(b->cell);
    calls_release(&b->calls);
    buf_release(&b->output);
    buf_release(&b->detail);
    fixture_release(&b->f);
}

// One item: {c, {0, v}, name, {1, 2 .. n}}.
static void
add_item(struct calls *calls, int64_t c, short v, const char *name, uint64_t n)
{
    const short both[2] = {0, v};
    const int32_t numbers[4] = {1, 2, 3, 4};
    calls_add_bytes(calls, (uint64_t)c, "", 0);
    char eight[8] = "";
    memcpy(eight, both, sizeof(both));
    buf_add(&calls->bytes, eight, sizeof(eight));
    calls_add_bytes(calls, strlen(name), name, strlen(name) + 1);
    calls_add_bytes(calls, n, numbers, 4 * n);
}

static void
add_two(struct calls *calls)
{
    buf_add_u64(&calls->bytes, 2);
    add_item(calls, -5, 7, "name", 2);
    add_item(calls, 3, -1, "", 0);
    calls_next(calls);
}

static uint64_t
word(const struct bench *b, size_t index)
{
    uint64_t value = 0;
    ck_assert_uint_le(8 * index + 8, b->output.len);
    memcpy(&value, b->output.ptr + 8 * index, 8);
    return value;
}

START_TEST(members_arrive_and_are_put_out)
{
    struct bench b;
    enum cell_fault fault;
    bench_init(&b, ITEMS(""));
    add_two(&b.calls);
    OK(cell_load(b.cell, &b.calls.inputs, &b.f.err), &b.f.err);
    for (int i = 0; i < 3; i++) { // restored before each
        OK(cell_call(b.cell, 0, &b.output, &fault, &b.detail, &b.f.err), &b.f.err);
        ck_assert_int_eq(fault, CELL_OK);
        ck_assert_int_eq((int64_t)word(&b, 0), -5 + 7 + 4 + 3 + 3 - 1);
    }
    // Two items; c, v (4 bytes), name (its text), at (buffer 2, offset 0) with 8 bytes {2, 3}, n.
    static const char first[] =
        "\2\0\0\0\0\0\0\0\xfb\xff\xff\xff\xff\xff\xff\xff\4\0\0\0\0\0\0\0\0\0\7\0"
        "\4\0\0\0\0\0\0\0name\0\0\0\0\2\0\0\0\x8\0\0\0\0\0\0\0\2\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0";
    ck_assert_uint_gt(b.output.len, 8 + sizeof(first) - 1);
    ck_assert_mem_eq(b.output.ptr + 8, first, sizeof(first) - 1);
    bench_release(&b);
}
END_TEST

static struct cell_digest
digest_of(const char *source)
{
    struct bench b;
    struct cell_batch batch;
    bench_init(&b, source);
    for (int i = 0; i < 5; i++)
        add_two(&b.calls);
    OK(cell_load(b.cell, &b.calls.inputs, &b.f.err), &b.f.err);
    OK(cell_batch(b.cell, 0, 5, 40, &batch, &b.f.err), &b.f.err);
    ck_assert_int_eq(batch.fault, CELL_OK);
    bench_release(&b);
    return batch.digest;
}

START_TEST(padding_does_not_count_and_all_else_does)
{
    struct cell_digest wanted = digest_of(ITEMS("")),
                       same = digest_of(ITEMS("((char *)i)[1] = 9; ((char *)i)[7]++;"));
    static const char *const wrong[] = {
        ITEMS("i->c++;"),
        ITEMS("i->v[0]++;"),
        ITEMS("i->name++;"),
        ITEMS("i->at++;"),
        ITEMS("i->n--;"),
        ITEMS("if (i->n) i->at[1]++;"),
        ITEMS("*(char *)i->name = '?';"),
        ITEMS("i->name = NULL;"),
        ITEMS("i->name = \"name\";"), // the same text, but memory that is not the call's
        ITEMS("i->at = malloc(8); memcpy(i->at, (int[]){2, 3}, 8);"),
        ITEMS("i->at[i->n] = 1;"), // behind its buffer
    };
    ck_assert_mem_eq(&wanted, &same, sizeof(wanted));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct cell_digest other = digest_of(wrong[i]);
        ck_assert_msg(memcmp(&wanted, &other, sizeof(wanted)) != 0, "variant %zu is not seen", i);
    }
}
END_TEST

START_TEST(malformed_members_are_refused)
{
    struct bench b;
    for (int kind = 0; kind < 4; kind++) {
        bench_init(&b, ITEMS(""));
        buf_add_u64(&b.calls.bytes, kind == 0 ? UINT64_MAX : kind == 1 ? 3 : 2);
        add_item(&b.calls, 1, 1, "a", 1);
        add_item(&b.calls, 1, 1, "b", 1);
        if (kind == 2) // cut
            b.calls.bytes.len -= 8;
        if (kind == 3) // a count in the middle
            memset(b.calls.bytes.ptr + 24, 0x7f, 8);
        calls_next(&b.calls);
        ck_assert_int_eq(cell_load(b.cell, &b.calls.inputs, &b.f.err), -1);
        ck_assert_ptr_nonnull(strstr(b.f.err.message, "input 0 does not fit the signature"));
        bench_release(&b);
    }
}
END_TEST

UNIT_MAIN("sandbox/nested", members_arrive_and_are_put_out, padding_does_not_count_and_all_else_does,
          malformed_members_are_refused)
