// SPDX-License-Identifier: Apache-2.0
// torture [PUBLISHES]: eight processes replace one head as fast as they can, over every kind of carrier.
// Each counts in the head what it was told took place; in the end the head has to have all of it, once. Over
// http some answers are lost on purpose. Without the comparison the same must lose some.
#include "base/clock.h"
#include "base/json.h"
#include "tests/unit/workflow/carriers/places.h"
#include "workflow/carriers/ops.h"

#include <sys/wait.h>

#define WRITERS 8
#define LOSE_EVERY 3
#define CONTROL_EACH 2
#define TORTURED 3 // of the places: over ssh git compares as over http

static int publishes = 520;

// What one writer did.
struct tally {
    int64_t acknowledged, conflicts, recognised;
};

struct writer {
    int number;
    const char *name; // of its machine
    struct carrier *carrier;
    bool loses_answers, is_open; // is_open: the last answer was lost
    struct tally tally;
};

static int64_t
count_of(const json_t *head, int writer)
{
    return json_integer_value(json_array_get(json_object_get(head, "counts"), (size_t)writer));
}

// The head as JSON; an empty one when there is none. Owned.
static json_t *
head_load(struct carrier *carrier, struct carrier_version *version)
{
    AUTO_BUF text = BUF(CARRIER_HEAD_MAX_BYTES);
    ok(carrier_load(carrier, version, &text, &err));
    json_t *head = text.len > 0 ? json_read(buf_str(&text), "head", &err) : NULL;
    if (head)
        return head;
    json_t *counts = json_array(), *chunks = json_array();
    for (int i = 0; i < WRITERS; i++) {
        json_array_append_new(counts, json_integer(0));
        json_array_append_new(chunks, json_null());
    }
    return json_pack("{s:o, s:o}", "counts", counts, "chunks", chunks);
}

// Puts a chunk of its own, counts one on, and swaps. The writer's name keeps two texts from being equal.
static int
head_advance(struct writer *writer, json_t *head, const struct carrier_version *expect, bool is_control)
{
    struct carrier_hash live[WRITERS];
    struct carrier_version now;
    size_t number = (size_t)writer->number, count = 0;
    int64_t next = count_of(head, writer->number) + 1;
    const char *text = arena_printf(&arena, "chunk %lld of %s", (long long)next, writer->name);
    ok(carrier_put(writer->carrier, str_of(text), &live[0], &err));
    json_array_set_new(json_object_get(head, "counts"), number, json_integer(next));
    json_array_set_new(json_object_get(head, "chunks"), number, json_string(live[0].text));
    json_object_set_new(head, "by", json_string(writer->name));
    const json_t *chunk;
    size_t i;
    json_array_foreach(json_object_get(head, "chunks"), i,
                       chunk) if (json_is_string(chunk) &&
                                  (!is_control || i == number)) // a stale head names what is gone
        memcpy(live[count++].text, json_string_value(chunk), sizeof(live[0].text));
    char *json = json_compact(head);
    int status = carrier_swap(writer->carrier, expect, str_of(json), live, count, &now, &err);
    free(json);
    return status;
}

// What the head says of this writer is what it was told, but for one answer that was lost.
static void
compare(struct writer *writer, const json_t *head)
{
    int64_t standing = count_of(head, writer->number);
    if (writer->is_open && standing == writer->tally.acknowledged + 1) {
        writer->tally.acknowledged++;
        writer->tally.recognised++;
    }
    writer->is_open = false;
    ck_assert_msg(standing == writer->tally.acknowledged, "writer %d: %lld in the head, %lld acknowledged",
                  writer->number, (long long)standing, (long long)writer->tally.acknowledged);
}

