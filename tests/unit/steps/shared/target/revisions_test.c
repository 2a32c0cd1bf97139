// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/revisions.h"

#include "steps/shared/target/captured.h"
#include "steps/shared/target/differential.h"
#include "tests/unit/steps/shared/target/go/workshop.h"

#define FUNCTION(parameters, sum)          \
    "#include <stddef.h>\n"                \
    "#include \"near.h\"\n"                \
    "int total(" parameters ")\n"          \
    "{\n"                                  \
    "    int s = BIAS;\n"                  \
    "    for (size_t i = 0; i < n; i++)\n" \
    "        " sum "\n"                    \
    "    return s;\n"                      \
    "}\n"
#define BYTES "const unsigned char *p, size_t n"

struct history {
    struct workshop w;
    struct repo *repo;
    char last[REPO_OID_SIZE];
    struct revisions_spec spec;
    struct revisions revisions;
};

static void
history_init(struct history *h)
{
    *h = (struct history){0};
    workshop_init(&h->w);
    unsetenv("CC");
    OK(repo_init(h->w.repository, false, &h->w.err), &h->w.err);
    h->repo = repo_open(h->w.repository, &h->w.err);
    ck_assert_ptr_nonnull(h->repo);
    h->spec = (struct revisions_spec){.arena = &h->w.arena,
                                      .cell_path = h->w.cell,
                                      .repository = fs_real(&h->w.arena, h->w.repository, &h->w.err),
                                      .names = {"HEAD~1", "HEAD"},
                                      .file = "src/x.c",
                                      .function = "total",
                                      .limits = {.wall_ms = 2000, .memory_bytes = (size_t)1 << 31}};
}

static void
history_release(struct history *h)
{
    const char *scratch = h->revisions.scratch;
    revisions_release(&h->revisions);
    ck_assert(scratch == NULL || !fs_exists(scratch));
    repo_free(h->repo);
    workshop_release(&h->w);
}

static void
commit_files(struct history *h, const struct repo_change *changes, size_t count)
{
    const struct repo_author author = {"t", "t@example.com", 1700000000};
    const char *parent = h->last[0] != '\0' ? arena_dup(&h->w.arena, h->last) : NULL;
    OK(repo_commit(h->repo, parent, "refs/heads/main", changes, count, "m", &author, h->last, &h->w.err),
       &h->w.err);
}

// A commit with this source, and this header unless it is NULL; the work tree stays.
static void
commit(struct history *h, const char *source, const char *header)
{
    const struct repo_change changes[] = {{.path = "src/x.c", .content = str_of(source)},
                                          {.path = "src/near.h", .content = str_of(header)}};
    commit_files(h, changes, header != NULL ? 2 : 1);
}

// A commit with a Go module whose package has these two files.
static void
commit_go(struct history *h, const char *source, const char *near)
{
    const struct repo_change changes[] = {
        {.path = "go.mod", .content = STR("module example.com/m\n\ngo 1.21\n")},
        {.path = "x.go", .content = str_of(source)},
        {.path = "near.go", .content = str_of(near)}};
    h->spec.file = "x.go";
    commit_files(h, changes, 3);
}

static void
open_both(struct history *h)
{
    OK(revisions_open(&h->spec, &h->revisions, &h->w.err), &h->w.err);
}

static void
open_fails(struct history *h, enum err_kind kind, const char *part)
{
    ck_assert_int_eq(revisions_open(&h->spec, &h->revisions, &h->w.err), -1);
    ck_assert_msg(h->w.err.kind == kind && strstr(h->w.err.message, part) != NULL, "%s", h->w.err.message);
}

static bool
compiles(struct history *h, size_t side)
{
    struct workbench *bench = &h->revisions.benches[side];
    struct built built;
    OK(builder_compile(bench->builder, target_baseline(&bench->target), BUILD_PLAIN, &built, &h->w.err),
       &h->w.err);
    buf_release(&built.diagnostics);
    return built.ok;
}

// Compares on three calls; gives how many differ.
static size_t
differ(struct history *h, struct differential *found)
{
    static const char *const texts[] = {"abc", "a", ""};
    struct workbench *benches = h->revisions.benches;
    struct corpus calls, kept;
    corpus_init(&calls, 1 << 20);
    corpus_init(&kept, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        AUTO_JSON *call = json_pack(language_of(h->spec.file) == LANGUAGE_GO ? "[s]" : "[s, n]", texts[i]);
        OK(captured_add(&calls, &benches[0].target.signature, call, "call", &h->w.err), &h->w.err);
    }
    OK(differential_between(&benches[0], &benches[1], &calls, &kept, found, &h->w.err), &h->w.err);
    ck_assert_uint_eq(kept.count, found->compared);
    corpus_release(&calls);
    corpus_release(&kept);
    return found->differ;
}

