// SPDX-License-Identifier: Apache-2.0
#include "base/vec.h"
#include "sandbox/cell.h"
#include "tests/unit/sandbox/fixture.h"

// int64_t f(const char *text, size_t length), bodies vary.
#define TEXT_OBJECT(body)                                                                                   \
    "#include \"sandbox/cell_abi.h\"\n"                                                                     \
    "#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"                  \
    "const struct cell_parameter atoll_parameters[] = {{CELL_TEXT, -1, 1}, {CELL_COUNT, 0, 8}, {CELL_END, " \
    "-1}};\n"                                                                                               \
    "const int32_t atoll_result_kind = CELL_SCALAR;\n"                                                      \
    "__attribute__((noinline)) int64_t f(const char *t, size_t n) {" body "}\n"                             \
    "void atoll_batch(const union cell_slot *s, size_t k, size_t n, union cell_slot *r)\n"                  \
    "{ for (size_t i = 0; i < n; i++, s += k) r[i].i = f(s[0].p, s[1].u); }\n"                              \
    "void atoll_empty(const union cell_slot *s, size_t k, size_t n, union cell_slot *r)\n"                  \
    "{ for (size_t i = 0; i < n; i++, s += k) r[i].i = (int64_t)s[1].u; }\n"

static void
add_text(struct buf *bytes, const char *text)
{
    size_t length = strlen(text);
    buf_add_u64(bytes, length);
    buf_add(bytes, text, length + 1);
    while (bytes->len % 8)
        buf_putc(bytes, 0);
}

struct texts {
    struct buf bytes;
    size_t offsets[64];
    struct cell_inputs inputs;
};

static void
texts_init(struct texts *texts, const char *const *strings)
{
    *texts = (struct texts){.bytes = BUF(1 << 20)};
    for (; strings[texts->inputs.count]; texts->inputs.count++) {
        add_text(&texts->bytes, strings[texts->inputs.count]);
        texts->offsets[texts->inputs.count + 1] = texts->bytes.len;
    }
    texts->inputs.bytes = (const uint8_t *)texts->bytes.ptr;
    texts->inputs.offsets = texts->offsets;
}

static const char *const three[] = {"a", "hello", "hello, world", NULL};

START_TEST(calls_and_batches)
{
    struct fixture f;
    fixture_init(&f);
    char *path = fixture_object(&f, "sum.so", TEXT_OBJECT("int64_t s = 0; while (n--) s += t[n]; return s;"));
    struct cell_options options = {.object_path = path,
                                   .limits = {.wall_ms = 1000, .memory_bytes = 64 << 20}};
    struct cell *cell = cell_new(f.launcher, &options, &f.err);
    ck_assert_msg(cell != NULL, "%s", f.err.message);
    struct texts texts;
    texts_init(&texts, three);
    OK(cell_load(cell, &texts.inputs, &f.err), &f.err);
    AUTO_BUF out = BUF(1 << 16);
    AUTO_BUF detail = BUF(1 << 16);
    enum cell_fault fault;
    OK(cell_call(cell, 1, &out, &fault, &detail, &f.err), &f.err);
    ck_assert_int_eq(fault, CELL_OK);
    ck_assert_uint_eq(out.len, 8);
    int64_t result;
    memcpy(&result, out.ptr, 8);
    ck_assert_int_eq(result, 'h' + 'e' + 'l' + 'l' + 'o');
    struct cell_batch batch, again, empty;
    for (int i = 0; i < 2; i++) {
        OK(cell_batch(cell, 0, 3, 30000, &batch, &f.err), &f.err);
        OK(cell_batch(cell, 0, 3, 30000, &again, &f.err), &f.err);
        OK(cell_empty(cell, 0, 3, 30000, &empty, &f.err), &f.err);
               again.cpu_ns, empty.wall_ns, empty.cpu_ns);
    }
    ck_assert_mem_eq(&batch.digest, &again.digest, sizeof(batch.digest));
    cell_free(cell);
    buf_release(&texts.bytes);
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("sandbox/cell", calls_and_batches)
