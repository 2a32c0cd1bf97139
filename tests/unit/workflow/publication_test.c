// SPDX-License-Identifier: Apache-2.0
// Over every kind of place in places.h.
#include "base/json.h"
#include "tests/unit/workflow/carriers/lossy.h"
#include "workflow/publication.h"
#include "workflow/state.h"

static char *
path_of(const char *name)
{
    return fs_join(&arena, root, name);
}

// Adds `count` blobs, numbered on from `first`.
static void
fill(const char *name, int first, int count)
{
    struct state *state = state_open(path_of(name), NULL, host_real(), &err);
    ck_assert_msg(state != NULL, "%s", err.message);
    ok(state_begin(state, &err));
    for (int i = first; i < first + count; i++) {
        char text[1000], hash[65];
        memset(text, 'a' + i % 26, sizeof(text));
        snprintf(text, sizeof(text), "%d", i);
        ok(state_blob_put(state, str_n(text, sizeof(text)), hash, &err));
    }
    ok(state_commit(state, &err));
    state_close(state);
}

static int64_t
blobs(const char *name)
{
    struct db *db;
    ok(state_open_reader(path_of(name), &db, &err));
    AUTO_JSON *rows = db_rows(db, "SELECT count(*) AS n FROM blob", NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    db_close(db);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

static struct publication
publication(const char *state, const char *owner)
{
    return (struct publication){path_of(state), "lineage-1", owner, INT64_MAX};
}

// Runs a check over all places; two carriers of one place are two machines.
static void
each_place(void (*check)(struct carrier *here, struct carrier *there))
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        const char *spec = place_begin(&places[i]);
        if (spec) {
            struct carrier *here = machine(spec, "here"), *there = machine(spec, "there");
            check(here, there);
            carrier_close(here);
            carrier_close(there);
        }
        place_end();
    }
}

// What stands there when nothing was left behind.
static void
ck_only_states(const char *folder)
{
    struct fs_list files;
    ok(fs_walk(&arena, path_of(folder), &files, &err));
    for (size_t i = 0; i < files.count; i++)
        ck_assert_msg(strstr(files.paths[i], ".publish-") == NULL &&
                          strstr(files.paths[i], ".fetch-") == NULL,
                      "%s", files.paths[i]);
}

static void
check_travel(struct carrier *here, struct carrier *there)
{
    struct published base = {0}, fetched;
    struct publication_cost cost;
    struct head head;
    struct publication what = publication("a/state.db", "machine a");
    fill("a/state.db", 0, 2000);
    ok(publication_make(here, &what, &base, &cost, &err));
    ck_assert_uint_gt(cost.chunks, 30);
    ck_assert_uint_eq(cost.uploaded, cost.chunks);
    fill("a/state.db", 2000, 1);
    ok(publication_make(here, &what, &base, &cost, &err));
    ck_assert_uint_ge(cost.uploaded, 1);
    ck_assert_uint_lt(cost.uploaded, 6); // what changed, not the history
    ck_assert_int_eq(base.generation, 2);
    ok(publication_fetch(there, path_of("b/state.db"), false, &head, &fetched, &err));
    ck_assert_int_eq(blobs("b/state.db"), 2001);
    ok(state_verify(path_of("b/state.db"), &err));
    ck_assert_str_eq(head.owner, "machine a");
    ck_assert(head_is_held(&head, "machine b", 1));
    ck_assert_int_eq(memcmp(&fetched, &base, sizeof(base)), 0);
    fill("b/state.db", 5000, 10);
    what = publication("b/state.db", "");
    ok(publication_make(there, &what, &fetched, NULL, &err));
    ok(publication_fetch(here, path_of("c/state.db"), false, &head, &base, &err));
    ck_assert_int_eq(blobs("c/state.db"), 2011);
    ck_assert_int_eq(head.generation, 3);
    ck_assert(!head_is_held(&head, "machine c", 1));
    refused(publication_fetch(here, path_of("c/state.db"), false, NULL, &base, &err), ERR_CONFLICT);
    ck_only_states("a");
    ck_only_states("b");
}

START_TEST(a_state_goes_on_elsewhere)
{
    each_place(check_travel);
}
END_TEST

