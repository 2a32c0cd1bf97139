// SPDX-License-Identifier: Apache-2.0
// atoll compare: which of two commands, or of two revisions of a function, is faster.
#include "cmd/compare.h"
#include "base/clock.h"
#include "base/rng.h"
#include "steps/shared/reading/reading.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { LAUNCHES_MIN = 8, TEXT_MAX_BYTES = 16384 };

#define ALPHA 0.01
#define ALPHA_MAX 0.2
#define WITHIN_MAX_PCT 50
#define BUDGET_S 60

// "1%" or "1 %".
static int
read_margin(const char *text, double *margin, struct err *err)
{
    struct str rest = str_trim(str_of(text));
    double pct;
    if (!str_ends(rest, STR("%")) || !str_to_double(str_trim(str_head(rest, rest.len - 1)), &pct) ||
        !(pct >= 0 && pct <= WITHIN_MAX_PCT))
        return err_set(err, ERR_USAGE, "--within \"%s\" is no margin; 0%% to %d%% are, such as 1%%", text,
                       WITHIN_MAX_PCT);
    *margin = pct / 100;
    return 0;
}

static int
read_options(struct invocation *invocation, struct compare_options *options, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const struct host *host = invocation->host;
    double alpha = arguments_real(arguments, "alpha", ALPHA);
    double budget_s = arguments_real(arguments, "max-seconds", BUDGET_S);
    *options = (struct compare_options){.rule = {.alpha = alpha, .launches_min = LAUNCHES_MIN}};
    if (read_margin(arguments_text(arguments, "within", "1%"), &options->rule.margin, err) != 0)
        return -1;
    if (!(alpha > 0 && alpha <= ALPHA_MAX))
        return err_set(err, ERR_USAGE, "--alpha %g is no error probability; above 0 up to %g are", alpha,
                       ALPHA_MAX);
    if (!(budget_s > 0 && budget_s <= 1e6))
        return err_set(err, ERR_USAGE, "--max-seconds %g is no time; above 0 up to a million are", budget_s);
    options->budget_ns = (int64_t)(budget_s * 1e9);
    options->seed = arguments_has(arguments, "seed")
                        ? (uint64_t)arguments_int(arguments, "seed", 0)
                        : rng_mix((uint64_t)host->wall_ns(host->context), (uint64_t)getpid());
    return 0;
}

static int
run(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    bool function = arguments_has(arguments, "function");
    struct compare_options options;
    if (function && arguments->operand_count != 3)
        return err_set(err, ERR_USAGE, "usage: atoll compare --function NAME REV_A REV_B FILE");
    if (!function && arguments->operand_count != 2)
        return err_set(err, ERR_USAGE,
                       "usage: atoll compare COMMAND_A COMMAND_B; a command is one operand, as "
                       "in './sort in.txt'");
    if (read_options(invocation, &options, err) != 0)
        return -1;
    return function ? compare_function(invocation, &options, err)
                    : compare_commands(invocation, &options, err);
}

struct comparison
compare_item(const char *name, enum sequential_verdict verdict, const struct sequential_estimate *estimate,
             size_t launches, double seconds)
{
    static const enum comparison_verdict verdicts[] = {
        [SEQUENTIAL_INCONCLUSIVE] = COMPARISON_INCONCLUSIVE,
        [SEQUENTIAL_FASTER] = COMPARISON_FASTER,
        [SEQUENTIAL_SLOWER] = COMPARISON_SLOWER,
        [SEQUENTIAL_EQUIVALENT] = COMPARISON_EQUIVALENT,
    };
    return (struct comparison){.name = name,
                               .verdict = verdicts[verdict],
                               .ratio = 1 / estimate->speedup,
                               .low = 1 / estimate->high,
                               .high = 1 / estimate->low,
                               .launches = launches,
                               .seconds = seconds};
}

void
compare_live(struct terminal *terminal, const struct comparison *item, size_t decided, size_t of,
             double seconds_left)
{
    AUTO_BUF line = BUF(TEXT_MAX_BYTES);
    char left[24];
    if (!terminal->live)
        return;
    if (of > 1)
        buf_printf(&line, "%zu of %zu decided, ", decided, of);
    buf_printf(&line, "ratio %.4f", item->ratio);
    if (isfinite(item->high))
        buf_printf(&line, " [%.4f, %.4f]", item->low, item->high);
    buf_printf(&line, ", %zu launch%s, %.0f s", item->launches, item->launches == 1 ? "" : "es",
               item->seconds);
    if (isfinite(seconds_left)) {
        clock_human((int64_t)(seconds_left * 1e9), left, sizeof(left));
        buf_printf(&line, ", about %s to a verdict", left);
    }
    terminal_live(terminal, buf_text(&line));
}

