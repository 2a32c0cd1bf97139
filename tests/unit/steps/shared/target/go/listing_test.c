// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/listing.h"

#include "tests/unit/unit.h"

// A function of a listing: `position` is in each instruction's parentheses, `bytes` its code, `call` whom it
// calls.
#define FUNCTION(name, position, bytes, call)                                      \
    name " STEXT size=33 args=0x8 locals=0x18 funcid=0x0 align=0x0\n"              \
         "\t0x0000 00000 (" position ")\tTEXT\t" name "(SB), ABIInternal, $32-8\n" \
         "\t0x0000 00000 (" position ")\tMOVQ\tAX, m.n+40(SP)\n"                   \
         "\t0x0000 " bytes "  I.;f.v\n"                                            \
         "\trel 18+4 t=R_CALL " call "+0\n"
#define F FUNCTION("example.com/m.f", "example.com/m/tag.go:7", "49 3b 66 10 76 10 55", "strings.ToLower")

static struct object_summary
summary_of(const char *listing)
{
    struct object_summary summary;
    go_listing_summarise(str_of(listing), "tag.go", &summary);
    return summary;
}

START_TEST(the_hash_is_of_code_alone)
{
    struct object_summary f = summary_of(F);
    ck_assert_uint_eq(f.code_bytes, 33);
    // Another place and another name for a variable.
    struct object_summary moved =
        summary_of("example.com/m.f STEXT size=33 args=0x8\n"
                   "\t0x0000 00000 (example.com/m/tag.go:99)\tTEXT\texample.com/m.f(SB)\n"
                   "\t0x0000 00000 (example.com/m/tag.go:99)\tMOVQ\tAX, m.other+40(SP)\n"
                   "\t0x0000 49 3b 66 10 76 10 55  I.;f.v\n"
                   "\trel 18+4 t=R_CALL strings.ToLower+0\n");
    ck_assert_str_eq(moved.code_hash, f.code_hash);
    struct object_summary code = summary_of(
        FUNCTION("example.com/m.f", "example.com/m/tag.go:7", "49 3b 66 10 76 11 55", "strings.ToLower"));
    ck_assert_str_ne(code.code_hash, f.code_hash);
    struct object_summary call = summary_of(
        FUNCTION("example.com/m.f", "example.com/m/tag.go:7", "49 3b 66 10 76 10 55", "strings.ToUpper"));
    ck_assert_str_ne(call.code_hash, f.code_hash);
    // The harness and what describes types are no part of it.
    struct object_summary more = summary_of(
        F FUNCTION("example.com/m.(*atollHost).load", "example.com/m/atoll_cell_test.go:7", "90 90 90",
                   "fmt.Println") "type:example.com/m.T SRODATA dupok size=8\n\t0x0000 01 02 03 04 05 06 07 "
                                  "08  ........\n");
    ck_assert_str_eq(more.code_hash, f.code_hash);
    ck_assert_uint_eq(more.code_bytes, 33);
}
END_TEST

START_TEST(data_and_state_count)
{
    struct object_summary table =
        summary_of(F "example.com/m.table SNOPTRDATA size=4\n\t0x0000 01 02 03 04  ....\n");
    struct object_summary other =
        summary_of(F "example.com/m.table SNOPTRDATA size=4\n\t0x0000 01 02 03 05  ....\n");
    ck_assert_str_ne(table.code_hash, other.code_hash);
    ck_assert_uint_eq(table.state_bytes, 0);
    struct object_summary memo = summary_of(F "example.com/m.memo SNOPTRBSS size=4096\n");
    ck_assert_uint_eq(memo.state_bytes, 4096);
}
END_TEST

START_TEST(any_text_is_read)
{
    static const char *const texts[] = {
        "", "\n", "\t0x", "x S", " size=", "a STEXT size=", "\trel t=R_CALL", "a S size=1\n\t0x0000 4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_uint_eq(strlen(summary_of(texts[i]).code_hash), 64);
    }
}
END_TEST

UNIT_MAIN("steps/shared/target/go/listing", the_hash_is_of_code_alone, data_and_state_count, any_text_is_read)
