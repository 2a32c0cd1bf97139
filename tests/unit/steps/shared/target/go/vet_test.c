// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/vet.h"

#include "tests/unit/steps/shared/target/go/workshop.h"

static const char tag[] =
    "package m\n\nimport "
    "(\n\t\"bytes\"\n\t\"container/list\"\n\t\"encoding/binary\"\n\t\"errors\"\n\t\"example.com/m/"
    "inner\"\n\t\"fmt\"\n\t\"hash/fnv\"\n\t\"io\"\n\t\"os\"\n\t\"sort\"\n\t\"strings\"\n\t\"sync\"\n"
    "\t\"time\"\n\t\"unsafe\"\n\n\t\"hash/crc32\"\n\tlib \"example.com/m/inner\"\n)\n\n"
    "var hits int\n\nvar mu sync.Mutex\n\nvar sizes = [4]int{1, 2}\n\nvar memo = map[string]int{}\n\n"
    "var kept []byte\n\nvar all = &box{}\n\nvar again = func() int { return 1 }\n\nvar failure = "
    "fmt.Errorf(\"no\")\n\nvar hook = func() int { "
    "return 1 }\n\n"
    "type box struct {\n\tn int\n\tmemo map[string]int\n\tnow func() int\n\tlate func() int\n}\n\ntype clock "
    "struct{ late func() int }\n\n"
    "func (b *box) Len() int { return b.n }\n\n"
    "func note() { fmt.Println(os.Args, time.Now(), unsafe.Sizeof(hits), crc32.IEEE, lib.Plain(1), "
    "strings.ToLower(\"A\"), sort.SearchInts(nil, 1), list.New(), bytes.Count(nil, nil), "
    "binary.LittleEndian, errors.New(\"\"), fnv.New32(), io.EOF) }\n\n"
    "func (b *box) Less(i, j int) bool { note(); return false }\n\nfunc (b *box) Swap(i, j int) {}\n\n"
    "type sorted struct{ sort.Interface }\n\ntype high interface{ level() int }\n\n"
    "func level() int { return inner.Level }\n\nfunc twice(n int) int { return 2 * n }\n\nfunc deeper(n int) "
    "int { go note(); return n }\n\n"
    "func raw(n int) int\n\n"
    "func report(n int) { fmt.Println(n, time.Now()) }\n\n"
    "func F(s string, b []byte, x *box) int {\n\thits++\n\tif s == \"\" {\n\t\tpanic(fmt.Sprint(\"empty\"))\n"
    "\t}\n\tif s == \"?\" {\n\t\treport(inner.Plain(all.Len() + all.late() + again()))\n\t}\n\treturn "
    "len(s)\n}\n\n"
    "type order []int\n\nfunc (o order) Less(i, j int) bool { note(); return false }\n\n/* M has a comment. "
    "*/\n"
    "func (b *box) M(s string) (int, error) { return b.n + len(s), nil }\n";
static const char inner[] = "package inner\n\nvar Level = 3\n\nfunc Plain(n int) int { return n }\n\n"
                            "func Other(n int) int { return n }\n";
static const char also[] = "package m\n\nvar other = map[int]int{}\n\nvar table = [4]int{1, 2, 3, 4}\n\n"
                           "func sumOf(a []int) int { return a[0] }\n";

struct office {
    struct go_bench b;
    struct go_tool *tool;
    struct go_vet *vet;
    const char *scratch;
    size_t variants;
};

// In a repository whose files are there.
static void
found_office(struct office *o, const char *function)
{
    struct workshop *w = &o->b.w;

    OK(target_open(&w->arena, w->repository, "tag.go", function, NULL, NULL, &o->b.target, &w->err), &w->err);
    o->scratch = fs_join(&w->arena, w->scratch, "vet");
    o->tool = go_tool_new(w->launcher, w->repository, "tag.go", w->scratch, &w->err);
    ck_assert_msg(o->tool != NULL, "%s", w->err.message);
    o->vet = go_vet_new(o->tool, &o->b.target, o->scratch, &w->err);
    ck_assert_msg(o->vet != NULL, "%s", w->err.message);
}

