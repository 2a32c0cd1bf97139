// SPDX-License-Identifier: Apache-2.0
// sweep TEST [--points N] [--point ROLE:CALL:HOW,..] [--parallel N] [--jobs N] [--progress FILE]: the
// crash tests, as TAP.
//   kills     at about N calls (default 310) a process is killed before the call or half-way through it
//   nightly   at every call, then at several random ones a story, until N (default 100000) were hit
//   power     the power is cut at every sync; the control with PRAGMA synchronous=OFF has to lose something
//   faults    calls of the supervisor on files fail: disk full, input/output error, short write
//   owners    two supervisors want one state: the second is refused, or the first is stopped by the epoch
//   answers   effects take place and their answers are lost; the control without the look-up has to double
#include "tests/crash/sweep.h"

#include "base/fs.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#define HOWS 6
#define SHARED_MEMORY "/dev/shm"
#define ROOM_BYTES (48U << 20)

static const char *const roles[CONTROL_ROLES] = {"supervisor", "step", "sender"};
static const char *const hows[HOWS] = {"", "before", "half", "enospc", "eio", "short"};

static void
set_up(const struct sweep *sweep, struct story *story, const struct point *point)
{
    struct control *control = story->control;
    control->files_only = sweep->files_only;
    control->power = sweep->power;
    control->synchronous_off = sweep->synchronous_off;
    control->look_up_off = sweep->look_up_off;
    control->cut_at_sync = point->cut_at_sync;
    control->cut_at_write = point->cut_at_write;
    control->cut_seed = point->seed;
    control->loss = point->loss;
    control->parallel = point->parallel ? point->parallel : 1;
    control->shot_count = point->shot_count;
    memcpy(control->shots, point->shots, sizeof(point->shots));
}

struct story
sweep_story(const struct sweep *sweep)
{
    return (struct story){.program = sweep->program,
                          .shim = sweep->preload ? sweep->shim : NULL,
                          .tally = sweep->tally,
                          .expected = sweep->expected,
                          .loud = !sweep->quiet};
}

// A wrong story says how it can be had again.
static void
tell_point(const struct story *story, const struct point *point)
{
    fprintf(stderr, "# %s: parallel %u, loss %u, cut at sync %llu or write %llu with seed %llu; --point ",
            story->folder, point->parallel, point->loss, (unsigned long long)point->cut_at_sync,
            (unsigned long long)point->cut_at_write, (unsigned long long)point->seed);
    for (uint32_t i = 0; i < point->shot_count; i++)
        fprintf(stderr, "%s%s:%llu:%s%s", i ? "," : "", roles[point->shots[i].role],
                (unsigned long long)point->shots[i].at, hows[point->shots[i].how],
                point->shots[i].lasting ? "-lasting" : "");
    fprintf(stderr, "\n");
}

static int
word_of(const char *const *words, int count, struct str word)
{
    for (int i = 0; i < count; i++)
        if (str_is(word, words[i]))
            return i;
    return -1;
}

bool
sweep_read_point(const char *text, struct point *point)
{
    struct str rest = str_of(text);
    while (rest.len > 0 && point->shot_count < CONTROL_SHOTS_MAX) {
        struct str one = str_cut(&rest, ',');
        struct str role = str_cut(&one, ':'), at = str_cut(&one, ':');
        struct control_shot *shot = &point->shots[point->shot_count++];
        if (!str_to_u64(at, &shot->at))
            return false;
        shot->lasting = str_ends(one, STR("-lasting"));
        if (shot->lasting)
            one = str_head(one, one.len - strlen("-lasting"));
        int role_number = word_of(roles, CONTROL_ROLES, role), how = word_of(hows, HOWS, one);
        if (role_number < 0 || how <= CONTROL_NOTHING)
            return false;
        shot->role = (uint32_t)role_number;
        shot->how = (uint32_t)how;
    }
    return point->shot_count > 0;
}

static void
tell_one(const struct sweep *sweep, const struct point *point, const char *name)
{
    struct story story = sweep_story(sweep);
    story_open(&story, sweep->base, name);
    set_up(sweep, &story, point);
    story_finish(&story);
    if (story.wrong && story.loud)
        tell_point(&story, point);
    story_close(&story);
}

void
sweep_reference(struct sweep *sweep, struct control *control)
{
    static const struct point none;
    struct story story = sweep_story(sweep);
    story.expected = NULL;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    story_open(&story, sweep->base, "reference");
    set_up(sweep, &story, &none);
    story_finish(&story);
    if (story.wrong) {
        fprintf(stderr, "# the undisturbed story is wrong: %s\n", story.folder);
        exit(1);
    }
    sweep->expected = arena_dup(&sweep->arena, story_end(&story));
    *control = *story.control;
    story_close(&story);
    sweep_clear(sweep);
}

