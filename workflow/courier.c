// SPDX-License-Identifier: Apache-2.0
#include "workflow/courier.h"

#include "base/clock.h"
#include "base/db.h"
#include "base/fs.h"
#include "workflow/inbox.h"
#include "workflow/publication.h"
#include "workflow/server.h"
#include "workflow/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// An errand under way.
struct errand {
    const json_t *request;
    json_t *answer; // borrowed
    struct carrier *carrier;
    struct published base;
    struct arena arena;
};

static const char *
text_of(const struct errand *errand, const char *key)
{
    return json_get_text(errand->request, key, "");
}

// ---- messages

// Brings one message; what is there already was brought before.
static int
bring(struct errand *errand, const char *id, struct err *err)
{
    AUTO_BUF text = BUF(INBOX_MESSAGE_MAX_BYTES);
    if (carrier_message_get(errand->carrier, id, &text, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    const char *folder = inbox_folder(&errand->arena, text_of(errand, "state"));
    if (inbox_put(folder, id, buf_str(&text), err) < 0)
        return err->kind == ERR_CONFLICT ? 0 : -1;
    return 1;
}

// Whether a message was taken into the state.
static int
is_taken(struct db *db, const char *id, struct err *err)
{
    AUTO_JSON *params = json_pack("[s]", id);
    AUTO_JSON *rows = db_rows(db, "SELECT 1 FROM signal WHERE id = ?", params, err);
    return !rows ? -1 : json_array_size(rows) > 0 ? 1 : 0;
}

// Brings what is new. What the state has already is listed in `taken`: it can go once that was published.
static int
bring_messages(struct errand *errand, json_t *taken, struct err *err)
{
    const char **ids;
    size_t count;
    int64_t brought = 0;
    const char *state = text_of(errand, "state");
    if (carrier_message_list(errand->carrier, &errand->arena, &ids, &count, err) < 0)
        return -1;
    struct db *db = count > 0 && fs_exists(state) ? db_open(state, DB_READ, err) : NULL;
    if (count > 0 && fs_exists(state) && !db)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        int there = db ? is_taken(db, ids[i], err) : 0;
        if (there > 0)
            json_array_append_new(taken, json_string(ids[i]));
        int got = there == 0 ? bring(errand, ids[i], err) : there;
        brought += there == 0 && got > 0;
        result = got < 0 ? -1 : 0;
    }
    db_close(db);
    json_object_set_new(errand->answer, "messages", json_integer(brought));
    return result;
}

static int
drop_messages(struct errand *errand, const json_t *taken, struct err *err)
{
    size_t i;
    json_t *id;
    json_array_foreach((json_t *)(uintptr_t)taken, i, id)
    {
        if (carrier_message_drop(errand->carrier, json_string_value(id), err) < 0)
            return -1;
    }
    return 0;
}

// ---- errands

// A state that somebody else went on from is kept beside the newest one.
static int
set_aside(struct errand *errand, struct err *err)
{
    const char *state = text_of(errand, "state");
    char *aside =
        arena_printf(&errand->arena, "%s.stale-%lld", state, (long long)(clock_wall_ns() / CLOCK_S_NS));
    // The last one to close a state leaves nothing of it in its log.
    struct db *db = db_open(state, DB_WRITE, err);
    if (!db)
        return -1;
    db_close(db);
    if (rename(state, aside) < 0)
        return err_sys(err, ERR_IO, "moving %s aside", state);
    json_set_text(errand->answer, "stale", aside);
    return 0;
}

// The last event of a state: 1 with its number and hash, 0 without events, -1.
static int
last_event(const char *state, int64_t *seq, char hash[65], struct err *err)
{
    struct db *db = db_open(state, DB_READ, err);
    AUTO_JSON *rows =
        db ? db_rows(db, "SELECT seq, hex(hash) AS hash FROM event ORDER BY seq DESC LIMIT 1", NULL, err)
           : NULL;
    db_close(db);
    const json_t *row = json_array_get(rows, 0);
    *seq = json_get_int(row, "seq", 0);
    snprintf(hash, 65, "%s", json_get_text(row, "hash", ""));
    return !rows ? -1 : row ? 1 : 0;
}

// A state that was set aside and holds nothing that the newest one lacks is of no use.
static void
drop_ancestor(struct errand *errand)
{
    const char *aside = json_get_text(errand->answer, "stale", NULL);
    int64_t seq;
    char hash[65];
    struct err ignored;
    if (!aside || last_event(aside, &seq, hash, &ignored) <= 0)
        return;
    struct db *db = db_open(text_of(errand, "state"), DB_READ, &ignored);
    AUTO_JSON *params = json_pack("[Is]", (json_int_t)seq, hash);
    AUTO_JSON *rows =
        db ? db_rows(db, "SELECT 1 FROM event WHERE seq = ? AND hex(hash) = ?", params, &ignored) : NULL;
    db_close(db);
    if (json_array_size(rows) == 0 || fs_remove_tree(aside, &ignored) < 0)
        return;
    json_object_del(errand->answer, "stale");
}

static bool
is_ours(const struct errand *errand, const struct head *head, const struct published *now)
{
    const struct published *base = &errand->base;
    if (base->version.text[0] && strcmp(base->version.text, now->version.text) == 0)
        return true;
    for (size_t i = 0; i < base->open_count; i++)
        if (head_is_write(head, base->open[i]))
            return true;
    // A courier that was killed with its supervisor may have published without a word: only this state has
    // this owner.
    return strcmp(head->lineage, base->lineage) == 0 && *head->owner &&
           strcmp(head->owner, text_of(errand, "owner")) == 0;
}

// What becomes of the state that is here when one was published: it is the newest, or it steps aside.
static int
settle_local(struct errand *errand, const struct head *head, const struct published *now, bool *keep,
             struct err *err)
{
    *keep = is_ours(errand, head, now);
    if (*keep)
        return 0;
    if (!errand->base.version.text[0] || strcmp(errand->base.lineage, head->lineage) != 0)
        return err_set(err, ERR_CONFLICT,
                       "%s is another state than the one published in %s; move one of them away",
                       text_of(errand, "state"), text_of(errand, "carrier"));
    return set_aside(errand, err);
}

static int
check_held(const struct errand *errand, const struct head *head, struct err *err)
{
    char until[32];
    if (json_get_bool(errand->request, "take_over", false) ||
        !head_is_held(head, text_of(errand, "owner"), clock_wall_ns()))
        return 0;
    clock_iso8601(head->until_ns, until);
    return err_set(
        err, ERR_LOCKED,
        "another machine (%s) works on the state in %s until %s or until it ends; --take-over takes it "
        "at once",
        head->owner, text_of(errand, "carrier"), until);
}

static int
do_fetch(struct errand *errand, struct err *err)
{
    struct head head;
    struct published now;
    int found = publication_look(errand->carrier, &errand->arena, &head, &now, err);
    if (found < 0)
        return -1;
    bool keep = json_get_bool(errand->request, "have", false);
    json_object_set_new(errand->answer, "found", json_boolean(found));
    if (found > 0 &&
        (check_held(errand, &head, err) < 0 || (keep && settle_local(errand, &head, &now, &keep, err) < 0)))
        return -1;
    if (found == 0 && errand->base.version.text[0])
        return err_set(err, ERR_CONFLICT, "%s has no state any more though this machine published one there",
                       text_of(errand, "carrier"));
    bool fetch = found > 0 && !keep;
    if (fetch && publication_fetch(errand->carrier, text_of(errand, "state"), false, &head, &now, err) < 0)
        return -1;
    drop_ancestor(errand);
    json_object_set_new(errand->answer, "fetched", json_boolean(fetch));
    errand->base = now;
    AUTO_JSON *taken = json_array();
    return bring_messages(errand, taken, err);
}

// A head that names this state's owner was put there by a courier of ours that was killed before it could say
// so.
static int
find_own(struct errand *errand, bool *own, struct err *err)
{
    struct head head;
    struct published now;
    int found = publication_look(errand->carrier, &errand->arena, &head, &now, err);
    *own = found > 0 && is_ours(errand, &head, &now);
    if (*own)
        errand->base = now;
    return found < 0 ? -1 : 0;
}

static int
make(struct errand *errand, const struct publication *what, struct publication_cost *cost, struct err *err)
{
    struct err other;
    bool own = false;
    if (publication_make(errand->carrier, what, &errand->base, cost, err) == 0)
        return 0;
    if (err->kind != ERR_CONFLICT || find_own(errand, &own, &other) < 0 || !own)
        return -1;
    return publication_make(errand->carrier, what, &errand->base, cost, err);
}

static int
do_publish(struct errand *errand, struct err *err)
{
    bool give_up = json_get_bool(errand->request, "give_up", false);
    struct publication what = {
        .state_path = text_of(errand, "state"),
        .lineage = text_of(errand, "lineage"),
        .owner = give_up ? "" : text_of(errand, "owner"),
        .until_ns = give_up ? 0 : json_get_int(errand->request, "until_ns", 0),
    };
    struct publication_cost cost = {0};
    AUTO_JSON *taken = json_array();
    if (bring_messages(errand, taken, err) < 0 || (make(errand, &what, &cost, err) < 0))
        return -1;
    json_object_set_new(errand->answer, "chunks", json_integer((json_int_t)cost.chunks));
    json_object_set_new(errand->answer, "uploaded", json_integer((json_int_t)cost.uploaded));
    json_object_set_new(errand->answer, "uploaded_bytes", json_integer(cost.uploaded_bytes));
    // They are known by their ids: one that stays is brought again and changes nothing.
    struct err ignored;
    (void)!drop_messages(errand, taken, &ignored);
    return 0;
}

static int
run(struct errand *errand, struct err *err)
{
    struct carrier_options options = {
        .folder = text_of(errand, "repository"), .cache = text_of(errand, "cache"), .host = host_real()};
    if (published_read(json_object_get(errand->request, "published"), &errand->base, err) < 0)
        return -1;
    errand->carrier = carrier_open(text_of(errand, "carrier"), &options, err);
    if (!errand->carrier)
        return -1;
    int result =
        strcmp(text_of(errand, "do"), "fetch") == 0 ? do_fetch(errand, err) : do_publish(errand, err);
    carrier_close(errand->carrier);
    return result;
}

// What was open or published is told with an error too: the next try builds on it.
static json_t *
answer(const json_t *request)
{
    struct err problem;
    AUTO_JSON *made = json_object();
    struct errand errand = {.request = request, .answer = made};
    int result = run(&errand, &problem);
    if (result < 0) {
        AUTO_JSON *error = server_error(&problem);
        json_object_update(made, error);
    }
    json_object_set_new(made, "published", published_json(&errand.base));
    arena_release(&errand.arena);
    return json_incref(made);
}

int
courier_process_main(int fd)
{
    struct wire wire;
    struct err err;
    AUTO_FRAME request = {0};
    int result = -1;
    wire_init(&wire, fd);
    // It ends with its supervisor, also with one that was gone before it could say so.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
        wire_wait(&wire, &request, &err) == 0 &&
        getppid() == (pid_t)json_get_int(request.json, "supervisor", -1)) {
        AUTO_JSON *made = answer(request.json);
        result = wire_put(&wire, made, STR(""), &err) < 0 ? -1 : wire_flush(&wire, &err);
    }
    wire_release(&wire);
    return result < 0 ? 1 : 0;
}
