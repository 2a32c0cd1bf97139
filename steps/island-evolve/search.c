// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/search.h"

#include "base/hash.h"
#include "steps/island-evolve/claim.h"
#include "steps/island-evolve/lexeme.h"
#include "steps/island-evolve/turn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES (1u << 20)
#define SITES_MAX 24            // of one mutator on one parent
#define MODEL_TRIALS_FIRST 4    // before a model has to compete
#define STALE_EVALUATIONS 80    // without a gain, when the sweep is through
#define PATIENCE_EVALUATIONS 25 // without a gain, and
#define PATIENCE_SHARE 0.4      // of the budget, after the last gain
#define BARREN_TURNS 200        // without a single evaluation
#define GAIN_MIN 1.02

static const char *const technique_names[] = {
    [TECHNIQUE_EDIT] = "edit",           [TECHNIQUE_ALGORITHM] = "algorithm", [TECHNIQUE_TABLE] = "table",
    [TECHNIQUE_LIBC] = "libc",           [TECHNIQUE_LOOP] = "loop",           [TECHNIQUE_HINT] = "hint",
    [TECHNIQUE_CROSSOVER] = "crossover", [TECHNIQUE_MODEL] = "model",
};

static bool
uses_hints(const struct candidate *candidate)
{
    return (candidate->techniques & 1u << TECHNIQUE_HINT) != 0;
}

bool
search_counts(const struct candidate *candidate)
{
    return candidate->techniques != 0 && !uses_hints(candidate);
}

static void
count_rejected(struct search *search, const char *reason)
{
    json_int_t count = json_get_int(search->rejected, reason, 0);
    json_object_set_new(search->rejected, reason, json_integer(count + 1));
}

static double
now_s(const struct search *search)
{
    return search->spec->seconds(search->spec->context);
}

unsigned
search_island(const struct search *search)
{
    return search->turn % search->spec->islands;
}

unsigned
search_generation(const struct search *search)
{
    return search->turn / search->spec->islands;
}

// ---- candidates
// ------------------------------------------------------------------------------------------------

static void
identify(const struct search *search, struct candidate *candidate)
{
    struct hasher *hasher = hasher_new();
    struct hash hash;
    char hex[65];
    hasher_add(hasher, search->spec->salt, strlen(search->spec->salt));
    hasher_add(hasher, candidate->text.ptr, candidate->text.len);
    hasher_finish(hasher, &hash);
    hash_hex(&hash, hex);
    memcpy(candidate->id, hex, CANDIDATE_ID_SIZE - 1);
}

static struct candidate *
make_root(struct search *search)
{
    struct candidate *root = ARENA_NEW(search->spec->arena, struct candidate);
    root->text = target_baseline(search->spec->target);
    root->mutator = "baseline";
    root->technique = "baseline";
    root->lineage = "";
    identify(search, root);
    return root;
}

static struct candidate *
make_candidate(struct search *search, const struct proposal *proposal)
{
    struct arena *arena = search->spec->arena;
    const struct candidate *parent = proposal->parent, *mate = proposal->mate;
    struct candidate *candidate = ARENA_NEW(arena, struct candidate);
    candidate->text = str_n(arena_str(arena, proposal->text), proposal->text.len);
    candidate->parents[0] = parent;
    candidate->parents[1] = mate;
    candidate->sequence = search->evaluations + 1;
    candidate->island = search_island(search);
    candidate->generation = search_generation(search);
    candidate->mutator = proposal->mutator;
    candidate->technique = technique_names[proposal->technique];
    candidate->techniques =
        parent->techniques | (mate != NULL ? mate->techniques : 0) | 1u << proposal->technique;
    candidate->lineage = parent->lineage[0] == '\0'
                             ? proposal->mutator
                             : arena_printf(arena, "%s+%s", parent->lineage, proposal->mutator);
    snprintf(candidate->note, sizeof candidate->note, "%s", proposal->note);
    candidate->seconds = proposal->seconds;
    identify(search, candidate);
    return candidate;
}

