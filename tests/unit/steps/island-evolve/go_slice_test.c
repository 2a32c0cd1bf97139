// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

static const char over_bytes[] =
    "\t\tvar out strings.Builder\n\t\tdata := []byte(\"\\x00\\xffa checksum of this text, and of "
    "that\\x80\\x01\")\n"
    "\t\tfor n := range data {\n\t\t\tfmt.Fprintln(&out, f(0, data[:n]), f(0xdeadbeef, data[n:]))\n\t\t}\n"
    "\t\tfor _, call := range calls {\n"
    "\t\t\tfmt.Fprintln(&out, f(uint32(call[0].(float64)), []byte(text(call[1]))))\n\t\t}\n\t\treturn "
    "out.String()";

static void
check(const char *text, const char *function, const char *type, const char *describe, size_t variants,
      const char *part)
{
    struct go_rig rig;

    go_rig_open(&rig, text, function);
    size_t count = go_rig_collect(&rig, "go-slice-table", NULL);
    ck_assert_msg(count == variants, "%zu variants of %s", count, text);
    ck_assert_msg(go_rig_holds(&rig, part), "%s", rig.variants[0]);
    go_rig_check(&rig, type, describe, NULL);
    go_rig_close(&rig);
}

START_TEST(the_checksum_of_the_demo)
{
    struct go_rig rig;
    AUTO_BUF text = BUF(1 << 16);

    go_rig_open(&rig, "package x\n\nfunc F() {}\n", "F");
    GO_RIG_OK(&rig, fs_read(go_rig_demo(&rig, "checksum.go"), 1 << 16, &text, &rig.err));
    const char *captured = go_rig_demo(&rig, ".atoll/captured/UpdateChecksum.jsonl");
    struct go_rig demo;
    go_rig_open(&demo, buf_text(&text), "UpdateChecksum");
    ck_assert_uint_eq(go_rig_collect(&demo, "go-slice-table", NULL), 4);
    ck_assert(go_rig_holds(&demo, "\tfor len(rest) >= 8 {\n\t\tword := crc ^ (uint32(rest[0]) | "
                                  "uint32(rest[1])<<8 | uint32(rest[2])<<16 | uint32(rest[3])<<24)\n"
                                  "\t\tcrc = updateChecksumSlices[7][byte(word)] ^ "
                                  "updateChecksumSlices[6][byte(word>>8)] ^\n"));
    go_rig_check(&demo, "func(uint32, []byte) uint32", over_bytes, captured);
    go_rig_close(&demo);
    go_rig_close(&rig);
}
END_TEST

START_TEST(other_names_another_layout)
{
    check(
        "package q\n\nfunc Zz(p uint32, qq []byte) uint32 {\n\tvar w = p ^ 0xffffffff\n"
        "\tfor i := 0; i < len(qq); i++ {\n\t\tw = w ^ uint32(qq[i])\n\t\tfor range 8 {\n"
        "\t\t\tlow := w & 1\n\t\t\tw = w>>1 ^ (-low & 0xEDB88320)\n\t\t}\n\t}\n\treturn w ^ 0xffffffff\n}\n",
        "Zz", "func(uint32, []byte) uint32", over_bytes, 4, "w = zzBytes[byte(w)^b] ^ w>>8");
}
END_TEST

START_TEST(comments_and_line_breaks_hide_nothing)
{
    check("package q\n\nfunc Zz /* f */ (\n\tp uint32, qq [ // of\n\t] /* 8 bits */ byte) uint32 {\n"
          "\tw /* now */ := ^p ; for _ , b /* each */ := range /* all */ qq { // one\n"
          "\t\tw /* with */ ^= uint32 ( b ) ; /* eight */ for k := /* from */ 0 ; k < 8 ; k ++ { /* bits */\n"
          "\t\t\tif w & 1 == /* set */ 1 { w = w >> 1 ^ 2197175160 ; } else /* clear */ {\n"
          "\t\t\t\tw >>= 1 ; // down\n\t\t\t} ; } ; } ; return /* not */ ^ w ; }\n",
          "Zz", "func(uint32, []byte) uint32", over_bytes, 4, "= zzBytes[byte(w)^b2] ^ w>>8");
}
END_TEST

