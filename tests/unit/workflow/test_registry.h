// SPDX-License-Identifier: Apache-2.0
// Three steps that do nothing and whose tables cover every type of field.
#ifndef ATOLL_TESTS_TEST_REGISTRY_H
#define ATOLL_TESTS_TEST_REGISTRY_H

#include "workflow/step.h"

static const char *const test_formats[] = {"json", "yaml", "text", NULL};
static const char *const test_shells[] = {"sh", "bash", NULL};

static const struct field test_fetch_inputs[] = {
    {.name = "url", .type = FIELD_TEXT, .required = true, .summary = "Address."},
    {.name = "timeout", .type = FIELD_DURATION, .otherwise = "\"30s\"", .summary = "Longest wait."},
    {.name = "max-size", .type = FIELD_SIZE, .otherwise = "\"1M\"", .summary = "Largest reply."},
    {.name = "headers", .type = FIELD_MAP, .summary = "Headers."},
    {.name = "retries", .type = FIELD_INT, .otherwise = "3", .min = 0, .max = 10, .summary = "Retries."},
    {.name = "rate", .type = FIELD_REAL, .min = 0.5, .max = 100, .summary = "Requests a second."},
    {.name = "format",
     .type = FIELD_TEXT,
     .otherwise = "\"json\"",
     .choices = test_formats,
     .summary = "Format."},
    {.name = "follow", .type = FIELD_BOOL, .otherwise = "true", .summary = "Follow redirects."},
    {.name = NULL},
};
static const struct field test_file_fields[] = {
    {.name = "path", .type = FIELD_TEXT, .summary = "Path."},
    {.name = "size", .type = FIELD_INT, .summary = "Bytes."},
    {.name = NULL},
};
static const struct field test_meta_fields[] = {
    {.name = "type", .type = FIELD_TEXT, .summary = "Media type."},
    {.name = "length", .type = FIELD_INT, .summary = "Bytes."},
    {.name = NULL},
};
static const struct field test_fetch_outputs[] = {
    {.name = "body", .type = FIELD_TEXT, .summary = "The reply."},
    {.name = "status", .type = FIELD_INT, .summary = "HTTP status."},
    {.name = "files", .type = FIELD_LIST, .members = test_file_fields, .summary = "Files."},
    {.name = "meta", .type = FIELD_OBJECT, .members = test_meta_fields, .summary = "About it."},
    {.name = NULL},
};
static const struct field test_define_fields[] = {
    {.name = "name", .type = FIELD_TEXT, .required = true, .summary = "Name."},
    {.name = "value", .type = FIELD_ANY, .summary = "Value."},
    {.name = NULL},
};
static const struct field test_option_fields[] = {
    {.name = "optimise", .type = FIELD_INT, .otherwise = "2", .min = 0, .max = 3, .summary = "Level."},
    {.name = "debug", .type = FIELD_BOOL, .summary = "Debug."},
    {.name = "define", .type = FIELD_LIST, .members = test_define_fields, .summary = "Macros."},
    {.name = NULL},
};
static const struct field test_make_inputs[] = {
    {.name = "targets", .type = FIELD_LIST, .required = true, .summary = "Targets."},
    {.name = "flags", .type = FIELD_LIST, .summary = "Flags."},
    {.name = "jobs", .type = FIELD_INT, .otherwise = "2", .min = 1, .max = 64, .summary = "Jobs."},
    {.name = "options", .type = FIELD_OBJECT, .members = test_option_fields, .summary = "Options."},
    {.name = "extra", .type = FIELD_ANY, .summary = "Anything."},
    {.name = NULL},
};
static const struct field test_make_outputs[] = {
    {.name = "binary", .type = FIELD_TEXT, .summary = "Path."},
    {.name = "symbols", .type = FIELD_LIST, .summary = "Symbols."},
    {.name = NULL},
};
static const struct field test_shell_inputs[] = {
    {.name = "run", .type = FIELD_TEXT, .required = true, .summary = "Command."},
    {.name = "shell", .type = FIELD_TEXT, .otherwise = "\"sh\"", .choices = test_shells, .summary = "Shell."},
    {.name = "env", .type = FIELD_MAP, .summary = "Environment."},
    {.name = NULL},
};

static const struct step_ops test_fetch = {
    .name = "fetch", .summary = "Fetches.", .inputs = test_fetch_inputs, .outputs = test_fetch_outputs};
static const struct step_ops test_make = {
    .name = "make", .summary = "Makes.", .inputs = test_make_inputs, .outputs = test_make_outputs};
static const struct step_ops test_shell = {.name = "shell", .summary = "Runs.", .inputs = test_shell_inputs};
static const struct step_ops *const test_steps[] = {&test_fetch, &test_make, &test_shell, NULL};
static const struct registry test_registry = {.steps = test_steps};

#endif
