// SPDX-License-Identifier: Apache-2.0
// atoll gc: removes what nobody needs any more from the state.
#include "workflow/gc.h"

#include "base/clock.h"
#include "cmd/place.h"
#include "steps/registry.h"

#include <stdio.h>

static int
read_policy(const struct arguments *arguments, struct gc_policy *policy, struct err *err)
{
    const char *age = arguments_text(arguments, "older-than", "30d");
    *policy = (struct gc_policy){.keep = arguments_int(arguments, "keep", GC_KEEP),
                                 .age_ns = GC_AGE_NS,
                                 .dry_run = arguments_has(arguments, "dry-run")};
    if (!clock_parse_duration(str_of(age), &policy->age_ns))
        return err_set(err, ERR_USAGE, "--older-than %s is no span of time; write one like 30d or 12h", age);
    return 0;
}

static void
print_report(const json_t *report)
{
    bool dry = json_get_bool(report, "dry_run", false);
    long long before = (long long)json_get_int(report, "bytes_before", 0);
    printf("%s %lld runs, %lld of their rows, %lld events, %lld pipelines, %lld blobs.\n",
           dry ? "Would remove" : "Removed", (long long)json_get_int(report, "runs", 0),
           (long long)json_get_int(report, "rows", 0), (long long)json_get_int(report, "events", 0),
           (long long)json_get_int(report, "plans", 0), (long long)json_get_int(report, "blobs", 0));
    if (dry)
        printf("The state has %lld bytes.\n", before);
    else
        printf("The state had %lld bytes and has %lld.\n", before,
               (long long)json_get_int(report, "bytes_after", 0));
}

static int
gc(struct invocation *invocation, struct err *err)
{
    struct gc_policy policy;
    if (read_policy(invocation->arguments, &policy, err) != 0)
        return -1;
    AUTO_JSON *report = state_gc(place_state(invocation), &step_registry, invocation->host, &policy, err);
    if (report == NULL)
        return -1;
    if (invocation->terminal.json)
        terminal_json(report);
    else
        print_report(report);
    return 0;
}

static const struct option options[] = {
    PLACE_STATE_OPTION,
    {"keep", OPTION_INT, "N", "keep the N latest runs, 20 by default", NULL},
    {"older-than", OPTION_TEXT, "SPAN", "remove only runs that ended that long ago, 30d by default", NULL},
    {"dry-run", OPTION_FLAG, NULL, "only say what would go", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_gc = {
    .name = "gc",
    .operands = "",
    .summary = "Remove old runs and what only they needed from the state",
    .details =
        "A run goes when it ended, is none of the latest, and is older than --older-than. What left the\n"
        "machine stays known, so nothing is published twice.",
    .options = options,
    .run = gc,
};
