// SPDX-License-Identifier: Apache-2.0
// atoll explain CANDIDATE: where it came from, what was measured, why it lived or died.
#include "steps/shared/target/go/explain.h"
#include "base/fs.h"
#include "cmd/place.h"
#include "steps/shared/candidate/candidate.h"
#include "steps/shared/target/syntax.h"

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
print_side(const char *name, const json_t *side)
{
    printf("  %-7s %lld bounds checks, %lld escapes to the heap, %s%s%s\n", name,
           (long long)json_get_int(side, "bounds_checks", 0), (long long)json_get_int(side, "escapes", 0),
           json_get_bool(side, "can_inline", false) ? "can be inlined" : "can't be inlined",
           *json_get_text(side, "inline", "") != '\0' ? ": " : "", json_get_text(side, "inline", ""));
}

static void
print_compiler(const json_t *compiler)
{
    const char *reason = json_get_text(compiler, "unknown", NULL);
    if (compiler == NULL)
        return;
    printf("what the compiler made of it%s%s\n", reason != NULL ? ": unknown, " : "",
           reason != NULL ? reason : "");
    if (reason != NULL)
        return;
    print_side("before", json_object_get(compiler, "before"));
    print_side("after", json_object_get(compiler, "after"));
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
    print_compiler(json_object_get(candidate, "compiler"));
    printf("parents, back to the baseline\n");
    print_parents(json_object_get(candidate, "parents"));
    printf("source\n%s\n", json_get_text(candidate, "source", ""));
}

// Both versions are built, which the state does not need to have kept; why that was not possible is told
// instead.
static json_t *
ask_compiler(struct invocation *invocation, const json_t *candidate)
{
    struct err err;
    const char *scratch = fs_temp_dir(invocation->arena, NULL, "atoll-explain", &err);
    struct launcher *launcher =
        scratch != NULL ? launcher_new(invocation->cell_path, ISOLATION_GUARD, &err) : NULL;
    const struct go_question question = {.repository =
                                             fs_real(invocation->arena, invocation->repository, &err),
                                         .file = json_get_text(candidate, "file", ""),
                                         .function = json_get_text(candidate, "function", ""),
                                         .variant = str_of(json_get_text(candidate, "source", "")),
                                         .scratch = scratch};
    json_t *compiler =
        launcher != NULL && question.repository != NULL ? go_explain(launcher, &question, &err) : NULL;
    if (compiler == NULL)
        compiler = json_pack("{s:s}", "unknown", err.message);
    if (launcher != NULL)
        launcher_free(launcher);
    struct err ignored;
    if (scratch != NULL)
        (void)!fs_remove_tree(scratch, &ignored);
    return compiler;
}

static int
run(struct invocation *invocation, struct err *err)
{
    AUTO_JSON *candidate =
        candidate_explain(place_candidates(invocation), invocation->arguments->operands[0], err);
    if (candidate == NULL)
        return -1;
    if (language_of(json_get_text(candidate, "file", "")) == LANGUAGE_GO)
        json_object_set_new(candidate, "compiler", ask_compiler(invocation, candidate));
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
    .details =
        "CANDIDATE is an id as pull requests and `atoll history` name it; it may be shortened. Of a Go "
        "function the compiler's word on bounds checks, escapes and inlining is told too, before and after.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
