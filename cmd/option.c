// SPDX-License-Identifier: Apache-2.0
#include "cmd/option.h"

#include "base/vec.h"

#include <string.h>

static const char *const color_words[] = {"auto", "always", "never", NULL};

const struct option options_common[] = {
    {"repository", OPTION_TEXT, "DIR",
     "work on the repository at DIR (default: the one around the current folder)", NULL},
    {"json", OPTION_FLAG, NULL, "print JSON on standard output", NULL},
    {"quiet", OPTION_FLAG, NULL, "print results and errors only", NULL},
    {"verbose", OPTION_FLAG, NULL, "print what is done in detail", NULL},
    {"color", OPTION_TEXT, "WHEN", "colour: auto (only on a terminal), always or never", color_words},
    {"help", OPTION_FLAG, NULL, "print help for the command", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

static const struct option *
find_in(const struct option *options, struct str name)
{
    for (; options != NULL && options->name != NULL; options++)
        if (str_is(name, options->name))
            return options;
    return NULL;
}

static const struct option *
find(const struct option *options, struct str name, struct err *err)
{
    const struct option *found = find_in(options, name);
    if (found == NULL)
        found = find_in(options_common, name);
    if (found != NULL)
        return found;
    const char *words[64];
    size_t count = 0;
    for (const struct option *o = options; o != NULL && o->name != NULL && count < 50; o++)
        words[count++] = o->name;
    for (const struct option *o = options_common; o->name != NULL; o++)
        words[count++] = o->name;
    const char *near = str_nearest(name, words, count);
    if (near != NULL)
        err_set(err, ERR_USAGE, "unknown option --%" STR_FMT "; did you mean --%s?", STR_ARG(name), near);
    else
        err_set(err, ERR_USAGE, "unknown option --%" STR_FMT, STR_ARG(name));
    return NULL;
}

static int
check_value(const struct option *option, const char *text, struct err *err)
{
    int64_t whole;
    double real;
    if (option->type == OPTION_INT && !str_to_i64(str_of(text), &whole))
        return err_set(err, ERR_USAGE, "--%s needs a whole number, not \"%s\"", option->name, text);
    if (option->type == OPTION_REAL && !str_to_double(str_of(text), &real))
        return err_set(err, ERR_USAGE, "--%s needs a number, not \"%s\"", option->name, text);
    if (option->choices == NULL)
        return 0;
    for (const char *const *word = option->choices; *word != NULL; word++)
        if (strcmp(*word, text) == 0)
            return 0;
    return err_set(err, ERR_USAGE, "--%s is one of %s, %s ...; not \"%s\"", option->name, option->choices[0],
                   option->choices[1] ? option->choices[1] : "", text);
}

static int
parse_option(const struct option *options, int argc, char **argv, int *index, struct option_value *value,
             struct err *err)
{
    struct str word = str_from(str_of(argv[*index]), 2);
    ptrdiff_t equals = str_find_byte(word, '=');
    struct str name = equals < 0 ? word : str_head(word, (size_t)equals);
    const struct option *option = find(options, name, err);
    if (option == NULL)
        return -1;
    value->option = option;
    if (option->type == OPTION_FLAG) {
        value->text = "";
        return equals < 0 ? 0 : err_set(err, ERR_USAGE, "--%s takes no value", option->name);
    }
    if (equals >= 0) {
        value->text = word.ptr + equals + 1;
    } else if (*index + 1 < argc) {
        value->text = argv[++*index];
    } else {
        return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", option->name, option->name,
                       option->value);
    }
    return check_value(option, value->text, err);
}

int
arguments_parse(struct arena *arena, const struct option *options, int argc, char **argv,
                struct arguments *arguments, struct err *err)
{
    *arguments = (struct arguments){0};
    arguments->values = ARENA_ARRAY(arena, struct option_value, (size_t)argc + 1);
    arguments->operands = ARENA_ARRAY(arena, const char *, (size_t)argc + 1);
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            if (parse_option(options, argc, argv, &i, &arguments->values[arguments->value_count], err) != 0)
                return -1;
            arguments->value_count++;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            return err_set(err, ERR_USAGE, "unknown option %s; options are long, such as --help", argv[i]);
        } else {
            arguments->operands[arguments->operand_count++] = argv[i];
        }
    }
    return 0;
}

const char *
arguments_text(const struct arguments *arguments, const char *name, const char *otherwise)
{
    for (size_t i = arguments->value_count; i-- > 0;)
        if (strcmp(arguments->values[i].option->name, name) == 0)
            return arguments->values[i].text;
    return otherwise;
}

int64_t
arguments_int(const struct arguments *arguments, const char *name, int64_t otherwise)
{
    const char *text = arguments_text(arguments, name, NULL);
    int64_t value;
    return text != NULL && str_to_i64(str_of(text), &value) ? value : otherwise;
}

double
arguments_real(const struct arguments *arguments, const char *name, double otherwise)
{
    const char *text = arguments_text(arguments, name, NULL);
    double value;
    return text != NULL && str_to_double(str_of(text), &value) ? value : otherwise;
}

bool
arguments_has(const struct arguments *arguments, const char *name)
{
    return arguments_text(arguments, name, NULL) != NULL;
}
