// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/harness.h"

#include "base/embed.h"
#include "sandbox/cell/shared.h"
#include "sandbox/cheat.h"

#include <stddef.h>

EMBED(go_harness_cell, "steps/shared/target/go/harness.go");
EMBED(go_harness_value, "steps/shared/target/go/harness_value.go");
EMBED(go_harness_memory, "steps/shared/target/go/harness_memory.go");
EMBED(go_harness_error, "steps/shared/target/go/harness_error.go");

// The harness has this structure in Go.
_Static_assert(offsetof(struct shared, host_waits) == 4 && offsetof(struct shared, answer) == 64 &&
                   offsetof(struct shared, op) == 128 && offsetof(struct shared, window_first) == 152 &&
                   offsetof(struct shared, size) == 184 && offsetof(struct shared, status) == 192 &&
                   offsetof(struct shared, cpu_ns) == 208 && offsetof(struct shared, charge_ns) == 232 &&
                   offsetof(struct shared, refused) == 240 && offsetof(struct shared, text) == 248 &&
                   sizeof(struct shared) == 768,
               "harness.go has the same offsets");
_Static_assert(CHEAT_HARNESS_MEMORY == 5 && CHEAT_THREAD == 8 && CHEAT_WRITES_INPUT == 13,
               "harness.go has the same numbers");

const char *
go_harness_name(size_t index)
{
    static const char *const names[GO_HARNESS_FILES] = {"atoll_cell_test.go", "atoll_value_test.go",
                                                        "atoll_memory_test.go", "atoll_error_test.go",
                                                        "atoll_target_test.go"};
    return names[index];
}

// Copies a file of the harness into the package.
static void
write_file(struct str file, const char *package, struct buf *text)
{
    struct str clause = STR("\npackage harness\n");
    size_t at = (size_t)str_find(file, clause);

    buf_add_str(text, str_head(file, at));
    buf_printf(text, "\npackage %s\n", package);
    buf_add_str(text, str_from(file, at + clause.len));
}

static size_t
argument_count(const struct go_function *go)
{
    return go->parameter_count + (go->receiver != NULL);
}

// Type parameters of what is called: "P0, P1, R0"; with `kinds`, as they are declared.
static void
write_types(const struct go_function *go, const char *opening, const char *closing, struct buf *text)
{
    size_t arguments = argument_count(go);

    if (arguments + go->result_count == 0)
        return;
    buf_puts(text, opening);
    for (size_t i = 0; i < arguments + go->result_count; i++)
        buf_printf(text, "%s%c%zu", i == 0 ? "" : ", ", i < arguments ? 'P' : 'R',
                   i < arguments ? i : i - arguments);
    buf_puts(text, closing);
}

static bool
is_variadic(const struct go_function *go)
{
    return go->parameter_count > 0 && go->parameters[go->parameter_count - 1].is_variadic;
}

// "func(P0, ...P1) (R0, R1)"
static void
write_function_type(const struct go_function *go, struct buf *text)
{
    size_t arguments = argument_count(go);

    buf_puts(text, "func(");
    for (size_t i = 0; i < arguments; i++)
        buf_printf(text, "%s%sP%zu", i == 0 ? "" : ", ", is_variadic(go) && i + 1 == arguments ? "..." : "",
                   i);
    buf_puts(text, ") (");
    for (size_t i = 0; i < go->result_count; i++)
        buf_printf(text, "%sR%zu", i == 0 ? "" : ", ", i);
    buf_puts(text, ")");
}

static void
write_record(const struct go_function *go, struct buf *text)
{
    size_t arguments = argument_count(go);

    buf_puts(text, "type atollRecord");
    write_types(go, "[", " any]", text);
    buf_puts(text, " struct {\n");
    for (size_t i = 0; i < arguments; i++)
        buf_printf(text, "\tP%zu %sP%zu\n", i, is_variadic(go) && i + 1 == arguments ? "[]" : "", i);
    for (size_t i = 0; i < go->result_count; i++)
        buf_printf(text, "\tR%zu R%zu\n", i, i);
    buf_puts(text, "}\n\n");
}

// "c.R0, c.R1 = f(c.P0, c.P1...)"
static void
write_call(const struct go_function *go, struct buf *text)
{
    size_t arguments = argument_count(go);

    for (size_t i = 0; i < go->result_count; i++)
        buf_printf(text, "%sc.R%zu", i == 0 ? "" : ", ", i);
    buf_puts(text, go->result_count > 0 ? " = f(" : "f(");
    for (size_t i = 0; i < arguments; i++)
        buf_printf(text, "%sc.P%zu%s", i == 0 ? "" : ", ", i,
                   is_variadic(go) && i + 1 == arguments ? "..." : "");
    buf_puts(text, ")");
}

// The types are inferred from the function itself, so that none has to be named or imported.
static void
write_bind(const struct go_function *go, struct buf *text)
{
    buf_puts(text, "func atollBind");
    write_types(go, "[", " any]", text);
    buf_puts(text, "(f ");
    write_function_type(go, text);
    buf_puts(text, ") atollBound {\n\tvar calls []atollRecord");
    write_types(go, "[", "]", text);
    buf_printf(text, "\n\treturn atollBound{\n\t\targuments: %zu,\n\t\tresults:   %zu,\n", argument_count(go),
               go->result_count);
    buf_puts(text, "\t\trecord:    reflect.TypeOf(calls).Elem(),\n"
                   "\t\treset: func(count int) {\n\t\t\tif count <= cap(calls) {\n"
                   "\t\t\t\tcalls = calls[:count]\n\t\t\t\tclear(calls)\n\t\t\t} else {\n"
                   "\t\t\t\tcalls = make([]atollRecord");
    write_types(go, "[", "]", text);
    buf_puts(text, ", count)\n\t\t\t}\n\t\t},\n"
                   "\t\tat: func(index int) reflect.Value { return reflect.ValueOf(&calls[index]).Elem() },\n"
                   "\t\trun: func() {\n\t\t\tfor i := range calls {\n\t\t\t\tc := &calls[i]\n"
                   "\t\t\t\tatollCurrent = i\n\t\t\t\t");
    write_call(go, text);
    buf_puts(text, "\n\t\t\t\t_ = c\n\t\t\t}\n\t\t},\n\t\tempty: func() {\n\t\t\tfor i := range calls {\n"
                   "\t\t\t\tatollCurrent = i\n\t\t\t}\n\t\t},\n\t}\n}\n\n");
}

// A function is a value; a method is one with its receiver in front.
static void
write_target(const struct go_function *go, struct buf *text)
{
    buf_puts(text, "//go:build go1.21\n\n");
    buf_printf(text, "package %s\n\nimport \"reflect\"\n\n", go->package);
    write_record(go, text);
    write_bind(go, text);
    if (go->receiver == NULL)
        buf_printf(text, "var atollTarget = atollBind(%s)\n", go->name);
    else
        buf_printf(text, "var atollTarget = atollBind((%s%s).%s)\n", go->receiver_is_pointer ? "*" : "",
                   go->receiver_type, go->name);
}

void
go_harness_write(size_t index, const struct go_function *go, struct buf *text)
{
    static const char *const files[GO_HARNESS_FILES - 1] = {go_harness_cell, go_harness_value,
                                                            go_harness_memory, go_harness_error};

    if (index < GO_HARNESS_FILES - 1)
        write_file(str_of(files[index]), go->package, text);
    else
        write_target(go, text);
}