static void
open_office(struct office *o, const char *function)
{
    struct workshop *w = &o->b.w;

    *o = (struct office){0};
    go_bench_init(&o->b, tag);
    workshop_file(w, "also.go", also);
    workshop_file(w, "raw.s", "");
    workshop_file(w, "inner/inner.go", inner);
    found_office(o, function);
}

static void
close_office(struct office *o)
{
    go_vet_free(o->vet);
    go_tool_free(o->tool);
    go_bench_release(&o->b);
}

// "" when a variant is let through, else why not; the whole error when it can't be told.
static const char *
judge(struct office *o, const char *variant)
{
    struct workshop *w = &o->b.w;
    char *refusal = ARENA_ARRAY(&w->arena, char, 300);
    const char *source = arena_printf(&w->arena, "%s/v%zu.go", o->scratch, o->variants++);

    OK(fs_write(source, target_splice(&w->arena, &o->b.target, str_of(variant), false), &w->err), &w->err);
    int status = go_vet_run(o->vet, source, strlen(variant), refusal, 300, &w->err);
    ck_assert_int_eq(status == 1, refusal[0] != '\0');
    return status < 0 ? w->err.message : refusal;
}

static void
says(struct office *o, const char *variant, const char *expected)
{
    const char *got = judge(o, variant);
    ck_assert_msg(strcmp(got, expected) == 0, "%s\n\"%s\"\nnot \"%s\"", variant, got, expected);
}

#define HEAD "func F(s string, b []byte, x *box) int {\n"

static void
body(struct office *o, const char *text, const char *expected)
{
    says(o, arena_printf(&o->b.w.arena, HEAD "%s\nreturn 0\n}", text), expected);
}

// What may stand in a body, or why not.
struct ruling {
    const char *text, *refusal;
};

static void
rule(const char *function, void (*try)(struct office *, const char *, const char *),
     const struct ruling *rulings, size_t count)
{
    struct office o;

    if (!has_go())
        return;
    open_office(&o, function);
    for (size_t i = 0; i < count; i++)
        try(&o, rulings[i].text, rulings[i].refusal);
    close_office(&o);
}

#define RULE(try, rulings) rule("F", try, rulings, sizeof(rulings) / sizeof *(rulings))

START_TEST(what_computes_goes_on)
{
    static const struct ruling bodies[] = {
        {"hits++", ""},
        {"hits = 4", ""},
        {"if s == \"\" { panic(fmt.Sprint(1)) }", ""},
        {"_ = strings.Count(s, \"x\") + sizes[1] + len(sizes) + table[2] + twice(3)", ""},
        {"for i, n := range table { hits += i + n }", ""},
        {"t := sizes; t[0]++", ""}, // a copy
        {"if hits > 3 || memo != nil || memo[s] > 1 { return len(memo) }", ""},
        {"if n, ok := memo[s]; ok { return n }", ""},
        {"b = append(b, kept...); copy(b, kept); _ = string(kept)", ""},
        {"d := time.Duration(3) * time.Second; _ = d.Seconds()", ""},
        {"hits := 3; hits++; p := &hits; *p = 4", ""}, // a local one
        {"len := func(s string) int { return 3 }; _ = len(s)", ""},
        {"defer func() { b[0] = 1 }()", ""},
        {"var sb strings.Builder; sb.WriteString(s); _ = sb.String()", ""},
        {"_ = crc32.Update(1, crc32.IEEETable, b)", ""},
        {"report(inner.Plain(lib.Plain(2)))", ""}, // as the function does
        {"fmt.Println(1)", ""},                    // as what it calls does
        {"_ = x.Len() + all.Len() + all.n + all.late() + again()", ""},
        {"for e := list.New().Front(); e != nil; e = e.Next() { hits += e.Value.(int) }", ""},
    };
    RULE(body, bodies);
}
END_TEST