void
sweep_points(struct sweep *sweep, const struct point *points, size_t count)
{
    uint64_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (next == MAP_FAILED)
        abort();
    fflush(NULL);
    for (int i = 0; i < sweep->jobs; i++) {
        pid_t pid = fork();
        if (pid != 0)
            continue;
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (uint64_t k; (k = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED)) < count;) {
            char name[64];
            snprintf(name, sizeof(name), "story-%d-%llu", i, (unsigned long long)k);
            tell_one(sweep, &points[k], name);
        }
        _exit(0);
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            sweep->failed = true;
    munmap(next, sizeof(*next));
}

void
sweep_clear(struct sweep *sweep)
{
    memset(sweep->tally, 0, sizeof(*sweep->tally));
}

// ---- TAP

void
sweep_say(struct sweep *sweep, bool good, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%sok %d - ", good ? "" : "not ", ++sweep->number);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
    sweep->failed = sweep->failed || !good;
}

void
sweep_judge(struct sweep *sweep, const char *what)
{
    const struct tally *t = sweep->tally;
    const struct {
        uint64_t count;
        const char *promise;
    } promises[] = {
        {t->unended, "every run ends"},
        {t->lost, "nothing that was committed is lost"},
        {t->repeated, "nothing that was committed is executed again"},
        {t->doubled, "every effect takes place once"},
        {t->different, "the end is that of an undisturbed run"},
        {t->unverified, "the state verifies after every life"},
        {t->early, "no timer fires early"},
        {t->unclear, "every error is one line that names a file"},
    };
    for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++)
        sweep_say(sweep, promises[i].count == 0, "%s: %s (%llu points, %llu lives, %llu violations)", what,
                  promises[i].promise, (unsigned long long)t->hits, (unsigned long long)t->lives,
                  (unsigned long long)promises[i].count);
}

// ---- command line

static const struct {
    const char *name;
    void (*run)(struct sweep *sweep);
} tests[] = {
    {"kills", kills_test},   {"nightly", nightly_test}, {"power", power_test},
    {"faults", faults_test}, {"answers", answers_test}, {"owners", owners_test},
};

static int
usage(void)
{
    fprintf(stderr,
            "usage: sweep kills|nightly|power|faults|answers|owners [--points N] [--point ROLE:CALL:HOW,..]"
            " [--parallel N] [--jobs N] [--progress FILE]\n");
    return 2;
}

static bool
read_option(struct sweep *sweep, const char *name, const char *value)
{
    if (strcmp(name, "--points") == 0)
        sweep->wanted = strtoull(value, NULL, 10);
    else if (strcmp(name, "--point") == 0)
        sweep->single = value;
    else if (strcmp(name, "--parallel") == 0)
        sweep->parallel = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--jobs") == 0)
        sweep->jobs = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--progress") == 0)
        sweep->progress = value;
    else
        return false;
    return true;
}

// A killed process leaves what it wrote in memory, so the faster a file system is, the better. NULL = the
// usual one.
static const char *
fast_folder(void)
{
    struct statvfs space;
    bool roomy = statvfs(SHARED_MEMORY, &space) == 0 && space.f_bavail * space.f_frsize >= ROOM_BYTES;
    return !getenv("TMPDIR") && roomy && access(SHARED_MEMORY, W_OK) == 0 ? SHARED_MEMORY : NULL;
}

static int
run_test(struct sweep *sweep, void (*run)(struct sweep *))
{
    struct err err;
    char *here;
    sweep->base = fs_temp_dir(&sweep->arena, fast_folder(), "atoll-crash-", &err);
    if (!sweep->base || fs_self_dir(&sweep->arena, &here, &err) < 0) {
        fprintf(stderr, "sweep: %s\n", err.message);
        return 1;
    }
    sweep->program = fs_join(&sweep->arena, here, "pipeline");
    sweep->shim = fs_join(&sweep->arena, here, "kill_shim.so");
    run(sweep);
    printf("1..%d\n", sweep->number);
    if (!sweep->failed)
        (void)!fs_remove_tree(sweep->base, &err);
    return sweep->failed ? 1 : 0;
}

int
main(int argc, char **argv)
{
    struct sweep sweep = {.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    for (int i = 2; i < argc; i += 2)
        if (i + 1 == argc || !read_option(&sweep, argv[i], argv[i + 1]))
            return usage();
    sweep.tally = mmap(NULL, sizeof(*sweep.tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sweep.tally == MAP_FAILED || sweep.jobs < 1)
        return 1;
    for (size_t i = 0; argc > 1 && i < sizeof(tests) / sizeof(tests[0]); i++)
        if (strcmp(argv[1], tests[i].name) == 0) {
            int code = run_test(&sweep, tests[i].run);
            arena_release(&sweep.arena);
            return code;
        }
    return usage();
}
