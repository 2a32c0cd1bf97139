// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/search.h"

#include "base/hash.h"
#include "steps/island-evolve/lexeme.h"
#include "steps/island-evolve/prompt.h"
#include "steps/island-evolve/workpiece.h"
#include "steps/shared/model/reply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES (1u << 20)
#define SITES_MAX 24         // of one mutator on one parent
#define SWEEP_ONLY_TURNS 12  // before anything is left to chance
#define CHANCE_EVERY 4       // then every n-th turn is the bandit's
#define DRAWS 4              // of one random mutator in a turn
#define MODEL_TRIALS_FIRST 4 // before a model has to compete
#define STALE_EVALUATIONS 80 // without a gain, when the sweep is through
#define BARREN_TURNS 200     // without a single evaluation
#define GAIN_MIN 1.02

static const char *const technique_names[] = {
    [TECHNIQUE_EDIT] = "edit",           [TECHNIQUE_ALGORITHM] = "algorithm", [TECHNIQUE_TABLE] = "table",
    [TECHNIQUE_LIBC] = "libc",           [TECHNIQUE_LOOP] = "loop",           [TECHNIQUE_HINT] = "hint",
    [TECHNIQUE_CROSSOVER] = "crossover", [TECHNIQUE_MODEL] = "model",
};

// What a proposal is before it is a candidate.
struct proposal {
    const struct candidate *parent, *mate;
    const char *mutator;
    enum technique technique;
    const char *note;
    struct str text;
    double seconds;
};

