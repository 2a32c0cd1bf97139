// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/story.h"

#include "base/buf.h"
#include "base/fs.h"
#include "workflow/engine.h"
#include "workflow/state.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#define LIVES_MAX 40
#define WAITS_MAX 3 // lives that wait although the signal was sent
#define LIFE_MAX_S 60
#define LOG_MAX_BYTES ((size_t)1 << 20)
#define EXIT_WAITS 10

static void
stop(const char *what)
{
    perror(what);
    abort();
}

static void
complain(struct story *story, uint64_t *counter, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
    story->wrong = true;
    if (story->loud)
        fprintf(stderr, "# %s: %s\n", story->folder, text);
}

static struct control *
make_control(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, sizeof(struct control)) < 0)
        stop(path);
    close(fd);
    struct control *control = control_open(path);
    if (!control)
        stop(path);
    return control;
}

void
story_open(struct story *story, const char *base, const char *name)
{
    struct err err;
    story->folder = fs_join(&story->arena, base, name);
    story->outside = fs_join(&story->arena, story->folder, "outside");
    story->state = fs_join(&story->arena, story->folder, "repo/.atoll/state/state.db");
    if (fs_remove_tree(story->folder, &err) < 0 ||
        fs_mkdirs(fs_join(&story->arena, story->outside, "server"), &err) < 0 ||
        fs_mkdirs(fs_join(&story->arena, story->folder, "repo"), &err) < 0)
        stop(story->folder);
    story->control = make_control(fs_join(&story->arena, story->folder, "control"));
    story->control->parallel = 1;
    snprintf(story->control->hits, sizeof(story->control->hits), "%s/hits", story->folder);
    story->committed = json_object();
    __atomic_add_fetch(&story->tally->stories, 1, __ATOMIC_RELAXED);
}

void
story_close(struct story *story)
{
    struct err ignored;
    munmap(story->control, sizeof(*story->control));
    if (!story->wrong || !story->loud)
        (void)!fs_remove_tree(story->folder, &ignored);
    json_decref(story->committed);
    arena_release(&story->arena);
}

// ---- a life

static void
become(struct story *story, const char *what, const char *errors_name)
{
    const char *control = fs_join(&story->arena, story->folder, "control");
    int fd = open(fs_join(&story->arena, story->folder, errors_name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (fd < 0 || dup2(fd, 2) < 0 || setenv(CONTROL_VARIABLE, control, 1) < 0 ||
        (story->shim && setenv("LD_PRELOAD", story->shim, 1) < 0) || chdir("/") < 0)
        _exit(126);
    execl(story->program, "pipeline", what, story->folder, (char *)NULL);
    _exit(127);
}

// Waits for a process, or (pid 0) until all are gone: orphans are ours, as we are their reaper. False after a
// minute.
static bool
wait_for(pid_t pid, int *status)
{
    struct timespec patience = {.tv_sec = LIFE_MAX_S};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        int ended_status;
        pid_t ended = waitpid(pid ? pid : -1, &ended_status, WNOHANG);
        if (pid && ended == pid) {
            *status = ended_status;
            return true;
        }
        if (ended < 0 && errno == ECHILD)
            return true;
        if (ended == 0 && sigtimedwait(&child, NULL, &patience) < 0 && errno == EAGAIN)
            return false;
    }
}

pid_t
story_start(struct story *story, const char *what, const char *errors)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    pid_t pid = fork();
    if (pid < 0)
        stop("fork");
    if (pid == 0)
        become(story, what, errors);
    __atomic_add_fetch(&story->tally->lives, 1, __ATOMIC_RELAXED);
    return pid;
}