static void
check_stale(struct carrier *here, struct carrier *there)
{
    struct published mine = {0}, theirs;
    struct head head;
    const struct publication a = publication("a/state.db", "machine a");
    struct publication b = publication("b/state.db", "machine b");
    refused(publication_fetch(there, path_of("b/state.db"), false, NULL, &theirs, &err), ERR_NOT_FOUND);
    ck_assert(!fs_exists(path_of("b/state.db")));
    fill("a/state.db", 0, 3);
    ok(publication_make(here, &a, &mine, NULL, &err));
    ok(publication_fetch(there, path_of("b/state.db"), false, NULL, &theirs, &err));
    fill("b/state.db", 10, 1);
    ok(publication_make(there, &b, &theirs, NULL, &err));
    fill("a/state.db", 20, 1);
    refused(publication_make(here, &a, &mine, NULL, &err), ERR_CONFLICT);
    ck_assert_msg(strstr(err.message, "machine b published generation 2") != NULL, "%s", err.message);
    refused(publication_make(here, &a, &mine, NULL, &err), ERR_CONFLICT); // and ever after
    struct published fresh = {0};
    refused(publication_make(here, &a, &fresh, NULL, &err), ERR_CONFLICT);
    b.lineage = "lineage-2";
    refused(publication_make(there, &b, &theirs, NULL, &err), ERR_CONFLICT);
    ok(publication_fetch(here, path_of("c/state.db"), false, &head, &fresh, &err));
    ck_assert_int_eq(blobs("c/state.db"), 4);
    ck_assert_int_eq(head.generation, 2);
    ck_assert_int_eq(blobs("a/state.db"), 4); // the stale machine keeps its own
}

START_TEST(a_stale_machine_publishes_nothing)
{
    each_place(check_stale);
}
END_TEST

// One after the other, the answer of each remote call of two publications is lost, or the call fails before.
static void
check_lost(struct carrier *here, struct carrier *there)
{
    struct published base = {0}, fetched;
    const struct publication what = publication("a/state.db", "machine a");
    struct head head;
    fill("a/state.db", 0, 3);
    ok(publication_make(here, &what, &base, NULL, &err));
    int64_t failures = 0;
    for (int i = 0; i < 28; i++) {
        struct lossy lossy = {.inner = here, .done = i % 2 == 0, .spare = i / 4, .lose = 1 + i / 2 % 2};
        struct carrier *carrier = carrier_new(&lossy_ops, &lossy);
        int64_t before = base.generation;
        fill("a/state.db", 100 + i, 1);
        while (publication_make(carrier, &what, &base, NULL, &err) < 0) {
            ck_assert_msg(err.kind == ERR_NET, "%s", err.message);
            failures++;
        }
        ck_assert_int_gt(base.generation, before);
        ck_assert_int_le(base.generation, before + 2);
        ok(publication_fetch(there, path_of("b/state.db"), true, &head, &fetched, &err));
        ck_assert_int_eq(blobs("b/state.db"), 4 + i);
        ck_assert_int_eq(head.generation, base.generation);
        carrier_close(carrier);
    }
    ck_assert_int_gt(failures, 5);
}

START_TEST(a_lost_answer_neither_loses_nor_doubles)
{
    each_place(check_lost);
}
END_TEST

// The answers of the swap and of the look behind it are lost.
static int
losing_swap(void *self, const struct carrier_version *expect, struct str head,
            const struct carrier_hash *live, size_t count, struct carrier_version *now, struct err *error)
{
    ((struct lossy *)self)->lose = 2;
    return lossy_swap(self, expect, head, live, count, now, error);
}

// Published, not heard of it, and then somebody took the state over.
static void
check_taken_over(struct carrier *here, struct carrier *there)
{
    struct published mine = {0}, theirs;
    const struct publication a = publication("a/state.db", "machine a"),
                             b = publication("b/state.db", "machine b");
    fill("a/state.db", 0, 3);
    ok(publication_make(here, &a, &mine, NULL, &err));
    fill("a/state.db", 10, 1);
    struct lossy lossy = {.inner = here, .done = true};
    struct carrier_ops ops = lossy_ops;
    ops.swap = losing_swap;
    struct carrier *carrier = carrier_new(&ops, &lossy);
    refused(publication_make(carrier, &a, &mine, NULL, &err), ERR_NET);
    ck_assert_uint_eq(mine.open_count, 1);
    carrier_close(carrier);
    ok(publication_fetch(there, path_of("b/state.db"), false, NULL, &theirs, &err));
    ck_assert_int_eq(blobs("b/state.db"), 4);
    ok(publication_make(there, &b, &theirs, NULL, &err));
    refused(publication_make(here, &a, &mine, NULL, &err), ERR_CONFLICT);
    ck_assert_msg(strstr(err.message, "machine b took the state over after it was published from here"), "%s",
                  err.message);
}

