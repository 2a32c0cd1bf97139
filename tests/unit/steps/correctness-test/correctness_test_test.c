// SPDX-License-Identifier: Apache-2.0
#include "steps/correctness-test/correctness_test.h"

#include "base/git.h"
#include "steps/shared/target/captured.h"
#include "tests/unit/steps/attempt.h"

#define HEAD "int sum(const unsigned char *p, size_t n)\n"
#define BODY                               \
    "{\n"                                  \
    "    int total = 0;\n"                 \
    "    for (size_t i = 0; i < n; i++)\n" \
    "        total += p[i];\n"             \
    "    return total;\n"                  \
    "}\n"

static const char source[] = "#include <stddef.h>\n" HEAD BODY;
static const char good[] = HEAD "{\n"
                                "    int total = 0;\n"
                                "    while (n-- > 0)\n"
                                "        total += *p++;\n"
                                "    return total;\n"
                                "}";
static const char own_tests[] = "#include <stddef.h>\n"
                                "int sum(const unsigned char *, size_t);\n"
                                "int main(void) { return sum((const unsigned char *)\"\\1\\2\", 2) != 3; }\n";
#define RUN_TESTS "gcc -o t src/x.c t.c && ./t"

struct proof {
    struct workshop w;
};

#define AUTO_PROOF __attribute__((cleanup(proof_release))) struct proof

static void
proof_release(struct proof *proof)
{
    workshop_release(&proof->w);
}

// A repository with the function, and its tests, committed.
static void
proof_init(struct proof *proof)
{
    struct workshop *w = &proof->w;
    workshop_init(w);
    workshop_file(w, "src/x.c", source);
    const struct repo_change changes[] = {{.path = "src/x.c", .content = str_of(source)},
                                          {.path = "t.c", .content = str_of(own_tests)}};
    const struct repo_author author = {"A", "a@example.org", 1700000000};
    char oid[REPO_OID_SIZE];
    OK(repo_init(w->repository, false, &w->err), &w->err);
    struct repo *repo = repo_open(w->repository, &w->err);
    ck_assert_msg(repo != NULL, "%s", w->err.message);
    OK(repo_commit(repo, NULL, "refs/heads/main", changes, 2, "First", &author, oid, &w->err), &w->err);
    repo_free(repo);
}

// Puts a corpus of sum's calls into the journal. The hash is the arena's.
static const char *
put_calls(struct attempt *attempt, struct workshop *w, const struct signature *signature, const char *prefix)
{
    struct corpus corpus;
    char hash[65];
    AUTO_BUF packed = BUF(1 << 20);
    corpus_init(&corpus, 1 << 20);
    for (int k = 0; k < 5; k++) {
        AUTO_JSON *call = json_pack("[o, n]", json_text(str_of(arena_printf(&w->arena, "%s %d", prefix, k))));
        OK(captured_add(&corpus, signature, call, "call", &w->err), &w->err);
    }
    corpus_pack(&corpus, &packed);
    corpus_release(&corpus);
    OK(journal_blob_put(&attempt->step, buf_str(&packed), hash, &w->err), &w->err);
    return arena_dup(&w->arena, hash);
}

// The winner as island-evolve gives it: `variant` in the place of sum.
static json_t *
make_winner(struct attempt *attempt, struct workshop *w, const char *variant)
{
    AUTO_JSON *target = json_read(STR("{\"file\": \"src/x.c\", \"function\": \"sum\","
                                      "\"recipe\": {\"cc\": \"gcc\", \"flags\": [\"-O2\"]}}"),
                                  "target", &w->err);
    struct target opened;
    char hash[65];
    OK(target_open(&w->arena, w->repository, "src/x.c", "sum", target, NULL, &opened, &w->err), &w->err);
    const char *train = put_calls(attempt, w, &opened.signature, "train");
    const char *holdout = put_calls(attempt, w, &opened.signature, "held");
    target_close(&opened);
    OK(journal_blob_put(&attempt->step, str_of(variant), hash, &w->err), &w->err);
    return json_pack("{s:s, s:s, s:{s:O, s:s, s:s, s:{s:{s:[i, i]}}}}", "function", "sum", "variant", hash,
                     "benchmark", "target", target, "train", train, "holdout", holdout, "distribution", "p",
                     "lengths", 0, 40);
}

