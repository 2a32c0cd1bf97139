// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/turn.h"

#include "steps/island-evolve/prompt.h"
#include "steps/shared/model/reply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES (1u << 20)
#define SWEEP_ONLY_TURNS 12  // before anything is left to chance
#define SWEEP_ONLY_SHARE 0.2 // of the time
#define SLOW_MODEL_SHARE 0.1 // of the time, for one reply
#define CHANCE_EVERY 4       // then every n-th turn is the bandit's
#define DRAWS 4              // of one random mutator in a turn
#define GAIN_MIN 1.02

static double
seconds_of(const struct search *search)
{
    return search->spec->seconds(search->spec->context);
}

// ---- proposals
// -------------------------------------------------------------------------------------------------

static size_t
draw_site(size_t sites, struct rng *rng)
{
    return sites > 0 ? (size_t)rng_below(rng, sites) : SIZE_MAX;
}

// Lets a mutator make a variant at a site (SIZE_MAX = drawn).
static int
mutate(struct search *search, const struct mutator_ops *mutator, const struct candidate *parent,
       const struct candidate *mate, size_t site, struct rng *rng, struct proposal *proposal,
       struct buf *text, char note[160], struct err *err)
{
    struct workpiece piece;
    double begun_s = seconds_of(search);
    size_t sites = 0;
    int status = workpiece_init(&piece, &search->shelf, search->spec->target, search->spec->oracle, parent,
                                mate, rng, err);
    piece.mutation.wrong = &search->wrong;
    if (status == 0 && site == SIZE_MAX) {
        sites = mutator->sites(&piece.mutation);
        site = draw_site(sites, rng);
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
                                  .seconds = seconds_of(search) - begun_s,
                                  .site = site,
                                  .sites = sites};
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
    rng_init(&rng, search->spec->seed, rng_mix(search_island(search), rng_mix(search_generation(search), 0)));
    int made = mutate(search, job->mutator, job->parent, NULL, job->site, &rng, &proposal, &text, note, err);
    gain = 0;
    if (made < 0 || (made > 0 && search_consider(search, &proposal, &gain, &evaluated, err) != 0))
        return -1;
    sweep_note(&search->sweep, job->mutator, gain > log(GAIN_MIN));
    return 0;
}

// Where a mutator that draws nothing but the site made variants of a parent: there it would make the same
// again.
struct visits {
    size_t sites; // 0: not known
    bool *made;
};

static struct visits *
visits_of(struct search *search, const struct mutator_ops *mutator, const struct candidate *parent)
{
    AUTO_BUF key = BUF(256);
    buf_printf(&key, "%s %s", parent->id, mutator->name);
    void **slot = map_slot(&search->visits, buf_str(&key));
    if (*slot == NULL)
        *slot = ARENA_NEW(search->spec->arena, struct visits);
    return *slot;
}

static void
note_visit(const struct search *search, const struct proposal *proposal, struct visits *visits)
{
    if (visits->sites == 0) {
        visits->sites = proposal->sites;
        visits->made = ARENA_ARRAY(search->spec->arena, bool, proposal->sites);
    }
    visits->made[proposal->site] = true;
}

// Lets a mutator make a variant at a drawn site and considers it, unless it was made there before.
static int
try_site(struct search *search, const struct mutator_ops *mutator, const struct candidate *parent,
         const struct candidate *mate, struct rng *rng, double *gain, bool *evaluated, struct err *err)
{
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    struct proposal proposal;
    char note[160];
    struct visits *visits = mutator->draws ? NULL : visits_of(search, mutator, parent);
    size_t site = visits != NULL ? draw_site(visits->sites, rng) : SIZE_MAX;
    if (site != SIZE_MAX && visits->made[site]) {
        search_skip(search);
        return 0;
    }
    int made = mutate(search, mutator, parent, mate, site, rng, &proposal, &text, note, err);
    if (made > 0 && visits != NULL)
        note_visit(search, &proposal, visits);
    return made > 0 ? search_consider(search, &proposal, gain, evaluated, err) : made;
}

