// SPDX-License-Identifier: Apache-2.0
#include "workflow/layout.h"

static const char *const levels[] = {"guard", "fence", "cell", "vault", NULL};
// The names of sandbox/isolation.h.
static const char *const parts[] = {"no-new-privs",
                                    "no-capabilities",
                                    "seccomp",
                                    "landlock-files",
                                    "landlock-signals",
                                    "file-modes",
                                    "user-ns",
                                    "mount-ns",
                                    "pid-ns",
                                    "proc",
                                    "ipc-ns",
                                    "uts-ns",
                                    "net-ns",
                                    "tmpfs",
                                    "cgroup",
                                    "own-uid",
                                    NULL};
static const char *const overlaps[] = {"supersede", "skip", "buffer-one", NULL};

static const struct field retry_fields[] = {
    {.name = "attempts",
     .type = FIELD_INT,
     .otherwise = "3",
     .min = 1,
     .max = 100,
     .summary = "Attempts in all."},
    {.name = "initial",
     .type = FIELD_DURATION,
     .otherwise = "\"10s\"",
     .summary = "Wait before the second attempt."},
    {.name = "coefficient",
     .type = FIELD_REAL,
     .otherwise = "2",
     .min = 1,
     .max = 10,
     .summary = "Each wait is that many times the one before."},
    {.name = "maximum",
     .type = FIELD_DURATION,
     .otherwise = "\"5m\"",
     .summary = "Longest wait between two attempts."},
    {.name = NULL},
};

static const struct field timeouts_fields[] = {
    {.name = "schedule-to-start",
     .type = FIELD_DURATION,
     .summary = "Longest time from when the step could start to its first attempt; never tried again."},
    {.name = "schedule-to-close",
     .type = FIELD_DURATION,
     .summary = "Longest time from when the step could start to its end, retries and waits included."},
    {.name = "heartbeat",
     .type = FIELD_DURATION,
     .summary =
         "Longest time without a word (a journal call, progress, a heartbeat) from a running attempt."},
    {.name = NULL},
};

static const char *const moments[] = {"before", "after", NULL};

static const struct field carrier_fields[] = {
    {.name = "to",
     .type = FIELD_TEXT,
     .required = true,
     .summary = "Where: `dir:PATH`, or `git:REMOTE#REF` with a remote's name, a URL or a path."},
    {.name = "every",
     .type = FIELD_DURATION,
     .otherwise = "\"60s\"",
     .summary = "How often what was committed is published; effects are announced in any case."},
    {.name = "lease",
     .type = FIELD_DURATION,
     .otherwise = "\"10m\"",
     .summary = "After how long without a word from its machine another one takes a run over."},
    {.name = NULL},
};

static const struct field defaults_fields[] = {
    {.name = "retry",
     .type = FIELD_OBJECT,
     .members = retry_fields,
     .summary = "Retry of steps that have none of their own."},
    {.name = "timeout", .type = FIELD_DURATION, .summary = "Time-out of steps that have none of their own."},
    {.name = "timeouts",
     .type = FIELD_OBJECT,
     .members = timeouts_fields,
     .summary = "Further time-outs of steps that have none of their own."},
    {.name = NULL},
};

static const struct field sandbox_fields[] = {
    {.name = "require",
     .type = FIELD_TEXT,
     .choices = levels,
     .summary = "Weakest isolation level that machine-written code may run under; less is an error."},
    {.name = "allow-degraded",
     .type = FIELD_LIST,
     .choices = parts,
     .summary = "Parts of the level that may be missing; `atoll sandbox check` lists them. Each that is "
                "stands in the evidence."},
    {.name = "memory",
     .type = FIELD_SIZE,
     .summary =
         "Address space of a sandboxed process; default 2G for a cell, no limit for a test, build or run "
         "command."},
    {.name = "wall",
     .type = FIELD_DURATION,
     .summary =
         "Longest time by the clock of a sandboxed command, or of a call in a cell; a shorter time-out "
         "of its own still holds."},
    {.name = "processes",
     .type = FIELD_INT,
     .min = 1,
     .max = 100000,
     .summary = "Processes at a time of a sandboxed test, build or run command; default 512."},
    {.name = "disk",
     .type = FIELD_SIZE,
     .summary = "All that a sandboxed test, build or run command may write; default 8G."},
    {.name = NULL},
};

