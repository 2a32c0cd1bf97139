// SPDX-License-Identifier: Apache-2.0
// atoll verdict [ID]: computes verdicts again from the raw batches, and says whether the state has the same.
#include "base/fs.h"
#include "cmd/command.h"
#include "cmd/place.h"
#include "steps/shared/candidate/recompute.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_DIFFERS = 1 };

static void
print_figures(const struct terminal *terminal, const json_t *verdict)
{
    const char *name = json_get_text(verdict, "verdict", "");
    const json_t *low = json_object_get(verdict, "low"), *high = json_object_get(verdict, "high");
    enum style style = strcmp(name, "faster") == 0   ? STYLE_GOOD
                       : strcmp(name, "slower") == 0 ? STYLE_BAD
                                                     : STYLE_WARN;
    printf("  %s%-13s%s %.4fx", terminal_style(terminal, style), name, terminal_style(terminal, STYLE_PLAIN),
           json_get_real(verdict, "speedup", 0));
    if (json_is_number(low) && json_is_number(high))
        printf(" [%.4f, %.4f]", json_number_value(low), json_number_value(high));
    printf(", %lld launches of %lld quads in all; error %.3g %%, margin %.3g %%\n",
           (long long)json_get_int(verdict, "launches", 0), (long long)json_get_int(verdict, "quads", 0),
           100 * json_get_real(verdict, "alpha", 0), 100 * json_get_real(verdict, "margin", 0));
}

static void
print_machine(const json_t *verdict)
{
    const json_t *aa = json_object_get(verdict, "aa");
    printf("  A/A           %lld of %lld called different on %s\n",
           (long long)json_get_int(aa, "different", 0), (long long)json_get_int(aa, "of", 0),
           json_get_text(verdict, "host", "an unknown host"));
    printf("  machine       load %.1f, %.1f %% of the CPU time stolen\n", json_get_real(verdict, "load", 0),
           json_get_real(verdict, "steal_pct", 0));
    if (json_get_text(verdict, "reason", NULL) != NULL)
        printf("  because       %s\n", json_get_text(verdict, "reason", ""));
}

static void
print_verdict(const struct terminal *terminal, const json_t *verdict)
{
    bool same = json_get_bool(verdict, "same", false);
    printf("%s%s of %s%s (%s:%s), measurement %s\n", terminal_style(terminal, STYLE_BOLD),
           json_get_text(verdict, "kind", ""), json_get_text(verdict, "candidate", ""),
           terminal_style(terminal, STYLE_PLAIN), json_get_text(verdict, "file", ""),
           json_get_text(verdict, "function", ""), json_get_text(verdict, "id", ""));
    if (json_get_text(verdict, "verdict", NULL) != NULL) {
        print_figures(terminal, verdict);
        print_machine(verdict);
    }
    printf("  %s%s%s from %lld bytes of raw batches%s%s\n\n",
           terminal_style(terminal, same ? STYLE_GOOD : STYLE_BAD), same ? "the same" : "differs",
           terminal_style(terminal, STYLE_PLAIN), (long long)json_get_int(verdict, "raw_bytes", 0),
           same ? "" : ": ", json_get_text(verdict, "problem", ""));
}

static void
print_text(const struct terminal *terminal, const json_t *answer)
{
    size_t index;
    json_t *verdict;
    const json_t *found = json_object_get(answer, "discoveries");
    json_array_foreach(json_object_get(answer, "verdicts"), index, verdict) print_verdict(terminal, verdict);
    printf("Of %lld comparisons %lld were called different; %lld of them hold with a false one in a hundred "
           "allowed.\n",
           (long long)json_get_int(found, "compared", 0), (long long)json_get_int(found, "different", 0),
           (long long)json_get_int(found, "hold", 0));
}

static int
run(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *id = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    const char *state = place_candidates(invocation);
    if (!fs_exists(state))
        return err_set(err, ERR_NOT_FOUND, "no state at %s", state);
    AUTO_JSON *answer = verdicts_recompute(state, id, err);
    if (answer == NULL)
        return -1;
    if (invocation->terminal.json)
        terminal_json(answer);
    else
        print_text(&invocation->terminal, answer);
    return json_get_bool(answer, "same", false) ? 0 : EXIT_DIFFERS;
}

static const struct option options[] = {
    PLACE_STATE_OPTION,
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_verdict = {
    .name = "verdict",
    .operands = "[ID]",
    .summary = "Compute verdicts again from the raw batches of their measurements",
    .details =
        "ID is a candidate, as pull requests and `atoll history` name it, or one measurement; it may be "
        "shortened. Without it, all full measurements of the latest run that has some.\n\n"
        "Every batch's time is in the state. From them come verdict, speed-up and interval, bit for bit; "
        "where the state says otherwise, or the batches were changed, it is told, and the exit code is 1.",
    .options = options,
    .operands_max = 1,
    .run = run,
};
