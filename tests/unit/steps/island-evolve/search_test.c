// SPDX-License-Identifier: Apache-2.0
// The search with mutators and a judge of the test's own: a variant's text says how fast it is.
#include "steps/island-evolve/search.h"

#include "steps/island-evolve/claim.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static const char source[] = "int f(int a)\n{\n    return a; // SPEED 1.0\n}\n";

struct world {
    struct arena arena;
    struct err err;
    struct target target;
    struct search search;
    struct search_spec spec;
    unsigned evaluations, replies, told;
    struct buf log; // ids in order of evaluation
    double clock;
};

static void
say(struct buf *variant, const char *marks, double speed)
{
    buf_clear(variant);
    buf_printf(variant, "int f(int a)\n{\n    %s\n    return a; // SPEED %.2f\n}", marks, speed);
}

static struct str
variant_text(const struct mutation *mutation)
{
    struct str text = syntax_text(mutation->syntax);
    return str_n(text.ptr + mutation->variant_start, mutation->variant_end - mutation->variant_start);
}

static bool
has(const struct mutation *mutation, const char *mark)
{
    return str_find(variant_text(mutation), str_of(mark)) >= 0;
}

// A chain of which only the last link gains: plain -> opened (neutral) -> opened twice (neutral) -> fast.
static size_t
open_sites(const struct mutation *mutation)
{
    return has(mutation, "fast()") ? 0 : 1;
}

static int
open_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
           struct err *err)
{
    (void)index;
    (void)err;
    snprintf(note, 160, "open");
    say(variant, has(mutation, "opened()") ? "opened(); twice();" : "opened();", 1);
    return 1;
}

static size_t
fast_sites(const struct mutation *mutation)
{
    return has(mutation, "twice()") ? 1 : 0;
}

static int
fast_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
           struct err *err)
{
    (void)index;
    (void)err;
    (void)mutation;
    snprintf(note, 160, "fast");
    say(variant, "fast();", 8);
    return 1;
}

static size_t
many_sites(const struct mutation *mutation)
{
    return has(mutation, "many") ? 0 : 5;
}

// Wrong, or a little slower.
static int
many_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
           struct err *err)
{
    char mark[32];
    (void)mutation;
    (void)err;
    snprintf(note, 160, "many %zu", index);
    snprintf(mark, sizeof mark, "many%zu(%s);", index, index % 2 == 0 ? "wrong" : "");
    say(variant, mark, 0.9);
    return 1;
}

static size_t
random_sites(const struct mutation *mutation)
{
    (void)mutation;
    return 1000;
}

static int
random_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
             struct err *err)
{
    char mark[32];
    (void)err;
    snprintf(note, 160, "random");
    snprintf(mark, sizeof mark, "r%zu_%u();", index, (unsigned)rng_below(mutation->rng, 10));
    say(variant, mark, 1.0 + (double)index / 1000);
    return 1;
}

static const struct mutator_ops opener = {.name = "open",
                                          .technique = TECHNIQUE_ALGORITHM,
                                          .sites = open_sites,
                                          .apply = open_apply,
                                          .systematic = true};
static const struct mutator_ops faster = {.name = "fast",
                                          .technique = TECHNIQUE_TABLE,
                                          .sites = fast_sites,
                                          .apply = fast_apply,
                                          .systematic = true};
static const struct mutator_ops many = {.name = "many",
                                        .technique = TECHNIQUE_EDIT,
                                        .sites = many_sites,
                                        .apply = many_apply,
                                        .systematic = true};
static const struct mutator_ops hint = {.name = "hint",
                                        .technique = TECHNIQUE_HINT,
                                        .sites = open_sites,
                                        .apply = fast_apply,
                                        .systematic = true};
static const struct mutator_ops chance = {.name = "chance",
                                          .technique = TECHNIQUE_EDIT,
                                          .sites = random_sites,
                                          .apply = random_apply,
                                          .draws = true};

static unsigned fixed_made;

