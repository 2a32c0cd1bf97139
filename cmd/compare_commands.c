// SPDX-License-Identifier: Apache-2.0
// atoll compare with two commands: what they are, how they are run, what their verdicts are.
#include "base/clock.h"
#include "base/proc.h"
#include "cmd/compare.h"
#include "steps/shared/reading/reading.h"
#include "steps/shared/target/command.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LAUNCH_NS (300 * CLOCK_MS_NS)

struct commands_compare {
    struct invocation *invocation;
    const char *prepare; // a shell command, or NULL
    const char *format;  // NULL: the runs are timed
    enum command_clock clock;
};

// ---- command lines
// ----------------------------------------------------------------------------------------------

// The first character that means something to a shell alone, or NUL. Quotes are a shell's, too, but ours as
// well.
static char
shell_only(const char *text)
{
    char quote = '\0';
    for (; *text != '\0'; text++) {
        if (quote == '\'' && *text != '\'')
            continue;
        if (*text == '\\' && text[1] != '\0')
            text++;
        else if (*text == '$' || *text == '`')
            return *text;
        else if (*text == quote)
            quote = '\0';
        else if (quote == '\0' && (*text == '\'' || *text == '"'))
            quote = *text;
        else if (quote == '\0' && strchr("|&;<>()*?", *text) != NULL)
            return *text;
    }
    return '\0';
}

static int
read_command(struct invocation *invocation, size_t index, struct command_side *side, struct err *err)
{
    struct arena *arena = invocation->arena;
    const char *text = invocation->arguments->operands[index], letter = (char)('A' + index);
    struct words words = {0};
    struct str rest;
    if (arguments_has(invocation->arguments, "shell")) {
        words_add(arena, &words, "sh");
        words_add(arena, &words, "-c");
        words_add(arena, &words, text);
    } else if (shell_only(text) != '\0') {
        return err_set(err, ERR_USAGE,
                       "command %c: only a shell knows what %c in `%s` means; say --shell, or quote it",
                       letter, shell_only(text), text);
    } else {
        words = words_split(arena, str_of(text), &rest);
    }
    if (words.count == 0)
        return err_set(err, ERR_USAGE, "command %c is empty", letter);
    const char *path = proc_find(arena, words.items[0]);
    if (path == NULL)
        return err_set(err, ERR_USAGE, "command %c: there is no program %s", letter, words.items[0]);
    words_add(arena, &words, NULL);
    *side = (struct command_side){.label = text, .path = path, .argv = words.items};
    return 0;
}

// ---- what a duet asks for
// ------------------------------------------------------------------------------------------

static int
run_shell(const char *option, const char *command, struct err *err)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct proc_spec spec = {.argv = argv, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    AUTO_BUF how = BUF(1024);
    if (proc_run(&spec, &result, err) != 0)
        return err_wrap(err, "--%s", option);
    if (result.exit_code == 0)
        return 0;
    struct str said = str_trim(buf_str(&result.out));
    proc_result_describe(&result, &how);
    return err_set(err, ERR_TARGET, "--%s `%s` ended with %s%s%" STR_FMT, option, command, buf_text(&how),
                   said.len > 0 ? ": " : "", STR_ARG(str_head(said, 300)));
}

static int
prepare_run(void *context, struct err *err)
{
    struct commands_compare *compare = context;
    return run_shell("prepare", compare->prepare, err);
}

static int
read_output(void *context, struct str output, struct readings *readings, struct err *err)
{
    struct commands_compare *compare = context;
    return reading_read(compare->format, compare->clock, output, readings, err);
}

static struct comparison
item_of(const struct score *benchmark, bool refused)
{
    struct sequential_estimate estimate = sequential_estimate(&benchmark->test);
    struct scores_aa aa = scores_control(benchmark);
    struct comparison item =
        compare_item(benchmark->name, refused ? SEQUENTIAL_INCONCLUSIVE : sequential_judge(&benchmark->test),
                     &estimate, (size_t)benchmark->test.process.count, benchmark->seconds);
    item.aa.different = aa.different;
    item.aa.of = aa.of;
    return item;
}

// Shows the benchmark that will take longest, of those that are undecided.
static void
show_progress(void *context, const struct scores *scores, double seconds, double seconds_left)
{
    struct commands_compare *compare = context;
    struct comparison shown = {0};
    size_t decided = 0;
    for (size_t i = 0; i < scores->count; i++) {
        struct comparison item = item_of(&scores->benchmarks[i], false);
        if (item.verdict != COMPARISON_INCONCLUSIVE)
            decided++;
        if (i == 0 || item.verdict == COMPARISON_INCONCLUSIVE)
            shown = item;
    }
    shown.seconds = seconds;
    compare_live(&compare->invocation->terminal, &shown, decided, scores->count, seconds_left);
}

