// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/callgrind.h"

#include "tests/unit/steps/profile-fetch/fixture.h"

#define HEAD "# callgrind format\nversion: 1\npositions: line\nevents: Ir\n"

static void
read_into(struct profile *profile, const char *text)
{
    struct err err;
    profile_init(profile);
    ck_assert_msg(callgrind_read(str_of(text), "p", profile, &err) == 0, "%s", err.message);
}

// Samples, then one line an arc: "main>f 12".
static void
check_reads(const char *text, const char *expected)
{
    AUTO_PROFILE profile;
    AUTO_BUF dump = {0};
    read_into(&profile, text);
    fixture_dump(&profile, &dump);
    VEC_EACH (struct profile_arc, arc, &profile.arcs) {
        buf_add_str(&dump, profile.functions.items[arc->caller].name);
        buf_putc(&dump, '>');
        buf_add_str(&dump, profile.functions.items[arc->callee].name);
        buf_printf(&dump, " %lld\n", (long long)arc->value);
    }
    ck_assert_str_eq(buf_text(&dump), expected);
}

START_TEST(reads_names_and_positions_compressed)
{
    check_reads(
        HEAD
        "fl=(1) a.c\nfn=(1) main\n16 400\n+2 100\n* 5\n-1 7\ncfi=(2) b.c\ncfn=(2) f\ncalls=3 50\n17 300\n"
        "\nfl=(2)\nfn=(2)\n51 300\ntotals: 812\n",
        "main@a.c:16 400/0\nmain@a.c:18 105/0\nmain@a.c:17 7/0\nf@b.c:51 300/0\nmain>f 300\n");
}
END_TEST

START_TEST(reads_plain_names)
{
    check_reads(HEAD "ob=/srv/tagd\nfl=a.c\nfn=main\n16 400\ncfn=(below main)\ncalls=1 0x10\n17 30\n"
                     "fl=b.c\nfn=main\n16 1\n",
                "main@a.c:16 400/0\nmain@b.c:16 1/0\nmain>(below main) 30\n");
}
END_TEST

START_TEST(counts_code_of_other_files_for_its_function)
{
    check_reads(HEAD
                "fl=(1) a.c\nfn=(1) main\n1 10\nfi=(2) a.h\n+4 20\nfe=(1)\n2 3\nfl=???\nfn=(3) ???\n1 1\n",
                "main@a.c:1 10/0\nmain@a.h:5 20/0\nmain@a.c:2 3/0\n???@:1 1/0\n");
}
END_TEST

START_TEST(takes_recursion_levels_for_one_function)
{
    check_reads(
        HEAD "fl=(1) a.c\nfn=(1) fib\n1 10\ncfn=(2) fib'2\ncalls=1 1\n1 20\nfn=(2)\n1 20\nfn=(3) x'y\n1 1\n",
        "fib@a.c:1 10/0\nfib@a.c:1 20/0\nx'y@a.c:1 1/0\nfib>fib 20\n");
}
END_TEST

START_TEST(reads_instructions_jumps_and_several_events)
{
    check_reads(
        "version: 1\npositions: instr line\nevents: Dr Ir Dw\nsummary: 1 12 3\n\nfl=(1) a.c\nfn=(1) main\n"
        "0x18480 225 1 10 3\n+2 * 0 2\njump=1 0x19bc *\n* *\njcnd=2/4 +3 +1\n* *\njfi=(1)\njfn=(1)\ntotals: "
        "1 12 3\n",
        "main@a.c:225 12/0\n");
}
END_TEST

START_TEST(gives_a_callee_its_own_file)
{
    AUTO_PROFILE profile;
    read_into(&profile,
              HEAD "ob=(1) /a\nfl=(1) a.c\nfn=(1) main\ncob=(2) /libc.so.6\ncfi=(2) b.c\ncfn=(2) f\n"
                   "calls=1 1\n1 5\ncfn=(3) g\ncalls=1 1\n1 6\n");
    struct profile_function *functions = profile.functions.items;
    ck_assert_uint_eq(profile.functions.count, 3);
    ck_assert_str_eq(profile.names.items[functions[1].file].ptr, "b.c");
    ck_assert_str_eq(profile.names.items[functions[1].object].ptr, "/libc.so.6");
    ck_assert_str_eq(profile.names.items[functions[2].file].ptr, "a.c");
    ck_assert_str_eq(profile.names.items[functions[2].object].ptr, "/a");
    ck_assert_int_eq(profile.kind, PROFILE_INSTRUCTIONS);
}
END_TEST