START_TEST(knows_its_own_write_below_anothers)
{
    each_place(check_taken_over);
}
END_TEST

// ---- hostile heads ----

// Makes `text` with `chunks` the head, whatever stands there, and expects that fetching it is refused and
// that the local state stays.
static void
ck_refuses(struct carrier *carrier, struct str text, const struct carrier_hash *chunks, size_t count,
           enum err_kind kind)
{
    struct carrier_version standing, now;
    AUTO_BUF old = BUF(CARRIER_HEAD_MAX_BYTES), before = BUF(1 << 20), after = BUF(1 << 20);
    struct published base;
    ok(carrier_load(carrier, &standing, &old, &err));
    ok(carrier_swap(carrier, &standing, text, chunks, count, &now, &err));
    ok(fs_read(path_of("a/state.db"), 1 << 20, &before, &err));
    refused(publication_fetch(carrier, path_of("a/state.db"), true, NULL, &base, &err), kind);
    ck_assert_msg(strstr(err.message, "fetching the published state: ") == err.message, "%s", err.message);
    ok(fs_read(path_of("a/state.db"), 1 << 20, &after, &err));
    ck_assert(str_eq(buf_str(&before), buf_str(&after)));
    refused(publication_fetch(carrier, path_of("empty/state.db"), false, NULL, &base, &err), kind);
    ck_assert(!fs_exists(path_of("empty/state.db")));
    ck_only_states("a");
    ck_only_states("empty");
}

static void
ck_refuses_head(struct carrier *carrier, struct head *head, enum err_kind kind)
{
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    head_new_write(head->write);
    head_write(head, &text);
    ck_refuses(carrier, buf_str(&text), head->chunks, head->chunk_count, kind);
}

static void
check_hostile(struct carrier *here, struct carrier *there)
{
    struct published base = {0};
    struct head good, bad;
    const struct publication what = publication("a/state.db", "");
    fill("a/state.db", 0, 200);
    ok(publication_make(here, &what, &base, NULL, &err));
    ck_assert_int_eq(publication_look(here, &arena, &good, &base, &err), 1);
    ck_assert_uint_ge(good.chunk_count, 3);
    ck_refuses(there, STR("no json"), NULL, 0, ERR_PARSE);
    ck_refuses(there, STR(""), NULL, 0, ERR_PARSE);
    ck_refuses(there, STR("{\"format\": 2}"), NULL, 0, ERR_ENVIRONMENT);
    bad = good;
    memset(bad.sum, '0', 64); // the whole
    ck_refuses_head(here, &bad, ERR_PARSE);
    bad = good;
    bad.schema = 1000;
    ck_refuses_head(here, &bad, ERR_ENVIRONMENT);
    bad = good;
    bad.size_bytes -= 512; // the last chunk is longer
    ck_refuses_head(here, &bad, ERR_PARSE);
    bad = good;
    bad.size_bytes = SNAPSHOT_MAX_BYTES + 1;
    ck_refuses_head(here, &bad, ERR_LIMIT);
    bad = good;
    bad.chunk_count--;
    ck_refuses_head(here, &bad, ERR_PARSE);
    bad = good;
    struct carrier_hash swapped = good.chunks[0];
    good.chunks[0] = good.chunks[1];
    good.chunks[1] = swapped;
    ck_refuses_head(here, &bad, ERR_PARSE);
    struct carrier_hash text; // all sums are right, but it is no database
    ok(carrier_put(here, STR("hello"), &text, &err));
    bad = (struct head){.lineage = "x", .generation = 9, .schema = 1, .size_bytes = 5};
    memcpy(bad.sum, text.text, 65);
    bad.chunks = &text;
    bad.chunk_count = 1;
    ck_refuses_head(here, &bad, ERR_PARSE);
}

START_TEST(refuses_a_hostile_head_and_leaves_the_state)
{
    each_place(check_hostile);
}
END_TEST

// ---- a head that is replaced while it is fetched ----

static struct carrier *other;
static struct published other_base;