static size_t
fixed_sites(const struct mutation *mutation)
{
    return has(mutation, "fixed") ? 0 : 3;
}

static int
fixed_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
            struct err *err)
{
    char mark[32];
    (void)mutation;
    (void)err;
    fixed_made++;
    snprintf(note, 160, "fixed");
    snprintf(mark, sizeof mark, "fixed%zu();", index);
    say(variant, mark, 1);
    return 1;
}

// Substitutions of one kind that are always wrong, some of them improved; what they see of it.
static bool was_hopeless;

static int
claiming_apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
               struct err *err)
{
    char mark[32];
    (void)err;
    was_hopeless = claim_is_hopeless(mutation->wrong, "claiming", "call g() instead of h()");
    snprintf(note, 160, "call g() instead of h()%s", index % 2 == 1 ? CLAIM_IMPROVED "8 bytes at once" : "");
    snprintf(mark, sizeof mark, "claim%zu(wrong);", index);
    say(variant, mark, 2);
    return 1;
}

static const struct mutator_ops claiming = {.name = "claiming",
                                            .technique = TECHNIQUE_ALGORITHM,
                                            .sites = many_sites,
                                            .apply = claiming_apply,
                                            .systematic = true};

static const struct mutator_ops fixed = {
    .name = "fixed", .technique = TECHNIQUE_EDIT, .sites = fixed_sites, .apply = fixed_apply};

static int
evaluate(void *context, struct candidate *candidate, struct err *err)
{
    struct world *world = context;
    (void)err;
    world->evaluations++;
    buf_printf(&world->log, "%s:%s ", candidate->mutator, candidate->id);
    candidate->stage = candidate->parents[0] == NULL ? STAGE_FULL : STAGE_QUICK;
    candidate->speedup = 1;
    candidate->code_bytes = 100;
    ptrdiff_t at = str_find(candidate->text, STR("SPEED "));
    if (at >= 0)
        candidate->speedup = strtod(candidate->text.ptr + at + 6, NULL);
    if (str_find(candidate->text, STR("wrong")) >= 0) {
        candidate->stage = STAGE_SMOKE;
        candidate->reason = "wrong-output";
        snprintf(candidate->detail, sizeof candidate->detail, "for 3 expected 4");
    }
    return 0;
}

static double
clock_of(void *context)
{
    return ((struct world *)context)->clock;
}

static void
tell(void *context, const struct search *search)
{
    struct world *world = context;
    world->told++;
    world->clock += 1;
    ck_assert_uint_eq(search->evaluations, search->candidates.count);
}

static void
open_world(struct world *world, const struct mutator_ops *const *list)
{
    *world = (struct world){.log = BUF(1 << 20)};
    world->target = (struct target){.file = "f.c", .name = "f", .source = str_of(source)};
    world->target.syntax = syntax_new(world->target.source, &world->err);
    ck_assert_int_eq(
        function_find(&world->arena, world->target.syntax, "f", &world->target.function, &world->err), 0);
    world->spec = (struct search_spec){
        .arena = &world->arena,
        .target = &world->target,
        .mutators = list,
        .judge = {world, evaluate},
        .salt = "salt",
        .seed = 7,
        .islands = 3,
        .archive = 6,
        .migrate_every = 2,
        .evaluations_max = 60,
        .context = world,
        .seconds = clock_of,
        .progress = tell,
    };
}

static void
run(struct world *world)
{
    int status = search_run(&world->spec, &world->search, &world->err);
    ck_assert_msg(status == 0, "%s", world->err.message);
}

static void
close_world(struct world *world)
{
    search_release(&world->search);
    syntax_free(world->target.syntax);
    arena_release(&world->arena);
    buf_release(&world->log);
}

