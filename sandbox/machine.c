// SPDX-License-Identifier: Apache-2.0
#include "sandbox/machine.h"
#include "base/str.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, STEAL_FIELD = 8, TICK_FIELDS = 8 };

// The head of a file below `proc`; "" when it can't be read.
static void
read_head(const char *proc, const char *name, char text[HEAD_MAX])
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", proc != NULL ? proc : "/proc", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, HEAD_MAX - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
}

// The value of a line "key   : value" of cpuinfo; empty when there is none.
static struct str
value_of(const char *text, const char *key)
{
    struct str rest = str_of(text);
    while (rest.ptr != NULL) {
        struct str line = str_cut(&rest, '\n'), name = str_cut(&line, ':');
        if (line.ptr != NULL && str_is(str_trim(name), key))
            return str_trim(line);
    }
    return STR("");
}

// x86 tells a model's name and its numbers (a hypervisor may shorten the name), ARM those of implementer and
// part.
static void
read_cpu(const char *proc, struct machine *machine)
{
    char text[HEAD_MAX];
    struct utsname names;
    const char *architecture = uname(&names) == 0 ? names.machine : "";
    read_head(proc, "cpuinfo", text);
    struct str model = value_of(text, "model name"), implementer = value_of(text, "CPU implementer"),
               part = value_of(text, "CPU part");
    if (model.len > 0)
        snprintf(machine->cpu, sizeof(machine->cpu),
                 "%s %" STR_FMT " (%" STR_FMT "/%" STR_FMT "/%" STR_FMT ")", architecture,
                 STR_ARG(str_head(model, 100)), STR_ARG(value_of(text, "cpu family")),
                 STR_ARG(value_of(text, "model")), STR_ARG(value_of(text, "stepping")));
    else
        snprintf(machine->cpu, sizeof(machine->cpu), "%s %" STR_FMT " %" STR_FMT, architecture,
                 STR_ARG(implementer), STR_ARG(part));
}

static void
read_ticks(const char *proc, struct machine *machine)
{
    char text[HEAD_MAX];
    read_head(proc, "stat", text);
    char *at = strchr(text, ' ');
    for (int field = 1; at != NULL && field <= TICK_FIELDS; field++) {
        char *end;
        uint64_t ticks = strtoull(at, &end, 10);
        if (end == at)
            return;
        at = end;
        machine->ticks += ticks;
        if (field == STEAL_FIELD)
            machine->stolen = ticks;
    }
}

void
machine_read(const char *proc, struct machine *machine)
{
    char text[HEAD_MAX];
    *machine = (struct machine){0};
    read_cpu(proc, machine);
    read_ticks(proc, machine);
    read_head(proc, "loadavg", text);
    machine->load = strtod(text, NULL);
}

double
machine_steal_pct(const struct machine *before, const struct machine *after)
{
    if (after->ticks <= before->ticks || after->stolen < before->stolen)
        return 0;
    return 100 * (double)(after->stolen - before->stolen) / (double)(after->ticks - before->ticks);
}
