// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/pprof.h"

#include "base/archive.h"
#include "tests/unit/steps/profile-fetch/fixture.h"

static void
put_varint(struct buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_putc(out, (char)(value | 0x80));
    buf_putc(out, (char)value);
}

static void
put_number(struct buf *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, value);
}

static void
put_bytes(struct buf *out, unsigned field, struct str bytes)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len);
    buf_add_str(out, bytes);
}

// A message of number fields, given as field, value, ..., 0.
static void
put_message(struct buf *out, unsigned field, const uint64_t *pairs)
{
    AUTO_BUF inner = BUF(4096);
    for (; pairs[0] != 0; pairs += 2)
        put_number(&inner, (unsigned)pairs[0], pairs[1]);
    put_bytes(out, field, buf_str(&inner));
}

#define MESSAGE(out, field, ...) put_message(out, field, (const uint64_t[]){__VA_ARGS__, 0})

static void
put_line(struct buf *location, uint64_t function, uint64_t line)
{
    MESSAGE(location, 4, 1, function, 2, line);
}

// Strings 0 "" 1 samples 2 count 3 cpu 4 nanoseconds 5 main.c 6 main 7 step 8 hash.c 9 sum 10 /bin/x 11 a
// commit.
static void
put_strings(struct buf *out)
{
    static const char *const strings[] = {
        "",     "samples", "count",  "cpu", "nanoseconds", "main.c",
        "main", "step",    "hash.c", "sum", "/bin/x",      "0123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        put_bytes(out, 6, str_of(strings[i]));
}

static void
put_tables(struct buf *out)
{
    MESSAGE(out, 1, 1, 1, 2, 2); // samples/count
    MESSAGE(out, 1, 1, 3, 2, 4); // cpu/nanoseconds
    MESSAGE(out, 3, 1, 1, 5, 10, 6, 11);
    MESSAGE(out, 5, 1, 1, 2, 6, 4, 5, 5, 3);
    MESSAGE(out, 5, 1, 2, 2, 7, 4, 8, 5, 12);
    MESSAGE(out, 5, 1, 900000, 3, 9, 4, 8, 5, 20); // only a system name
    AUTO_BUF location = BUF(1000);
    put_number(&location, 1, 1);
    put_number(&location, 2, 1);
    put_line(&location, 2, 14);
    put_line(&location, 900000, 22);
    put_bytes(out, 4, buf_str(&location));
    buf_clear(&location);
    put_number(&location, 1, 2);
    put_line(&location, 1, 4);
    put_bytes(out, 4, buf_str(&location));
    MESSAGE(out, 4, 1, 3, 2, 1, 3, 0xabcd); // no line
    put_strings(out);
}

static int
read_bytes(const struct buf *bytes, struct profile *profile, struct err *err)
{
    profile_init(profile);
    return pprof_read(buf_str(bytes), "p", profile, err);
}

static void
check_reads(const struct buf *bytes, const char *expected)
{
    AUTO_PROFILE profile;
    AUTO_BUF dump = {0};
    struct err err;
    ck_assert_msg(read_bytes(bytes, &profile, &err) == 0, "%s", err.message);
    fixture_dump(&profile, &dump);
    ck_assert_str_eq(buf_text(&dump), expected);
}

static void
check_fails(const struct buf *bytes, const char *expected)
{
    AUTO_PROFILE profile;
    struct err err;
    ck_assert_int_eq(read_bytes(bytes, &profile, &err), -1);
    ck_assert_msg(strstr(err.message, expected) != NULL, "%s", err.message);
}

START_TEST(reads_packed_and_single_numbers)
{
    AUTO_BUF bytes = BUF(1 << 16);
    put_tables(&bytes);
    MESSAGE(&bytes, 2, 1, 1, 1, 2, 2, 3, 2, 30);
    AUTO_BUF sample = BUF(100);
    put_bytes(&sample, 1, STR("\3\1\2"));
    put_bytes(&sample, 2, STR("\2\24"));
    put_bytes(&bytes, 2, buf_str(&sample));
    check_reads(&bytes, "step@hash.c:14~<sum@hash.c:22<main@main.c:4 30/3\n"
                        "0xabcd<step@hash.c:14~<sum@hash.c:22<main@main.c:4 20/2\n");
}
END_TEST

START_TEST(keeps_where_functions_start_and_what_may_be_a_commit)
{
    AUTO_BUF bytes = BUF(1 << 16);
    put_tables(&bytes);
    MESSAGE(&bytes, 2, 1, 2, 2, 1, 2, 10);
    put_number(&bytes, 13, 11);
    AUTO_PROFILE profile;
    struct err err;
    ck_assert_int_eq(read_bytes(&bytes, &profile, &err), 0);
    ck_assert_uint_eq(profile.functions.items[0].line, 3);
    ck_assert_uint_eq(profile.functions.items[2].line, 20);
    ck_assert_uint_eq(profile.commits.count, 2);
    ck_assert_str_eq(profile.commits.items[0], "0123456789012345678901234567890123456789");
    ck_assert_str_eq(profile.type, "cpu");
    ck_assert_str_eq(profile.unit, "nanoseconds");
}
END_TEST

START_TEST(reads_the_default_sample_type)
{
    AUTO_BUF bytes = BUF(1 << 16);
    put_tables(&bytes);
    MESSAGE(&bytes, 2, 1, 2, 2, 3, 2, 30);
    put_number(&bytes, 14, 1);
    check_reads(&bytes, "main@main.c:4 3/3\n");
}
END_TEST

START_TEST(counts_samples_by_the_period)
{
    AUTO_BUF bytes = BUF(1 << 16);
    put_tables(&bytes);
    AUTO_BUF other = BUF(1 << 16);
    // The same without samples/count.
    AUTO_BUF type = BUF(100);
    MESSAGE(&type, 1, 1, 1, 2, 2);
    buf_add(&other, bytes.ptr + type.len, bytes.len - type.len);
    MESSAGE(&other, 2, 1, 2, 2, 30);
    check_reads(&other, "main@main.c:4 30/1\n");
    MESSAGE(&other, 11, 1, 3, 2, 4);
    put_number(&other, 12, 10);
    check_reads(&other, "main@main.c:4 30/3\n");
}
END_TEST

START_TEST(skips_unknown_fields_and_zero_samples)
{
    AUTO_BUF bytes = BUF(1 << 16);
    put_tables(&bytes);
    put_varint(&bytes, 99 << 3 | 1);
    buf_add(&bytes, "12345678", 8);
    put_varint(&bytes, 98 << 3 | 5);
    buf_add(&bytes, "1234", 4);
    put_bytes(&bytes, 97, STR("abc"));
    put_number(&bytes, 96, 7);
    MESSAGE(&bytes, 2, 1, 2, 2, 0, 2, 0);
    MESSAGE(&bytes, 2, 1, 2, 2, 1, 2, 1, 77, 8);
    check_reads(&bytes, "main@main.c:4 1/1\n");
}
END_TEST

// Appends to a good profile and expects an error.
#define CHECK_BROKEN(expected, ...)    \
    do {                               \
        AUTO_BUF bytes = BUF(1 << 16); \
        put_tables(&bytes);            \
        __VA_ARGS__;                   \
        check_fails(&bytes, expected); \
    } while (0)

START_TEST(refuses_what_does_not_fit_together)
{
    CHECK_BROKEN("sample with 1 values for 2 sample types", MESSAGE(&bytes, 2, 1, 2, 2, 1));
    CHECK_BROKEN("location 77 does not exist", MESSAGE(&bytes, 2, 1, 77, 2, 1, 2, 1));
    CHECK_BROKEN("function without an id", MESSAGE(&bytes, 5, 2, 6));
    CHECK_BROKEN("second function with id 1", MESSAGE(&bytes, 5, 1, 1));
    CHECK_BROKEN("second location with id 2", MESSAGE(&bytes, 4, 1, 2));
    CHECK_BROKEN("mapping 5 does not exist", MESSAGE(&bytes, 4, 1, 9, 2, 5));
    CHECK_BROKEN("string 99 of 12", MESSAGE(&bytes, 5, 1, 7, 2, 99));
    CHECK_BROKEN("string 99 of 12", MESSAGE(&bytes, 3, 1, 7, 5, 99));
    CHECK_BROKEN("string 99 of 12", put_number(&bytes, 13, 99));
    CHECK_BROKEN("string 99 of 12", put_number(&bytes, 14, 99));
    CHECK_BROKEN("string 99 of 12", MESSAGE(&bytes, 1, 1, 99));
    CHECK_BROKEN("string 99 of 12", MESSAGE(&bytes, 11, 1, 99));
    CHECK_BROKEN("second profile", put_number(&bytes, 9, 5); put_number(&bytes, 9, 6));
    CHECK_BROKEN("not a field tag", put_varint(&bytes, 0));
    CHECK_BROKEN("unknown wire type 3", put_varint(&bytes, 1 << 3 | 3));
    CHECK_BROKEN("the file is cut off", put_varint(&bytes, 2 << 3 | 2); put_varint(&bytes, 100));
    CHECK_BROKEN("cut off in a number of 8 bytes", put_varint(&bytes, 20 << 3 | 1));
    CHECK_BROKEN("overlong number", put_varint(&bytes, 9 << 3);
                 buf_add(&bytes, "\377\377\377\377\377\377\377\377\377\2", 10));
    CHECK_BROKEN("packed list", put_bytes(&bytes, 13, STR("\200")));
    CHECK_BROKEN("function 50 does not exist", AUTO_BUF location = BUF(100); put_number(&location, 1, 9);
                 put_line(&location, 50, 1); put_bytes(&bytes, 4, buf_str(&location)));
}
END_TEST

START_TEST(refuses_other_files)
{
    AUTO_BUF bytes = BUF(1000);
    check_fails(&bytes, "p: byte 0: not a pprof profile");
    put_bytes(&bytes, 6, STR(""));
    check_fails(&bytes, "p: byte 0: no sample type");
    buf_clear(&bytes);
    put_bytes(&bytes, 6, STR("x"));
    check_fails(&bytes, "its first string is not empty");
}
END_TEST

START_TEST(refuses_stacks_blown_up)
{
    AUTO_BUF bytes = BUF(1 << 20);
    put_tables(&bytes);
    AUTO_BUF location = BUF(1 << 20);
    put_number(&location, 1, 50);
    for (int i = 0; i < 1000; i++)
        put_line(&location, 1, 5);
    put_bytes(&bytes, 4, buf_str(&location));
    AUTO_BUF sample = BUF(1 << 20);
    for (int i = 0; i < 20; i++)
        put_number(&sample, 1, 50);
    put_bytes(&sample, 2, STR("\1\1"));
    put_bytes(&bytes, 2, buf_str(&sample));
    check_fails(&bytes, "stack of more than 16384 frames");
    buf_clear(&sample);
    for (int i = 0; i < 20000; i++)
        put_number(&sample, 1, 2);
    put_bytes(&sample, 2, STR("\1\1"));
    buf_clear(&bytes);
    put_tables(&bytes);
    put_bytes(&bytes, 2, buf_str(&sample));
    check_fails(&bytes, "stack of more than 16384 locations");
}
END_TEST

// Any cut of a real profile is either refused with a place or (between two fields) still a profile.
START_TEST(survives_every_cut)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF whole = BUF(1 << 20);
    struct err err;
    ck_assert_int_eq(unpack_bytes(fixture_read(&arena, SEEDS "pprof/go-cpu.pb.gz"), 1 << 20, &whole, &err),
                     0);
    size_t refused = 0;
    for (size_t len = 0; len < whole.len; len++) {
        AUTO_PROFILE profile;
        profile_init(&profile);
        if (pprof_read(str_n(whole.ptr, len), "p", &profile, &err) == 0)
            continue;
        refused++;
        ck_assert_msg(strncmp(err.message, "p: byte ", 8) == 0, "%s", err.message);
    }
    ck_assert_uint_gt(refused, whole.len * 9 / 10);
}
END_TEST

UNIT_MAIN("steps/profile-fetch/pprof", reads_packed_and_single_numbers,
          keeps_where_functions_start_and_what_may_be_a_commit, reads_the_default_sample_type,
          counts_samples_by_the_period, skips_unknown_fields_and_zero_samples,
          refuses_what_does_not_fit_together, refuses_other_files, refuses_stacks_blown_up,
          survives_every_cut)
