// SPDX-License-Identifier: Apache-2.0
// atoll sandbox check: what this machine can contain machine-written code with. atoll sandbox run -- COMMAND:
// a command under that policy.
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "cmd/command.h"
#include "sandbox/launcher.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_LIMIT = 124, EXIT_SIGNAL_BASE = 128 };

static const char *const place_keys[PLACE_COUNT] = {"github", "gitlab_docker", "self_hosted"};

// ---- check

static json_t *
part_json(const struct isolation_probe *probe, enum isolation_part part)
{
    bool there = probe->there & PART(part);
    json_t *json = json_pack("{s:s, s:s, s:b, s:s, s:s}", "name", isolation_part_name(part), "level",
                             isolation_name(isolation_part_level(part)), "there", there, "reason",
                             probe->reasons[part], "summary", isolation_part_summary(part));
    if (there)
        return json;
    json_t *get = json_object();
    for (enum isolation_place place = 0; place < PLACE_COUNT; place++)
        json_set_text(get, place_keys[place], isolation_advice(part, place));
    json_object_set_new(json, "get", get);
    return json;
}

static json_t *
probe_json(const struct isolation_probe *probe)
{
    json_t *parts = json_array();
    for (enum isolation_part part = 0; part < PART_COUNT; part++)
        json_array_append_new(parts, part_json(probe, part));
    return json_pack("{s:s, s:i, s:o}", "level", isolation_name(probe->level), "landlock_abi",
                     probe->landlock_abi, "parts", parts);
}

static void
print_part(const struct terminal *terminal, const struct isolation_probe *probe, enum isolation_part part)
{
    bool there = probe->there & PART(part);
    const char *reason = probe->reasons[part];
    printf("%-17s %-6s %s%-4s%s %s%s%s%s\n", isolation_part_name(part),
           isolation_name(isolation_part_level(part)),
           terminal_style(terminal, there ? STYLE_GOOD : STYLE_WARN), there ? "yes" : "no",
           terminal_style(terminal, STYLE_PLAIN), isolation_part_summary(part), *reason ? " (" : "", reason,
           *reason ? ")" : "");
}

// How to get what is missing, the same advice once.
static void
print_advice(const struct isolation_probe *probe)
{
    for (enum isolation_part part = 0; part < PART_COUNT; part++) {
        const char *advice = isolation_advice(part, PLACE_SELF_HOSTED);
        bool known = probe->there & PART(part);
        for (enum isolation_part other = 0; other < part && !known; other++)
            known = !(probe->there & PART(other)) && isolation_advice(other, PLACE_SELF_HOSTED) == advice;
        if (known)
            continue;
        printf("\nTo get %s", isolation_part_name(part));
        for (enum isolation_part other = part + 1; other < PART_COUNT; other++)
            if (!(probe->there & PART(other)) && isolation_advice(other, PLACE_SELF_HOSTED) == advice)
                printf(", %s", isolation_part_name(other));
        printf(":\n");
        for (enum isolation_place place = 0; place < PLACE_COUNT; place++)
            printf("  %-23s %s\n", isolation_place_name(place), isolation_advice(part, place));
    }
}

static int
check(struct invocation *invocation, const struct isolation_demand *demand, struct err *err)
{
    struct isolation_probe probe;
    enum isolation_level level;
    isolation_probe(&probe);
    if (invocation->terminal.json) {
        AUTO_JSON *json = probe_json(&probe);
        terminal_json(json);
    } else {
        printf("Isolation level: %s%s%s (guard < fence < cell < vault), Landlock ABI %d\n\n",
               terminal_style(&invocation->terminal, STYLE_BOLD), isolation_name(probe.level),
               terminal_style(&invocation->terminal, STYLE_PLAIN), probe.landlock_abi);
        for (enum isolation_part part = 0; part < PART_COUNT; part++)
            print_part(&invocation->terminal, &probe, part);
        print_advice(&probe);
    }
    // What was asked for decides the exit code; the table stands on standard output already.
    if (isolation_decide(&probe, demand, &level, err) == 0)
        return 0;
    if (!invocation->terminal.json)
        return -1;
    return err_exit_code(err->kind);
}

// ---- run

enum { PATHS_MAX = 64 };

struct order {
    struct launch_spec spec;
    const char *read_paths[PATHS_MAX + 3], *write_paths[PATHS_MAX + 1];
};