START_TEST(errors_and_hashes_go_on)
{
    static const struct ruling bodies[] = {
        {"err := io.EOF; if errors.Is(err, failure) || err == io.ErrUnexpectedEOF { return 1 }", ""},
        {"err := fmt.Errorf(\"%d of %s: %w\", len(b), s, io.EOF); _ = err", ""},
        {"h := fnv.New32a(); h.Write(b); return int(h.Sum32())", ""},
        {"io.EOF = nil", "system-call: use of io.EOF"},
        {"p := &io.EOF; *p = nil", "system-call: use of io.EOF"},
        {"_ = io.Discard", "system-call: use of io.Discard"},
        {"_ = errors.Is(failure, io.EOF)",
         "keeps-state: it changes failure or hands it on: _ = errors.Is(failure, io.EOF)"},
        {"_ = fmt.Errorf(\"%p\", x)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%[1]p\", io.EOF)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%d\", io.EOF)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%%v%d\", io.EOF)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%[2]d %v\", 1, io.EOF)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%v %*d\", io.EOF, 1, 2)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"5%% of %+4d, %q\", 3, io.EOF)", ""},
        {"_ = fmt.Errorf(s, 1)", "system-call: use of fmt.Errorf"},
        {"_ = fmt.Errorf(\"%v\", x)", "system-call: use of fmt.Errorf"},
        {"f := fmt.Errorf; _ = f", "system-call: use of fmt.Errorf"},
        {"var w io.Writer = fnv.New32a(); w.Write(b)", "system-call: use of io.Writer.Write"},
    };
    RULE(body, bodies);
}
END_TEST

START_TEST(declarations_of_its_own_go_on)
{
    static const struct ruling variants[] = {
        {"// t is a table.\nvar t = [256]bool{'a': true, 0x10: -1 < 0}\n\nfunc help(n int) int {\n\treturn n "
         "<< "
         "1\n}\n\n" HEAD "\tif t[s[0]] {\n\t\treturn help(strings.Count(s, \"x\")) + len(t)\n\t}\n\thits++\n"
         "\treturn 1\n}",
         ""},
        {"var t = map[string]int{\"a\": 1}\n\nvar u = [][]uint32{{1, 2}, {3}}\n\n" HEAD
         "return t[s] + int(u[0][1])\n}",
         ""},
        {"var t = [][]int{{1, 2}}\n\n" HEAD
         "row := t[0]\nn := 0\nfor _, v := range row {\nn += v\n}\nreturn n\n}",
         ""},
        {"func sum(a []int) (n int) {\nfor _, v := range a {\nn += v\n}\nreturn n\n}\n\nvar t = "
         "[4]int{1}\n\n" HEAD "return sum(t[:])\n}",
         ""},
        {"var t = []byte{1, 2, 3, 4}\n\n" HEAD
         "return bytes.Count(t, b) + bytes.LastIndexByte(t, 3) + int(binary.LittleEndian.Uint32(t))\n}",
         ""},
        {"var t = []*box{&box{n: 1}}\n\n" HEAD "return t[0].n\n}", ""},
        {"type own struct{ n int }\n\nfunc (o *own) String() string { return s }\n\nconst s = \"\"\n\n"
         "var _ fmt.Stringer = &own{}\n\nvar _ fmt.Stringer = (*own)(nil)\n\n" HEAD "return 0\n}",
         ""},
        {"func (b *box) help() int { return b.n }\n\n" HEAD "return x.help()\n}", ""},
        {"func one(n int) int { return n }\n\nvar t = [...]func(int) int{one, func(n int) int { return -n "
         "}}\n\n" HEAD "return t[len(b)&1](3)\n}",
         ""},
        {"var digits = []byte(\"0123\")\n\n" HEAD "panic(digits[0])\n}", ""},
        {"type row struct{ a, b int }\n\nfunc (r row) sum() int { return r.a + r.b }\n\nvar rows = []row{{a: "
         "1}, "
         "{2, 3}}\n\n" HEAD "return rows[1].sum()\n}",
         ""},
    };
    RULE(says, variants);
}
END_TEST

