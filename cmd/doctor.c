// SPDX-License-Identifier: Apache-2.0
// atoll doctor: what this machine has, what lacks, and how to get it.
#include "base/fs.h"
#include "base/proc.h"
#include "cmd/command.h"
#include "sandbox/isolation.h"

#include <stdio.h>
#include <unistd.h>

enum need { NEED_REQUIRED, NEED_USEFUL };

struct program {
    const char *name;
    enum need need;
    const char *purpose;
    const char *package; // in Debian
};

static const struct program programs[] = {
    {"cc", NEED_REQUIRED, "compiles candidates", "gcc"},
    {"git", NEED_USEFUL, "for people; atoll itself uses libgit2", "git"},
    {"make", NEED_USEFUL, "reads the compiler flags of a Makefile", "make"},
    {"perf", NEED_USEFUL, "records profiles", "linux-perf"},
    {"valgrind", NEED_USEFUL, "counts instructions where perf is not allowed", "valgrind"},
};

static bool
report(json_t *list, const struct terminal *terminal, const char *name, bool good, enum need need,
       const char *detail)
{
    json_t *entry = json_object();
    json_set_text(entry, "name", name);
    json_object_set_new(entry, "ok", json_boolean(good));
    json_object_set_new(entry, "required", json_boolean(need == NEED_REQUIRED));
    json_set_text(entry, "detail", detail);
    json_array_append_new(list, entry);
    if (!terminal->json)
        printf("%s%-8s%s %-12s %s\n",
               terminal_style(terminal, good                    ? STYLE_GOOD
                                        : need == NEED_REQUIRED ? STYLE_BAD
                                                                : STYLE_WARN),
               good                    ? "ok"
               : need == NEED_REQUIRED ? "MISSING"
                                       : "missing",
               terminal_style(terminal, STYLE_PLAIN), name, detail);
    return good || need == NEED_USEFUL;
}

static bool
report_programs(struct invocation *invocation, json_t *list)
{
    bool good = true;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        const struct program *p = &programs[i];
        const char *path = proc_find(invocation->arena, p->name);
        const char *detail =
            path != NULL ? arena_printf(invocation->arena, "%s (%s)", path, p->purpose)
                         : arena_printf(invocation->arena, "%s; apt-get install %s", p->purpose, p->package);
        good &= report(list, &invocation->terminal, p->name, path != NULL, p->need, detail);
    }
    return good;
}

static bool
report_sandbox(struct invocation *invocation, json_t *list)
{
    struct isolation_probe probe;
    isolation_probe(&probe);
    const char *landlock = probe.landlock_abi > 0
                               ? arena_printf(invocation->arena, "ABI %d", probe.landlock_abi)
                               : "not in this kernel: files are protected by ownership alone";
    bool good = report(list, &invocation->terminal, "seccomp", probe.there & PART(PART_SECCOMP),
                       NEED_REQUIRED, "keeps candidates off the network");
    report(list, &invocation->terminal, "landlock", probe.landlock_abi > 0, NEED_USEFUL, landlock);
    report(list, &invocation->terminal, "netns", probe.there & PART(PART_NET_NS), NEED_USEFUL,
           "an empty network for candidates");
    report(list, &invocation->terminal, "isolation", probe.level >= ISOLATION_GUARD, NEED_REQUIRED,
           isolation_name(probe.level));
    return good;
}

static int
run(struct invocation *invocation, struct err *err)
{
    AUTO_JSON *list = json_array();
    bool good = report_programs(invocation, list);
    good &= report(list, &invocation->terminal, "atoll-cell", access(invocation->cell_path, X_OK) == 0,
                   NEED_REQUIRED, invocation->cell_path);
    good &= report_sandbox(invocation, list);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    report(list, &invocation->terminal, "cores", cores >= 2, NEED_USEFUL,
           arena_printf(invocation->arena, "%ld online; measuring wants two", cores));
    if (invocation->terminal.json)
        terminal_json(list);
    return good ? 0 : err_set(err, ERR_ENVIRONMENT, "something required is missing");
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "Check what this machine has and what lacks",
    .run = run,
};
