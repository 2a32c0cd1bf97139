// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/output_text.h"
#include "tests/unit/unit.h"

static struct parameter parameters[] = {{.name = "in", .kind = CELL_IN},
                                        {.name = "out", .kind = CELL_OUT},
                                        {.name = "state", .kind = CELL_INOUT}};

static void
check(const struct signature *signature, const struct buf *bytes, const char *expected)
{
    AUTO_BUF text = BUF(1000);
    AUTO_JSON *json = json_bytes(buf_str(bytes));
    output_text_add(signature, json, 5, &text);
    ck_assert_str_eq(buf_text(&text), expected);
}

START_TEST(results_and_buffers)
{
    struct signature signature = {.result_size = 8, .parameters = parameters, .count = 3};
    AUTO_BUF bytes = BUF(1000);
    buf_add_u64(&bytes, UINT64_MAX);
    buf_add_u64(&bytes, 2);
    buf_puts(&bytes, "ab");
    buf_add_u64(&bytes, 7);
    buf_puts(&bytes, "longest");
    check(&signature, &bytes, "18446744073709551615, out \"ab\", state \"longe\"");
    signature.result_signed = true;
    check(&signature, &bytes, "-1, out \"ab\", state \"longe\"");
    signature.result_size = 0;
    check(&signature, &bytes, "nothing, out \"ab\", state \"longe\"");
}
END_TEST

START_TEST(real_results)
{
    struct signature signature = {.result_size = 8, .result_real = true};
    AUTO_BUF bytes = BUF(1000);
    double real = 0.5;
    buf_add(&bytes, &real, sizeof(real));
    check(&signature, &bytes, "0.5");
}
END_TEST

START_TEST(failures_stay_text)
{
    const struct signature signature = {.result_size = 8, .parameters = parameters, .count = 3};
    AUTO_BUF bytes = BUF(1000);
    buf_puts(&bytes, "signal 11 (Segmentation fault)");
    check(&signature, &bytes, "signa");
    buf_clear(&bytes);
    check(&signature, &bytes, "");
    // A buffer that is said to be longer than what is there.
    buf_add_u64(&bytes, 1);
    buf_add_u64(&bytes, UINT64_MAX);
    AUTO_BUF text = BUF(1000);
    AUTO_JSON *json = json_bytes(buf_str(&bytes));
    output_text_add(&signature, json, 5, &text);
    ck_assert_uint_eq(text.len, 5);
}
END_TEST

UNIT_MAIN("steps/shared/target/output_text", results_and_buffers, real_results, failures_stay_text)