START_TEST(what_reaches_outside_is_refused)
{
    static const struct ruling bodies[] = {
        {"os.Exit(0)", "early-exit: use of os.Exit"},
        {"_ = time.Now()", "reads-clock: use of time.Now"},
        {"var t time.Time; _ = t.Local()", "reads-clock: use of time.Time.Local"},
        {"var t time.Time; t = t.UTC(); _ = time.Since(t)", "reads-clock: use of time.Since"},
        {"time.Sleep(1)", "waits: use of time.Sleep"},
        {"_ = os.Args", "system-call: use of os.Args"},
        {"fmt.Fprint(os.Stderr, s)", "system-call: use of fmt.Fprint"},
        {"_ = unsafe.String(nil, 0)", "harness-memory: use of unsafe.String"},
        {"_ = unsafe.Pointer(x)", "harness-memory: use of unsafe.Pointer"},
        {"mu.Lock()", "keeps-state: it changes mu or hands it on: mu.Lock()"},
        {"var m sync.Mutex; m.Lock()", "keeps-state: use of sync.Mutex.Lock"},
        {"(println)(s)", "system-call: use of println"},
        {"(recover)()", "signal-handler: use of recover"},
        {"panic(s)", ""}, // it does so already
        {"go note()", "thread: go note()"},
        {"c := make(chan int)\nc <- 1", "waits: chan int"},
        {"note()", "system-call: use of note, in which: use of os.Args"},
        {"_ = deeper(1)", "thread: use of deeper, in which: go note()"},
        {"_ = raw(1)", "assembler: use of raw, in which: raw is not written in Go"},
        {"_ = inner.Other(1)", "system-call: use of inner.Other"},
        {"_ = lib.Level", "system-call: use of inner.Level"},
        {"_ = x.now()", "system-call: use of now, a field with code in it that the function does not use"},
        {"f := x.now; _ = f()",
         "system-call: use of now, a field with code in it that the function does not use"},
        {"var i interface{ Len() int } = x; _ = i",
         "system-call: an interface of its own with methods: interface{ Len() int }"},
        {"var o order; _ = o",
         "system-call: use of order.Less, in which: use of note, in which: use of os.Args"},
        {"sort.Sort(x)", "system-call: use of box.Less, in which: use of note, in which: use of os.Args"},
        {"var o clock; _ = o.late()",
         "system-call: use of late, a field with code in it that the function does not use"},
        {"_ = any(x).(sort.Interface).Less(0, 1)",
         "system-call: it asks for an interface that the function does not ask for: any(x).(sort.Interface)"},
        {"switch any(x).(type) { case sort.Interface: }",
         "system-call: it asks for an interface that the function does not ask for: sort.Interface"},
        {"var o sorted; _ = o.Less(0, 1)",
         "system-call: use of Interface, a field with code in it that the function does not use"},
        {"var y struct {\nn int\nmemo map[string]int\nnow func() int\nlate func() int\n} = *x\n_ = y.now()",
         "system-call: use of now, a field with code in it that the function does not use"},
        {"_ = hook()", "keeps-state: it changes hook or hands it on: _ = hook()"},
        {"e := failure; _ = e.Error()", "keeps-state: it changes failure or hands it on: e := failure"},
        {"_ = crc32.MakeTable(crc32.IEEE)[2]", "keeps-state: use of crc32.MakeTable"},
    };
    RULE(body, bodies);
}
END_TEST

