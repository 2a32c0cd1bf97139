// SPDX-License-Identifier: Apache-2.0
// atoll explain CANDIDATE: where it came from, what was measured, why it lived or died.
#include "cmd/place.h"
#include "steps/shared/candidate/candidate.h"

#include <stdio.h>
#include <string.h>

static void
print_parents(const json_t *parents)
{
    size_t index;
    json_t *parent;
    json_array_foreach(parents, index, parent)
        printf("  %s %-18s %s\n", json_get_text(parent, "id", ""), json_get_text(parent, "mutator", ""),
               json_get_text(parent, "note", ""));
}

static void
print_measured(const json_t *measured)
{
    size_t index;
    json_t *row;
    json_array_foreach(measured, index, row) printf(
        "  %-8s %-13s %.3fx [%.3f, %.3f] over %lld launches\n", json_get_text(row, "kind", ""),
        json_get_text(row, "verdict", ""), json_get_real(row, "speedup", 0), json_get_real(row, "low", 0),
        json_get_real(row, "high", 0), (long long)json_get_int(row, "launches", 0));
}

static void
print_text(const struct terminal *terminal, const json_t *candidate)
{
    const char *reason = json_get_text(candidate, "reason", NULL);
    printf("%sCandidate %s%s of %s:%s\n", terminal_style(terminal, STYLE_BOLD),
           json_get_text(candidate, "id", ""), terminal_style(terminal, STYLE_PLAIN),
           json_get_text(candidate, "file", ""), json_get_text(candidate, "function", ""));
    printf("made by    %s: %s\n", json_get_text(candidate, "mutator", ""),
           json_get_text(candidate, "note", ""));
    printf("island %lld, generation %lld, slot %lld\n", (long long)json_get_int(candidate, "island", 0),
           (long long)json_get_int(candidate, "generation", 0),
           (long long)json_get_int(candidate, "slot", 0));
    if (reason != NULL)
        printf("%sdropped%s    at %s: %s\n%s\n", terminal_style(terminal, STYLE_BAD),
               terminal_style(terminal, STYLE_PLAIN), json_get_text(candidate, "stage", ""), reason,
               json_get_text(candidate, "detail", ""));
    else
        printf("%slived%s      past %s\n", terminal_style(terminal, STYLE_GOOD),
               terminal_style(terminal, STYLE_PLAIN), json_get_text(candidate, "stage", ""));
    printf("measured\n");
    print_measured(json_object_get(candidate, "measured"));
    printf("parents, back to the baseline\n");
    print_parents(json_object_get(candidate, "parents"));
    printf("source\n%s\n", json_get_text(candidate, "source", ""));
}

static int
run(struct invocation *invocation, struct err *err)
{
    AUTO_JSON *candidate =
        candidate_explain(place_candidates(invocation), invocation->arguments->operands[0], err);
    if (candidate == NULL)
        return -1;
    if (invocation->terminal.json)
        terminal_json(candidate);
    else
        print_text(&invocation->terminal, candidate);
    return 0;
}

static const struct option options[] = {
    PLACE_STATE_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_explain = {
    .name = "explain",
    .operands = "CANDIDATE",
    .summary = "Tell where a candidate came from, what was measured, and why it lived or died",
    .details = "CANDIDATE is an id as pull requests and `atoll history` name it; it may be shortened.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