// Adds the values of an option to `paths`, resolved.
static int
add_paths(const struct invocation *invocation, const char *name, const char **paths, size_t count,
          struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    for (size_t i = 0; i < arguments->value_count; i++) {
        if (strcmp(arguments->values[i].option->name, name) != 0)
            continue;
        if (count == PATHS_MAX)
            return err_set(err, ERR_USAGE, "--%s can be given %d times at most", name, PATHS_MAX);
        paths[count] = fs_real(invocation->arena, arguments->values[i].text, err);
        if (!paths[count++])
            return err_wrap(err, "--%s", name);
    }
    paths[count] = NULL;
    return 0;
}

static int
read_limits(const struct arguments *arguments, struct launch_limits *limits, struct err *err)
{
    const char *timeout = arguments_text(arguments, "timeout", NULL);
    const char *memory = arguments_text(arguments, "memory", NULL);
    const char *disk = arguments_text(arguments, "disk", NULL);
    int64_t ns = 0, bytes = 0, disk_bytes = 0, processes = arguments_int(arguments, "processes", 0);
    if (timeout && !clock_parse_duration(str_of(timeout), &ns))
        return err_set(err, ERR_USAGE, "--timeout %s is no span of time; write one like 30s or 500ms",
                       timeout);
    if (memory && !str_to_size(str_of(memory), &bytes))
        return err_set(err, ERR_USAGE, "--memory %s is no size; write one like 512M or 2G", memory);
    if (disk && !str_to_size(str_of(disk), &disk_bytes))
        return err_set(err, ERR_USAGE, "--disk %s is no size; write one like 512M or 2G", disk);
    if (processes < 0 || processes > 100000)
        return err_set(err, ERR_USAGE, "--processes is from 1 to 100000");
    *limits = (struct launch_limits){.wall_ms = ns > 0 && ns < CLOCK_MS_NS ? 1 : ns / CLOCK_MS_NS,
                                     .memory_bytes = (size_t)bytes,
                                     .disk_bytes = (size_t)disk_bytes,
                                     .processes = (unsigned)processes};
    return 0;
}

// As JSON is on standard output, the command's words go to standard error.
static void
pass_on(void *context, struct str bytes)
{
    const struct terminal *terminal = context;
    FILE *out = terminal->json ? stderr : stdout;
    fwrite(bytes.ptr, 1, bytes.len, out);
    fflush(out);
}

static int
fill_order(struct invocation *invocation, struct order *order, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char **argv = arguments->operands + 1; // its array has a NULL at the end
    const char *program = proc_find(invocation->arena, argv[0]);
    if (!program)
        return err_set(err, ERR_NOT_FOUND, "%s: no such program", argv[0]);
    argv[0] = fs_real(invocation->arena, program, err);
    char *here = fs_real(invocation->arena, ".", err);
    if (!argv[0] || !here)
        return -1;
    bool run = strcmp(arguments_text(arguments, "profile", "build"), "run") == 0;
    order->spec = (struct launch_spec){.profile = run ? LAUNCH_RUN : LAUNCH_BUILD,
                                       .argv = argv,
                                       .cwd = here,
                                       .read_paths = order->read_paths,
                                       .write_paths = order->write_paths,
                                       .output_max_bytes = 1,
                                       .on_output = pass_on,
                                       .context = &invocation->terminal};
    order->read_paths[0] = argv[0];
    order->read_paths[1] = here;
    if (add_paths(invocation, "read", order->read_paths, 2, err) < 0 ||
        add_paths(invocation, "write", order->write_paths, 0, err) < 0)
        return -1;
    return read_limits(arguments, &order->spec.limits, err);
}

static json_t *
result_json(const struct launcher *launcher, const struct launch_result *result)
{
    json_t *losses = json_array();
    for (enum isolation_part part = 0; part < PART_COUNT; part++)
        if (launcher_losses(launcher) & PART(part))
            json_array_append_new(losses, json_string(isolation_part_name(part)));
    return json_pack(
        "{s:s, s:o, s:o?, s:o?, s:s?, s:f, s:f, s:I, s:i}", "level", isolation_name(launcher_level(launcher)),
        "losses", losses, "exit", result->signal ? NULL : json_integer(result->exit_code), "signal",
        result->signal ? json_integer(result->signal) : NULL, "limit", result->limit, "wall_ms",
        (double)result->wall_ns / (double)CLOCK_MS_NS, "cpu_ms", (double)result->cpu_ns / (double)CLOCK_MS_NS,
        "max_rss_bytes", (json_int_t)result->max_rss_bytes, "landlock_abi", launcher_landlock_abi(launcher));
}

