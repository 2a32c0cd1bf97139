// SPDX-License-Identifier: Apache-2.0
#include "workflow/secret.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FORM_MAX_BYTES ((size_t)1 << 20)

static const char *const usual[] = {"ATOLL_STATE_TOKEN",
                                    "ATOLL_TOKEN",
                                    "GITHUB_TOKEN",
                                    "GH_TOKEN",
                                    "GITLAB_TOKEN",
                                    "CI_JOB_TOKEN",
                                    "OPENAI_API_KEY",
                                    "ANTHROPIC_API_KEY",
                                    "ACTIONS_RUNTIME_TOKEN",
                                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                                    NULL};

void
secrets_release(struct secrets *secrets)
{
    vec_release(&secrets->forms);
    arena_release(&secrets->arena);
}

// Keeps the forms sorted, so that a value is replaced whole before a part of it.
static void
add_form(struct secrets *secrets, const char *name, struct str text)
{
    if (text.len < SECRET_MIN_BYTES)
        return;
    VEC_EACH (struct secret_form, form, &secrets->forms)
        if (str_eq(form->text, text))
            return;
    struct secret_form fresh = {{arena_str(&secrets->arena, text), text.len},
                                arena_dup(&secrets->arena, name)};
    (void)vec_push(&secrets->forms);
    size_t at = secrets->forms.count - 1;
    for (; at > 0 && secrets->forms.items[at - 1].text.len < text.len; at--)
        secrets->forms.items[at] = secrets->forms.items[at - 1];
    secrets->forms.items[at] = fresh;
}

static void
add_json_form(struct secrets *secrets, const char *name, struct str value, size_t flags)
{
    AUTO_JSON *string = json_stringn(value.ptr, value.len);
    char *text = string ? json_dumps(string, JSON_ENCODE_ANY | flags) : NULL;
    if (text)
        add_form(secrets, name, str_n(text + 1, strlen(text) - 2));
    free(text);
}

static void
add_percent_form(struct secrets *secrets, const char *name, struct str value, bool upper)
{
    AUTO_BUF text = BUF(FORM_MAX_BYTES);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (isalnum(c) || (c && strchr("-._~", c)))
            buf_putc(&text, (char)c);
        else
            buf_printf(&text, upper ? "%%%02X" : "%%%02x", c);
    }
    add_form(secrets, name, buf_str(&text));
}