START_TEST(test_a_chain_over_neutral_steps)
{
    static const struct mutator_ops *const list[] = {&many, &opener, &faster, NULL};
    struct world world;
    open_world(&world, list);
    run(&world);
    ck_assert_ptr_nonnull(world.search.best);
    ck_assert_double_eq(world.search.best->speedup, 8);
    ck_assert_str_eq(world.search.best->lineage, "open+open+fast");
    ck_assert_uint_le(world.search.best->sequence, 12);
    ck_assert_ptr_eq(archipelago_best(&world.search.ring), world.search.best);
    // All sites were visited, and each text once.
    ck_assert_int_eq(json_get_int(world.search.rejected, "wrong-output", 0), 3);
    ck_assert_uint_eq(world.search.evaluations, 3 + 5);
    ck_assert_uint_ge(world.search.first_count, 1);
    ck_assert_ptr_nonnull(world.search.best_first);
    ck_assert_ptr_eq(world.search.best_first->parents[0], world.search.root);
    close_world(&world);
}
END_TEST

START_TEST(test_hints_alone_do_not_count)
{
    static const struct mutator_ops *const list[] = {&hint, NULL};
    struct world world;
    open_world(&world, list);
    run(&world);
    ck_assert_ptr_null(world.search.best);
    ck_assert_ptr_nonnull(world.search.best_hint);
    ck_assert_double_eq(world.search.best_hint->speedup, 8);
    ck_assert(!search_counts(world.search.best_hint));
    ck_assert_ptr_eq(archipelago_best(&world.search.ring), world.search.root); // no parent of anything
    close_world(&world);
}
END_TEST

START_TEST(test_random_mutators_and_the_budget)
{
    static const struct mutator_ops *const list[] = {&chance, NULL};
    struct world world;
    open_world(&world, list);
    world.spec.evaluations_max = 20;
    run(&world);
    ck_assert_uint_eq(world.search.evaluations, 20);
    ck_assert_uint_eq(world.told, 20);
    ck_assert_double_gt(world.search.best->speedup, 1.7);
    close_world(&world);
    open_world(&world, list);
    world.spec.seconds_max = 10; // the clock goes on by one with each evaluation
    run(&world);
    ck_assert_uint_eq(world.search.evaluations, 10);
    close_world(&world);
    open_world(&world, list);
    world.spec.target_speedup = 1.5;
    run(&world);
    ck_assert_double_ge(world.search.best->speedup, 1.5);
    ck_assert_uint_lt(world.search.evaluations, 30);
    close_world(&world);
}
END_TEST

START_TEST(test_patience_ends)
{
    static const struct mutator_ops *const list[] = {&chance, NULL};
    struct world world;
    open_world(&world, list);
    world.spec.evaluations_max = 5000;
    world.spec.seconds_max = 100; // 40 of them without a gain are enough
    run(&world);
    ck_assert_uint_lt(world.search.evaluations, 100);
    ck_assert_uint_ge(world.search.since_gain, 39);
    close_world(&world);
}
END_TEST

START_TEST(test_the_same_seed_takes_the_same_way)
{
    static const struct mutator_ops *const list[] = {&chance, &many, &opener, &faster, NULL};
    struct world a, b, c;
    open_world(&a, list);
    open_world(&b, list);
    open_world(&c, list);
    c.spec.seed = 8;
    run(&a);
    run(&b);
    run(&c);
    ck_assert_str_eq(buf_text(&a.log), buf_text(&b.log));
    ck_assert_str_ne(buf_text(&a.log), buf_text(&c.log));
    close_world(&a);
    close_world(&b);
    close_world(&c);
}
END_TEST

START_TEST(test_equal_sources_are_evaluated_once)
{
    static const struct mutator_ops *const list[] = {&opener, &hint, NULL};
    struct world world;
    open_world(&world, list);
    run(&world);
    // open, open+open, fast; everything else has the text of one of them.
    ck_assert_uint_eq(world.search.evaluations, 3);
    ck_assert_int_gt(json_get_int(world.search.rejected, "duplicate", 0), 0);
    close_world(&world);
}
END_TEST

