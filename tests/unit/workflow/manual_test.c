// SPDX-License-Identifier: Apache-2.0
#include "workflow/manual.h"

#include "tests/unit/unit.h"
#include "tests/unit/workflow/test_registry.h"

START_TEST(keys_steps_and_functions_are_described)
{
    static const char *const lines[] = {
        "| `version` | a whole number, always 1 | required | Version of the file format. |\n",
        "| `defaults.retry.attempts` | a whole number, 1 to 100 | `3` | Attempts in all. |\n",
        "| `sandbox.require` | `guard`, `fence`, `cell`, `vault` |  | ",
        "| `id` | a text | required | ",
        "| `on-failure.uses` | a text | required | ",
        "| `length(x)` | characters of a text",
        "### fetch\n\nFetches.\n\n| key |",
        "| `max-size` | a size like 512K, 64M or 2G | `\"1M\"` | Largest reply. |\n",
        "| `options.define[].name` | a text | required | Name. |\n",
        "| `files` | a list of mappings | Files. |\n| `files[].path` | a text | Path. |\n",
        "| `targets` | a list of texts | required | Targets. |\n",
        "### shell\n\nRuns.\n",
        "Outputs: whatever it sets.",
    };
    AUTO_BUF text = BUF(1 << 20);
    struct err err;
    ck_assert_int_eq(manual_write(&test_registry, &text, &err), 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(strstr(buf_text(&text), lines[i]) != NULL, "not in the manual: %s", lines[i]);
}
END_TEST

START_TEST(too_little_room_is_an_error)
{
    AUTO_BUF text = BUF(1000);
    struct err err;
    ck_assert_int_eq(manual_write(&test_registry, &text, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

UNIT_MAIN("workflow/manual", keys_steps_and_functions_are_described, too_little_room_is_an_error)