// A table between the two would be what the directive is about, which the compiler refuses.
START_TEST(a_comment_and_a_directive_stay_with_their_function)
{
    struct go_rig rig;

    go_rig_open(&rig,
                "package q\n\n// Sum sums.\n//\n//go:noinline\nfunc Sum(c uint32, s []byte) uint32 {\n"
                "\tfor _, b := range s {\n\t\tc ^= uint32(b)\n\t\tfor k := 0; k < 8; k++ {\n"
                "\t\t\tif c&1 == 1 {\n\t\t\t\tc = c>>1 ^ 0x82f63b78\n\t\t\t} else {\n\t\t\t\tc >>= 1\n"
                "\t\t\t}\n\t\t}\n\t}\n\treturn c\n}\n",
                "Sum");
    ck_assert_uint_eq(go_rig_collect(&rig, "go-slice-table", NULL), 4);
    for (size_t i = 0; i < rig.count; i++)
        ck_assert(str_starts(str_of(rig.variants[i]), STR("func Sum")));
    go_rig_check(&rig, "func(uint32, []byte) uint32", over_bytes, NULL);
    go_rig_close(&rig);
}
END_TEST

START_TEST(highest_bit_first_and_narrow)
{
    check("package q\n\ntype sum uint16\n\nconst poly sum = 0x1021\n\nfunc Crc(s string) int {\n\tvar c sum "
          "= 0xffff\n"
          "\tfor i := range len(s) {\n\t\tc ^= sum(s[i]) << 8\n\t\tfor k := 0; k < 8; k++ {\n"
          "\t\t\tif c&0x8000 != 0 {\n\t\t\t\tc = c<<1 ^ poly\n\t\t\t} else {\n\t\t\t\tc <<= "
          "1\n\t\t\t}\n\t\t}\n\t}\n"
          "\treturn int(c)\n}\n",
          "Crc", "func(string) int",
          "\t\tvar out strings.Builder\n\t\ts := \"the quick brown fox\\xff\\x00 jumps over\"\n"
          "\t\tfor n := range s {\n\t\t\tfmt.Fprintln(&out, f(s[:n]), f(s[n:]))\n\t\t}\n\t\treturn "
          "out.String()",
          4, "c = crcBytes[byte(c>>8)^b] ^ c<<8");
}
END_TEST

START_TEST(a_table_of_the_file_and_64_bits)
{
    check("package q\n\nvar nibbles = [...]uint64{\n"
          "\t0, 0x7d9ba13851336649, 0xfb374270a266cc92, 0x86ace348f355aadb,\n"
          "\t0x64b62bcaebc387a1, 0x192d8af2baf0e1e8, 0x9f8169ba49a54b33, 0xe21ac88218962d7a,\n"
          "\t0xc96c5795d7870f42, 0xb4f7f6ad86b4690b, 0x325b15e575e1c3d0, 0x4fc0b4dd24d2a599,\n"
          "\t0xadda7c5f3c4488e3, 0xd041dd676d77eeaa, 0x56ed3e2f9e224471, 0x2b769f17cf112238,\n"
          "}\n\n"
          "func step(sum uint64, b byte) uint64 {\n\tsum ^= uint64(b)\n\tsum = nibbles[sum&15] ^ sum>>4\n"
          "\treturn nibbles[sum&15] ^ sum>>4\n}\n\n"
          "func Sum(data []byte) uint64 {\n\tsum := ^uint64(0)\n\tfor _, b := range data {\n\t\tsum = "
          "step(sum, b)\n"
          "\t}\n\treturn ^sum\n}\n",
          "Sum", "func([]byte) uint64",
          "\t\tvar out strings.Builder\n\t\ts := []byte(\"the quick brown fox\\xff\\x00 jumps over\")\n"
          "\t\tfor n := range s {\n\t\t\tfmt.Fprintln(&out, f(s[:n]), f(s[n:]))\n\t\t}\n\t\treturn "
          "out.String()",
          3, "sum = sumBytes[byte(sum)^b2] ^ sum>>8");
}
END_TEST

START_TEST(what_is_no_such_loop_has_no_sites)
{
    static const char *const bodies[] = {
        "h = h*31 + uint32(b)",                    // not linear over bits
        "h ^= uint32(b)\n\tn++",                   // two numbers
        "if b == 0 {\n\tbreak\n}\nh ^= uint32(b)", // leaves
        "h = h<<1 ^ uint32(b)",                    // does not forget
        "h ^= uint32(b)\n\tother(h)",              // calls what nobody knows
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct go_rig rig;
        char text[512];
        snprintf(text, sizeof text,
                 "package q\n\nfunc F(data []byte) uint32 {\n\tvar h uint32\n\tn := uint32(0)\n"
                 "\tfor _, b := range data {\n%s\n}\n\treturn h + n\n}\n",
                 bodies[i]);
        go_rig_open(&rig, text, "F");
        ck_assert_msg(go_rig_sites(&rig, "go-slice-table", NULL) == 0, "%s", bodies[i]);
        go_rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_slice", the_checksum_of_the_demo, other_names_another_layout,
          a_comment_and_a_directive_stay_with_their_function, comments_and_line_breaks_hide_nothing,
          highest_bit_first_and_narrow, a_table_of_the_file_and_64_bits, what_is_no_such_loop_has_no_sites)
