// SPDX-License-Identifier: Apache-2.0
#include "base/url.h"

#include "tests/unit/unit.h"

START_TEST(hides_what_may_be_secret)
{
    static const char *const urls[][2] = {
        {"https://github.com/o/r.git", "https://github.com/o/r.git"},
        {"https://token@github.com/o/r.git", "https://github.com/o/r.git"},
        {"https://x-access-token:ghs_1@github.com/o/r.git", "https://github.com/o/r.git"},
        {"https://u:p@ss@h:8443", "https://h:8443"},
        {"http://h/a@b?token=1#x", "http://h/a@b"},
        {"https://u:p@h?x@y", "https://h"},
        {"ssh://git@h/r.git", "ssh://h/r.git"},
        {"git@github.com:o/r.git", "git@github.com:o/r.git"},
        {"file:///srv/a?b@c.git", "file:///srv/a?b@c.git"},
        {"/srv/o@r.git", "/srv/o@r.git"},
        {"", ""},
    };
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        ck_assert_str_eq(url_public(&arena, urls[i][0]), urls[i][1]);
}
END_TEST

UNIT_MAIN("base/url", hides_what_may_be_secret)
