// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/body.h"

#include "tests/unit/unit.h"

static void
ck_says(const char *diff, const char *words)
{
    AUTO_JSON *evidence = json_object();
    AUTO_BUF text = BUF(1 << 20);
    struct body_parts parts = {.evidence = evidence,
                               .marker = "<!-- atoll target: f.c:f -->",
                               .flag = "atoll-f",
                               .variable = "ATOLL_FLAG_F",
                               .rollout_file = "f.json",
                               .branch = "atoll/f",
                               .base = "main",
                               .diff = str_of(diff),
                               .tests = ""};
    body_write(&parts, &text);
    ck_assert_msg(str_find(buf_str(&text), str_of(words)) >= 0, "%s", buf_text(&text));
}

START_TEST(says_when_the_flag_is_read)
{
    ck_says(
        "+++ b/f.c\n+ATOLL_FLAG(f, \"atoll-f\", \"ATOLL_FLAG_F\")\n+#define ATOLL_FLAG_EACH_CALL(function)\n",
        "read by `atoll_flag.h` once in the life of the process.");
    ck_says("+++ b/f.c\n+ATOLL_FLAG_EACH_CALL(f, \"atoll-f\", \"ATOLL_FLAG_F\")\n",
            "read by `atoll_flag.h` on every call.");
}
END_TEST

UNIT_MAIN("steps/open-pull-request/body", says_when_the_flag_is_read)