int
story_wait(struct story *story, pid_t pid)
{
    int status = 0;
    if (!wait_for(pid, &status)) {
        complain(story, &story->tally->unended, "a life does not end");
        kill(pid, SIGKILL);
        (void)!wait_for(pid, &status);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
story_live(struct story *story, const char *what)
{
    int code = story_wait(story, story_start(story, what, "errors")), status;
    if (!wait_for(0, &status))
        complain(story, &story->tally->unended, "a process outlives its supervisor");
    return code;
}

// ---- what happened

static void
read_log(struct story *story, struct buf *log)
{
    struct err err;
    const char *path = fs_join(&story->arena, story->outside, "log");
    if (fs_exists(path) && fs_read(path, LOG_MAX_BYTES, log, &err) < 0)
        stop(path);
}

static int
count_lines(struct str log, const char *word, const char *key)
{
    char line[512];
    snprintf(line, sizeof(line), "%s %s", word, key);
    int count = 0;
    while (log.len > 0)
        count += str_is(str_cut(&log, '\n'), line);
    return count;
}

// How often a committed thing was executed, as the world says.
static int
executions(struct str log, const char *line)
{
    return strchr(line, ' ') ? count_lines(log, "ran", line) : -1;
}

static json_t *
rows_of(struct story *story, const char *sql)
{
    struct err err;
    json_t *rows = state_query(story->state, sql, NULL, &err);
    if (!rows)
        complain(story, &story->tally->unverified, "%s", err.message);
    return rows;
}

// {"STEP square KEY" or "EFFECT": true}
static json_t *
committed_now(struct story *story)
{
    AUTO_JSON *rows = rows_of(
        story, "SELECT step || ' ' || name || ' ' || key AS line FROM activity WHERE committed_ns IS NOT"
               " NULL UNION ALL SELECT key FROM effect WHERE status = 'confirmed'");
    json_t *found = json_object();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) json_object_set_new(found, json_get_text(row, "line", ""), json_true());
    return found;
}

static void
check_remembered(struct story *story, const json_t *now, struct str log)
{
    const char *line;
    json_t *before;
    json_object_foreach(story->committed, line, before)
    {
        if (!json_object_get(now, line))
            complain(story, &story->tally->lost, "%s was committed and is not any more", line);
        else if (json_integer_value(before) != executions(log, line))
            complain(story, &story->tally->repeated, "%s was committed and was executed again", line);
    }
    json_object_foreach((json_t *)now, line, before)
    {
        int count = executions(log, line);
        if (count == 0)
            complain(story, &story->tally->lost, "%s is committed and was never executed", line);
        json_object_set_new(story->committed, line, json_integer(count));
    }
}

// What a step saw acknowledged has to be there.
static void
check_acknowledged(struct story *story, const json_t *now, struct str log)
{
    while (log.len > 0) {
        struct str line = str_cut(&log, '\n');
        struct str word = str_cut(&line, ' ');
        if (str_is(word, "early"))
            complain(story, &story->tally->early, "a timer fired early");
        if (!str_is(word, "acknowledged") && !str_is(word, "confirmed"))
            continue;
        const char *key = arena_str(&story->arena, line);
        if (!json_object_get(now, key))
            complain(story, &story->tally->lost, "%s was acknowledged and is not committed", key);
    }
}

// A state that was cut down before its tables were made is no state yet, as long as nothing was acknowledged.
static bool
is_born(struct story *story, struct str log)
{
    struct err err;
    if (log.len > 0 || json_object_size(story->committed) > 0)
        return true;
    // Its very first write may have been cut: a reader can't roll that back, only the next life can.
    if (!fs_exists(story->state) || fs_exists(arena_printf(&story->arena, "%s-journal", story->state)))
        return false;
    AUTO_JSON *rows = state_query(story->state, "SELECT 1 FROM run", NULL, &err);
    return rows || err.kind == ERR_IO;
}

void
story_check(struct story *story)
{
    AUTO_BUF log = BUF(LOG_MAX_BYTES);
    struct err err;
    read_log(story, &log);
    if (!is_born(story, buf_str(&log)))
        return;
    if (state_verify(story->state, &err) < 0)
        complain(story, &story->tally->unverified, "%s", err.message);
    AUTO_JSON *now = committed_now(story);
    check_remembered(story, now, buf_str(&log));
    check_acknowledged(story, now, buf_str(&log));
}

// ---- the end

const char *
story_end(struct story *story)
{
    AUTO_JSON *steps = rows_of(story, "SELECT key, status, outputs FROM step ORDER BY key");
    AUTO_JSON *rows = rows_of(story, "SELECT step, number FROM square ORDER BY step, number");
    AUTO_JSON *blobs = rows_of(story, "SELECT hash FROM blob ORDER BY hash");
    AUTO_JSON *activities =
        rows_of(story, "SELECT step, name, key, result FROM activity ORDER BY step, name, key");
    AUTO_JSON *effects = rows_of(story, "SELECT key, status, result FROM effect ORDER BY key");
    AUTO_JSON *runs = rows_of(story, "SELECT status FROM run");
    AUTO_JSON *waits = rows_of(story, "SELECT step, status FROM wait ORDER BY step");
    AUTO_JSON *all =
        json_pack("[O?, O?, O?, O?, O?, O?, O?]", steps, rows, blobs, activities, effects, runs, waits);
    char *text = json_compact(all);
    const char *kept = arena_dup(&story->arena, text);
    free(text);
    return kept;
}

static void
check_effects(struct story *story)
{
    static const char *const keys[] = {"push-0", "push-1", "flag-0", "end-0", "end-1"};
    const char *server = fs_join(&story->arena, story->outside, "server");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        bool once = fs_exists(arena_printf(&story->arena, "%s/%s.1", server, keys[i]));
        bool twice = fs_exists(arena_printf(&story->arena, "%s/%s.2", server, keys[i]));
        if (!once || twice)
            complain(story, &story->tally->doubled, "effect %s took place %s", keys[i],
                     once ? "twice" : "never");
    }
}