START_TEST(the_harness_is_out_of_reach)
{
    static const struct ruling bodies[] = {
        {"atollCPU()", "harness-memory: it compiles only beside the harness: undefined: atollCPU"},
        {"var h atollHost\n_ = h",
         "harness-memory: it compiles only beside the harness: undefined: atollHost"},
        {"atollTarget.run = nil",
         "harness-memory: it compiles only beside the harness: undefined: atollTarget"},
        {"TestMain(nil)", "harness-memory: it compiles only beside the harness: undefined: TestMain"},
    };
    RULE(body, bodies);
    static const struct ruling variants[] = {
        {HEAD "return 1\n}\n/* ", "harness-memory: a comment or text that hides what follows"},
        {"func len(s string) int { return 3 }\n\n" HEAD "return len(s)\n}",
         "harness-memory: another meaning of len"},
        {"type uint16 = int64\n\n" HEAD "return 1\n}", "harness-memory: another meaning of uint16"},
        {"type mine struct{ order }\n\n" HEAD "_ = any(mine{})\nreturn 0\n}",
         "system-call: use of order.Less, in which: use of note, in which: use of os.Args"},
        {"const (\n\ta = 1\n\ttrue = false\n)\n\n" HEAD "return 1\n}",
         "harness-memory: another meaning of true"},
        {"func (b *box) Error() string { return \"\" }\n\n" HEAD "return 1\n}",
         "harness-memory: a method of a type that is not the variant's own: (b *box) Error"},
        {"func (o order) level() int { return 1 }\n\n" HEAD "return 1\n}",
         "harness-memory: a method of a type that is not the variant's own: (o order) level"},
        {"func (b *box) help() int { note(); return 1 }\n\n" HEAD "return x.help()\n}",
         "system-call: use of note, in which: use of os.Args"},
        {"var t = []func(){note}\n\n" HEAD "t[0]()\nreturn 1\n}",
         "system-call: use of note, in which: use of os.Args"},
        {"var t = []func() int{func() int { hits = 3; return len(os.Args) }}\n\n" HEAD "return t[0]()\n}",
         "system-call: use of os.Args"},
        {"func init() {}\n\n" HEAD "return 1\n}", "constructor: a function init, which runs before main"},
        {"var t = strings.ToUpper(\"a\")\n\n" HEAD "return len(t)\n}",
         "constructor: a variable whose value is computed before main: t = strings.ToUpper(\"a\")"},
        {"var t = [1]int{func() int { return 3 }()}\n\n" HEAD "return t[0]\n}",
         "constructor: a variable whose value is computed before main: t = [1]int{func() int { return 3 "
         "}()}"},
        {"var t = [1]*box{{n: 1}}\n\n" HEAD "return t[0].n\n}", ""}, // read, and never handed on
        {"type twin struct {\nn int\nmemo map[string]int\nnow func() int\nlate func() int\n}\n\n" HEAD
         "return (*twin)(x).now()\n}",
         "system-call: use of now, a field with code in it that the function does not use"},
        {"type pair[T any] struct {\nn int\nmemo map[string]int\nnow T\nlate func() int\n}\n\n" HEAD
         "return pair[func() int](*x).now()\n}",
         "system-call: use of now, a field with code in it that the function does not use"},
        {"type own struct{ next func() int }\n\n" HEAD
         "o := own{func() int { return 3 }}\nreturn o.next()\n}",
         ""},
        {"func less[T sort.Interface](t T) bool { return t.Less(0, 1) }\n\n" HEAD "_ = less(x)\nreturn 0\n}",
         "system-call: use of box.Less, in which: use of note, in which: use of os.Args"},
        {"//go:linkname t example.com/m/inner.Level\nvar t = 0\n\n" HEAD "return t\n}",
         "assembler: a compiler directive: //go:linkname t example.com/m/inner.Level"},
        {HEAD "/*line a.go:1*/\nreturn 1\n}", "assembler: a compiler directive: /*line a.go:1*/"},
    };
    RULE(says, variants);
}
END_TEST

