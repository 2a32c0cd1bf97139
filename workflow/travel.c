// SPDX-License-Identifier: Apache-2.0
#include "workflow/travel.h"

#include "base/clock.h"
#include "base/fs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD_MAX_BYTES ((size_t)64 << 10)
#define FETCH_PATIENCE_NS (600 * CLOCK_S_NS)

// A name that a person can find the machine by, and that nobody else has.
static int
draw_owner(char owner[80], struct err *err)
{
    char host[40] = "";
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return err_sys(err, ERR_IO, "getrandom");
    (void)gethostname(host, sizeof(host) - 1);
    snprintf(owner, 80, "%.39s-%016llx", *host ? host : "machine", (unsigned long long)random);
    return 0;
}

static int
save(const struct travel *travel, struct err *err)
{
    AUTO_JSON *json = json_pack("{s:s, s:O}", "owner", travel->owner, "published", travel->published);
    char *text = json_compact(json);
    int result = fs_write(travel->record, str_of(text), err);
    free(text);
    return result;
}

static int
load(struct travel *travel, struct err *err)
{
    AUTO_BUF text = BUF(RECORD_MAX_BYTES);
    travel->published = json_null();
    if (!fs_exists(travel->record))
        return draw_owner(travel->owner, err) < 0 ? -1 : save(travel, err);
    if (fs_read(travel->record, RECORD_MAX_BYTES, &text, err) < 0)
        return -1;
    AUTO_JSON *json = json_read(buf_str(&text), travel->record, err);
    const char *owner = json_get_text(json, "owner", "");
    if (!json)
        return -1;
    if (!*owner || strlen(owner) >= sizeof(travel->owner))
        return err_set(err, ERR_PARSE, "%s: no owner in it", travel->record);
    memcpy(travel->owner, owner, strlen(owner) + 1);
    json_t *published = json_object_get(json, "published");
    travel->published = published ? json_incref(published) : json_null();
    return 0;
}

int
travel_open(struct travel *travel, struct arena *arena, const struct travel_options *options, struct err *err)
{
    static const char *const usual[] = {"atoll", "courier-process", NULL};
    *travel = (struct travel){0};
    if (!options->carrier || !*options->carrier)
        return 0;
    *travel = (struct travel){
        .carrier = options->carrier,
        .repository = options->repository,
        .state_path = options->state_path,
        .record = arena_printf(arena, "%s.travel", options->state_path),
        .cache = arena_printf(arena, "%s.carrier", options->state_path),
        .self_path = options->self_path,
        .argv = options->courier_argv ? options->courier_argv : usual,
        .every_ns = options->every_ns,
        .lease_ns = options->lease_ns,
    };
    return load(travel, err);
}

void
travel_release(struct travel *travel)
{
    json_drop(&travel->published);
}

// ---- couriers

static json_t *
request_of(const struct travel *travel, const char *what)
{
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "supervisor", (int)getpid(), "do", what,
                     "carrier", travel->carrier, "repository", travel->repository, "cache", travel->cache,
                     "state", travel->state_path, "owner", travel->owner, "published", travel->published);
}

// Takes `request`.
static struct worker *
send_courier(const struct travel *travel, json_t *request, struct err *err)
{
    AUTO_JSON *held = request;
    if (held)
        return worker_start(travel->self_path, travel->argv, NULL, held, err);
    err_set(err, ERR_INTERNAL, "a text for the courier is not UTF-8");
    return NULL;
}

static void
ignore_line(void *context, struct worker *worker, const char *line)
{
    (void)context, (void)worker, (void)line;
}

// Waits for the end of a courier, at most that long.
static void
await(struct worker *courier, int64_t patience_ns)
{
    int64_t end_ns = clock_mono_ns() + patience_ns;
    while (!courier->ended) {
        struct pollfd fds[] = {{courier->wire.fd, POLLIN, 0}, {courier->output_fd, POLLIN, 0}};
        struct err ignored;
        (void)!wire_flush(&courier->wire, &ignored);
        (void)poll(fds, 2, 20);
        worker_read(courier);
        (void)worker_read_output(courier, ignore_line, NULL);
        if (clock_mono_ns() > end_ns)
            worker_signal(courier, SIGKILL);
        courier->ended = waitpid(courier->pid, &courier->wait_status, WNOHANG) == courier->pid;
    }
    worker_read(courier);
}

// The answer of a courier that ended; borrowed. NULL when it gave none.
static const json_t *
answer_of(const struct worker *courier, struct err *err)
{
    if (courier->calls.count > 0)
        return courier->calls.items[0].json;
    err_set(err, ERR_NET, "the courier of the state ended without an answer");
    return NULL;
}

// Keeps what it says was published; -1 with its error.
static int
learn(struct travel *travel, const json_t *answer, struct err *err)
{
    json_t *published = json_object_get(answer, "published");
    if (published) {
        json_decref(travel->published);
        travel->published = json_incref(published);
        if (save(travel, err) < 0)
            return -1;
    }
    const json_t *error = json_object_get(answer, "error");
    if (!error)
        return 0;
    return err_set(err, err_kind_of(json_get_text(error, "kind", "")), "%s",
                   json_get_text(error, "message", ""));
}

int
travel_fetch(struct travel *travel, struct arena *arena, bool take_over, const char **stale, struct err *err)
{
    *stale = NULL;
    if (!travel->carrier)
        return 0;
    json_t *request = request_of(travel, "fetch");
    json_object_set_new(request, "have", json_boolean(fs_exists(travel->state_path)));
    json_object_set_new(request, "take_over", json_boolean(take_over));
    struct worker *courier = send_courier(travel, request, err);
    if (!courier)
        return -1;
    await(courier, FETCH_PATIENCE_NS);
    const json_t *answer = answer_of(courier, err);
    const char *aside = json_get_text(answer, "stale", NULL);
    *stale = aside ? arena_dup(arena, aside) : NULL;
    int result = answer ? learn(travel, answer, err) : -1;
    worker_free(courier);
    return result;
}

static struct worker *
start_publishing(struct travel *travel, int64_t until_ns, bool give_up, struct err *err)
{
    json_t *request = request_of(travel, "publish");
    json_object_set_new(request, "lineage", json_string(travel->lineage));
    json_object_set_new(request, "until_ns", json_integer(until_ns));
    json_object_set_new(request, "give_up", json_boolean(give_up));
    return send_courier(travel, request, err);
}

struct worker *
travel_start(struct travel *travel, int64_t now_ns, int64_t *until_ns, struct err *err)
{
    *until_ns = now_ns + travel->lease_ns;
    return start_publishing(travel, *until_ns, false, err);
}

int
travel_finish(struct travel *travel, struct worker *courier, int64_t until_ns, struct err *err)
{
    const json_t *answer = answer_of(courier, err);
    int result = answer ? learn(travel, answer, err) : -1;
    if (result == 0)
        travel->until_ns = until_ns;
    worker_free(courier);
    return result;
}

int
travel_publish(struct travel *travel, int64_t now_ns, bool give_up, int64_t patience_ns, struct err *err)
{
    if (!travel->carrier)
        return 0;
    int64_t until_ns = now_ns + travel->lease_ns;
    struct worker *courier = start_publishing(travel, until_ns, give_up, err);
    if (!courier)
        return -1;
    await(courier, patience_ns);
    return travel_finish(travel, courier, until_ns, err);
}