// Whether a line names the story's folder, a file in it, or a folder above it.
static bool
names_file(const struct story *story, struct str line)
{
    for (ptrdiff_t at; (at = str_find(line, STR(" /"))) >= 0;) {
        line = str_from(line, (size_t)at + 1);
        struct str rest = line, path = str_cut(&rest, ':'), folder = str_of(story->folder);
        if (str_starts(path, folder) || str_starts(folder, path))
            return true;
    }
    return false;
}

// A life that failed says in one line why, and which file.
static void
check_error(struct story *story)
{
    AUTO_BUF text = BUF(LOG_MAX_BYTES);
    struct err err;
    if (fs_read(fs_join(&story->arena, story->folder, "errors"), LOG_MAX_BYTES, &text, &err) < 0)
        stop("errors");
    struct str rest = buf_str(&text), line = str_cut(&rest, '\n');
    __atomic_add_fetch(&story->tally->refused, 1, __ATOMIC_RELAXED);
    if (rest.len > 0 || !names_file(story, line))
        complain(story, &story->tally->unclear, "not one line that names a file: %s", buf_text(&text));
}

// Also a life that was ended right after the run: the next one would begin another run.
static bool
has_succeeded(const struct story *story)
{
    struct err ignored;
    AUTO_JSON *rows =
        fs_exists(story->state)
            ? state_query(story->state, "SELECT 1 FROM run WHERE status = 'succeeded'", NULL, &ignored)
            : NULL;
    return json_array_size(rows) > 0;
}

static void
live_once(struct story *story, int *code)
{
    *code = story_live(story, "run");
    if (*code == 1)
        check_error(story);
    story_check(story);
    if (has_succeeded(story))
        *code = 0;
    if (*code != EXIT_WAITS || story->sent)
        return;
    int sent = story_live(story, "send");
    if (sent == 1)
        check_error(story);
    story_check(story);
    story->sent = sent == 0;
    story->control->linger_ms = story->sent ? 5000 : 0;
}

void
story_finish(struct story *story)
{
    int code = 1;
    int waits = 0;
    for (int i = 0; i < LIVES_MAX && waits < WAITS_MAX && code != 0 && !story->wrong; i++) {
        live_once(story, &code);
        waits += story->sent && code == EXIT_WAITS;
        if (story->control->cut_done)
            story->control->power = 0;
    }
    for (uint32_t i = 0; i < story->control->shot_count; i++)
        __atomic_add_fetch(&story->tally->hits, story->control->shots[i].fired, __ATOMIC_RELAXED);
    __atomic_add_fetch(&story->tally->hits, story->control->cut_done, __ATOMIC_RELAXED);
    if (story->wrong)
        return;
    if (code != 0 || !has_succeeded(story)) {
        complain(story, &story->tally->unended, "the run does not end");
        return;
    }
    check_effects(story);
    const char *end = story_end(story);
    if (story->expected && strcmp(end, story->expected) != 0)
        complain(story, &story->tally->different, "the end differs: %s", end);
}
