// SPDX-License-Identifier: Apache-2.0
// Compares a program's normalize_tag, which is named candidate, with the demo's own on each line of standard
// input.
#undef normalize_tag
#undef normalize_tag_value
#include "tag.c"

#include <stdio.h>
#include <string.h>

size_t candidate(const char *in, size_t in_len, char *out, size_t out_cap);

int
main(void)
{
    static char line[4096], before[4096], after[4096];

    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t len = strcspn(line, "\n"), written = normalize_tag(line, len, before, 200);
        if (candidate(line, len, after, 200) != written || memcmp(before, after, written) != 0)
            return 1;
    }
    return 0;
}
