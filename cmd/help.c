// SPDX-License-Identifier: Apache-2.0
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
    &command_run,     &command_resume,  &command_retry,        &command_reset,           &command_status,
    &command_history, &command_list,    &command_gc,           &command_state,           &command_signal,
    &command_approve, &command_cancel,  &command_pause,        &command_unpause,         &command_validate,
    &command_schema,  &command_evolve,  &command_compare,      &command_profile,         &command_explain,
    &command_sandbox, &command_verdict, &command_doctor,       &command_version,         &command_help,
    &command_export,  &command_import,  &command_step_process, &command_courier_process, NULL,
};

static const char exit_codes[] = "0 done or waiting\n"
                                 "1 failed\n"
                                 "2 wrong usage or an invalid pipeline\n"
                                 "3 no improvement found where asked to fail (--fail-on-none)\n"
                                 "4 the environment lacks something\n"
                                 "5 the state is held by another run\n"
                                 "10, 11, 12 atoll compare: slower, inconclusive, outputs differ\n";

const struct command *
commands_find(const char *name)
{
    for (const struct command *const *command = commands; *command != NULL; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

static void
print_options(const struct option *options)
{
    for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        printf("  %-24s %s\n", left, o->summary);
    }
}

int
help_print(const struct command *command)
{
    printf("%s\n\nUsage: atoll %s [OPTIONS]%s%s\n", command->summary, command->name,
           *command->operands ? " " : "", command->operands);
    if (command->details != NULL)
        printf("\n%s\n", command->details);
    if (command->options != NULL && command->options->name != NULL) {
        printf("\nOptions:\n");
        print_options(command->options);
    }
    printf("\nCommon options:\n");
    print_options(options_common);
    return 0;
}

static int
print_overview(void)
{
    printf("atoll finds the functions that cost the most, evolves faster versions of them, proves that they\n"
           "behave the same, and opens pull requests with the evidence.\n\n"
           "Usage: atoll COMMAND [OPTIONS] [OPERANDS]\n\nCommands:\n");
    for (const struct command *const *c = commands; *c != NULL; c++)
        if (!(*c)->hidden)
            printf("  %-10s %s\n", (*c)->name, (*c)->summary);
    printf("\nExit codes:\n%s\n`atoll help COMMAND` tells more about one; `man atoll` about all.\n",
           exit_codes);
    return 0;
}

// roff wants a backslash before a leading dot or quote and before each hyphen that is a minus.
static void
print_roff(const char *text)
{
    bool line_start = true;
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
        line_start = *text == '\n';
    }
}

static void
print_man_options(const struct option *options)
{
    for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
        printf(".TP\n\\fB\\-\\-");
        print_roff(o->name);
        printf("\\fR");
        if (o->value != NULL)
            printf(" \\fI%s\\fR", o->value);
        printf("\n");
        print_roff(o->summary);
        printf("\n");
    }
}

static int
print_man(void)
{
    printf(".TH ATOLL 1 \"\" \"atoll %s\" \"User Commands\"\n.SH NAME\natoll \\- evolves faster versions of "
           "hot functions\n",
           ATOLL_VERSION);
    printf(".SH SYNOPSIS\n.B atoll\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIOPERANDS\\fR]\n.SH DESCRIPTION\n"
           "Finds the functions that cost the most, evolves faster versions of them on islands, proves that "
           "they\n"
           "behave the same, opens pull requests with the evidence, and moves the flag through a canary.\n"
           ".SH COMMANDS\n");
    for (const struct command *const *c = commands; *c != NULL; c++) {
        if ((*c)->hidden)
            continue;
        printf(".SS atoll %s %s\n", (*c)->name, (*c)->operands);
        print_roff((*c)->summary);
        printf("\n");
        if ((*c)->details != NULL) {
            printf(".PP\n");
            print_roff((*c)->details);
            printf("\n");
        }
        print_man_options((*c)->options);
    }
    printf(".SH COMMON OPTIONS\n");
    print_man_options(options_common);
    printf(
        ".SH EXIT STATUS\n.nf\n%s.fi\n.SH FILES\n.TP\n.I .atoll/pipeline.yml\nthe pipeline of a repository\n"
        ".TP\n.I .atoll/state/state.db\nits state\n.SH SEE ALSO\nThe user guide in the docs folder.\n",
        exit_codes);
    return 0;
}

static void
print_words(const struct option *options)
{
    for (const struct option *o = options; o != NULL && o->name != NULL; o++)
        printf(" --%s", o->name);
}

static int
print_bash(void)
{
    printf("# bash completion for atoll; generated by `atoll help --format bash`\n_atoll() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]:-} words=\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (const struct command *const *c = commands; *c != NULL; c++)
        if (!(*c)->hidden)
            printf("%s ", (*c)->name);
    printf("\"\n    else\n        case $command in\n");
    for (const struct command *const *c = commands; *c != NULL; c++) {
        if ((*c)->hidden)
            continue;
        printf("        %s) words=\"", (*c)->name);
        print_words((*c)->options);
        print_words(options_common);
        printf("\" ;;\n");
    }
    printf("        esac\n    fi\n    if [ \"${word#-}\" = \"$word\" ] && [ \"$COMP_CWORD\" -gt 1 ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n    else\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    fi\n}\n"
           "complete -o filenames -F _atoll atoll\n");
    return 0;
}

static int
run(struct invocation *invocation, struct err *err)
{
    const char *format = arguments_text(invocation->arguments, "format", "text");
    if (strcmp(format, "man") == 0)
        return print_man();
    if (strcmp(format, "bash") == 0)
        return print_bash();
    if (invocation->arguments->operand_count == 0)
        return print_overview();
    const char *name = invocation->arguments->operands[0];
    const struct command *command = commands_find(name);
    if (command == NULL)
        return err_set(err, ERR_USAGE, "no command \"%s\"; `atoll help` lists them", name);
    return help_print(command);
}

static const char *const formats[] = {"text", "man", "bash", NULL};
static const struct option options[] = {
    {"format", OPTION_TEXT, "FORMAT", "text, man (the manual page) or bash (completion)", formats},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
const struct command command_help = {.name = "help",
                                     .operands = "[COMMAND]",
                                     .summary = "Print help",
                                     .options = options,
                                     .operands_max = 1,
                                     .anywhere = true,
                                     .run = run};