START_TEST(each_has_its_own_files)
{
    struct history h;
    struct differential found;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 8\n");
    open_both(&h);
    ck_assert_str_eq(h.revisions.commits[1], h.last);
    ck_assert_uint_eq(differ(&h, &found), 3);
    char *args = json_compact(json_object_get(found.counterexample, "args"));
    ck_assert_str_eq(args, "[\"\",0]");
    free(args);
    json_decref(found.counterexample);
    history_release(&h);
}
END_TEST

START_TEST(same_answers_are_seen)
{
    struct history h;
    struct differential found;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
    commit(&h, FUNCTION(BYTES, "s = s + (int)p[i] + 0;"), NULL);
    open_both(&h);
    ck_assert_uint_eq(differ(&h, &found), 0);
    ck_assert_uint_eq(found.compared, 3);
    history_release(&h);
}
END_TEST

START_TEST(the_work_tree_is_a_revision)
{
    struct history h;
    struct differential found;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
    workshop_file(&h.w, "src/x.c", FUNCTION(BYTES, "s -= p[i];"));
    workshop_file(&h.w, "src/near.h", "#define BIAS 7\n");
    h.spec.names[0] = "main";
    h.spec.names[1] = REVISIONS_WORK_TREE;
    open_both(&h);
    ck_assert_str_eq(h.revisions.commits[1], "");
    ck_assert_uint_eq(differ(&h, &found), 2);
    json_decref(found.counterexample);
    history_release(&h);
}
END_TEST

START_TEST(made_headers_come_from_the_work_tree)
{
    struct history h;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), NULL);
    commit(&h, FUNCTION(BYTES, "s += p[i] + 1;"), NULL);
    open_both(&h);
    ck_assert(!compiles(&h, 0));
    revisions_release(&h.revisions);
    workshop_file(&h.w, "src/near.h", "#define BIAS 7\n");
    open_both(&h);
    ck_assert(compiles(&h, 0) && compiles(&h, 1));
    history_release(&h);
}
END_TEST

START_TEST(parameters_may_have_other_names)
{
    struct history h;
    struct differential found;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
    commit(&h, FUNCTION("const unsigned char *bytes, size_t n", "s += bytes[i];"), NULL);
    open_both(&h);
    ck_assert_uint_eq(differ(&h, &found), 0);
    history_release(&h);
}
END_TEST

START_TEST(other_parameters_are_refused)
{
    static const char *const others[] = {FUNCTION("const unsigned short *p, size_t n", "s += p[i];"),
                                         FUNCTION(BYTES ", int m", "s += p[i] * m;")};
    for (size_t i = 0; i < 2; i++) {
        struct history h;
        history_init(&h);
        commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
        commit(&h, others[i], NULL);
        open_fails(&h, ERR_TARGET, "total takes or returns other things at \"HEAD\" than at \"HEAD~1\"");
        history_release(&h);
    }
}
END_TEST

START_TEST(what_is_not_there_is_told)
{
    struct history h;
    history_init(&h);
    commit(&h, FUNCTION(BYTES, "s += p[i];"), "#define BIAS 7\n");
    commit(&h, FUNCTION(BYTES, "s += p[i];"), NULL);
    h.spec.names[0] = "nowhere";
    open_fails(&h, ERR_USAGE, "revision \"nowhere\"");
    revisions_release(&h.revisions);
    h.spec.names[0] = "main";
    h.spec.function = "totals";
    open_fails(&h, ERR_NOT_FOUND, "did you mean 'total'?");
    revisions_release(&h.revisions);
    h.spec.file = "src/y.c";
    open_fails(&h, ERR_NOT_FOUND, "src/y.c");
    history_release(&h);
}
END_TEST

// ---- Go
// ----------------------------------------------------------------------------------------------------------

#define GO_FUNCTION(parameters, body) "package m\n\nfunc total(" parameters ") int {\n" body "\treturn s\n}\n"
#define GO_SUM "\ts := bias\n\tfor _, c := range p {\n\t\ts += int(c)\n\t}\n"
#define GO_BIAS(bias) "package m\n\nconst bias = " bias "\n\ntype pair struct{ a, b int }\n"