START_TEST(names_the_bad_line)
{
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fl=(1)\n"), "p:5: name (1) is used before it is defined");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=(1)\n"), "p:5: function (1) is used before it is defined");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=(1 x\n"), "p:5: expected `(NUMBER)`");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "1 2\n"), "p:5: a cost outside any function");
    FIXTURE_FAILS(callgrind_read, STR("fn=a\n1 2\n"), "p:2: a cost before the `events:` line");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\n+x 2\n"), "p:6: expected 1 position and the costs");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\n1 x\n"), "p:6: `x` is no cost");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\n1 99999999999999999999\n"), "p:6: ");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\ncalls=1 2\n"), "p:6: `calls=` without");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\ncfn=b\ncalls=1 2\nfn=c\n"),
                  "p:8: expected the cost of the calls");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "zz=a\n"), "p:5: unknown key `zz=`");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "what\n"), "p:5: neither a cost");
    FIXTURE_FAILS(callgrind_read, STR("positions:\n"), "p:1: no position");
    FIXTURE_FAILS(callgrind_read, STR("positions: a b c d\n"), "p:1: more than 3 positions");
    FIXTURE_FAILS(callgrind_read, STR("events:\n"), "p:1: no event");
    FIXTURE_FAILS(callgrind_read, STR("version: 1\n"), "p:1: no `events:` line");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\n1 9223372036854775807\n1 1\n"), "p:7: costs add up");
}
END_TEST

START_TEST(notices_a_cut_file)
{
    FIXTURE_FAILS(callgrind_read, STR(HEAD "summary: 100\nfn=a\n1 50\n"),
                  "cut off: costs of 50, but the summary says 100");
    FIXTURE_FAILS(callgrind_read, STR(HEAD "fn=a\ncfn=b\ncalls=1 2\n"), "p:7: cut off");
    AUTO_PROFILE profile;
    read_into(&profile, HEAD "summary: 100\nfn=a\n1 50\ntotals: 50\n");
}
END_TEST

START_TEST(refuses_too_many_events)
{
    AUTO_BUF text = BUF(1 << 16);
    buf_puts(&text, "events:");
    for (int i = 0; i < 65; i++)
        buf_puts(&text, " e");
    FIXTURE_FAILS(callgrind_read, buf_str(&text), "p:1: more than 64 events");
}
END_TEST

// callgrind_annotate on the same file: 1,726,954 in all, 678,316 in crc32_combine, 734,056 with callees in
// checksum_block.
START_TEST(agrees_with_callgrind_annotate)
{
    AUTO_ARENA arena = {0};
    static const char *const files[] = {SEEDS "callgrind/lines.out", SEEDS "callgrind/plain.out"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_PROFILE profile;
        read_into(&profile, fixture_read(&arena, files[i]).ptr);
        int64_t total = 0, combine = 0, called = 0;
        VEC_EACH (struct profile_sample, sample, &profile.samples) {
            uint32_t function = profile.frames.items[profile.stack.items[sample->first]].function;
            total += sample->value;
            if (str_is(profile.functions.items[function].name, "crc32_combine.part.0"))
                combine += sample->value;
        }
        VEC_EACH (struct profile_arc, arc, &profile.arcs)
            if (str_is(profile.functions.items[arc->callee].name, "checksum_block"))
                called += arc->value;
        ck_assert_int_eq(total, 1726954);
        ck_assert_int_eq(combine, 678316);
        ck_assert_int_eq(called, 734056);
    }
}
END_TEST

UNIT_MAIN("steps/profile-fetch/callgrind", reads_names_and_positions_compressed, reads_plain_names,
          counts_code_of_other_files_for_its_function, takes_recursion_levels_for_one_function,
          reads_instructions_jumps_and_several_events, gives_a_callee_its_own_file, names_the_bad_line,
          notices_a_cut_file, refuses_too_many_events, agrees_with_callgrind_annotate)