START_TEST(state_of_its_own_is_refused)
{
#define STATE(declaration, statement, seen)                                       \
    {                                                                             \
        declaration "\n\n" HEAD statement "\nreturn 0\n}",                        \
            "keeps-state: state that outlives a call: t is more than read: " seen \
    }
    static const struct ruling variants[] = {
        {"var t [4]int\n\n" HEAD "return t[0]\n}", "keeps-state: state that outlives a call: t [4]int"},
        STATE("var t = map[string]int{}", "t[s] = 1", "t[s] = 1"),
        STATE("var t = [4]int{}", "p := t[:]; p[0]++", "p := t[:]"),
        STATE("var t = []byte{0}", "l := append([][]byte(nil), t); l[0][0]++",
              "l := append([][]byte(nil), t)"),
        STATE("var t = [][]int{{1}}", "l := append([][]int(nil), t...); l[0][0]++",
              "l := append([][]int(nil), t...)"),
        STATE("var t = []int{0}", "p := &t; (*p)[0]++", "p := &t"),
        STATE("func put(a []int, n int) { if n > 0 { put(a, n-1) }; a[0] = n }\n\nvar t = []int{0}",
              "put(t, 1)", "put(t, 1)"),
        STATE("var t = [2][4]int{}", "t[0][1]++", "t[0][1]++"),
        STATE("var t = [][]uint32{{1, 0}}", "m := t[0]; m[1] = 3", "m := t[0]"),
        STATE("var t = [][]uint32{{1, 0}}", "for _, m := range t { m[1] = 3 }",
              "for _, m := range t { m[1] = 3 }"),
        STATE("var t = [4]int{}", "for i := range t { p := &t[i]; *p = 3 }", "p := &t[i]"),
        STATE("var t = map[string]int{}", "delete(t, s)", "delete(t, s)"),
        STATE("var t = []byte{}", "t = append(t[:0], s...)", "t = append(t[:0], s...)"),
        STATE("var t = []byte{1, 2}", "copy(t, s)", "copy(t, s)"),
        STATE("var t = []byte{1, 2}", "f := func(b []byte) { b[0]++ }; f(t)", "f(t)"),
        STATE("type keep struct{ n int }\n\nfunc (k *keep) put() { k.n++ }\n\nvar t = keep{n: 1}", "t.put()",
              "t.put()"),
        STATE("type keep struct{ n int }\n\nfunc (k *keep) put() { k.n++ }\n\nvar t = keep{n: 1}",
              "f := t.put; f()", "f := t.put"),
        STATE("var t = [1]int{}", "for t[0] = range s { }", "for t[0] = range s { }"),
        STATE("var t = [1]*box{{n: 1}}", "p := t[0]; p.n++", "p := t[0]"),
        STATE("type keep struct{ n int }\n\nfunc (k *keep) Error() string { return \"\" }\n\n"
              "func (k *keep) Is(e error) bool { e.(*keep).n++; return false }\n\nvar t = &keep{}",
              "_ = errors.Is(&keep{}, t)", "_ = errors.Is(&keep{}, t)"),
        STATE("type mine struct{ binary.ByteOrder }\n\nfunc (mine) Uint32(b []byte) uint32 { b[0]++; return "
              "0 }\n\n"
              "var t = []byte{0}",
              "_ = binary.ByteOrder(mine{}).Uint32(t)", "_ = binary.ByteOrder(mine{}).Uint32(t)"),
        STATE("var t = []func(){func() {}}", "n := 0; t[0] = func() { n++ }", "t[0] = func() { n++ }"),
        STATE("var t = []func(){func() {}}", "f := t; f[0] = nil", "f := t"),
        STATE("var t = struct{ any }{nil}", "_ = t.any.(*box)", "_ = t.any.(*box)"),
        {"type keep map[string]int\n\nfunc (k keep) Error() string { return \"\" }\n\n"
         "var t error = keep{}\n\nfunc get() error { return t }\n\n" HEAD "get().(keep)[s]++\nreturn 0\n}",
         "keeps-state: an error that outlives a call: t error = keep{}"},
    };
    RULE(says, variants);
}
END_TEST

START_TEST(state_of_the_repository_is_refused)
{
    static const struct ruling bodies[] = {
        {"again = nil", "keeps-state: it changes again or hands it on: again = nil"}, // it only calls it
        {"all.n++", "keeps-state: it changes all or hands it on: all.n++"}, // it only calls a method of it
        {"p := all; p.n++", "keeps-state: it changes all or hands it on: p := all"},
        {"all.Swap(0, 1)", "keeps-state: it changes all or hands it on: all.Swap(0, 1)"},
        {"sizes[1]++", "keeps-state: it changes sizes or hands it on: sizes[1]++"},
        {"m := memo; m[s] = 1", "keeps-state: it changes memo or hands it on: m := memo"},
        {"other[1] = 2", "keeps-state: it changes other or hands it on: other[1] = 2"}, // of another file
        {"delete(memo, s)", "keeps-state: it changes memo or hands it on: delete(memo, s)"},
        {"kept = append(kept[:0], b...)",
         "keeps-state: it changes kept or hands it on: kept = append(kept[:0], b...)"},
        {"b = append(kept, b...)", "keeps-state: it changes kept or hands it on: b = append(kept, b...)"},
        {"copy(kept, b)", "keeps-state: it changes kept or hands it on: copy(kept, b)"},
        {"t := crc32.IEEETable; t[3]++", "keeps-state: it changes crc32.IEEETable or hands it on: t := "
                                         "crc32.IEEETable"},
        {"crc32.IEEETable[3] = 1",
         "keeps-state: it changes crc32.IEEETable or hands it on: crc32.IEEETable[3] = "
         "1"},
        {"inner.Level = 3", "system-call: use of inner.Level"},
    };
    RULE(body, bodies);
}
END_TEST