START_TEST(packages_of_go_are_those_of_their_revisions)
{
    struct history h;
    struct differential found;
    if (!has_go())
        return;
    history_init(&h);
    commit_go(&h, GO_FUNCTION("p []byte", GO_SUM), GO_BIAS("7"));
    commit_go(&h, GO_FUNCTION("p []byte", GO_SUM), GO_BIAS("8"));
    open_both(&h);
    ck_assert_uint_eq(differ(&h, &found), 3);
    char *example = json_compact(found.counterexample);
    ck_assert_str_eq(example, "{\"args\":[\"\"],\"expected\":{\"results\":[7],\"changed\":[\"\"]},"
                              "\"got\":{\"results\":[8],\"changed\":[\"\"]}}");
    free(example);
    json_decref(found.counterexample);
    history_release(&h);
}
END_TEST

START_TEST(go_parameters_may_have_other_names)
{
    struct history h;
    struct differential found;
    if (!has_go())
        return;
    history_init(&h);
    commit_go(&h, GO_FUNCTION("p []byte", GO_SUM), GO_BIAS("7"));
    commit_go(
        &h,
        GO_FUNCTION("bytes []byte", "\ts := bias\n\tfor i := range bytes {\n\t\ts += int(bytes[i])\n\t}\n"),
        GO_BIAS("7"));
    open_both(&h);
    ck_assert_uint_eq(differ(&h, &found), 0);
    ck_assert_uint_eq(found.compared, 3);
    history_release(&h);
}
END_TEST

// A call that panics is compared, but can't be timed.
START_TEST(go_calls_that_panic_are_not_kept)
{
    struct history h;
    struct corpus calls, kept;
    struct differential found;
    if (!has_go())
        return;
    history_init(&h);
    for (size_t i = 0; i < 2; i++)
        commit_go(&h, GO_FUNCTION("p []byte", "\ts := int(p[0])\n"), GO_BIAS("7"));
    open_both(&h);
    struct workbench *benches = h.revisions.benches;
    corpus_init(&calls, 1 << 20);
    corpus_init(&kept, 1 << 20);
    for (size_t i = 0; i < 2; i++) {
        AUTO_JSON *call = json_pack("[s]", i == 0 ? "" : "a");
        OK(captured_add(&calls, &benches[0].target.signature, call, "call", &h.w.err), &h.w.err);
    }
    OK(differential_between(&benches[0], &benches[1], &calls, &kept, &found, &h.w.err), &h.w.err);
    ck_assert(found.compared == 2 && found.differ == 0);
    ck_assert(kept.count == 1 && str_eq(corpus_call(&kept, 0), corpus_call(&calls, 1)));
    corpus_release(&calls);
    corpus_release(&kept);
    history_release(&h);
}
END_TEST

START_TEST(other_types_of_go_are_refused)
{
    static const struct {
        const char *source, *near, *message;
    } others[] = {
        {GO_FUNCTION("p []uint16, q pair", GO_SUM), GO_BIAS("7"), "total takes or returns other things"},
        {GO_FUNCTION("p []byte, q pair, n int", GO_SUM), GO_BIAS("7"), "total takes or returns other things"},
        {GO_FUNCTION("p []byte, q pair", GO_SUM),
         "package m\n\nconst bias = 7\n\ntype pair struct{ a, c int }\n",
         "total takes or returns other things"},
        {GO_FUNCTION("p []byte, q pair", "\ts := \"\"\n"), GO_BIAS("7"),
         "revision \"HEAD\": x.go does not compile: x.go:5:"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(*others) && has_go(); i++) {
        struct history h;
        history_init(&h);
        commit_go(&h, GO_FUNCTION("p []byte, q pair", GO_SUM), GO_BIAS("7"));
        commit_go(&h, others[i].source, others[i].near);
        open_fails(&h, ERR_TARGET, others[i].message);
        history_release(&h);
    }
}
END_TEST

UNIT_MAIN("steps/shared/target/revisions", packages_of_go_are_those_of_their_revisions,
          go_parameters_may_have_other_names, go_calls_that_panic_are_not_kept, other_types_of_go_are_refused,
          each_has_its_own_files, same_answers_are_seen, the_work_tree_is_a_revision,
          made_headers_come_from_the_work_tree, parameters_may_have_other_names, other_parameters_are_refused,
          what_is_not_there_is_told)
