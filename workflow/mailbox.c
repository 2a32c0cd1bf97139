// SPDX-License-Identifier: Apache-2.0
#include "workflow/crew.h"

#include "base/fs.h"
#include "workflow/scheduler.h"
#include "workflow/signal.h"
#include "workflow/wait.h"

#include <sys/inotify.h>
#include <unistd.h>

static void
on_inbox(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    char names[4096] __attribute__((aligned(8)));
    (void)events;
    while (read(fd, names, sizeof(names)) > 0)
        s->inbox_new = true;
}

int
mailbox_open(struct supervisor *s, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *folder = inbox_folder(&arena, s->given->state_path);
    s->inbox_new = true;
    if (fs_mkdirs(folder, err) < 0)
        return -1;
    s->inbox_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (s->inbox_fd < 0 || inotify_add_watch(s->inbox_fd, folder, IN_CREATE | IN_MOVED_TO) < 0)
        return err_sys(err, ERR_IO, "watching %s", folder);
    return loop_watch_fd(s->loop, s->inbox_fd, EPOLLIN, on_inbox, s, err);
}

// Takes what came, and does what it asks for.
int
mailbox_take(struct supervisor *s, struct arena *arena, const char ***ids, size_t *count, struct err *err)
{
    struct state *state = s->given->state;
    *count = 0;
    if (!s->inbox_new)
        return 0;
    s->inbox_new = false;
    if (signal_take_inbox(state, s->given->state_path, arena, ids, count, err) < 0 ||
        run_cancel_others(state, s->given->run, err) < 0)
        return -1;
    const char **by = &s->given->cancelled_by;
    int wanted = signal_wants_cancel(state, s->given->run->id, s->given->schedule->arena, by, err);
    if (wanted > 0 && !s->cancelled) {
        s->cancelled = true;
        crew_stop(s, SIGTERM);
    }
    return wanted < 0 ? -1 : 0;
}

// Ends steps that waited for longer than they may.
static int
expire(struct supervisor *s, struct err *err)
{
    AUTO_JSON *expired = json_array();
    schedule_expire(s->given->schedule, supervisor_wall(s), expired);
    size_t i;
    json_t *key;
    json_array_foreach(expired, i, key)
    {
        if (wait_expire(s->given->state, s->given->run, json_string_value(key), err) < 0)
            return -1;
    }
    return 0;
}

// Settles waits and wakes their steps.
int
mailbox_settle(struct supervisor *s, struct err *err)
{
    s->wait_ns = INT64_MAX;
    if (!schedule_any_waits(s->given->schedule))
        return 0;
    AUTO_JSON *ended = json_array(), *open = wait_settle(s->given->state, s->given->run, ended, err);
    if (!open)
        return -1;
    schedule_wake(s->given->schedule, open, ended);
    if (expire(s, err) < 0)
        return -1;
    int64_t due_ns = wait_rows_due_ns(open), close_ns = schedule_close_ns(s->given->schedule);
    s->wait_ns = due_ns < close_ns ? due_ns : close_ns;
    return 0;
}
