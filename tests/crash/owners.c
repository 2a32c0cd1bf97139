// SPDX-License-Identifier: Apache-2.0
// Two supervisors want one state. On one machine the second is refused. Where the lock does not reach
// (another machine; here its file is taken away) the second takes the run over, and the first has to stop at
// the next thing that it wants to write, whatever that is.
#include "base/buf.h"
#include "base/fs.h"
#include "tests/crash/sweep.h"
#include "workflow/engine.h"
#include "workflow/inbox.h"
#include "workflow/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define PATIENCE_MS 60000
#define TURN_MS 10000

static bool
wait_until_held(struct story *story)
{
    const char *held = fs_join(&story->arena, story->outside, "held");
    for (int i = 0; i < PATIENCE_MS && !fs_exists(held); i++)
        usleep(1000);
    return fs_exists(held);
}

static void
release(struct story *story)
{
    struct err err;
    if (fs_write(fs_join(&story->arena, story->outside, "release"), STR("go\n"), &err) < 0)
        abort();
}

// Whether a life said that.
static bool
said(struct story *story, const char *errors, const char *what)
{
    AUTO_BUF text = BUF((size_t)1 << 20);
    struct err err;
    if (fs_read(fs_join(&story->arena, story->folder, errors), (size_t)1 << 20, &text, &err) < 0)
        abort();
    if (str_find(buf_str(&text), str_of(what)) >= 0)
        return true;
    fprintf(stderr, "# %s: \"%s\" is not in %s: %s\n", story->folder, what, errors, buf_text(&text));
    return false;
}

// Events that an owner of an earlier epoch wrote after a later one had the run.
static bool
epochs_in_order(struct story *story)
{
    struct err err;
    AUTO_JSON *rows =
        state_query(story->state,
                    "SELECT type FROM (SELECT type, epoch, max(epoch) OVER (PARTITION BY run ORDER BY seq) AS"
                    " highest FROM event) WHERE epoch < highest",
                    NULL, &err);
    if (rows && json_array_size(rows) == 0)
        return true;
    fprintf(stderr, "# %s: a stale owner wrote: %s\n", story->folder,
            rows ? json_get_text(json_array_get(rows, 0), "type", "?") : err.message);
    return false;
}

static void
open_held(struct sweep *sweep, struct story *story, const char *name, uint32_t hold)
{
    *story = sweep_story(sweep);
    sweep_clear(sweep);
    story_open(story, sweep->base, name);
    story->control->hold = hold;
}

static void
judge(struct sweep *sweep, struct story *story, bool good, const char *what)
{
    const struct tally *t = sweep->tally;
    bool well = good && !story->wrong && t->stories == 1;
    story->wrong = !well;
    sweep_say(sweep, well, "owners: %s", what);
    story_close(story);
}

static void
second_is_refused(struct sweep *sweep)
{
    struct story story;
    open_held(sweep, &story, "rivals", CONTROL_HOLD);
    pid_t first = story_start(&story, "run", "errors");
    bool good = wait_until_held(&story);
    good = story_wait(&story, story_start(&story, "run", "second")) == 1 && good;
    good = said(&story, "second", "is held by process") && good;
    release(&story);
    good = story_wait(&story, first) == 10 && good;
    story_check(&story);
    story_finish(&story);
    judge(sweep, &story, good, "a second supervisor is refused, and the first goes on as if alone");
}

// Whether it ended, within as long as a turn of an owner may take; it stays to be waited for.
static bool
ends_soon(pid_t pid)
{
    siginfo_t info = {0};
    for (int i = 0; i < TURN_MS; i++) {
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid)
            return info.si_pid == pid;
        usleep(1000);
    }
    return false;
}

// A message in the inbox is for the owner: the stale one that hears of it first has to leave it there.
static bool
leaves_message(struct story *story, pid_t stale)
{
    struct err err;
    const char *folder = inbox_folder(&story->arena, story->state), *run;
    AUTO_JSON *status = engine_status(story->state, NULL, &err);
    run = json_get_text(status, "run", "");
    struct message message = {.kind = "signal", .run = run, .name = "aside", .sender = "test"};
    const struct secrets none = {0};
    char id[27], *text = message_seal(&message, host_real(), &none, id, &err);
    if (!text || inbox_put(folder, id, str_of(text), &err) < 0)
        abort();
    free(text);
    bool ended = ends_soon(stale);
    bool there = fs_exists(arena_printf(&story->arena, "%s/%s.json", folder, id));
    if (!ended || !there)
        fprintf(stderr, "# %s: the stale owner %s and the message %s\n", story->folder,
                ended ? "ended" : "went on", there ? "is there" : "is gone");
    release(story);
    return ended && there;
}

// How the stale owner comes to want something.
enum nudge { NUDGE_RELEASE, NUDGE_STOP, NUDGE_MESSAGE };

// The first is held, the second takes the run over, then the first is nudged.
static void
first_is_stale(struct sweep *sweep, const char *name, uint32_t hold, enum nudge nudge, const char *what)
{
    struct story story;
    struct err err;
    open_held(sweep, &story, name, hold);
    pid_t first = story_start(&story, "run", "first");
    bool good = wait_until_held(&story);
    const char *lock = arena_printf(&story.arena, "%s.lock", story.state);
    good = fs_remove_tree(lock, &err) == 0 && good;
    good = story_wait(&story, story_start(&story, "run", "errors")) == 10 && good;
    if (nudge == NUDGE_STOP)
        kill(first, SIGTERM);
    else if (nudge == NUDGE_RELEASE)
        release(&story);
    else
        good = leaves_message(&story, first) && good;
    good = story_wait(&story, first) == 1 && good;
    good = said(&story, "first", "was taken over") && good;
    good = epochs_in_order(&story) && good;
    story_check(&story);
    story_finish(&story);
    judge(sweep, &story, good, what);
}

void
owners_test(struct sweep *sweep)
{
    struct control reference;
    sweep_reference(sweep, &reference);
    second_is_refused(sweep);
    first_is_stale(sweep, "stale-commit", CONTROL_HOLD, NUDGE_RELEASE,
                   "a stale supervisor can't commit an activity");
    first_is_stale(sweep, "stale-warning", CONTROL_HOLD_THEN_WARN, NUDGE_RELEASE,
                   "a stale supervisor can't keep a warning");
    first_is_stale(sweep, "stale-failure", CONTROL_HOLD_THEN_FAIL, NUDGE_RELEASE,
                   "a stale supervisor can't record a failure");
    first_is_stale(sweep, "stale-stop", CONTROL_HOLD, NUDGE_STOP,
                   "a stale supervisor that is stopped leaves no trace");
    first_is_stale(sweep, "stale-message", CONTROL_HOLD, NUDGE_MESSAGE,
                   "a stale supervisor leaves a message to the owner");
}