static void
publish_once(struct writer *writer, const json_t *first, const struct carrier_version *first_version,
             bool is_control)
{
    struct carrier_version version = first ? *first_version : (struct carrier_version){""};
    AUTO_JSON *head = first ? json_deep_copy(first) : head_load(writer->carrier, &version);
    int64_t before = writer->tally.acknowledged;
    if (!is_control)
        compare(writer, head);
    if (writer->tally.acknowledged > before)
        return;
    if (writer->loses_answers && before % LOSE_EVERY == LOSE_EVERY - 1)
        ok(fs_write(fs_join(&arena, root, "lose-answer"), STR(""), &err));
    if (head_advance(writer, head, &version, is_control) == 0) {
        writer->tally.acknowledged++;
        return;
    }
    ck_assert_msg(err.kind == ERR_CONFLICT || (writer->loses_answers && err.kind == ERR_NET), "%s: %s",
                  err_name(err.kind), err.message);
    writer->is_open = err.kind == ERR_NET;
    writer->tally.conflicts += err.kind == ERR_CONFLICT;
}

// Without the comparison: whatever stands there is replaced.
static int
careless_swap(void *self, const struct carrier_version *expect, struct str head,
              const struct carrier_hash *live, size_t count, struct carrier_version *now, struct err *error)
{
    struct carrier_version standing;
    AUTO_BUF ignored = BUF(CARRIER_HEAD_MAX_BYTES);
    int status;
    (void)expect;
    do
        status = carrier_load(self, &standing, &ignored, error) < 0
                     ? -1
                     : carrier_swap(self, &standing, head, live, count, now, error);
    while (status < 0 && error->kind == ERR_CONFLICT);
    return status;
}

static int
careless_put(void *self, const char *hash, struct str content, struct err *error)
{
    struct carrier_hash same;
    (void)hash;
    return carrier_put(self, content, &same, error);
}

static int
careless_load(void *self, struct carrier_version *version, struct buf *head, struct err *error)
{
    return carrier_load(self, version, head, error);
}

static int
careless_look(void *self, struct carrier_version *version, struct err *error)
{
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    return carrier_load(self, version, &head, error);
}

static void
careless_close(void *self)
{
    carrier_close(self);
}

static const struct carrier_ops careless_ops = {
    .close = careless_close,
    .put = careless_put,
    .load = careless_load,
    .look = careless_look,
    .swap = careless_swap,
};

// One writer: all of them see the same first head before any goes on.
static void
write_all(struct writer *writer, int64_t quota, int ready, int go, bool is_control)
{
    char byte = 'y';
    struct carrier_version version;
    AUTO_JSON *first = head_load(writer->carrier, &version);
    if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
        _exit(1);
    publish_once(writer, first, &version, is_control);
    while (writer->tally.acknowledged < quota)
        publish_once(writer, NULL, NULL, is_control);
}

static void
run_writer(const char *spec, int number, int64_t quota, const int ready[2], const int go[2], int result,
           bool is_control)
{
    struct writer writer = {.number = number, .name = arena_printf(&arena, "writer-%d", number)};
    writer.carrier = machine(spec, writer.name);
    writer.loses_answers = strstr(spec, "http:") != NULL && !is_control;
    if (is_control)
        writer.carrier = carrier_new(&careless_ops, writer.carrier);
    write_all(&writer, quota, ready[1], go[0], is_control);
    carrier_close(writer.carrier);
    if (write(result, &writer.tally, sizeof(writer.tally)) != sizeof(writer.tally))
        _exit(1);
    _exit(0);
}

// Runs all writers and gives what each was told.
static void
run_writers(const char *spec, int64_t quota, bool is_control, struct tally tallies[WRITERS])
{
    int ready[2], go[2], results[WRITERS][2];
    pid_t pids[WRITERS];
    ck_assert(pipe(ready) == 0 && pipe(go) == 0);
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pipe(results[i]), 0);
        fflush(stdout);
        pids[i] = fork();
        if (pids[i] == 0)
            run_writer(spec, i, quota, ready, go, results[i][1], is_control);
        close(results[i][1]);
    }
    char bytes[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq((int)read(ready[0], bytes, 1), 1);
    ck_assert_int_eq((int)write(go[1], bytes, WRITERS), WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        int status;
        ssize_t got = read(results[i][0], &tallies[i], sizeof(tallies[i]));
        waitpid(pids[i], &status, 0);
        ck_assert_msg(status == 0 && got == sizeof(tallies[i]), "writer %d ended with %d", i, status);
        close(results[i][0]);
    }
}

