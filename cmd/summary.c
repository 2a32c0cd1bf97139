// SPDX-License-Identifier: Apache-2.0
#include "cmd/summary.h"

#include <stdio.h>
#include <string.h>

// Calls `visit` for the outputs of every finished step that uses `uses`.
static void
each_output(const json_t *status, const char *uses, void (*visit)(void *context, const json_t *outputs),
            void *context)
{
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(status, "steps"), index, step)
    {
        json_t *outputs = json_object_get(step, "outputs");
        if (strcmp(json_get_text(step, "uses", ""), uses) == 0 && json_object_size(outputs) > 0 &&
            json_object_get(outputs, "items") == NULL)
            visit(context, outputs);
        else if (strcmp(json_get_text(step, "uses", ""), uses) == 0 && strcmp(uses, "profile-fetch") == 0)
            visit(context, outputs);
    }
}

static void
print_hotspots(void *context, const json_t *outputs)
{
    const struct terminal *terminal = context;
    struct str rest = str_of(json_get_text(outputs, "summary", ""));
    struct str line = str_cut(&rest, '\n');
    printf("\n%sHot functions%s: %" STR_FMT "\n", terminal_style(terminal, STYLE_BOLD),
           terminal_style(terminal, STYLE_PLAIN), STR_ARG(line));
    size_t index;
    json_t *hotspot;
    json_array_foreach(json_object_get(outputs, "hotspots"), index, hotspot)
    {
        const json_t *cost = json_object_get(hotspot, "usd_per_year");
        char usd[40] = "";
        if (json_is_number(cost))
            snprintf(usd, sizeof(usd), "$%.0f a year", json_number_value(cost));
        double share = json_get_real(hotspot, "share", 0);
        printf("  %5.1f %%  [%.1f, %.1f]  %-24s %-22s %s\n", 100 * share,
               100 * json_get_real(hotspot, "share_low", 0), 100 * json_get_real(hotspot, "share_high", 0),
               json_get_text(hotspot, "function", ""), usd, json_get_text(hotspot, "file", ""));
    }
}

static void
print_winner(void *context, const json_t *outputs)
{
    const struct terminal *terminal = context;
    const json_t *winner = json_object_get(outputs, "winner");
    const json_t *holdout = json_object_get(winner, "holdout");
    const char *verdict = json_get_text(outputs, "verdict", "");
    bool improved = strcmp(verdict, "improved") == 0;
    printf("  %s%-9s%s %-24s", terminal_style(terminal, improved ? STYLE_GOOD : STYLE_DIM), verdict,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(winner, "function", ""));
    if (improved)
        printf(" %7.2fx on train [%.2f, %.2f], %7.2fx on holdout [%.2f, %.2f]",
               json_get_real(winner, "speedup", 0), json_get_real(winner, "speedup_low", 0),
               json_get_real(winner, "speedup_high", 0), json_get_real(holdout, "speedup", 0),
               json_get_real(holdout, "speedup_low", 0), json_get_real(holdout, "speedup_high", 0));
    printf("  (%lld evaluations)\n", (long long)json_get_int(winner, "evaluations", 0));
}

static void
print_proof(void *context, const json_t *outputs)
{
    const struct terminal *terminal = context;
    const char *verdict = json_get_text(outputs, "verdict", "");
    bool proven = strcmp(verdict, "proven") == 0;
    printf("  %s%-9s%s %s\n", terminal_style(terminal, proven ? STYLE_GOOD : STYLE_BAD), verdict,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(outputs, "summary", ""));
}

static void
print_pull_request(void *context, const json_t *outputs)
{
    (void)context;
    const json_t *request = json_object_get(outputs, "pull_request");
    if (request == NULL) {
        printf("  %s: %s\n", json_get_text(outputs, "function", ""), json_get_text(outputs, "summary", ""));
        return;
    }
    printf("  branch %s at %.12s\n", json_get_text(request, "branch", ""),
           json_get_text(request, "commit", ""));
    printf("    pull request  %s\n", json_get_text(request, "url", ""));
    bool kept = strcmp(json_get_text(outputs, "status", ""), "unchanged") == 0;
    printf("    rollout file  %s (flag %s, %s)\n", json_get_text(request, "rollout_file", ""),
           json_get_text(request, "flag", ""), kept ? "as it stood" : "off");
}

static void
print_canary(void *context, const json_t *outputs)
{
    const struct terminal *terminal = context;
    const char *decision = json_get_text(outputs, "decision", "");
    const json_t *rollout = json_object_get(outputs, "rollout");
    bool advances = strcmp(decision, "advance") == 0;
    printf("  %s%-9s%s %-24s", terminal_style(terminal, advances ? STYLE_GOOD : STYLE_WARN), decision,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(outputs, "function", ""));
    if (advances)
        printf(" to stage %lld of %lld (%g %%);", (long long)json_get_int(rollout, "stage", 0),
               (long long)json_get_int(rollout, "stages", 0), json_get_real(rollout, "percent", 0));
    printf(" %s\n", json_get_text(outputs, "reason", ""));
    if (json_is_number(json_object_get(outputs, "cpu_before")))
        printf("            CPU of a run %.4f s -> %.4f s: %.1f %% saved, %.1f %% predicted\n",
               json_get_real(outputs, "cpu_before", 0), json_get_real(outputs, "cpu_after", 0),
               100 * json_get_real(outputs, "measured_saving", 0),
               100 * json_get_real(outputs, "predicted_saving", 0));
}

static void
count(void *context, const json_t *outputs)
{
    (void)outputs;
    ++*(size_t *)context;
}

static void
print_part(const struct terminal *terminal, const json_t *status, const char *uses, const char *title,
           void (*visit)(void *, const json_t *))
{
    size_t found = 0;
    each_output(status, uses, count, &found);
    if (found == 0)
        return;
    printf("\n%s%s%s\n", terminal_style(terminal, STYLE_BOLD), title, terminal_style(terminal, STYLE_PLAIN));
    union {
        const struct terminal *in;
        void *out;
    } context = {.in = terminal};
    each_output(status, uses, visit, context.out);
}

static void
last_text(void *context, const json_t *outputs)
{
    const char *next = json_get_text(outputs, "next", NULL);
    if (next != NULL)
        *(const char **)context = next;
}

void
summary_print(const struct terminal *terminal, const json_t *status)
{
    union {
        const struct terminal *in;
        void *out;
    } context = {.in = terminal};
    each_output(status, "profile-fetch", print_hotspots, context.out);
    print_part(terminal, status, "island-evolve", "Evolved", print_winner);
    print_part(terminal, status, "correctness-test", "Proven", print_proof);
    print_part(terminal, status, "open-pull-request", "Pull requests", print_pull_request);
    print_part(terminal, status, "canary-experiment", "Shadow canary (captured traffic; no live users)",
               print_canary);
    const char *next = NULL;
    each_output(status, "open-pull-request", last_text, &next);
    each_output(status, "canary-experiment", last_text, &next);
    printf("\nRun %s %s.\n", json_get_text(status, "run", ""), json_get_text(status, "status", ""));
    if (next != NULL)
        printf("Next: %s\n", next);
}

static void
note_improved(void *context, const json_t *outputs)
{
    if (strcmp(json_get_text(outputs, "verdict", ""), "improved") == 0)
        *(bool *)context = true;
}

bool
summary_improved(const json_t *status)
{
    bool improved = false;
    each_output(status, "island-evolve", note_improved, &improved);
    return improved;
}
