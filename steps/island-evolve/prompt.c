// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/prompt.h"

#include <stdlib.h>
#include <string.h>

enum {
    BEST_MAX = 3,
    FAILURES_MAX = 4,
    CONTEXT_MAX_BYTES = 16 << 10,
    VARIANT_MAX_BYTES = 8 << 10,
    FAILURE_MAX_BYTES = 600,
    DISTRIBUTION_MAX_BYTES = 2000,
};

static const char rules[] =
    "# Rules\n"
    "- Reply with one fenced block of C: the whole function, before it any static helper or static const "
    "table that it "
    "needs. Or reply with SEARCH/REPLACE blocks against the current variant:\n"
    "<<<<<<< SEARCH\nlines of the current variant\n=======\nlines to put there\n>>>>>>> REPLACE\n"
    "- Keep name, signature and behaviour for every possible input, not only for those shown. Outputs are "
    "compared byte "
    "for byte on inputs that you never see.\n"
    "- Portable C, readable by a reviewer. No assembler, no input or output, no system calls, no threads, no "
    "state that "
    "outlives a call (static const tables are fine), no headers beyond string.h, stdint.h, stddef.h, "
    "stdbool.h, "
    "limits.h, math.h.\n"
    "- A gain from attributes, pragmas or qualifiers alone does not count.\n";

static void
add_cut(struct buf *prompt, struct str text, size_t max)
{
    buf_add_str(prompt, str_head(text, max));
    if (text.len > max)
        buf_puts(prompt, "\n... (cut)");
    buf_putc(prompt, '\n');
}

static void
add_code(struct buf *prompt, struct str text, size_t max)
{
    buf_puts(prompt, "```c\n");
    add_cut(prompt, str_trim(text), max);
    buf_puts(prompt, "```\n\n");
}

static void
add_json(struct buf *prompt, const char *title, const json_t *json)
{
    if (json == NULL || json_is_null(json))
        return;
    char *text = json_compact(json);
    buf_puts(prompt, title);
    add_cut(prompt, str_of(text), DISTRIBUTION_MAX_BYTES);
    free(text);
}

static void
add_target(const struct prompt_spec *spec, struct buf *prompt)
{
    const struct target *target = spec->target;
    buf_printf(prompt, "Make the C function `%s` of %s faster.\n\n# The file\n", target->name, target->file);
    add_code(prompt, target->source, CONTEXT_MAX_BYTES);
    buf_puts(prompt, "It is compiled with:");
    for (size_t i = 0; i < target->recipe.flag_count; i++)
        buf_printf(prompt, " %s", target->recipe.flags[i]);
    buf_puts(prompt, "\n");
    json_t *signature = signature_to_json(&target->signature);
    add_json(prompt, "Parameters and their roles: ", signature);
    json_decref(signature);
    double share = json_get_real(spec->benchmark, "share", 0);
    if (share > 0)
        buf_printf(prompt, "It takes %.1f %% of the service's CPU time.\n", 100 * share);
    add_json(prompt, "Inputs in production (quantiles of lengths, shares of byte classes): ",
             json_object_get(spec->benchmark, "distribution"));
    buf_puts(prompt, "\n");
}

static bool
is_listed(struct candidate *const *list, size_t count, const struct candidate *candidate)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == candidate)
            return true;
    return false;
}

static void
add_best(const struct prompt_spec *spec, struct buf *prompt)
{
    struct candidate *best[BEST_MAX];
    size_t found = 0;
    for (; found < BEST_MAX; found++) {
        struct candidate *next = NULL;
        for (size_t i = 0; i < spec->count; i++) {
            struct candidate *candidate = spec->candidates[i];
            if (candidate_is_right(candidate) && candidate->speedup > 1.02 &&
                !is_listed(best, found, candidate) && candidate != spec->parent &&
                (next == NULL || candidate->speedup > next->speedup))
                next = candidate;
        }
        if (next == NULL)
            break;
        best[found] = next;
    }
    for (size_t i = 0; i < found; i++) {
        buf_printf(prompt, "# A right variant that is %.2f times as fast as the original (%s)\n",
                   best[i]->speedup, best[i]->note);
        add_code(prompt, best[i]->text, VARIANT_MAX_BYTES);
    }
}

static bool
teaches(const struct candidate *candidate)
{
    return candidate->reason != NULL && candidate->detail[0] != '\0' &&
           strncmp(candidate->mutator, "model:", 6) == 0;
}

static void
add_failures(const struct prompt_spec *spec, struct buf *prompt)
{
    size_t shown = 0;
    for (size_t i = spec->count; i > 0 && shown < FAILURES_MAX; i--) {
        const struct candidate *candidate = spec->candidates[i - 1];
        if (!teaches(candidate))
            continue;
        if (shown++ == 0)
            buf_puts(prompt, "# Earlier replies that failed\n");
        buf_printf(prompt, "%s: ", candidate->reason);
        add_cut(prompt, str_of(candidate->detail), FAILURE_MAX_BYTES);
        add_code(prompt, candidate->text, VARIANT_MAX_BYTES / 4);
    }
}

void
prompt_write(const struct prompt_spec *spec, struct buf *prompt)
{
    add_target(spec, prompt);
    if (spec->parent->parents[0] != NULL) {
        buf_printf(prompt, "# The current variant, %.2f times as fast as the original\n",
                   spec->parent->speedup);
        add_code(prompt, spec->parent->text, VARIANT_MAX_BYTES);
    } else {
        buf_puts(prompt, "# The current variant (the original)\n");
        add_code(prompt, spec->parent->text, VARIANT_MAX_BYTES);
    }
    add_best(spec, prompt);
    add_failures(spec, prompt);
    buf_puts(prompt, rules);
}
