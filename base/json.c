// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/fs.h"

#include <stdlib.h>
#include <string.h>

void
json_drop(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

// Refuses text that nests deeper than JSON_DEPTH_MAX: everything that walks a value is recursive.
static int
check_depth(struct str text, const char *name, struct err *err)
{
    unsigned depth = 0, line = 1;
    size_t line_start = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\')
            i++;
        else if (c == '\n')
            line++, line_start = i + 1;
        else if (!quoted && (c == '[' || c == '{'))
            depth++;
        else if (!quoted && (c == ']' || c == '}') && depth > 0)
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return err_set(err, ERR_PARSE, "%s:%u:%zu: nested deeper than %d levels", name, line,
                           i - line_start + 1, JSON_DEPTH_MAX);
    }
    return 0;
}

json_t *
json_read(struct str text, const char *name, struct err *err)
{
    if (check_depth(text, name, err) < 0)
        return NULL;
    json_error_t problem;
    json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!json)
        err_set(err, ERR_PARSE, "%s:%d:%d: %s", name, problem.line, problem.column, problem.text);
    return json;
}

json_t *
json_read_file(const char *path, size_t max_bytes, struct err *err)
{
    AUTO_BUF text = BUF(max_bytes);
    if (fs_read(path, max_bytes, &text, err) < 0)
        return NULL;
    return json_read(buf_str(&text), path, err);
}

static char *
dump(const json_t *json, size_t flags)
{
    char *text = json_dumps(json, flags | JSON_ENCODE_ANY);
    if (!text)
        abort();
    return text;
}

char *
json_canonical(const json_t *json)
{
    return dump(json, JSON_COMPACT | JSON_SORT_KEYS);
}

char *
json_compact(const json_t *json)
{
    return dump(json, JSON_COMPACT);
}

char *
json_pretty(const json_t *json)
{
    return dump(json, JSON_INDENT(2));
}

const char *
json_get_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

int64_t
json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *member = json_object_get(object, key);
    return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

double
json_get_real(const json_t *object, const char *key, double otherwise)
{
    const json_t *member = json_object_get(object, key);
    return json_is_number(member) ? json_number_value(member) : otherwise;
}

bool
json_get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *member = json_object_get(object, key);
    return json_is_boolean(member) ? json_is_true(member) : otherwise;
}

void
json_set_text(json_t *object, const char *key, const char *text)
{
    if (json_object_set_new(object, key, text ? json_text(str_of(text)) : json_null()) < 0)
        abort();
}

// Length of the UTF-8 sequence (RFC 3629) at the start of a view that is not empty, 0 when there is none.
static size_t
utf8_length(struct str s)
{
    unsigned char first = (unsigned char)s.ptr[0]; // NOLINT(clang-analyzer-core.NullDereference): not empty
    if (first < 0x80)
        return 1;
    size_t len = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || s.len < len)
        return 0;
    uint32_t code = first & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)s.ptr[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (next & 0x3F);
    }
    bool overlong = code < (len == 4 ? 0x10000U : len == 3 ? 0x800U : 0x80U);
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return overlong || surrogate || code > 0x10FFFF ? 0 : len;
}

json_t *
json_text(struct str text)
{
    json_t *json = json_stringn(text.ptr ? text.ptr : "", text.len);
    if (json)
        return json;
    AUTO_BUF clean = BUF(3 * text.len);
    while (text.len > 0) {
        size_t len = utf8_length(text);
        buf_add_str(&clean, len > 0 ? str_head(text, len) : STR("\xEF\xBF\xBD"));
        text = str_from(text, len > 0 ? len : 1);
    }
    return json_stringn(buf_text(&clean), clean.len);
}

json_t *
json_bytes(struct str bytes)
{
    json_t *json = json_stringn(bytes.ptr ? bytes.ptr : "", bytes.len);
    if (json)
        return json;
    AUTO_BUF encoded = BUF(bytes.len / 3 * 4 + 4);
    buf_add_base64(&encoded, bytes.ptr, bytes.len);
    return json_pack("{s:s}", "b64", buf_text(&encoded));
}

bool
json_bytes_into(const json_t *json, struct buf *out)
{
    if (json_is_string(json)) {
        buf_add(out, json_string_value(json), json_string_length(json));
        return true;
    }
    const json_t *encoded = json_object_get(json, "b64");
    if (!json_is_string(encoded) || json_object_size(json) != 1)
        return false;
    return buf_add_unbase64(out, str_n(json_string_value(encoded), json_string_length(encoded)));
}
