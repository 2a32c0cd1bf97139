// SPDX-License-Identifier: Apache-2.0
#include "workflow/assignment.h"

#include "base/fs.h"
#include "base/hash.h"

#include <string.h>
#include <unistd.h>

// A folder name for a step key: what is not plain is replaced, and a hash keeps such keys apart.
char *
assignment_scratch(const struct supervision *supervision, const struct task *task, struct arena *arena)
{
    char *name = arena_dup(arena, task->key);
    bool plain = true;
    for (char *c = name; *c; c++) {
        bool fine = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                    strchr("-_", *c);
        plain = plain && fine;
        *c = fine ? *c : '_';
    }
    if (!plain) {
        struct hash sum = hash_of(task->key, strlen(task->key));
        char hex[65];
        hash_hex(&sum, hex);
        name = arena_printf(arena, "%.80s-%.8s", name, hex);
    }
    return fs_join(arena, supervision->scratch, name);
}

json_t *
assignment_of(const struct supervision *supervision, const struct task *task, const char *scratch)
{
    const struct engine_options *options = supervision->options;
    const struct run *run = supervision->run;
    return json_pack("{s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:s, s:I, s:O, s:i, s:i}", "run", run->id, "step",
                     task->key, "uses", task_action(supervision->schedule, task)->ops->name, "with",
                     task->with, "repository", supervision->repository, "scratch", scratch, "cell",
                     options->cell_path ? options->cell_path : "", "mode", run->mode, "seed",
                     (json_int_t)run->seed, "sandbox", supervision->schedule->pipeline->sandbox, "attempt",
                     task->attempt, "supervisor", (int)getpid());
}