struct candidate *
search_offspring(struct search *search, const struct candidate *parent, const char *mutator, struct str text)
{
    struct proposal proposal = {.parent = parent, .mutator = mutator, .note = "fewer edits", .text = text};
    struct candidate *candidate = make_candidate(search, &proposal);
    candidate->technique = parent->technique;
    candidate->techniques = parent->techniques;
    candidate->sequence = ++search->evaluations;
    return candidate;
}

// Whether its normal form was not seen before.
static bool
is_new(struct search *search, struct str text)
{
    AUTO_BUF normal = BUF(2 * TEXT_MAX_BYTES);
    char hex[65];
    lexeme_normal(text, &normal);
    struct hash hash = hash_of(normal.ptr, normal.len);
    hash_hex(&hash, hex);
    if (map_has(&search->seen, str_of(hex)))
        return false;
    map_set(&search->seen, str_of(hex), search);
    return true;
}

// ---- what an evaluation means
// ----------------------------------------------------------------------------------

static int
queue_sites(struct search *search, struct candidate *candidate, struct err *err)
{
    struct workpiece piece;
    struct rng rng;
    rng_init(&rng, search->spec->seed, rng_mix(candidate->sequence, 0x7369746573));
    int status = workpiece_init(&piece, &search->shelf, search->spec->target, search->spec->oracle, candidate,
                                NULL, &rng, err);
    piece.mutation.wrong = &search->wrong;
    for (const struct mutator_ops *const *m = search->spec->mutators; status == 0 && *m != NULL; m++) {
        if (!(*m)->systematic || (*m)->technique == TECHNIQUE_CROSSOVER)
            continue;
        size_t sites = (*m)->sites(&piece.mutation);
        for (size_t i = 0; i < sites && i < SITES_MAX; i++)
            sweep_add(&search->sweep, candidate, *m, i);
    }
    workpiece_release(&piece);
    bool unreadable = status != 0 && (err->kind == ERR_NOT_FOUND || err->kind == ERR_TARGET);
    return unreadable ? 0 : status;
}

static bool
is_faster(const struct candidate *candidate, const struct candidate *than)
{
    return candidate_is_right(candidate) && (than == NULL || candidate->speedup > than->speedup);
}

static void
note_best(struct search *search, struct candidate *candidate)
{
    struct candidate **best = uses_hints(candidate) ? &search->best_hint : &search->best;
    double before = *best != NULL ? (*best)->speedup : 1;
    if (is_faster(candidate, *best)) {
        *best = candidate;
        if (candidate->speedup > GAIN_MIN * before) {
            search->since_gain = 0;
            search->gain_s = now_s(search);
        }
    }
    if (candidate->parents[0] != search->root)
        return;
    search->first_count++;
    if (is_faster(candidate, search->best_first))
        search->best_first = candidate;
}

static int
settle(struct search *search, struct candidate *candidate, enum technique technique, struct err *err)
{
    bool gained =
        candidate_is_right(candidate) && candidate->speedup >= GAIN_MIN * candidate->parents[0]->speedup;
    candidate->idle = gained ? 0 : candidate->parents[0]->idle + 1;
    *vec_push(&search->candidates) = candidate;
    search->evaluations++;
    search->since_gain++;
    search->barren = 0;
    if (candidate->reason != NULL)
        count_rejected(search, candidate->reason);
    note_best(search, candidate);
    bool has_future = !uses_hints(candidate); // what a hint brought would be reported apart anyway
    if (has_future && candidate_is_right(candidate))
        (void)island_offer(&search->ring, candidate->island, candidate);
    if (has_future && sweep_admits(&search->sweep, candidate, technique) &&
        queue_sites(search, candidate, err) != 0)
        return -1;
    if (search->spec->progress != NULL)
        search->spec->progress(search->spec->context, search);
    return 0;
}

static bool
is_hopeless(const struct search *search, const struct proposal *proposal)
{
    return proposal->technique == TECHNIQUE_ALGORITHM &&
           claim_is_hopeless(&search->wrong, proposal->mutator, proposal->note);
}

static bool
is_refuted(const struct candidate *candidate)
{
    return candidate->stage == STAGE_SMOKE || candidate->stage == STAGE_DIFFERENTIAL;
}

void
search_skip(struct search *search)
{
    count_rejected(search, "duplicate");
}

