// SPDX-License-Identifier: Apache-2.0
#include "base/url.h"

#include <string.h>

// The text up to the first of some bytes.
static struct str
head_before(struct str text, const char *stops)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(stops, text.ptr[i]) != NULL)
            return str_head(text, i);
    return text;
}

const char *
url_public(struct arena *arena, const char *url)
{
    struct str whole = str_of(url);
    ptrdiff_t scheme = str_find(whole, STR("://"));
    if (scheme < 0)
        return arena_dup(arena, url);
    struct str rest = str_from(whole, (size_t)scheme + 3);
    if (str_starts(whole, STR("http")))
        rest = head_before(rest, "?#");
    ptrdiff_t at = str_rfind_byte(head_before(rest, "/?#"), '@');
    rest = str_from(rest, (size_t)(at + 1));
    return arena_printf(arena, "%.*s://%" STR_FMT, (int)scheme, url, STR_ARG(rest));
}