bool
search_counts(const struct candidate *candidate)
{
    return (candidate->techniques & ~(1u << TECHNIQUE_HINT)) != 0;
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

static unsigned
island_of(const struct search *search)
{
    return search->turn % search->spec->islands;
}

static unsigned
generation_of(const struct search *search)
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
    candidate->island = island_of(search);
    candidate->generation = generation_of(search);
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
    int status =
        workpiece_init(&piece, search->spec->target, search->spec->oracle, candidate, NULL, &rng, err);
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
    struct candidate **best = search_counts(candidate) ? &search->best : &search->best_hint;
    double before = *best != NULL ? (*best)->speedup : 1;
    if (is_faster(candidate, *best)) {
        *best = candidate;
        if (candidate->speedup > GAIN_MIN * before)
            search->since_gain = 0;
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
    if (candidate_is_right(candidate))
        (void)island_offer(&search->ring, candidate->island, candidate);
    if (sweep_admits(&search->sweep, candidate, technique) && queue_sites(search, candidate, err) != 0)
        return -1;
    if (search->spec->progress != NULL)
        search->spec->progress(search->spec->context, search);
    return 0;
}

// Evaluates a proposal unless its source was seen. *gain is its logarithmic gain over the parent.
static int
consider(struct search *search, const struct proposal *proposal, double *gain, bool *evaluated,
         struct err *err)
{
    *gain = 0;
    *evaluated = is_new(search, proposal->text);
    if (!*evaluated) {
        count_rejected(search, "duplicate");
        return 0;
    }
    struct candidate *candidate = make_candidate(search, proposal);
    if (search->spec->judge.evaluate(search->spec->judge.context, candidate, err) != 0)
        return -1;
    if (candidate_is_right(candidate) && candidate->speedup > proposal->parent->speedup)
        *gain = log(candidate->speedup / proposal->parent->speedup);
    return settle(search, candidate, proposal->technique, err);
}

// ---- proposals
// -------------------------------------------------------------------------------------------------

// Lets a mutator make a variant at a site (SIZE_MAX = drawn).
static int
mutate(struct search *search, const struct mutator_ops *mutator, const struct candidate *parent,
       const struct candidate *mate, size_t site, struct rng *rng, struct proposal *proposal,
       struct buf *text, char note[160], struct err *err)
{
    struct workpiece piece;
    double begun_s = now_s(search);
    int status = workpiece_init(&piece, search->spec->target, search->spec->oracle, parent, mate, rng, err);
    if (status == 0 && site == SIZE_MAX) {
        size_t sites = mutator->sites(&piece.mutation);
        site = sites > 0 ? (size_t)rng_below(rng, sites) : SIZE_MAX;
    }
    note[0] = '\0';
    if (status == 0 && site != SIZE_MAX)
        status = mutator->apply(&piece.mutation, site, text, note, err);
    workpiece_release(&piece);
    *proposal = (struct proposal){.parent = parent,
                                  .mate = mate,
                                  .mutator = mutator->name,
                                  .technique = mutator->technique,
                                  .note = note,
                                  .text = buf_str(text),
                                  .seconds = now_s(search) - begun_s};
    return status == 1 && text->len > 0 && !text->full ? 1 : status < 0 ? -1 : 0;
}

static int
try_job(struct search *search, const struct job *job, struct err *err)
{
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    struct proposal proposal;
    struct rng rng;
    char note[160];
    double gain;
    bool evaluated;
    rng_init(&rng, search->spec->seed, rng_mix(island_of(search), rng_mix(generation_of(search), 0)));
    int made = mutate(search, job->mutator, job->parent, NULL, job->site, &rng, &proposal, &text, note, err);
    if (made <= 0)
        return made;
    return consider(search, &proposal, &gain, &evaluated, err);
}

static int
try_random(struct search *search, size_t arm, struct err *err)
{
    const struct mutator_ops *mutator = search->randoms[arm];
    double begun_s = now_s(search), gain = 0;
    bool evaluated = false;
    for (unsigned draw = 0; draw < DRAWS && !evaluated; draw++) {
        AUTO_BUF text = BUF(TEXT_MAX_BYTES);
        struct proposal proposal;
        struct rng rng;
        char note[160];
        rng_init(&rng, search->spec->seed,
                 rng_mix(island_of(search), rng_mix(generation_of(search), draw + 1)));
        const struct candidate *parent = island_parent(&search->ring, island_of(search), &rng), *mate = NULL;
        if (mutator->technique == TECHNIQUE_CROSSOVER) {
            mate = island_mate(&search->ring, island_of(search), parent, &rng);
            if (mate == NULL)
                break;
        }
        int made = mutate(search, mutator, parent, mate, SIZE_MAX, &rng, &proposal, &text, note, err);
        if (made < 0 || (made > 0 && consider(search, &proposal, &gain, &evaluated, err) != 0))
            return -1;
    }
    bandit_note(&search->bandit, arm, gain, now_s(search) - begun_s);
    return 0;
}

// ---- models
// ----------------------------------------------------------------------------------------------------

static int
consider_reply(struct search *search, size_t author, const struct candidate *parent, struct str reply,
               double seconds, double *gain, struct err *err)
{
    const struct search_spec *spec = search->spec;
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    char problem[200] = "";
    bool evaluated;
    if (!reply_variant(reply, parent->text, spec->target->name, &text, problem, sizeof problem)) {
        buf_clear(&text);
        buf_add_str(&text, str_head(reply, TEXT_MAX_BYTES / 2));
    }
    struct proposal proposal = {.parent = parent,
                                .mutator = arena_printf(spec->arena, "model:%s", spec->authors.names[author]),
                                .technique = TECHNIQUE_MODEL,
                                .note = problem[0] != '\0' ? problem : "a model's reply",
                                .text = buf_str(&text),
                                .seconds = seconds};
    return consider(search, &proposal, gain, &evaluated, err);
}

static void
write_prompt(const struct search *search, const struct candidate *parent, struct buf *prompt)
{
    const struct prompt_spec spec = {.target = search->spec->target,
                                     .benchmark = search->spec->benchmark,
                                     .parent = parent,
                                     .candidates = search->candidates.items,
                                     .count = search->candidates.count};
    prompt_write(&spec, prompt);
}

static int
try_author(struct search *search, size_t arm, struct err *err)
{
    const struct authors *authors = &search->spec->authors;
    size_t author = arm - search->random_count;
    AUTO_BUF prompt = BUF(TEXT_MAX_BYTES), reply = BUF(TEXT_MAX_BYTES);
    struct rng rng;
    char key[64];
    double seconds = 0, gain = 0, begun_s = now_s(search);
    rng_init(&rng, search->spec->seed, rng_mix(island_of(search), rng_mix(generation_of(search), 64)));
    const struct candidate *parent = island_parent(&search->ring, island_of(search), &rng);
    write_prompt(search, parent, &prompt);
    snprintf(key, sizeof key, "%u/%u/%zu", island_of(search), generation_of(search), author);
    int status = authors->reply(authors->context, author, key, buf_str(&prompt), &reply, &seconds, err);
    if (status == 0)
        search->arms[arm].gone = true;
    if (status == 1 && reply.len > 0 &&
        consider_reply(search, author, parent, buf_str(&reply), seconds, &gain, err) != 0)
        status = -1;
    bandit_note(&search->bandit, arm, gain, fmax(seconds, now_s(search) - begun_s));
    return status < 0 ? -1 : 0;
}

// ---- turns
// -----------------------------------------------------------------------------------------------------

static bool
leaves_to_chance(const struct search *search)
{
    return search->turn >= SWEEP_ONLY_TURNS && search->turn % CHANCE_EVERY == CHANCE_EVERY - 1;
}

static int
try_arm(struct search *search, size_t arm, struct err *err)
{
    return arm < search->random_count ? try_random(search, arm, err) : try_author(search, arm, err);
}

static int
take_turn(struct search *search, struct err *err)
{
    unsigned migrate_every = search->spec->migrate_every;
    if (search->turn > 0 && island_of(search) == 0 && migrate_every > 0 &&
        generation_of(search) % migrate_every == 0)
        archipelago_migrate(&search->ring);
    size_t arm = bandit_choose(&search->bandit);
    bool has_arm = arm < search->bandit.count;
    double best = archipelago_best(&search->ring)->speedup;
    struct job job;
    search->barren++;
    if (has_arm && leaves_to_chance(search))
        return try_arm(search, arm, err);
    if (sweep_take(&search->sweep, best, &job))
        return try_job(search, &job, err);
    if (has_arm)
        return try_arm(search, arm, err);
    search->done = true;
    return 0;
}

static bool
is_over(const struct search *search)
{
    const struct search_spec *spec = search->spec;
    bool stale = search->sweep.jobs.count == 0 && search->since_gain >= STALE_EVALUATIONS;
    bool reached =
        spec->target_speedup > 0 && search->best != NULL && search->best->speedup >= spec->target_speedup;
    return search->done || stale || reached || search->barren >= BARREN_TURNS ||
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
        if (take_turn(search, err) != 0)
            return -1;
    return 0;
}

void
search_release(struct search *search)
{
    if (search->ring.islands != NULL)
        archipelago_release(&search->ring);
    sweep_release(&search->sweep);
    map_release(&search->seen);
    vec_release(&search->candidates);
    json_decref(search->rejected);
    *search = (struct search){0};
}
