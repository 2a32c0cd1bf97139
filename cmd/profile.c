// SPDX-License-Identifier: Apache-2.0
// atoll profile FILE: the hot functions of a profile, as profile-fetch sees them.
#include "cmd/command.h"
#include "steps/profile-fetch/report.h"

#include <stdio.h>
#include <string.h>

static void
print_row(const json_t *hotspot)
{
    const json_t *cost = json_object_get(hotspot, "usd_per_year");
    char usd[32] = "";
    if (json_is_number(cost))
        snprintf(usd, sizeof(usd), "$%.0f/year", json_number_value(cost));
    printf("%6.2f %% %6.2f %% %6.2f %%  %-14s %s (%s:%lld)\n", 100 * json_get_real(hotspot, "flat_share", 0),
           100 * json_get_real(hotspot, "cumulative_share", 0), 100 * json_get_real(hotspot, "share", 0), usd,
           json_get_text(hotspot, "function", ""), json_get_text(hotspot, "file", "?"),
           (long long)json_get_int(hotspot, "line", 0));
}

static int
run(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    struct profile_request request = profile_request_of(invocation->repository);
    request.format = arguments_text(arguments, "format", "auto");
    request.top = (size_t)arguments_int(arguments, "top", 10);
    const char *const sources[] = {arguments->operands[0], NULL};
    AUTO_JSON *report = profile_report(&request, sources, NULL, err);
    if (report == NULL)
        return -1;
    if (invocation->terminal.json) {
        terminal_json(report);
        return 0;
    }
    printf("    flat      cum    share  %-14s function\n", "");
    size_t index;
    json_t *hotspot;
    json_array_foreach(json_object_get(report, "hotspots"), index, hotspot) print_row(hotspot);
    json_t *warning;
    json_array_foreach(json_object_get(report, "warnings"), index, warning)
        terminal_warning(&invocation->terminal, json_string_value(warning));
    return 0;
}

static const char *const formats[] = {"auto", "pprof", "folded", "perf-script", "callgrind", NULL};
static const struct option options[] = {
    {"format", OPTION_TEXT, "FORMAT", "auto, pprof, folded, perf-script or callgrind", formats},
    {"top", OPTION_INT, "N", "how many functions (default 10)", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_profile = {
    .name = "profile",
    .operands = "FILE",
    .summary = "Show the hot functions of a profile",
    .details = "FILE is a pprof, folded-stacks, perf-script or callgrind file, plain or compressed, an "
               "archive of them,\n"
               "a glob, or an http(s) URL. Functions outside of the repository are left out.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
