// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "tests/unit/unit.h"

START_TEST(appends_pieces)
{
    AUTO_BUF buf = BUF(1000);
    ck_assert_str_eq(buf_text(&buf), "");
    ck_assert_uint_eq(buf_str(&buf).len, 0);
    buf_add(&buf, "ab\0c", 4);
    ck_assert(str_eq(buf_str(&buf), STR("ab\0c")));
    buf_clear(&buf);
    ck_assert_str_eq(buf_text(&buf), "");
    buf_puts(&buf, "one");
    buf_putc(&buf, ' ');
    buf_add_str(&buf, STR("two"));
    buf_add_str(&buf, str_n(NULL, 0));
    buf_printf(&buf, " %d%s", 3, "!");
    buf_printf(&buf, "%s", "");
    ck_assert_str_eq(buf_text(&buf), "one two 3!");
    ck_assert_uint_eq(buf.len, 10);
}
END_TEST

START_TEST(grows_and_stays_terminated)
{
    AUTO_BUF buf = BUF(1 << 20);
    for (unsigned i = 0; i < 10000; i++) {
        buf_putc(&buf, (char)('a' + i % 26));
        ck_assert_int_eq(buf.ptr[buf.len], '\0');
    }
    ck_assert_uint_eq(buf.len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        ck_assert_int_eq(buf.ptr[i], 'a' + i % 26);
}
END_TEST

START_TEST(never_exceeds_its_maximum)
{
    struct err err;
    AUTO_BUF buf = BUF(10);
    buf_puts(&buf, "0123456789");
    ck_assert(!buf.full);
    ck_assert_int_eq(buf_check(&buf, "reply", &err), 0);
    buf_puts(&buf, "");
    ck_assert(!buf.full);
    buf_putc(&buf, 'x');
    ck_assert(buf.full);
    ck_assert_str_eq(buf_text(&buf), "0123456789");
    ck_assert_int_eq(buf_check(&buf, "reply", &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_str_eq(err.message, "reply is larger than 10 bytes");

    buf_clear(&buf);
    ck_assert(!buf.full);
    buf_puts(&buf, "abc");
    buf_printf(&buf, "%s", "12345678");
    buf_putc(&buf, 'z');
    ck_assert_str_eq(buf_text(&buf), "abc");
    ck_assert_ptr_null(buf_extend(&buf, 1));

    AUTO_BUF nothing = BUF(0);
    buf_putc(&nothing, 'x');
    ck_assert(nothing.full && nothing.len == 0);
    AUTO_BUF huge = BUF(SIZE_MAX);
    buf_puts(&huge, "fits");
    ck_assert_str_eq(buf_text(&huge), "fits");
}
END_TEST

START_TEST(a_cut_forgets_what_did_not_fit)
{
    struct err err = {0};
    AUTO_BUF buf = BUF(5);
    buf_cut(&buf, 0);
    buf_puts(&buf, "abc");
    buf_cut(&buf, 9);
    ck_assert_str_eq(buf_text(&buf), "abc");
    buf_puts(&buf, "defg");
    ck_assert_int_eq(buf_check(&buf, "it", &err), -1);
    buf_cut(&buf, 1);
    ck_assert_int_eq(buf_check(&buf, "it", &err), 0);
    buf_puts(&buf, "z");
    ck_assert_str_eq(buf_text(&buf), "az");
}
END_TEST

START_TEST(extends_with_zeroes)
{
    AUTO_BUF buf = BUF(100);
    buf_puts(&buf, "xxxxxxxxxxxxxxxxxxxx");
    buf_clear(&buf);
    buf_puts(&buf, "ab");
    char *room = buf_extend(&buf, 4);
    ck_assert_mem_eq(room, "\0\0\0\0", 5);
    room[0] = 'c';
    ck_assert(str_eq(buf_str(&buf), STR("abc\0\0\0")));
    ck_assert_ptr_null(buf_extend(&buf, 95));
    ck_assert(buf.full);
}
END_TEST

START_TEST(adds_numbers_little_endian)
{
    AUTO_BUF buf = BUF(100);
    buf_add_u32(&buf, 0x01020384);
    buf_add_u64(&buf, 0xF102030405060708);
    ck_assert_uint_eq(buf.len, 12);
    ck_assert_mem_eq(buf.ptr, "\x84\x03\x02\x01\x08\x07\x06\x05\x04\x03\x02\xF1", 12);
}
END_TEST

START_TEST(hands_its_content_over)
{
    struct buf buf;
    buf_init(&buf, 100);
    char *empty = buf_take(&buf);
    ck_assert_str_eq(empty, "");
    free(empty);
    buf_puts(&buf, "text");
    char *text = buf_take(&buf);
    ck_assert_str_eq(text, "text");
    free(text);
    ck_assert_uint_eq(buf.len, 0);
    buf_puts(&buf, "more");
    ck_assert_str_eq(buf_text(&buf), "more");
    buf_release(&buf);
    ck_assert_ptr_null(buf.ptr);
    ck_assert_uint_eq(buf.max, 100);
}
END_TEST

// RFC 4648, section 10.
static const char *const base64_vectors[][2] = {{"", ""},
                                                {"f", "Zg=="},
                                                {"fo", "Zm8="},
                                                {"foo", "Zm9v"},
                                                {"foob", "Zm9vYg=="},
                                                {"fooba", "Zm9vYmE="},
                                                {"foobar", "Zm9vYmFy"},
                                                {"\xfb\xff\xfe", "+//+"}};

START_TEST(base64_vectors_both_ways)
{
    for (size_t i = 0; i < sizeof(base64_vectors) / sizeof(base64_vectors[0]); i++) {
        const char *plain = base64_vectors[i][0], *encoded = base64_vectors[i][1];
        AUTO_BUF buf = BUF(100);
        buf_add_base64(&buf, plain, strlen(plain));
        ck_assert_str_eq(buf_text(&buf), encoded);
        buf_clear(&buf);
        ck_assert(buf_add_unbase64(&buf, str_of(encoded)));
        ck_assert_str_eq(buf_text(&buf), plain);
    }
}
END_TEST

START_TEST(base64_keeps_every_byte)
{
    unsigned char bytes[256];
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (unsigned char)(i * 167);
    AUTO_BUF encoded = BUF(1000);
    AUTO_BUF decoded = BUF(1000);
    buf_add_base64(&encoded, bytes, sizeof(bytes));
    ck_assert_uint_eq(encoded.len, 344);
    ck_assert(buf_add_unbase64(&decoded, buf_str(&encoded)));
    ck_assert_uint_eq(decoded.len, 256);
    ck_assert_mem_eq(decoded.ptr, bytes, 256);
}
END_TEST

START_TEST(base64_refuses_bad_input_whole)
{
    static const char *const bad[] = {"Z",     "Zg",   "Zg=",  "Zg==Zg==", "Z===",     "====",     "Zm9v!A==",
                                      "Zm 9v", "Zh==", "Zm9=", "Zm9vYmF-", "Zm9vYg=a", "Zm9vY=Fy", "\nZg=="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AUTO_BUF buf = BUF(100);
        buf_puts(&buf, "before");
        ck_assert_msg(!buf_add_unbase64(&buf, str_of(bad[i])), "%s", bad[i]);
        ck_assert_str_eq(buf_text(&buf), "before");
        ck_assert_uint_eq(buf.len, 6);
    }
    AUTO_BUF buf = BUF(100);
    ck_assert(!buf_add_unbase64(&buf, STR("Zm9\0")));
}
END_TEST

UNIT_MAIN("base/buf", appends_pieces, grows_and_stays_terminated, never_exceeds_its_maximum,
          a_cut_forgets_what_did_not_fit, extends_with_zeroes, adds_numbers_little_endian,
          hands_its_content_over, base64_vectors_both_ways, base64_keeps_every_byte,
          base64_refuses_bad_input_whole)