static int
run(struct invocation *invocation, const struct isolation_demand *demand, struct err *err)
{
    struct order order;
    struct launch_result result;
    if (fill_order(invocation, &order, err) < 0)
        return -1;
    struct launcher *launcher = launcher_new_at(invocation->cell_path, demand, err);
    if (!launcher)
        return -1;
    int done = launcher_run(launcher, &order.spec, &result, err);
    if (done == 0 && result.limit && strcmp(result.limit, "output") == 0)
        result.limit = NULL; // all of it was passed on
    if (done == 0 && invocation->terminal.json) {
        AUTO_JSON *json = result_json(launcher, &result);
        terminal_json(json);
    }
    launcher_free(launcher);
    if (done < 0)
        return -1;
    launch_result_release(&result);
    if (result.limit && !invocation->terminal.json)
        terminal_note(&invocation->terminal, "ended by its limit: %s", result.limit);
    return result.limit ? EXIT_LIMIT : result.signal ? EXIT_SIGNAL_BASE + result.signal : result.exit_code;
}

// ---- both

static int
read_demand(const struct arguments *arguments, bool exact, struct isolation_demand *demand, struct err *err)
{
    const char *name = arguments_text(arguments, "level", NULL);
    *demand = (struct isolation_demand){.require = ISOLATION_GUARD};
    if (name)
        (void)isolation_parse(name, &demand->require);
    if (name && exact)
        demand->most = demand->require;
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        enum isolation_part part;
        if (strcmp(value->option->name, "allow-degraded") != 0)
            continue;
        if (!isolation_part_parse(value->text, &part))
            return err_set(err, ERR_USAGE,
                           "--allow-degraded %s: no such part; `atoll sandbox check` lists them",
                           value->text);
        demand->degraded |= PART(part);
    }
    return 0;
}

static int
sandbox(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *verb = arguments->operands[0];
    bool runs = strcmp(verb, "run") == 0;
    struct isolation_demand demand;
    if (read_demand(arguments, runs, &demand, err) < 0)
        return -1;
    if (runs && arguments->operand_count < 2)
        return err_set(err, ERR_USAGE, "sandbox run needs a command: atoll sandbox run -- COMMAND");
    if (runs)
        return run(invocation, &demand, err);
    if (strcmp(verb, "check") != 0)
        return err_set(err, ERR_USAGE, "unknown: atoll sandbox %s; there are check and run", verb);
    if (arguments->operand_count > 1)
        return err_set(err, ERR_USAGE, "sandbox check takes no operand \"%s\"", arguments->operands[1]);
    return check(invocation, &demand, err);
}

static const char *const levels[] = {"guard", "fence", "cell", "vault", NULL};
static const char *const profiles[] = {"build", "run", NULL};
static const struct option options[] = {
    {"level", OPTION_TEXT, "LEVEL",
     "run at just this level; check: fail below it (guard, fence, cell, vault)", levels},
    {"allow-degraded", OPTION_LIST, "PART", "accept that a part of the level is missing; may be repeated",
     NULL},
    {"profile", OPTION_TEXT, "PROFILE", "run: build (may start processes, the default) or run (may not)",
     profiles},
    {"timeout", OPTION_TEXT, "SPAN", "run: longest time by the clock, like 30s", NULL},
    {"memory", OPTION_TEXT, "SIZE", "run: address space of a process, like 512M", NULL},
    {"disk", OPTION_TEXT, "SIZE", "run: all that is written to the folders of --write, like 2G", NULL},
    {"processes", OPTION_INT, "N", "run: processes at a time, with profile build", NULL},
    {"read", OPTION_LIST, "DIR", "run: what may be read beside the current folder; may be repeated", NULL},
    {"write", OPTION_LIST, "DIR", "run: what may be written; may be repeated", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_sandbox = {
    .name = "sandbox",
    .operands = "check | run -- COMMAND...",
    .summary = "Show how well this machine contains code, or run a command contained",
    .details =
        "check tries every part of the isolation levels and prints what is there, what is not and why, and\n"
        "how to get it; with --level it ends with exit code 4 below that level.\n"
        "run runs COMMAND as machine-written code is run: no network, no variables of the environment, an\n"
        "empty standard input, nothing to be written but what --write names. Without --level at the best "
        "level\n"
        "up to cell. Its exit code is the command's, 128 and the signal's number, or 124 when a limit ended\n"
        "it. With --json the command's output goes to standard error.",
    .options = options,
    .operands_min = 1,
    .operands_max = 10000,
    .run = sandbox,
};
