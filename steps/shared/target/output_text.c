// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/output_text.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX_BYTES (64u << 20)

// Takes a number of 8 bytes off the front; 0 when there is none.
static uint64_t
take_word(struct str *rest)
{
    uint64_t word = 0;
    if (rest->len >= sizeof(word))
        memcpy(&word, rest->ptr, sizeof(word));
    *rest = str_from(*rest, sizeof(word));
    return word;
}

static bool
is_written(const struct parameter *parameter)
{
    return parameter->kind == CELL_OUT || parameter->kind == CELL_INOUT;
}

// Whether these bytes are a result and every buffer that was written, and nothing else.
static bool
is_canonical(const struct signature *signature, struct str bytes)
{
    struct str rest = str_from(bytes, sizeof(uint64_t));
    bool whole = bytes.len >= sizeof(uint64_t);
    for (size_t i = 0; i < signature->count && whole; i++) {
        if (!is_written(&signature->parameters[i]))
            continue;
        whole = rest.len >= sizeof(uint64_t);
        uint64_t length = take_word(&rest);
        whole = whole && length <= rest.len;
        rest = str_from(rest, whole ? (size_t)length : rest.len);
    }
    return whole && rest.len == 0;
}

static void
add_result(const struct signature *signature, uint64_t word, struct buf *out)
{
    double real;
    memcpy(&real, &word, sizeof(real));
    if (signature->result_size == 0)
        buf_puts(out, "nothing");
    else if (signature->result_real)
        buf_printf(out, "%.17g", real);
    else if (signature->result_signed)
        buf_printf(out, "%lld", (long long)word);
    else
        buf_printf(out, "%llu", (unsigned long long)word);
}

void
output_text_add(const struct signature *signature, const json_t *output, size_t shown_bytes, struct buf *out)
{
    AUTO_BUF bytes = BUF(OUTPUT_MAX_BYTES);
    if (json_is_object(output) && !json_is_string(json_object_get(output, "b64"))) {
        char *text = json_compact(output);
        buf_add_str(out, str_head(str_of(text), shown_bytes));
        free(text);
        return;
    }
    if (!json_bytes_into(output, &bytes) || !is_canonical(signature, buf_str(&bytes))) {
        buf_add_str(out, str_head(buf_str(&bytes), shown_bytes));
        return;
    }
    struct str rest = buf_str(&bytes);
    add_result(signature, take_word(&rest), out);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (!is_written(parameter))
            continue;
        uint64_t length = take_word(&rest);
        size_t shown = length < shown_bytes ? (size_t)length : shown_bytes;
        AUTO_JSON *content = json_bytes(str_head(rest, shown));
        char *text = json_compact(content);
        buf_printf(out, ", %s %s", parameter->name, text);
        free(text);
        rest = str_from(rest, (size_t)length);
    }
}