static enum style
style_of(enum comparison_verdict verdict)
{
    static const enum style styles[] = {
        [COMPARISON_FASTER] = STYLE_GOOD,       [COMPARISON_EQUIVALENT] = STYLE_GOOD,
        [COMPARISON_INCONCLUSIVE] = STYLE_WARN, [COMPARISON_SLOWER] = STYLE_BAD,
        [COMPARISON_DIFFERS] = STYLE_BAD,
    };
    return styles[verdict];
}

int
compare_finish(struct invocation *invocation, const struct comparison_report *report)
{
    struct terminal *terminal = &invocation->terminal;
    AUTO_BUF hint = BUF(TEXT_MAX_BYTES);
    if (terminal->json) {
        AUTO_JSON *json = comparison_json(report);
        terminal_json(json);
        return comparison_exit_code(report);
    }
    terminal_clear(terminal);
    for (size_t i = 0; i < report->count; i++) {
        const struct comparison *item = &report->items[i];
        AUTO_BUF line = BUF(TEXT_MAX_BYTES);
        comparison_sentence(item, report->within, &line);
        printf("%s%s%s: %s\n", terminal_style(terminal, style_of(item->verdict)),
               comparison_verdict_name(item->verdict), terminal_style(terminal, STYLE_PLAIN),
               buf_text(&line));
    }
    if (report->difference != NULL)
        printf("%s\n", report->difference);
    comparison_hint(report, &hint);
    if (hint.len > 0)
        printf("%s\n", buf_text(&hint));
    return comparison_exit_code(report);
}

static const char *const clocks[] = {"auto", "cpu", "wall", NULL};

static const struct option options[] = {
    {"within", OPTION_TEXT, "MARGIN", "call times equivalent that differ by no more (default 1%)", NULL},
    {"max-seconds", OPTION_REAL, "N", "end after this time, inconclusive at the worst (default 60)", NULL},
    {"alpha", OPTION_REAL, "P",
     "probability of calling equal times different, of all benchmarks together "
     "(default 0.01)",
     NULL},
    {"clock", OPTION_TEXT, "CLOCK",
     "cpu, wall or auto: CPU time where neither command ever waits, else the wall clock (default)", clocks},
    {"format", OPTION_TEXT, "FORMAT",
     "read times by name off what the commands print: go, google, criterion or auto", reading_formats},
    {"shell", OPTION_FLAG, NULL, "hand the commands to sh -c", NULL},
    {"ignore-failure", OPTION_FLAG, NULL, "measure commands that exit with another code than 0", NULL},
    {"stdin", OPTION_TEXT, "FILE", "standard input of the commands (default: nothing)", NULL},
    {"setup", OPTION_TEXT, "COMMAND", "a shell command to run once, first", NULL},
    {"prepare", OPTION_TEXT, "COMMAND", "a shell command to run before every timed run", NULL},
    {"function", OPTION_TEXT, "NAME", "compare a C or Go function at two revisions; \".\" is the work tree",
     NULL},
    {"inputs", OPTION_TEXT, "FILE",
     "its captured calls, JSON Lines {\"args\": [..], \"count\": 1} (default: .atoll/captured/NAME.jsonl)",
     NULL},
    {"params", OPTION_TEXT, "JSON",
     "roles of its parameters: {\"n\": {\"role\": \"count\", \"of\": \"data\"}}", NULL},
    {"flags", OPTION_TEXT, "FLAGS",
     "its compiler flags (default: what the repository's build says, at least -O2); of Go those of go build",
     NULL},
    {"link", OPTION_TEXT, "FILES", "further source files of the repository that it needs", NULL},
    {"control", OPTION_FLAG, NULL, "then compare the function with itself, too, as long as that takes", NULL},
    {"seed", OPTION_INT, "N", "seed of all random choices", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_compare = {
    .name = "compare",
    .operands = "A B [FILE]",
    .summary = "Compare the speed of two commands, or of two revisions of a function",
    .details =
        "  atoll compare './old in.txt' './new in.txt'\n"
        "  atoll compare --format auto './old -test.bench .' './new -test.bench .'\n"
        "  atoll compare --function normalize_tag main HEAD src/tag.c\n"
        "\n"
        "Runs A and B in turns until a test that may be looked at at any time decides: B is faster, slower, "
        "or\n"
        "equivalent within a margin; inconclusive when the time is over. ratio = time of B / time of A. Exit "
        "codes:\n"
        "0 equivalent or faster, 10 slower, 11 inconclusive, 12 the revisions give different outputs. Needs "
        "no\n"
        "pipeline. Commands run as you, outside of any sandbox; functions run inside of it.",
    .options = options,
    .operands_min = 2,
    .operands_max = 3,
    .run = run,
};