int
search_consider(struct search *search, const struct proposal *proposal, double *gain, bool *evaluated,
                struct err *err)
{
    *gain = 0;
    bool hopeless = is_hopeless(search, proposal);
    *evaluated = !hopeless && is_new(search, proposal->text);
    if (!*evaluated) {
        count_rejected(search, hopeless ? "refuted-before" : "duplicate");
        return 0;
    }
    struct candidate *candidate = make_candidate(search, proposal);
    if (search->spec->judge.evaluate(search->spec->judge.context, candidate, err) != 0)
        return -1;
    if (candidate_is_right(candidate) && candidate->speedup > proposal->parent->speedup)
        *gain = log(candidate->speedup / proposal->parent->speedup);
    if (proposal->technique == TECHNIQUE_ALGORITHM && is_refuted(candidate))
        claim_note_wrong(&search->wrong, proposal->mutator, proposal->note);
    return settle(search, candidate, proposal->technique, err);
}

// ---- the loop
// --------------------------------------------------------------------------------------------------

// Whether nothing came for so long that going on is not worth the time. Without any gain yet the whole budget
// is used.
static bool
is_stale(const struct search *search)
{
    const struct search_spec *spec = search->spec;
    if (search->sweep.jobs.count == 0 && search->since_gain >= STALE_EVALUATIONS)
        return true;
    if (search->best == NULL || search->best->speedup < GAIN_MIN || search->since_gain < PATIENCE_EVALUATIONS)
        return false;
    if (spec->seconds_max > 0)
        return now_s(search) - search->gain_s >= PATIENCE_SHARE * spec->seconds_max;
    return search->since_gain >= PATIENCE_SHARE * spec->evaluations_max;
}

static bool
is_over(const struct search *search)
{
    const struct search_spec *spec = search->spec;
    bool reached =
        spec->target_speedup > 0 && search->best != NULL && search->best->speedup >= spec->target_speedup;
    return search->done || reached || is_stale(search) || search->barren >= BARREN_TURNS ||
           search->evaluations >= spec->evaluations_max ||
           (spec->seconds_max > 0 && now_s(search) >= spec->seconds_max);
}

static void
make_arms(struct search *search)
{
    const struct search_spec *spec = search->spec;
    size_t count = 0;
    while (spec->mutators[count] != NULL)
        count++;
    search->randoms = ARENA_ARRAY(spec->arena, const struct mutator_ops *, count + 1);
    search->arms = ARENA_ARRAY(spec->arena, struct arm, count + spec->authors.count + 1);
    for (size_t i = 0; i < count; i++) {
        if (spec->mutators[i]->systematic && spec->mutators[i]->technique != TECHNIQUE_CROSSOVER)
            continue;
        search->randoms[search->random_count] = spec->mutators[i];
        search->arms[search->random_count++] = (struct arm){.trials_first = 1, .weight = 1};
    }
    search->bandit =
        (struct bandit){.arms = search->arms, .count = search->random_count + spec->authors.count};
    for (size_t i = 0; i < spec->authors.count; i++)
        search->arms[search->random_count + i] =
            (struct arm){.trials_first = MODEL_TRIALS_FIRST, .weight = spec->authors.weights[i]};
}

static int
begin(struct search *search, struct err *err)
{
    const struct search_spec *spec = search->spec;
    search->root = make_root(search);
    (void)is_new(search, search->root->text);
    if (spec->judge.evaluate(spec->judge.context, search->root, err) != 0)
        return -1;
    archipelago_init(&search->ring, spec->islands, spec->archive, search->root);
    make_arms(search);
    return queue_sites(search, search->root, err);
}

int
search_run(const struct search_spec *spec, struct search *search, struct err *err)
{
    *search = (struct search){.spec = spec, .rejected = json_object()};
    if (begin(search, err) != 0)
        return -1;
    for (; !is_over(search); search->turn++)
        if (turn_take(search, err) != 0)
            return -1;
    return 0;
}

void
search_release(struct search *search)
{
    if (search->ring.islands != NULL)
        archipelago_release(&search->ring);
    sweep_release(&search->sweep);
    shelf_release(&search->shelf);
    map_release(&search->seen);
    map_release(&search->wrong);
    map_release(&search->visits);
    vec_release(&search->candidates);
    json_decref(search->rejected);
    *search = (struct search){0};
}