// How many acknowledged publishes the head does not have (or has too often), seen from a fresh machine.
static int64_t
count_lost(const char *spec, const struct tally tallies[WRITERS], bool look_into_chunks)
{
    struct carrier *carrier = machine(spec, "judge");
    struct carrier_version version;
    AUTO_JSON *head = head_load(carrier, &version);
    int64_t lost = 0;
    for (int i = 0; i < WRITERS; i++) {
        int64_t count = count_of(head, i);
        lost += llabs(tallies[i].acknowledged - count);
        if (!look_into_chunks)
            continue;
        AUTO_BUF chunk = BUF(CARRIER_CHUNK_BYTES);
        const json_t *hash = json_array_get(json_object_get(head, "chunks"), (size_t)i);
        ok(carrier_get(carrier, json_string_value(hash), &chunk, &err));
        ck_assert_str_eq(buf_text(&chunk),
                         arena_printf(&arena, "chunk %lld of writer-%d", (long long)count, i));
    }
    carrier_close(carrier);
    return lost;
}

// How many answers the server lost on purpose.
static size_t
answers_lost(void)
{
    AUTO_BUF dots = BUF(1 << 20);
    struct err none;
    return fs_read(fs_join(&arena, root, "lost-answers"), 1 << 20, &dots, &none) == 0 ? dots.len : 0;
}

// `quota` publishes of each writer over one kind of place; gives how many were lost, or -1 when the place is
// missing.
static int64_t
torture(const struct place *place, int64_t quota, bool is_control)
{
    const char *spec = place_begin(place);
    int64_t lost = -1, begin_ns = clock_mono_ns();
    if (spec) {
        struct tally tallies[WRITERS] = {{0}}, sum = {0};
        run_writers(spec, quota, is_control, tallies);
        lost = count_lost(spec, tallies, !is_control);
        for (int i = 0; i < WRITERS; i++) {
            sum.acknowledged += tallies[i].acknowledged;
            sum.conflicts += tallies[i].conflicts;
            sum.recognised += tallies[i].recognised;
        }
        printf("%s%s: %lld publishes by %d writers, %lld conflicts, %zu answers lost, %lld of "
               "them found at the next load, %lld publishes lost, %.1f s\n",
               place->name, is_control ? " without the comparison" : "", (long long)sum.acknowledged, WRITERS,
               (long long)sum.conflicts, answers_lost(), (long long)sum.recognised, (long long)lost,
               (double)(clock_mono_ns() - begin_ns) / 1e9);
    }
    place_end();
    return lost;
}

// Rounded up, so that the shares of all places are at least what was asked for.
static int64_t
quota_of(int share_pct)
{
    return ((int64_t)publishes * share_pct + 100 * WRITERS - 1) / (100 * WRITERS);
}

START_TEST(a_folder_loses_nothing)
{
    ck_assert_int_eq(torture(&places[0], quota_of(80), false), 0);
}
END_TEST

START_TEST(a_repository_on_this_machine_loses_nothing)
{
    ck_assert_int_eq(torture(&places[1], quota_of(10), false), 0);
}
END_TEST

START_TEST(a_repository_over_http_loses_nothing)
{
    ck_assert_int_le(torture(&places[2], quota_of(10), false), 0);
}
END_TEST

START_TEST(without_the_comparison_some_are_lost)
{
    for (size_t i = 0; i < TORTURED; i++)
        ck_assert_int_ne(torture(&places[i], CONTROL_EACH, true), 0);
}
END_TEST

int
main(int argc, char **argv)
{
    int64_t wanted;
    if (argc > 1 && str_to_i64(str_of(argv[1]), &wanted) && wanted > 0 && wanted <= 1000000)
        publishes = (int)wanted;
    Suite *suite = suite_create("crash/torture");
    TCase *tcase = tcase_create("torture");
    tcase_set_timeout(tcase, 120 + publishes);
    tcase_add_test(tcase, a_folder_loses_nothing);
    tcase_add_test(tcase, a_repository_on_this_machine_loses_nothing);
    tcase_add_test(tcase, a_repository_over_http_loses_nothing);
    tcase_add_test(tcase, without_the_comparison_some_are_lost);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
