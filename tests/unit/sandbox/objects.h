// SPDX-License-Identifier: Apache-2.0
// Shared objects by the cell's protocol, and inputs for them.
#ifndef ATOLL_TESTS_SANDBOX_OBJECTS_H
#define ATOLL_TESTS_SANDBOX_OBJECTS_H

#include "base/buf.h"
#include "sandbox/cell.h"

#include <string.h>

// An object of `parameters` whose function f is `definition`, called as `call` with the slots s.
#define OBJECT(parameters, definition, call)                                                   \
    "#include \"sandbox/cell_abi.h\"\n"                                                        \
    "#include <stddef.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"      \
    "#include <errno.h>\n#include <fcntl.h>\n#include <pthread.h>\n#include <signal.h>\n"      \
    "#include <sys/mman.h>\n#include <sys/socket.h>\n#include <time.h>\n#include <unistd.h>\n" \
    "const struct cell_parameter atoll_parameters[] = {" parameters ", {CELL_END, -1}};\n"     \
    "const int32_t atoll_result_kind = CELL_SCALAR;\n"                                         \
    "extern char **environ;\n"                                                                 \
    "__attribute__((noinline)) " definition "\n"                                               \
    "void atoll_batch(const union cell_slot *s, size_t k, size_t n, union cell_slot *r)\n"     \
    "{ for (size_t i = 0; i < n; i++, s += k) r[i].i = " call "; }\n"                          \
    "void atoll_empty(const union cell_slot *s, size_t k, size_t n, union cell_slot *r)\n"     \
    "{ for (size_t i = 0; i < n; i++, s += k) r[i].i = s[0].i; }\n"

// int64_t f(const char *t, size_t n): a text and its length.
#define TEXT_OBJECT(body)                                                                             \
    OBJECT("{CELL_TEXT, -1, 1}, {CELL_COUNT, 0, 8}", "int64_t f(const char *t, size_t n) {" body "}", \
           "f(s[0].p, s[1].u)")

// A text's sum, the plain thing to compare with.
#define SUM_OBJECT TEXT_OBJECT("int64_t s = 0; while (n--) s += t[n]; return s;")

// Encoded calls under construction.
struct calls {
    struct buf bytes;
    size_t offsets[256];
    struct cell_inputs inputs;
};

// An empty list of calls.
static inline void
calls_init(struct calls *calls)
{
    *calls = (struct calls){.bytes = BUF(16 << 20)};
}

// Frees the calls.
static inline void
calls_release(struct calls *calls)
{
    buf_release(&calls->bytes);
}

// Adds one argument to the call under construction: its count, then `length` bytes, padded.
static inline void
calls_add_bytes(struct calls *calls, uint64_t count, const void *bytes, size_t length)
{
    static const char zeros[8] = {0};
    buf_add_u64(&calls->bytes, count);
    buf_add(&calls->bytes, bytes, length);
    buf_add(&calls->bytes, zeros, (8 - length % 8) % 8);
}

// Ends one call.
static inline void
calls_next(struct calls *calls)
{
    calls->offsets[++calls->inputs.count] = calls->bytes.len;
    calls->inputs.bytes = (const uint8_t *)calls->bytes.ptr;
    calls->inputs.offsets = calls->offsets;
}

// One call with one text.
static inline void
calls_add_text(struct calls *calls, const char *text)
{
    calls_add_bytes(calls, strlen(text), text, strlen(text) + 1);
    calls_next(calls);
}

// Six calls with a short text each.
static inline void
calls_add_texts(struct calls *calls)
{
    static const char *const texts[] = {"a", "hello", "hello, world", "env:production", "team:storage_1",
                                        "zz"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        calls_add_text(calls, texts[i]);
}

#endif
