// SPDX-License-Identifier: Apache-2.0
// atoll evolve FILE:FUNCTION: two steps of a pipeline written on the spot, for a person at a desk.
#include "base/fs.h"
#include "base/git.h"
#include "base/yaml.h"
#include "cmd/command.h"
#include "cmd/display.h"
#include "steps/registry.h"
#include "workflow/engine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIPELINE_MAX_BYTES (1 << 20)

struct request {
    const char *repository; // absolute
    const char *file;       // relative to it
    const char *function;
};

static int
split_target(struct arena *arena, const char *operand, struct request *request, struct err *err)
{
    struct str text = str_of(operand);
    ptrdiff_t colon = str_rfind_byte(text, ':');
    if (colon <= 0 || (size_t)colon + 1 == text.len)
        return err_set(err, ERR_USAGE, "\"%s\" is not FILE:FUNCTION, such as src/tag.c:normalize_tag",
                       operand);
    char *path = arena_str(arena, str_head(text, (size_t)colon));
    request->function = arena_str(arena, str_from(text, (size_t)colon + 1));
    if (!fs_exists(path))
        return err_set(err, ERR_USAGE, "%s: no such file", path);
    const char *real = fs_real(arena, path, err);
    if (real == NULL)
        return -1;
    const char *folder = fs_dir_name(arena, real);
    struct err ignored;
    struct repo *repo = repo_open(folder, &ignored);
    const char *root =
        repo != NULL && repo_workdir(repo) != NULL ? fs_real(arena, repo_workdir(repo), err) : folder;
    repo_free(repo);
    if (root == NULL)
        return -1;
    request->repository = root;
    request->file = real + strlen(root) + 1;
    return 0;
}

static json_t *
words_of(const char *text)
{
    json_t *list = json_array();
    struct str rest = str_of(text);
    while (rest.ptr != NULL) {
        struct str word = str_cut(&rest, ' ');
        if (word.len > 0)
            json_array_append_new(list, json_text(word));
    }
    return list;
}

static json_t *
benchmark_step(struct invocation *invocation, const struct request *request, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    json_t *with = json_object();
    json_set_text(with, "file", request->file);
    json_set_text(with, "function", request->function);
    const char *inputs = arguments_text(arguments, "inputs", NULL);
    if (inputs != NULL) {
        const char *real = fs_real(invocation->arena, inputs, err);
        if (real == NULL) {
            json_decref(with);
            err->kind = ERR_USAGE;
            return NULL;
        }
        json_set_text(with, "captured", real);
    }
    if (arguments_has(arguments, "flags"))
        json_object_set_new(with, "flags", words_of(arguments_text(arguments, "flags", "")));
    if (arguments_has(arguments, "link"))
        json_object_set_new(with, "link", words_of(arguments_text(arguments, "link", "")));
    const char *params = arguments_text(arguments, "params", NULL);
    if (params != NULL) {
        json_t *json = json_read(str_of(params), "--params", err);
        if (json == NULL) {
            json_decref(with);
            err->kind = ERR_USAGE;
            return NULL;
        }
        json_object_set_new(with, "params", json);
    }
    return json_pack("{s:s, s:s, s:o}", "id", "benchmark", "uses", "benchmark-generate", "with", with);
}

static json_t *
evolve_step(struct invocation *invocation)
{
    const struct arguments *arguments = invocation->arguments;
    json_t *with = json_object();
    json_set_text(with, "benchmark", "${{ steps.benchmark.outputs.benchmark }}");
    json_object_set_new(with, "minutes", json_real(arguments_real(arguments, "minutes", 1)));
    const char *model = arguments_text(arguments, "model", NULL);
    if (model != NULL)
        json_object_set_new(with, "models",
                            json_pack("[{s:s, s:s}]", "provider", "command", "command", model));
    return json_pack("{s:s, s:s, s:o}", "id", "evolve", "uses", "island-evolve", "with", with);
}

static int
write_pipeline(struct invocation *invocation, const struct request *request, struct buf *text,
               struct err *err)
{
    json_t *benchmark = benchmark_step(invocation, request, err);
    if (benchmark == NULL)
        return -1;
    AUTO_JSON *pipeline = json_pack("{s:i, s:s, s:[o, o]}", "version", 1, "name", "evolve", "steps",
                                    benchmark, evolve_step(invocation));
    return yaml_write(pipeline, text, err);
}

static const json_t *
outputs_of(const json_t *status, const char *id)
{
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(status, "steps"), index,
                       step) if (strcmp(json_get_text(step, "id", ""), id) ==
                                 0) return json_object_get(step, "outputs");
    return NULL;
}

// The one JSON object that scripts read.
static json_t *
result_json(const struct request *request, const json_t *outputs)
{
    static const char *const copied[] = {"verdict",     "speedup",  "speedup_low", "speedup_high", "holdout",
                                         "evaluations", "rejected", "seconds",     "hints_only",   "notes",
                                         "candidate",   "aa",       NULL};
    json_t *result = json_object();
    const json_t *winner = json_object_get(outputs, "winner");
    char target[1024];
    snprintf(target, sizeof(target), "%s:%s", request->file, request->function);
    json_set_text(result, "target", target);
    for (const char *const *key = copied; *key != NULL; key++) {
        json_t *value = json_object_get(winner, *key);
        json_object_set(result, *key, value != NULL ? value : json_null());
    }
    if (winner == NULL)
        json_set_text(result, "verdict", "failed");
    json_set_text(result, "patch", json_get_text(outputs, "patch", NULL));
    return result;
}