// ---- the end
// --------------------------------------------------------------------------------------------------------

static void
tell_missing(struct terminal *terminal, const struct command_duet_result *result)
{
    for (size_t side = 0; side < 2; side++) {
        AUTO_BUF text = BUF(4096);
        if (result->missing_count[side] == 0)
            continue;
        buf_printf(&text, "only %c has", (int)('A' + side));
        for (size_t i = 0; i < result->missing_count[side]; i++)
            buf_printf(&text, "%s %s", i > 0 ? "," : "", result->missing[side][i]);
        if (!terminal->quiet)
            terminal_warning(terminal, buf_text(&text));
    }
}

// Time of a launch: of those that were, or as the first runs let expect.
static double
launch_seconds(const struct command_duet_result *result)
{
    double most = 0;
    for (size_t i = 0; i < result->scores.count; i++)
        most = fmax(most, (double)result->scores.benchmarks[i].test.process.count);
    if (most > 0)
        return result->seconds / most;
    return result->quads > 0 ? 4 * result->run_seconds * (double)(result->runs * result->quads) : NAN;
}

static int
finish(struct commands_compare *compare, const struct compare_options *options,
       const struct command_duet_result *result)
{
    struct terminal *terminal = &compare->invocation->terminal;
    const struct scores *scores = &result->scores;
    struct comparison *items = ARENA_ARRAY(compare->invocation->arena, struct comparison, scores->count);
    bool refused = scores_is_refused(scores);
    for (size_t i = 0; i < scores->count; i++)
        items[i] = item_of(&scores->benchmarks[i], refused);
    struct comparison_report report = {.items = items,
                                       .count = scores->count,
                                       .within = options->rule.margin,
                                       .seconds = result->seconds,
                                       .seconds_left = result->seconds_left,
                                       .launch_seconds = launch_seconds(result),
                                       .launches_min = (size_t)options->rule.launches_min,
                                       .cancelled = result->cancelled,
                                       .refused = refused};
    tell_missing(terminal, result);
    if (compare->format == NULL && terminal->verbose)
        terminal_note(terminal, "%s time; %zu run%s in each place of a quad, %zu quads a launch",
                      result->clock == COMMAND_CPU ? "CPU" : "wall clock", result->runs,
                      result->runs == 1 ? "" : "s", result->quads);
    return compare_finish(compare->invocation, &report);
}

// Runs the duet while signals that would end this process end the duet instead.
static int
run_duet(struct command_duet_spec *spec, struct command_duet_result *result, struct err *err)
{
    struct signalfd_siginfo taken;
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, &before);
    spec->cancel_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    int done = command_duet_run(spec, result, err);
    while (spec->cancel_fd >= 0 && read(spec->cancel_fd, &taken, sizeof(taken)) > 0)
        ;
    if (spec->cancel_fd >= 0)
        close(spec->cancel_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return done;
}

static enum command_clock
read_clock(const struct arguments *arguments)
{
    const char *name = arguments_text(arguments, "clock", "auto");
    return strcmp(name, "cpu") == 0 ? COMMAND_CPU : strcmp(name, "wall") == 0 ? COMMAND_WALL : COMMAND_AUTO;
}

int
compare_commands(struct invocation *invocation, const struct compare_options *options, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    struct commands_compare compare = {.invocation = invocation,
                                       .prepare = arguments_text(arguments, "prepare", NULL),
                                       .format = arguments_text(arguments, "format", NULL),
                                       .clock = read_clock(arguments)};
    struct command_duet_spec spec = {.host = invocation->host,
                                     .clock = compare.clock,
                                     .ignore_failure = arguments_has(arguments, "ignore-failure"),
                                     .stdin_path = arguments_text(arguments, "stdin", NULL),
                                     .rule = options->rule,
                                     .launch_ns = LAUNCH_NS,
                                     .budget_ns = options->budget_ns,
                                     .seed = options->seed,
                                     .context = &compare,
                                     .before = compare.prepare != NULL ? prepare_run : NULL,
                                     .read = compare.format != NULL ? read_output : NULL,
                                     .progress = show_progress};
    const char *setup = arguments_text(arguments, "setup", NULL);
    if (spec.stdin_path != NULL && access(spec.stdin_path, R_OK) != 0)
        return err_sys(err, ERR_USAGE, "--stdin %s", spec.stdin_path);
    if (setup != NULL && run_shell("setup", setup, err) != 0)
        return -1;
    for (size_t side = 0; side < 2; side++)
        if (read_command(invocation, side, &spec.sides[side], err) != 0)
            return -1;
    struct command_duet_result result;
    terminal_live(&invocation->terminal, "first runs, to see how long they take");
    int done = run_duet(&spec, &result, err);
    if (done == 0)
        done = finish(&compare, options, &result);
    command_duet_result_release(&result);
    return done;
}