static void
replace_and_sweep(void)
{
    const struct publication what = publication("a/state.db", "machine a");
    struct head before, after;
    ck_assert_int_eq(publication_look(other, &arena, &before, &other_base, &err), 1);
    fill("a/state.db", 100, 1);
    ok(publication_make(other, &what, &other_base, NULL, &err));
    ck_assert_int_eq(publication_look(other, &arena, &after, &other_base, &err), 1);
    for (size_t i = 0; i < before.chunk_count; i++) {
        const char *chunk = before.chunks[i].text;
        if (i >= after.chunk_count || strcmp(chunk, after.chunks[i].text) != 0)
            unlink(arena_printf(&arena, "%s/state/chunks/%.2s/%s", root, chunk, chunk));
    }
}

START_TEST(fetches_the_newer_one_when_it_is_replaced_meanwhile)
{
    const char *spec = place_begin(&places[0]);
    const struct publication what = publication("a/state.db", "machine a");
    struct published base = {0};
    other = machine(spec, "other");
    fill("a/state.db", 0, 100);
    ok(publication_make(other, &what, &base, NULL, &err));
    struct lossy lossy = {.inner = machine(spec, "here"), .before_get = replace_and_sweep};
    struct carrier *carrier = carrier_new(&lossy_ops, &lossy);
    ok(publication_fetch(carrier, path_of("b/state.db"), false, NULL, &base, &err));
    ck_assert_int_eq(base.generation, 2);
    ck_assert_int_eq(blobs("b/state.db"), 101);
    carrier_close(carrier);
    carrier_close(lossy.inner);
    carrier_close(other);
    place_end();
}
END_TEST

// A chunk that another head's sweep took away between upload and swap is uploaded again.
static int swaps_to_spoil;
static struct carrier *spoiled;

static int
spoiling_swap(void *self, const struct carrier_version *expect, struct str head,
              const struct carrier_hash *live, size_t count, struct carrier_version *now, struct err *error)
{
    (void)self;
    if (swaps_to_spoil-- > 0)
        unlink(arena_printf(&arena, "%s/state/chunks/%.2s/%s", root, live[0].text, live[0].text));
    return carrier_swap(spoiled, expect, head, live, count, now, error);
}

START_TEST(uploads_again_what_was_swept)
{
    const char *spec = place_begin(&places[0]);
    const struct publication what = publication("a/state.db", "machine a");
    struct published base = {0};
    fill("a/state.db", 0, 100);
    spoiled = machine(spec, "here");
    struct lossy lossy = {.inner = spoiled};
    struct carrier_ops ops = lossy_ops;
    ops.swap = spoiling_swap;
    struct carrier *carrier = carrier_new(&ops, &lossy);
    swaps_to_spoil = 1;
    ok(publication_make(carrier, &what, &base, NULL, &err));
    ok(publication_fetch(spoiled, path_of("b/state.db"), false, NULL, &base, &err));
    ck_assert_int_eq(blobs("b/state.db"), 100);
    carrier_close(carrier);
    carrier_close(spoiled);
    place_end();
}
END_TEST

START_TEST(a_secret_of_the_environment_goes_nowhere)
{
    const char *spec = place_begin(&places[1]);
    setenv("ATOLL_STATE_TOKEN", "planted-secret-7531", 1);
    const struct publication what = publication("a/state.db", "machine a");
    struct published base = {0};
    struct carrier *carrier = machine(spec, "here");
    fill("a/state.db", 0, 3);
    ok(publication_make(carrier, &what, &base, NULL, &err));
    ok(carrier_message_put(carrier, "m", STR("text"), &err));
    struct fs_list files;
    ok(fs_walk(&arena, root, &files, &err));
    ck_assert_uint_gt(files.count, 5);
    for (size_t i = 0; i < files.count; i++) {
        AUTO_BUF bytes = BUF(16 << 20);
        ok(fs_read(path_of(files.paths[i]), 16 << 20, &bytes, &err));
        ck_assert(str_find(buf_str(&bytes), STR("planted-secret-7531")) < 0);
    }
    carrier_close(carrier);
    place_end();
}
END_TEST

UNIT_MAIN("workflow/publication", a_state_goes_on_elsewhere, a_stale_machine_publishes_nothing,
          a_lost_answer_neither_loses_nor_doubles, knows_its_own_write_below_anothers,
          refuses_a_hostile_head_and_leaves_the_state, fetches_the_newer_one_when_it_is_replaced_meanwhile,
          uploads_again_what_was_swept, a_secret_of_the_environment_goes_nowhere)