static void
print_result(const struct terminal *terminal, const json_t *result)
{
    const char *verdict = json_get_text(result, "verdict", "failed");
    const json_t *holdout = json_object_get(result, "holdout");
    bool improved = strcmp(verdict, "improved") == 0;
    printf("%s%s%s: %s", terminal_style(terminal, improved ? STYLE_GOOD : STYLE_WARN), verdict,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(result, "target", ""));
    if (improved)
        printf(" is %.2fx faster on train [%.2f, %.2f] and %.2fx on holdout [%.2f, %.2f]",
               json_get_real(result, "speedup", 0), json_get_real(result, "speedup_low", 0),
               json_get_real(result, "speedup_high", 0), json_get_real(holdout, "speedup", 0),
               json_get_real(holdout, "speedup_low", 0), json_get_real(holdout, "speedup_high", 0));
    printf(" (%lld evaluations, %.0f s)\n", (long long)json_get_int(result, "evaluations", 0),
           json_get_real(result, "seconds", 0));
    if (improved)
        printf("\n%s", json_get_text(result, "patch", ""));
}

static int
finish(struct invocation *invocation, const struct request *request, const char *state, const char *run,
       struct err *err)
{
    AUTO_JSON *status = engine_status(state, run, err);
    if (status == NULL)
        return -1;
    AUTO_JSON *result = result_json(request, outputs_of(status, "evolve"));
    if (invocation->terminal.json)
        terminal_json(result);
    else
        print_result(&invocation->terminal, result);
    bool improved = strcmp(json_get_text(result, "verdict", ""), "improved") == 0;
    return arguments_has(invocation->arguments, "fail-on-none") && !improved
               ? err_exit_code(ERR_NO_IMPROVEMENT)
               : 0;
}

static void
print_plan(const struct display *display)
{
    AUTO_JSON *plan = display_plan(display);
    terminal_json(plan);
}

static int
run(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    struct request request = {0};
    if (split_target(invocation->arena, arguments->operands[0], &request, err) != 0)
        return -1;
    AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
    if (write_pipeline(invocation, &request, &text, err) != 0)
        return -1;
    struct display display = {.terminal = &invocation->terminal, .host = invocation->host};
    struct engine_options options = {
        .repository = request.repository,
        .pipeline_path = "evolve",
        .pipeline_text = buf_str(&text),
        .state_path = fs_join(invocation->arena, request.repository, ".atoll/state/evolve.db"),
        .registry = &step_registry,
        .host = invocation->host,
        .self_path = invocation->self_path,
        .cell_path = invocation->cell_path,
        .has_seed = arguments_has(arguments, "seed"),
        .seed = (uint64_t)arguments_int(arguments, "seed", 0),
        .dry_run = arguments_has(arguments, "dry-run"),
        .observe = display_event,
        .context = &display,
    };
    struct engine_outcome outcome = {0};
    int result = engine_run(&options, &outcome, err);
    bool json = invocation->terminal.json;
    if (result != 0 && json)
        invocation->terminal.answer = result_json(&request, NULL); // whole, also without a result
    else if (result == 0 && !options.dry_run)
        result = finish(invocation, &request, outcome.state, outcome.run, err);
    else if (result == 0 && json)
        print_plan(&display);
    display_release(&display);
    return result;
}

static const struct option options[] = {
    {"inputs", OPTION_TEXT, "FILE", "captured calls, JSON Lines {\"args\": [..], \"count\": 1}", NULL},
    {"flags", OPTION_TEXT, "FLAGS",
     "compiler flags (default: what the repository's build says, at least -O2)", NULL},
    {"link", OPTION_TEXT, "FILES", "further sources, objects, archives and -lNAME that the function needs",
     NULL},
    {"params", OPTION_TEXT, "JSON", "roles of parameters: {\"n\": {\"role\": \"count\", \"of\": \"data\"}}",
     NULL},
    {"minutes", OPTION_REAL, "N", "time for the search (default 1)", NULL},
    {"model", OPTION_TEXT, "COMMAND",
     "a command that reads a prompt and writes a reply, as a further mutator", NULL},
    {"seed", OPTION_INT, "N", "seed of all random choices", NULL},
    {"dry-run", OPTION_FLAG, NULL, "print what would run; start nothing", NULL},
    {"fail-on-none", OPTION_FLAG, NULL, "exit 3 when no improvement was found", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_evolve = {
    .name = "evolve",
    .operands = "FILE:FUNCTION",
    .summary = "Evolve a faster version of one C or Go function, here and now",
    .details = "Needs no pipeline, key or server. Prints the verdict, the speed-up with its interval on "
               "train and on\n"
               "holdout inputs, and the patch; --json prints one object for scripts.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
