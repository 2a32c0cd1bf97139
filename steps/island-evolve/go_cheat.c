// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_cheat.h"

#include <string.h>

// The first row that fits; no names are all names.
static const struct {
    const char *package, *names;
    enum cheat cheat;
} packages[] = {
    {"time", " Sleep After AfterFunc Tick NewTicker NewTimer ", CHEAT_WAITS},
    {"time", NULL, CHEAT_READS_CLOCK},
    {"os", " Exit ", CHEAT_EARLY_EXIT},
    {"log", " Fatal Fatalf Fatalln Panic Panicf Panicln ", CHEAT_EARLY_EXIT},
    {"os", " StartProcess ", CHEAT_CHILD_PROCESS},
    {"os/exec", NULL, CHEAT_CHILD_PROCESS},
    {"os/signal", NULL, CHEAT_SIGNAL_HANDLER},
    {"unsafe", NULL, CHEAT_HARNESS_MEMORY},
    {"reflect", NULL, CHEAT_HARNESS_MEMORY},
    {"runtime", " Goexit ", CHEAT_EARLY_EXIT},
    {"runtime", " GOMAXPROCS Gosched LockOSThread UnlockOSThread SetFinalizer AddCleanup ", CHEAT_THREAD},
    {"runtime/debug", NULL, CHEAT_HARNESS_MEMORY},
    {"sync", NULL, CHEAT_KEEPS_STATE},
    {"sync/atomic", NULL, CHEAT_KEEPS_STATE},
    {"unique", NULL, CHEAT_KEEPS_STATE},
    {"weak", NULL, CHEAT_KEEPS_STATE},
    {"math/rand", NULL, CHEAT_KEEPS_STATE},
    {"math/rand/v2", NULL, CHEAT_KEEPS_STATE},
};

static const struct {
    const char *name;
    enum cheat cheat;
} builtins[] = {
    {"panic", CHEAT_EARLY_EXIT},
    {"recover", CHEAT_SIGNAL_HANDLER}, // a fault of memory is a panic, too
    {"close", CHEAT_WAITS},
};

static const struct {
    const char *kind;
    enum cheat cheat;
} kinds[] = {
    {"go_statement", CHEAT_THREAD},     {"select_statement", CHEAT_WAITS}, {"send_statement", CHEAT_WAITS},
    {"receive_statement", CHEAT_WAITS}, {"channel_type", CHEAT_WAITS},     {"unary_expression", CHEAT_WAITS},
};

static bool
is_one_of(struct str word, const char *words)
{
    for (struct str rest = str_trim(str_of(words)); rest.len > 0;)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

enum cheat
go_cheat_of_package(const struct shape *shape, struct str package, struct str name)
{
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
        if (str_eq(go_import(shape, packages[i].package), package) &&
            (packages[i].names == NULL || is_one_of(name, packages[i].names)))
            return packages[i].cheat;
    return CHEAT_SYSTEM_CALL;
}

enum cheat
go_cheat_of_builtin(struct str name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (str_is(name, builtins[i].name))
            return builtins[i].cheat;
    return CHEAT_SYSTEM_CALL;
}

enum cheat
go_cheat_of_kind(struct node node)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (node_is(node, kinds[i].kind))
            return kinds[i].cheat;
    return CHEAT_SYSTEM_CALL;
}

bool
go_cheat_is_harness(struct str identifier)
{
    return str_starts(identifier, STR("atoll")) || str_is(identifier, "TestMain");
}