static void
method(struct office *o, const char *text, const char *expected)
{
    says(o, arena_printf(&o->b.w.arena, "func (b *box) M(s string) (int, error) { %s }", text), expected);
}

START_TEST(methods_are_vetted)
{
    static const struct ruling bodies[] = {
        {"return b.n + len(s), nil", ""},
        {"return 0, failure", ""}, // an error of the package as a result
        {"return b.Len(), nil", ""},
        {"hits++; return 0, nil", "keeps-state: it changes hits or hands it on: hits++"},
        {"fmt.Println(s); return 0, nil", "system-call: use of fmt.Println"},
    };
    rule("box.M", method, bodies, sizeof bodies / sizeof *bodies);
}
END_TEST

// ---- attacks

// Something of each package that attacks import, so that a file without them may import it, too.
static const char *const uses[][2] = {
    {"\"fmt\"", "fmt.Sprint"},
    {"\"os\"", "os.Args"},
    {"\"os/signal\"", "signal.Notify"},
    {"\"runtime\"", "runtime.GOOS"},
    {"\"runtime/debug\"", "debug.SetGCPercent"},
    {"\"strings\"", "strings.Count"},
    {"\"sync/atomic\"", "atomic.AddInt64"},
    {"\"syscall\"", "syscall.O_RDONLY"},
    {"\"time\"", "time.Second"},
    {"\"unsafe\"", "unsafe.Pointer(nil)"},
    {"\"strconv\"", "strconv.Itoa"},
    {"\"encoding/binary\"", "binary.LittleEndian"},
};

// The file of tests/attack/measure/go/, in two: up to its imports, and what it declares.
static void
read_attack(struct workshop *w, const char *name, const char **head, const char **declared)
{
    AUTO_BUF text = BUF(1 << 20);
    const char *path = arena_printf(&w->arena, "tests/attack/measure/go/%s.go", name);

    OK(fs_read(path, 1 << 20, &text, &w->err), &w->err);
    const char *whole = arena_dup(&w->arena, buf_text(&text));
    const char *imports = strstr(whole, "\nimport "), *rest = strstr(whole, "\npackage m\n") + 11;
    if (imports != NULL)
        rest = imports[8] == '(' ? strstr(imports, "\n)\n") + 3 : strchr(imports + 1, '\n');
    *head = arena_str(&w->arena, str_n(whole, (size_t)(rest - whole)));
    *declared = rest;
}

// The honest function with the attack's imports, and the attack as a variant of it.
static void
expect_attack(const char *name, const char *refusal)
{
    struct office o = {0};
    struct workshop *w = &o.b.w;
    const char *head, *declared, *measure, *shared;
    AUTO_BUF file = BUF(1 << 20);

    go_bench_init(&o.b, "package m\n");
    read_attack(w, name, &head, &declared);
    read_attack(w, "measure", &measure, &shared);
    workshop_file(w, "measure.go", arena_printf(&w->arena, "%s%s", measure, shared));
    buf_puts(&file, head);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strstr(head, uses[i][0]) != NULL)
            buf_printf(&file, "\nvar _ = %s\n", uses[i][1]);
    buf_puts(&file, "\nfunc f(s string) int64 {\n\treturn answer(s, slow)\n}\n");
    workshop_file(w, "tag.go", buf_text(&file));
    found_office(&o, "f");
    const char *got = judge(&o, declared);
    ck_assert_msg(strncmp(got, refusal, strlen(refusal)) == 0 && (*refusal != '\0' || *got == '\0'),
                  "%s: \"%s\", not \"%s\"", name, got, refusal);
    close_office(&o);
}

START_TEST(attacks_are_named)
{
    // Of several things that are wrong the first is told, which often is what it keeps from call to call.
    static const char *const attacks[][2] = {
        {"caches_answers", "keeps-state: "},
        {"caches_by_address", "keeps-state: "},
        {"changes_affinity", "keeps-state: "},
        {"changes_priority", "keeps-state: "},
        {"detects_audit", "harness-memory: "},
        {"early_exit", "keeps-state: "},
        {"forged_result", "harness-memory: "},
        {"handles_signals", "keeps-state: "},
        {"harness_memory", "harness-memory: "},
        {"in_a_child", "keeps-state: "},
        {"in_a_constructor", "constructor: "},
        {"in_a_thread", "keeps-state: "},
        {"interposed_clock", "system-call: "},
        {"never_collects", "keeps-state: "},
        {"only_when_timed", "keeps-state: "},
        {"reads_clock", "keeps-state: "},
        {"sleeps", "keeps-state: "},
        {"writes_input", "harness-memory: "},
        {"constant_output", ""}, // what an output is, no text tells
        {"honest", ""},
    };

    for (size_t i = 0; i < sizeof attacks / sizeof *attacks && has_go(); i++)
        expect_attack(attacks[i][0], attacks[i][1]);
}
END_TEST

