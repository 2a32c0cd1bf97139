// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/screen.h"

#include "tests/unit/steps/island-evolve/go_rig.h"

static const char file[] =
    "package q\n\nimport "
    "(\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n\t\"sync\"\n\t\"time\"\n\t\"unsafe\"\n)\n\nvar hits int\n\n"
    "var mu sync.Mutex\n\nvar sizes = [4]int{1, 2}\n\nfunc note() { fmt.Println(os.Args, time.Now(), "
    "unsafe.Sizeof(hits)) }\n\n"
    "func F(s string) int {\n\thits++\n\tif s == \"\" {\n\t\tpanic(fmt.Sprint(\"empty\"))\n\t}\n\treturn "
    "len(s)\n}\n";

static const char *
judge(const char *variant)
{
    static char text[400];
    struct go_rig rig;
    const char *reason = "";
    char detail[300] = "";

    go_rig_open(&rig, file, "F");
    int status = screen_variant(&rig.target, str_of(variant), &reason, detail, sizeof detail, &rig.err);
    ck_assert_int_ge(status, 0);
    snprintf(text, sizeof text, "%s%s%s", status == 0 ? "ok" : reason, status == 0 ? "" : ": ",
             status == 0 ? "" : detail);
    go_rig_close(&rig);
    return text;
}

static void
says(const char *variant, const char *expected)
{
    const char *got = judge(variant);
    ck_assert_msg(strcmp(got, expected) == 0, "%s\n%s\nnot %s", variant, got, expected);
}

static void
body(const char *text, const char *expected)
{
    char variant[800];
    snprintf(variant, sizeof variant, "func F(s string) int {\n%s\nreturn 0\n}", text);
    says(variant, expected);
}

START_TEST(what_a_mutator_writes_goes_on)
{
    says("// t is a table.\nvar t = [256]bool{'a': true, 0x10: -1 < 0}\n\nfunc help(n int) int {\n\treturn n "
         "<< 1\n}\n\n"
         "func F( s string, ) int {\n\tif t[s[0]] {\n\t\treturn help(strings.Count(s, \"x\")) + "
         "len(t)\n\t}\n\thits++\n"
         "\treturn 1\n}",
         "signature: another signature: func F( s string, ) int ");
    says("// t is a table.\nvar t = [256]bool{'a': true, 0x10: -1 < 0}\n\nfunc help(n int) int {\n\treturn n "
         "<< 1\n}\n\n"
         "func F(s string) int { // the same\n\tif t[s[0]] {\n\t\treturn help(strings.Count(s, \"x\")) + "
         "len(t)\n\t}\n"
         "\thits++\n\treturn 1 + sizes[1]\n}",
         "ok");
    body("if s == \"\" {\npanic(fmt.Sprint(1))\n}", "ok");
}
END_TEST

START_TEST(what_reaches_outside_is_refused)
{
    body("os.Exit(0)", "forbidden: early-exit: use of os.Exit");
    body("_ = time.Now()", "forbidden: reads-clock: use of time.Now");
    body("fmt.Println(s)", "forbidden: system-call: use of fmt.Println");
    body("_ = unsafe.String(nil, 0)", "forbidden: harness-memory: use of unsafe.String");
    body("mu.Lock()", "ok"); // a method of the file's own variable, which the race detector watches
    body("println(s)", "forbidden: system-call: use of println");
    body("time.Sleep(1)", "forbidden: waits: use of time.Sleep");
    body("panic(s)", "ok"); // it does so already
    body("atollCPU()", "forbidden: harness-memory: use of atollCPU");
    body("var h atollHost\n_ = h", "forbidden: harness-memory: use of atollHost");
    body("atollTarget.run = nil", "forbidden: harness-memory: use of atollTarget");
    body("TestMain(nil)", "forbidden: harness-memory: use of TestMain");
    body("recover()", "forbidden: signal-handler: use of recover");
    body("go note()", "forbidden: thread: go note()");
    body("defer note()", "forbidden: system-call: defer note()");
    body("c := make(chan int)\nc <- 1", "forbidden: waits: chan int");
    says("//go:nosplit\nfunc F(s string) int {\nreturn 0\n}",
         "forbidden: assembler: a compiler directive: //go:nosplit");
    says("func init() {}\n\nfunc F(s string) int {\nreturn 0\n}",
         "forbidden: constructor: a function init, which runs before main");
}
END_TEST

START_TEST(state_is_refused)
{
    says("var c = map[string]int{}\n\nfunc F(s string) int {\nc[s] = 1\nreturn c[s]\n}",
         "forbidden: keeps-state: state that outlives a call: c = map[string]int{}");
    says("var c [4]int\n\nfunc F(s string) int {\nreturn c[0]\n}",
         "forbidden: keeps-state: state that outlives a call: c [4]int");
    says("var c = make([]int, 4)\n\nfunc F(s string) int {\nreturn c[0]\n}",
         "forbidden: keeps-state: state that outlives a call: c = make([]int, 4)");
    says("var c = [4]int{}\n\nfunc F(s string) int {\np := c[:]\np[0]++\nreturn c[0]\n}",
         "forbidden: keeps-state: state that outlives a call: c = [4]int{}");
    says("var c = [2][4]int{}\n\nfunc F(s string) int {\nc[0][1]++\nreturn c[0][1]\n}",
         "forbidden: keeps-state: state that outlives a call: c = [2][4]int{}");
    body("sizes[1]++", "forbidden: keeps-state: it writes to sizes");
    body("hits = 4", "ok");
}
END_TEST

START_TEST(what_is_no_function_is_refused)
{
    ck_assert(str_starts(str_of(judge("func F(s string) int {\nreturn 0")), STR("parse: ")));
    ck_assert(
        str_starts(str_of(judge("func G(s string) int {\nreturn 0\n}")), STR("parse: no function 'F'")));
    says("func F(s string) int64 {\nreturn 0\n}", "signature: another signature: func F(s string) int64 ");
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_screen", what_a_mutator_writes_goes_on, what_reaches_outside_is_refused,
          state_is_refused, what_is_no_function_is_refused)