// Runs the step on a variant with a test command (NULL for none).
static void
prove(struct proof *proof, struct attempt *attempt, const char *variant, const char *command)
{
    attempt_init(attempt, &proof->w, &step_correctness_test, "{\"random\": 200, \"test-timeout\": 60}");
    json_object_set_new(attempt->with, "winner", make_winner(attempt, &proof->w, variant));
    if (command != NULL)
        json_set_text(attempt->with, "test", command);
    ck_assert_msg(attempt_run(attempt, &proof->w) == 0, "%s", proof->w.err.message);
}

static const json_t *
evidence(const struct attempt *attempt, const char *member)
{
    return json_object_get(json_object_get(attempt->step.outputs, "evidence"), member);
}

static const json_t *
last_check(const struct attempt *attempt)
{
    const json_t *checks = evidence(attempt, "checks");
    return json_array_get(checks, json_array_size(checks) - 1);
}

START_TEST(a_good_variant_is_proven)
{
    AUTO_PROOF proof;
    AUTO_ATTEMPT attempt;
    proof_init(&proof);
    prove(&proof, &attempt, good, RUN_TESTS);
    ck_assert_msg(strcmp(attempt_text(&attempt, "verdict"), "proven") == 0, "%s",
                  attempt_text(&attempt, "summary"));
    ck_assert_uint_eq(json_array_size(evidence(&attempt, "checks")), 7);
    ck_assert(json_is_null(evidence(&attempt, "counterexample")));
    ck_assert_str_eq(attempt_text(&attempt, "function"), "sum");
    ck_assert_ptr_nonnull(strstr(attempt_text(&attempt, "summary"), "boundary ok, sanitizers ok, tests ok"));
}
END_TEST

// `variant` is refuted by check `name`, after which no other is made.
static void
refuted_by(const char *variant, const char *command, const char *name)
{
    AUTO_PROOF proof;
    AUTO_ATTEMPT attempt;
    proof_init(&proof);
    prove(&proof, &attempt, variant, command);
    ck_assert_str_eq(attempt_text(&attempt, "verdict"), "refuted");
    ck_assert_str_eq(json_get_text(last_check(&attempt), "name", ""), name);
    ck_assert(json_get_bool(last_check(&attempt), "refutes", false));
    bool compared = strcmp(name, "interface") != 0 && strcmp(name, "tests") != 0;
    ck_assert(json_is_object(evidence(&attempt, "counterexample")) == compared);
}

START_TEST(wrong_variants_are_refuted)
{
    refuted_by("long sum(const unsigned char *p, size_t n)\n" BODY, RUN_TESTS, "interface");
    refuted_by("static " HEAD BODY, RUN_TESTS, "interface");
    refuted_by(HEAD "{ return n > 2 ? p[0] : p[1]; }", RUN_TESTS, "train");
    refuted_by(HEAD "{ if (n == 0 || p[0] == 'h') return 0; int total = 0;\n"
                    "  while (n-- > 0) total += *p++; return total; }",
               RUN_TESTS, "holdout");
    refuted_by(HEAD "{ int total = 0; if (n != 6 && n != 7) return 5;\n" // right on captured lengths alone
                    "  while (n-- > 0) total += *p++; return total; }",
               RUN_TESTS, "random");
    refuted_by(HEAD
               "{ int total = 0; size_t m = n > 60 ? 60 : n;\n" // right up to twice the longest but a bit
               "  while (m-- > 0) total += *p++; return total; }",
               RUN_TESTS, "boundary");
    refuted_by(HEAD "{ int total = *(const volatile unsigned char *)(p + n) & 0;\n"
                    "  while (n-- > 0) total += *p++; return total; }",
               RUN_TESTS, "sanitizers");
    refuted_by(good, RUN_TESTS " && ! grep -q while src/x.c", "tests");
}
END_TEST

