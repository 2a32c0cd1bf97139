// SPDX-License-Identifier: Apache-2.0
// Captured calls: one JSON object a line, {"args": [..], "count": 1}, in <folder>/<function>.jsonl, with one
// argument for each parameter in C. Only a build with TAGD_CAPTURE=1 writes any.
#ifndef TAGD_CAPTURE_H
#define TAGD_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#ifndef TAGD_CAPTURE
#define TAGD_CAPTURE 0
#endif

// How an argument is written: a JSON string (or {"b64": ".."} when it is no UTF-8), a number, null for memory
// that the function only writes, or [n] for a scalar behind a pointer, as it was before the call.
enum capture_kind { CAPTURE_BYTES, CAPTURE_NUMBER, CAPTURE_OUTPUT, CAPTURE_SCALAR };

// One argument of a call. `data` and `len` are for CAPTURE_BYTES, `number` for numbers and scalars.
struct capture_arg {
    enum capture_kind kind;
    const void *data;
    size_t len;
    uint64_t number;
};

// Appends one call of `function` to its file. Borrows everything; a file that can't be written is left out.
void capture_call(const char *folder, const char *function, const struct capture_arg *args, size_t count);

#endif