START_TEST(test_a_claim_that_was_wrong_twice)
{
    static const struct mutator_ops *const list[] = {&claiming, NULL};
    struct world world;
    open_world(&world, list);
    run(&world);
    // Five sites; the second refutation is of an improved one.
    ck_assert_int_eq(json_get_int(world.search.rejected, "wrong-output", 0), 2);
    ck_assert_int_eq(json_get_int(world.search.rejected, "refuted-before", 0), 3);
    ck_assert(was_hopeless);
    close_world(&world);
}
END_TEST

START_TEST(test_what_draws_only_its_site_makes_nothing_twice)
{
    static const struct mutator_ops *const list[] = {&fixed, NULL};
    struct world world;
    open_world(&world, list);
    fixed_made = 0;
    run(&world);
    ck_assert_uint_eq(world.search.evaluations, 3);
    ck_assert_uint_eq(fixed_made, 3);
    ck_assert_int_gt(json_get_int(world.search.rejected, "duplicate", 0), 3);
    close_world(&world);
}
END_TEST

static int
reply_to(void *context, size_t author, const char *key, struct str prompt, struct buf *reply, double *seconds,
         struct err *err)
{
    struct world *world = context;
    static const char *const replies[] = {
        "```c\nint f(int a)\n{\n    return a + wrong(); // SPEED 9\n}\n```",
        "no code here",
        "<<<<<<< SEARCH\n    return a; // SPEED 1.0\n=======\n    return a + 0; // SPEED 5\n>>>>>>> "
        "REPLACE\n",
        "Multiply less.\n```c\nint f(int a)\n{\n    return a * 1; // SPEED 6\n}\n```",
    };
    (void)err;
    ck_assert_uint_eq(author, 0);
    ck_assert_ptr_nonnull(strchr(key, '/'));
    ck_assert(str_find(prompt, STR("int f(int a)")) >= 0);
    if (world->replies == 1)
        ck_assert(str_find(prompt, STR("for 3 expected 4")) >= 0); // the first reply's failure is shown
    *seconds = 2;
    if (world->replies >= sizeof(replies) / sizeof(*replies))
        return 0;
    buf_puts(reply, replies[world->replies++]);
    return 1;
}

START_TEST(test_models_are_arms_too)
{
    static const struct mutator_ops *const list[] = {&many, NULL};
    static const char *const names[] = {"m"};
    static const double weights[] = {1};
    struct world world;
    open_world(&world, list);
    world.spec.authors = (struct authors){&world, 1, names, weights, reply_to};
    run(&world);
    ck_assert_uint_eq(world.replies, 4);
    ck_assert_str_eq(world.search.best->mutator, "model:m");
    ck_assert_str_eq(world.search.best->note, "Multiply less.");
    ck_assert_double_eq(world.search.best->speedup, 6);
    ck_assert_int_ge(json_get_int(world.search.rejected, "wrong-output", 0), 4);
    close_world(&world);
}
END_TEST

static int
broken_judge(void *context, struct candidate *candidate, struct err *err)
{
    struct world *world = context;
    return candidate->parents[0] == NULL ? evaluate(world, candidate, err)
                                         : err_set(err, ERR_IO, "disk full");
}

START_TEST(test_the_judge_fails)
{
    static const struct mutator_ops *const list[] = {&many, NULL};
    struct world world;
    open_world(&world, list);
    world.spec.judge.evaluate = broken_judge;
    ck_assert_int_eq(search_run(&world.spec, &world.search, &world.err), -1);
    ck_assert_str_eq(world.err.message, "disk full");
    close_world(&world);
}
END_TEST

UNIT_MAIN("island-evolve/search", test_a_chain_over_neutral_steps, test_hints_alone_do_not_count,
          test_random_mutators_and_the_budget, test_patience_ends, test_the_same_seed_takes_the_same_way,
          test_equal_sources_are_evaluated_once, test_a_claim_that_was_wrong_twice,
          test_what_draws_only_its_site_makes_nothing_twice, test_models_are_arms_too, test_the_judge_fails)