START_TEST(what_could_not_be_checked_is_unproven)
{
    static const char *const commands[][2] = {
        {NULL, "no `test:` command"},
        {"echo broken before; exit 1",
         "without the change: `echo broken before; exit 1`: failed: broken before"},
    };
    for (size_t i = 0; i < 2; i++) {
        AUTO_PROOF proof;
        AUTO_ATTEMPT attempt;
        proof_init(&proof);
        prove(&proof, &attempt, good, commands[i][0]);
        ck_assert_str_eq(attempt_text(&attempt, "verdict"), "unproven");
        const char *detail = json_get_text(last_check(&attempt), "detail", "");
        ck_assert_msg(strstr(detail, commands[i][1]) != NULL, "%s", detail);
        ck_assert_ptr_nonnull(strstr(attempt_text(&attempt, "summary"), "tests NOT ok ("));
    }
}
END_TEST

START_TEST(a_kill_from_outside_is_no_verdict)
{
    AUTO_PROOF proof;
    AUTO_ATTEMPT attempt;
    proof_init(&proof);
    attempt_init(&attempt, &proof.w, &step_correctness_test, "{\"random\": 200, \"test-timeout\": 60}");
    json_object_set_new(attempt.with, "winner", make_winner(&attempt, &proof.w, good));
    json_set_text(attempt.with, "test", "if grep -q while src/x.c; then kill -9 $$; fi");
    ck_assert_int_eq(attempt_run(&attempt, &proof.w), -1);
    ck_assert_int_eq(proof.w.err.kind, ERR_LOST);
}
END_TEST

START_TEST(processes_have_a_limit)
{
    AUTO_PROOF proof;
    AUTO_ATTEMPT attempt;
    proof_init(&proof);
    attempt_init(&attempt, &proof.w, &step_correctness_test, "{\"random\": 200, \"test-timeout\": 60}");
    json_object_set_new(attempt.with, "winner", make_winner(&attempt, &proof.w, good));
    json_object_set_new(attempt.sandbox, "processes", json_integer(20));
    json_set_text(attempt.with, "test", "for i in $(seq 60); do sleep 5 & done; wait");
    OK(attempt_run(&attempt, &proof.w), &proof.w.err);
    ck_assert_str_eq(attempt_text(&attempt, "verdict"), "unproven");
    ck_assert_ptr_nonnull(strstr(json_get_text(last_check(&attempt), "detail", ""), "processes limit"));
}
END_TEST

START_TEST(the_repository_is_left_alone)
{
    AUTO_PROOF proof;
    AUTO_ATTEMPT attempt;
    proof_init(&proof);
    prove(&proof, &attempt, good, "echo made >made; echo x >>src/x.c");
    AUTO_BUF text = BUF(1 << 20);
    OK(fs_read(fs_join(&proof.w.arena, proof.w.repository, "src/x.c"), 1 << 20, &text, &proof.w.err),
       &proof.w.err);
    ck_assert(str_is(buf_str(&text), source));
    ck_assert(!fs_exists(fs_join(&proof.w.arena, proof.w.repository, "made")));
}
END_TEST

START_TEST(a_winner_is_needed)
{
    static const char *const withs[] = {"{\"winner\": null}", "{\"winner\": {}}",
                                        "{\"winner\": {\"variant\": \"00\"}}"};
    AUTO_WORKSHOP w;
    workshop_init(&w);
    for (size_t i = 0; i < sizeof(withs) / sizeof(withs[0]); i++) {
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_correctness_test, withs[i]);
        ck_assert_int_eq(attempt_run(&attempt, &w), -1);
        ck_assert_int_eq(w.err.kind, ERR_CONFIG);
        ck_assert_ptr_nonnull(strstr(w.err.message, "`winner:`"));
    }
}
END_TEST

UNIT_MAIN("steps/correctness-test/correctness_test", a_good_variant_is_proven, wrong_variants_are_refuted,
          what_could_not_be_checked_is_unproven, a_kill_from_outside_is_no_verdict, processes_have_a_limit,
          the_repository_is_left_alone, a_winner_is_needed)