// Base64 of something that has the value `shift` bytes (modulo 3) after its beginning: the digits that depend
// on the value alone.
static void
add_base64_form(struct secrets *secrets, const char *name, struct str value, size_t shift)
{
    AUTO_BUF bytes = BUF(FORM_MAX_BYTES), text = BUF(2 * FORM_MAX_BYTES);
    for (size_t i = 0; i < shift; i++)
        buf_putc(&bytes, '\0');
    buf_add_str(&bytes, value);
    buf_add_base64(&text, buf_str(&bytes).ptr, bytes.len);
    size_t first = (shift * 8 + 5) / 6, end = bytes.len * 8 / 6;
    if (end <= first || end > text.len)
        return;
    struct str inner = str_n(buf_text(&text) + first, end - first);
    add_form(secrets, name, inner);
    char *web = arena_str(&secrets->arena, inner);
    for (char *c = web; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    add_form(secrets, name, str_n(web, inner.len));
}

static void
add_forms(struct secrets *secrets, const char *name, struct str value)
{
    if (value.len < SECRET_MIN_BYTES || value.len > FORM_MAX_BYTES / 4)
        return;
    add_form(secrets, name, value);
    add_json_form(secrets, name, value, 0);
    add_json_form(secrets, name, value, JSON_ENSURE_ASCII);
    add_json_form(secrets, name, value, JSON_ESCAPE_SLASH);
    add_percent_form(secrets, name, value, true);
    add_percent_form(secrets, name, value, false);
    for (size_t shift = 0; shift < 3; shift++)
        add_base64_form(secrets, name, value, shift);
}

void
secrets_add(struct secrets *secrets, const struct host *host, const char *name)
{
    const char *value = host->env(host->context, name);
    if (!value)
        return;
    struct str rest = str_of(value);
    add_forms(secrets, name, rest);
    // Logs come line by line, as with a private key.
    while (rest.len > 0)
        add_forms(secrets, name, str_trim(str_cut(&rest, '\n')));
}

void
secrets_add_usual(struct secrets *secrets, const struct host *host)
{
    for (size_t i = 0; usual[i]; i++)
        secrets_add(secrets, host, usual[i]);
}

const char *
secrets_find(const struct secrets *secrets, struct str bytes)
{
    size_t count = secrets->forms.count;
    if (count == 0 || bytes.len < secrets->forms.items[count - 1].text.len)
        return NULL;
    VEC_EACH (struct secret_form, form, &secrets->forms)
        if (bytes.len >= form->text.len && memmem(bytes.ptr, bytes.len, form->text.ptr, form->text.len))
            return form->name;
    return NULL;
}

// The text with every occurrence of one form replaced: itself without one.
static struct str
replace(struct arena *arena, struct str text, struct str form)
{
    const char *found = text.len < form.len ? NULL : memmem(text.ptr, text.len, form.ptr, form.len);
    if (!found)
        return text;
    const size_t mask_len = strlen(SECRET_MASK);
    char *copy = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    // A form is longer than its mask, so the copy is large enough.
    while (found) {
        size_t before = (size_t)(found - text.ptr);
        memcpy(copy + len, text.ptr, before);
        memcpy(copy + len + before, SECRET_MASK, mask_len);
        len += before + mask_len;
        text = str_n(found + form.len, text.len - before - form.len);
        found = memmem(text.ptr, text.len, form.ptr, form.len);
    }
    memcpy(copy + len, text.ptr, text.len);
    copy[len + text.len] = '\0';
    return str_n(copy, len + text.len);
}

struct str
secrets_mask_str(const struct secrets *secrets, struct arena *arena, struct str text)
{
    VEC_EACH (struct secret_form, form, &secrets->forms)
        text = replace(arena, text, form->text);
    return text;
}

const char *
secrets_mask_text(const struct secrets *secrets, struct arena *arena, const char *text)
{
    return text ? secrets_mask_str(secrets, arena, str_of(text)).ptr : NULL;
}

static json_t *
mask_string(const struct secrets *secrets, json_t *string)
{
    struct str text = str_n(json_string_value(string), json_string_length(string));
    if (!secrets_find(secrets, text))
        return json_incref(string);
    AUTO_ARENA arena = {0};
    struct str shown = secrets_mask_str(secrets, &arena, text);
    json_t *masked = json_stringn(shown.ptr, shown.len);
    return masked ? masked : json_string(SECRET_MASK);
}

static json_t *
mask(const struct secrets *secrets, json_t *json)
{
    if (json_is_string(json))
        return mask_string(secrets, json);
    if (json_is_array(json)) {
        json_t *copy = json_array(), *member;
        size_t i;
        json_array_foreach(json, i, member) json_array_append_new(copy, mask(secrets, member));
        return copy;
    }
    if (!json_is_object(json))
        return json_incref(json);
    AUTO_ARENA arena = {0};
    json_t *copy = json_object(), *member;
    const char *key;
    json_object_foreach(json, key, member)
        json_object_set_new(copy, secrets_mask_text(secrets, &arena, key), mask(secrets, member));
    return copy;
}

static bool
holds(const struct secrets *secrets, json_t *json)
{
    json_t *member;
    const char *key;
    size_t i;
    if (json_is_string(json))
        return secrets_find(secrets, str_n(json_string_value(json), json_string_length(json)));
    json_array_foreach(json, i, member)
    {
        if (holds(secrets, member))
            return true;
    }
    json_object_foreach(json, key, member)
    {
        if (secrets_find(secrets, str_of(key)) || holds(secrets, member))
            return true;
    }
    return false;
}

json_t *
secrets_mask(const struct secrets *secrets, json_t *json)
{
    if (!json || secrets->forms.count == 0 || !holds(secrets, json))
        return json;
    json_t *masked = mask(secrets, json);
    json_decref(json);
    return masked;
}