static int
try_random(struct search *search, size_t arm, struct err *err)
{
    const struct mutator_ops *mutator = search->randoms[arm];
    double begun_s = seconds_of(search), gain = 0;
    bool evaluated = false;
    for (unsigned draw = 0; draw < DRAWS && !evaluated; draw++) {
        struct rng rng;
        rng_init(&rng, search->spec->seed,
                 rng_mix(search_island(search), rng_mix(search_generation(search), draw + 1)));
        const struct candidate *parent = island_parent(&search->ring, search_island(search), &rng),
                               *mate = NULL;
        if (mutator->technique == TECHNIQUE_CROSSOVER) {
            mate = island_mate(&search->ring, search_island(search), parent, &rng);
            if (mate == NULL)
                break;
        }
        if (try_site(search, mutator, parent, mate, &rng, &gain, &evaluated, err) != 0)
            return -1;
    }
    bandit_note(&search->bandit, arm, gain, seconds_of(search) - begun_s);
    return 0;
}

// ---- models
// ----------------------------------------------------------------------------------------------------

// What the model says of its reply: the first line of prose.
static const char *
first_words(const struct search *search, struct str reply)
{
    while (reply.ptr != NULL) {
        struct str line = str_trim(str_cut(&reply, '\n'));
        if (str_starts(line, STR("```")) || str_starts(line, STR("<<<<")))
            break;
        if (line.len > 0)
            return arena_str(search->spec->arena, str_head(line, 150));
    }
    return "a model's reply";
}

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
                                .note = problem[0] != '\0' ? problem : first_words(search, reply),
                                .text = buf_str(&text),
                                .seconds = seconds};
    return search_consider(search, &proposal, gain, &evaluated, err);
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
    double seconds = 0, gain = 0, begun_s = seconds_of(search);
    rng_init(&rng, search->spec->seed,
             rng_mix(search_island(search), rng_mix(search_generation(search), 64)));
    const struct candidate *parent = island_parent(&search->ring, search_island(search), &rng);
    write_prompt(search, parent, &prompt);
    snprintf(key, sizeof key, "%u/%u/%zu", search_island(search), search_generation(search), author);
    int status = authors->reply(authors->context, author, key, buf_str(&prompt), &reply, &seconds, err);
    if (status == 0)
        search->arms[arm].gone = true;
    if (status == 1 && reply.len > 0 &&
        consider_reply(search, author, parent, buf_str(&reply), seconds, &gain, err) != 0)
        status = -1;
    bandit_note(&search->bandit, arm, gain, fmax(seconds, seconds_of(search) - begun_s));
    if (seconds > SLOW_MODEL_SHARE * search->spec->seconds_max) // has to compete from now on
        search->arms[arm].trials_first = 0;
    return status < 0 ? -1 : 0;
}

// ---- turns
// -----------------------------------------------------------------------------------------------------

// Whether the turn is the bandit's rather than the sweep's: now and then, once the sweep had some turns or a
// good part of the time; more often as long as a model waits for its first trials.
static bool
leaves_to_chance(const struct search *search, size_t arm)
{
    bool late =
        search->spec->seconds_max > 0 && seconds_of(search) > SWEEP_ONLY_SHARE * search->spec->seconds_max;
    bool is_new_model =
        arm >= search->random_count && search->arms[arm].trials < search->arms[arm].trials_first;
    unsigned every = is_new_model ? CHANCE_EVERY / 2 : CHANCE_EVERY;
    return (late || search->turn >= SWEEP_ONLY_TURNS) && search->turn % every == every - 1;
}

static int
try_arm(struct search *search, size_t arm, struct err *err)
{
    return arm < search->random_count ? try_random(search, arm, err) : try_author(search, arm, err);
}

int
turn_take(struct search *search, struct err *err)
{
    unsigned migrate_every = search->spec->migrate_every;
    if (search->turn > 0 && search_island(search) == 0 && migrate_every > 0 &&
        search_generation(search) % migrate_every == 0)
        archipelago_migrate(&search->ring);
    size_t arm = bandit_choose(&search->bandit);
    bool has_arm = arm < search->bandit.count;
    double best = archipelago_best(&search->ring)->speedup;
    struct job job;
    search->barren++;
    if (has_arm && leaves_to_chance(search, arm))
        return try_arm(search, arm, err);
    if (sweep_take(&search->sweep, best, &job))
        return try_job(search, &job, err);
    if (has_arm)
        return try_arm(search, arm, err);
    search->done = true;
    return 0;
}