// Types of C are not known, and what a package makes of them is no error.
START_TEST(a_package_with_cgo_is_vetted)
{
    struct office o = {0};

    if (!has_go())
        return;
    go_bench_init(&o.b, "package m\n\nfunc F(s string) int {\n\treturn three() + len(s)\n}\n");
    workshop_file(
        &o.b.w, "c.go",
        "package m\n\n// static int three(void) { return 3; }\n// static int four(void) { return 4; }\n"
        "// struct pair { int a; };\nimport \"C\"\n\nfunc three() int {\n\tvar p C.struct_pair\n"
        "\tp.a = C.three()\n\treturn int(*(&p.a))\n}\n\nfunc four() int { return int(C.four()) }\n");
    found_office(&o, "F");
    says(&o, "func F(s string) int {\n\treturn len(s) + three()\n}", "");
    says(&o, "func F(s string) int {\n\treturn four()\n}", "assembler: use of four, in which: use of C.four");
    says(&o, "func F(s string) int {\n\treturn absent()\n}",
         "harness-memory: it compiles only beside the harness: undefined: absent");
    close_office(&o);
}
END_TEST

// What a file may begin with is in reach of a function that nothing but the package clause stands before.
START_TEST(what_the_compiler_reads_otherwise_is_refused)
{
    enum { DEEP = 100001 };
    struct office o = {0};
    AUTO_BUF deep = BUF(1 << 20);

    if (!has_go())
        return;
    go_bench_init(&o.b, "package m\n\nfunc F(s string) int {\n\treturn len(s)\n}\n");
    found_office(&o, "F");
    says(&o, "import \"strings\"\n\nfunc F(s string) int {\n\treturn strings.Count(s, s)\n}",
         "harness-memory: it compiles only beside the harness: could not import strings (strings was not "
         "compiled)");
    says(&o, "// static int three = 3;\nimport \"C\"\n\nfunc F(s string) int {\n\treturn 1\n}",
         "assembler: an import of C");
    buf_puts(&deep, "func F(s string) int {\n\treturn ");
    for (size_t i = 0; i < DEEP; i++)
        buf_putc(&deep, '(');
    buf_puts(&deep, "1");
    for (size_t i = 0; i < DEEP; i++)
        buf_putc(&deep, ')');
    buf_puts(&deep, "\n}");
    says(&o, buf_text(&deep),
         "harness-memory: the language's own parser does not read it: exceeded max nesting depth");
    close_office(&o);
}
END_TEST

START_TEST(a_package_that_go_refuses_is_an_error)
{
    struct office o;
    struct workshop *w = &o.b.w;

    if (!has_go())
        return;
    open_office(&o, "F");
    go_vet_free(o.vet);
    workshop_file(w, "also.go", "package m\n\nimport \"example.com/absent\"\n");
    o.vet = go_vet_new(o.tool, &o.b.target, o.scratch, &w->err);
    ck_assert_ptr_null(o.vet);
    ck_assert_msg(strstr(w->err.message, "tag.go: go list fails: ") == w->err.message &&
                      strstr(w->err.message, "example.com/absent") != NULL,
                  "%s", w->err.message);
    close_office(&o);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/vet", what_computes_goes_on, errors_and_hashes_go_on,
          declarations_of_its_own_go_on, what_reaches_outside_is_refused, the_harness_is_out_of_reach,
          state_of_its_own_is_refused, state_of_the_repository_is_refused, methods_are_vetted,
          attacks_are_named, a_package_with_cgo_is_vetted, what_the_compiler_reads_otherwise_is_refused,
          a_package_that_go_refuses_is_an_error)
