// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/body.h"

#include "steps/open-pull-request/guard.h"

static const json_t *
winner_of(const json_t *evidence)
{
    return json_object_get(evidence, "winner");
}

static const char *
function_of(const json_t *evidence)
{
    return json_get_text(winner_of(evidence), "function", "");
}

static const char *
file_of(const json_t *evidence)
{
    return json_get_text(winner_of(evidence), "file", "");
}

static void
add_interval(struct buf *out, const json_t *figures)
{
    buf_printf(out, "%.2fx (95 %% interval %.2f to %.2f)", json_get_real(figures, "speedup", 0),
               json_get_real(figures, "speedup_low", 0), json_get_real(figures, "speedup_high", 0));
}

static double
predicted_saving(const json_t *winner)
{
    double share = json_get_real(json_object_get(winner, "benchmark"), "share", 0);
    double speedup = json_get_real(json_object_get(winner, "holdout"), "speedup", 1);
    return speedup > 0 ? share * (1 - 1 / speedup) : 0;
}

void
body_write_title(const json_t *evidence, struct buf *out)
{
    double speedup = json_get_real(json_object_get(winner_of(evidence), "holdout"), "speedup", 0);
    buf_printf(out, "Make %s %.1fx faster, behind a flag", function_of(evidence), speedup);
}

static void
add_notes(const json_t *winner, struct buf *out)
{
    size_t index;
    json_t *note;
    json_array_foreach(json_object_get(winner, "notes"), index, note) if (json_is_string(note))
        buf_printf(out, "- %s\n", json_string_value(note));
}

static void
add_checks(const json_t *evidence, struct buf *out)
{
    size_t index;
    json_t *check;
    json_array_foreach(json_object_get(evidence, "checks"), index, check)
        buf_printf(out, "| %s | %s | %s |\n", json_get_text(check, "name", ""),
                   json_get_bool(check, "ok", false) ? "ok" : "NOT ok", json_get_text(check, "detail", ""));
}

void
body_write_message(const json_t *evidence, const char *flag, struct buf *out)
{
    const json_t *winner = winner_of(evidence);
    AUTO_ARENA arena = {0};
    struct guard_names names = guard_names(&arena, file_of(evidence), function_of(evidence));
    body_write_title(evidence, out);
    buf_printf(out,
               "\n\nThe old function stays as %s; the new one is chosen by the flag %s, which is off.\n\n",
               names.control, flag);
    buf_puts(out, "Holdout inputs: ");
    add_interval(out, json_object_get(winner, "holdout"));
    buf_puts(out, ".\nTrain inputs: ");
    add_interval(out, winner);
    buf_puts(out, ".\n");
    add_notes(winner, out);
    buf_printf(out, "\n" BODY_TARGET_TRAILER "%s:%s\n", file_of(evidence), function_of(evidence));
    buf_printf(out, BODY_VARIANT_TRAILER "%s\n", json_get_text(winner, "variant", ""));
}

// What of the isolation level was accepted to be missing.
static void
add_losses(const json_t *containment, struct buf *out)
{
    const json_t *losses = json_object_get(containment, "losses");
    int64_t abi = json_get_int(containment, "landlock_abi", 0);
    if (abi > 0)
        buf_printf(out, ", Landlock ABI %lld", (long long)abi);
    for (size_t i = 0; i < json_array_size(losses); i++)
        buf_printf(out, "%s%s", i == 0 ? ", accepted to be missing: " : ", ",
                   json_string_value(json_array_get(losses, i)));
}

// How far the measurements of that class of host can be trusted.
static void
add_aa(const json_t *winner, struct buf *out)
{
    const json_t *aa = json_object_get(winner, "aa");
    if (aa != NULL)
        buf_printf(out, "| the old version against itself (A/A) | %lld of %lld called different on %s |\n",
                   (long long)json_get_int(aa, "different", 0), (long long)json_get_int(aa, "of", 0),
                   json_get_text(winner, "host", ""));
}

static void
add_figures(const struct body_parts *parts, struct buf *out)
{
    const json_t *winner = winner_of(parts->evidence);
    buf_puts(out, "| | |\n|---|---|\n| speed-up on holdout inputs, never seen by the search | **");
    add_interval(out, json_object_get(winner, "holdout"));
    buf_puts(out, "** |\n| speed-up on train inputs | ");
    add_interval(out, winner);
    buf_printf(out,
               " |\n| predicted saving of the service's CPU | %.2f %% (the function has %.1f %% of it) |\n",
               100 * predicted_saving(winner),
               100 * json_get_real(json_object_get(winner, "benchmark"), "share", 0));
    buf_printf(out, "| behaviour | %s: interface, differential runs, sanitizers, the repository's tests |\n",
               json_get_text(parts->evidence, "verdict", ""));
    add_aa(winner, out);
    if (*parts->tests != '\0')
        buf_printf(out, "| this branch | %s |\n", parts->tests);
    buf_printf(out, "| candidates measured | %lld, isolation level %s",
               (long long)json_get_int(winner, "evaluations", 0),
               json_get_text(parts->evidence, "isolation", ""));
    add_losses(json_object_get(parts->evidence, "containment"), out);
    buf_puts(out, " |\n\n");
}

static void
add_switch(const struct body_parts *parts, const char *flag_file, struct buf *out)
{
    bool each_call = str_find(parts->diff, STR("\n+ATOLL_FLAG_EACH_CALL(")) >= 0 ||
                     str_find(parts->diff, STR("\n+\tif atollFlag(")) >= 0;
    buf_printf(
        out,
        "<details><summary>How to switch it on and off</summary>\n\n"
        "- Flag `%s`, read by `%s` %s.\n"
        "- `%s=on` or `off` in the environment wins.\n"
        "- Else the line of the flag in the file named by `ATOLL_FLAG_FILE` (`.atoll/flags`).\n"
        "- Stages for flagd: `%s`; its lease switches the flag off by itself when nobody renews it.\n\n"
        "</details>\n\n",
        parts->flag, flag_file, each_call ? "on every call" : "once in the life of the process",
        parts->variable, parts->rollout_file);
}

void
body_write(const struct body_parts *parts, struct buf *out)
{
    const json_t *evidence = parts->evidence, *winner = winner_of(evidence);
    const char *function = function_of(evidence), *file = file_of(evidence);
    AUTO_ARENA arena = {0};
    struct guard_names names = guard_names(&arena, file, function);
    buf_printf(out, "\n%s\n\n# Make `%s` faster (%s)\n\n", parts->marker, function, file);
    add_figures(parts, out);
    buf_puts(out, "What changed:\n");
    add_notes(winner, out);
    buf_printf(
        out,
        "\nThe old function stays, word for word, as `%s`. The new one, `%s`, ships **switched off**.\n\n",
        names.control, names.treatment);
    add_switch(parts, names.flag_file, out);
    buf_puts(out, "<details><summary>Every check</summary>\n\n| check | result | detail |\n|---|---|---|\n");
    add_checks(evidence, out);
    buf_puts(out, "\n</details>\n\n");
    buf_printf(out,
               "<details><summary>Reproduce</summary>\n\n```\natoll verdict %s\natoll explain %s\natoll "
               "evolve %s:%s --json\n"
               "git diff %s...%s\n```\n\n</details>\n\n",
               json_get_text(winner, "candidate", ""), json_get_text(winner, "candidate", ""), file, function,
               parts->base, parts->branch);
    buf_puts(out, "<details><summary>Diff</summary>\n\n````diff\n");
    buf_add_str(out, parts->diff);
    buf_puts(out, "````\n\n</details>\n");
}