static const struct field failure_fields[] = {
    {.name = "uses", .type = FIELD_TEXT, .required = true, .summary = "The kind of step that is run."},
    {.name = "with", .type = FIELD_ANY, .summary = "Its inputs."},
    {.name = NULL},
};

const struct field layout_step[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .summary = "Name of the step in this file: a letter, then letters, digits, - and _."},
    {.name = "uses", .type = FIELD_TEXT, .required = true, .summary = "The kind of step."},
    {.name = "with", .type = FIELD_ANY, .summary = "Inputs of the step."},
    {.name = "needs",
     .type = FIELD_LIST,
     .summary = "Steps that end before this one starts, besides those whose outputs it reads. Without either "
                "it is the step before; [] for none."},
    {.name = "if", .type = FIELD_ANY, .summary = "Expression; the step runs when it is true."},
    {.name = "for-each",
     .type = FIELD_ANY,
     .summary = "Expression that gives a list; the step runs once an element, which is `item`. Its outputs "
                "are then `items`, a list with the outputs of each, and `count`."},
    {.name = "parallel",
     .type = FIELD_INT,
     .min = 1,
     .max = 64,
     .summary = "Items of a for-each step that run at the same time, at most `parallel` of the pipeline."},
    {.name = "retry",
     .type = FIELD_OBJECT,
     .members = retry_fields,
     .summary = "How often a failed step is tried again."},
    {.name = "publish",
     .type = FIELD_TEXT,
     .choices = moments,
     .summary = "Publishes the state before the step starts or after it ended, besides what `carrier` says."},
    {.name = "timeout", .type = FIELD_DURATION, .summary = "Longest time of one attempt."},
    {.name = "timeouts",
     .type = FIELD_OBJECT,
     .members = timeouts_fields,
     .summary = "Further time-outs; `timeout` is the one from start to close."},
    {.name = "on-failure",
     .type = FIELD_OBJECT,
     .members = failure_fields,
     .summary = "Run once when the step finally failed."},
    {.name = NULL},
};

const struct field layout_pipeline[] = {
    {.name = "version",
     .type = FIELD_INT,
     .required = true,
     .min = 1,
     .max = 1,
     .summary = "Version of the file format."},
    {.name = "name",
     .type = FIELD_TEXT,
     .otherwise = "\"pipeline\"",
     .summary = "Name of the pipeline in messages and in the state."},
    {.name = "state",
     .type = FIELD_TEXT,
     .otherwise = "\".atoll/state/state.db\"",
     .summary = "Path of the state database, relative to the repository."},
    {.name = "carrier",
     .type = FIELD_OBJECT,
     .members = carrier_fields,
     .summary =
         "Publishes the state so that it survives the machine. Without it the state stays where it is."},
    {.name = "overlap",
     .type = FIELD_TEXT,
     .otherwise = "\"supersede\"",
     .choices = overlaps,
     .summary = "What `atoll run` does when the source moved on while a run of this pipeline is unfinished: "
                "`supersede` ends that run and starts anew; `skip` goes on with it, on its own source; "
                "`buffer-one` does too, and starts a new run when it succeeded."},
    {.name = "parallel",
     .type = FIELD_INT,
     .otherwise = "1",
     .min = 1,
     .max = 64,
     .summary = "Steps, and items of for-each steps, that run at the same time. What measures wants a quiet "
                "machine."},
    {.name = "secrets",
     .type = FIELD_LIST,
     .summary = "Names of environment variables whose values are replaced by `***` in all that is stored or "
                "printed. The tokens of atoll, GitHub, GitLab and model providers are secret anyway."},
    {.name = "defaults",
     .type = FIELD_OBJECT,
     .members = defaults_fields,
     .summary = "What holds for every step that does not say otherwise."},
    {.name = "sandbox",
     .type = FIELD_OBJECT,
     .members = sandbox_fields,
     .summary = "Limits for machine-written code."},
    {.name = "vars",
     .type = FIELD_ANY,
     .summary = "Values that expressions read as `vars.NAME`; they hold no expressions themselves."},
    {.name = "steps", .type = FIELD_LIST, .required = true, .members = layout_step, .summary = "The steps."},
    {.name = NULL},
};
